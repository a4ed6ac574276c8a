"""What the server knows around a child: hazard sites near its home, its household, its school; on any day."""

import uuid
from copy import deepcopy
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forms.models import Dataset, Entity
from forms.registry import remove_entity, write_entity
from rules.engine.sources import SOURCES
from rules.facts import facts_of
from rules.models import HomePosition
from rules.programme import programme_document
from rules.services import evaluate
from rules.services.evaluate import evaluate_entity
from rules.services.in_force import compiled
from rules.surroundings import PROVIDERS, surroundings_of, surroundings_of_many
from rules.surroundings.points import Point, point_of
from rules.surroundings.register import box_around, forget_sites
from server import clock
from server.journal.models import Reaction
from server.people.models import User
from server.places.models import Area, School
from tests.conftest import Country
from tests.rules.county_kit import (
    ALL_WELL,
    DOCUMENT,
    NOON,
    days_later,
    make_child,
    newest,
    release_small,
    tell,
)
from tests.rules.programme_kit import programme

HOME = {"type": "Point", "coordinates": [109.0, 33.0, 500.0]}
NEAR, FAR = "33.0040 109.0 0 5", "33.0050 109.0 0 5"  # 445 m and 556 m to the north
SITES = [
    {"name": "site_register", "type": "yes_no", "source": "site_register"},
    {"name": "sites", "type": "integer", "source": "open_high_sites_500m",
     "applies": "${site_register}", "otherwise": 0},
]  # fmt: skip
HOUSEHOLD = [
    {"name": "siblings", "type": "integer", "source": "household_children"},
    {"name": "siblings_red", "type": "integer", "source": "household_in_danger"},
    {"name": "sibling_tier", "type": "select_one", "source": "household_highest_tier",
     "codes": [{"code": code} for code in ("green", "blue", "yellow", "red")]},
    {"name": "beds", "type": "integer", "source": "school_boarding_free"},
]  # fmt: skip
RULES = [
    ("R-SITE", "${sites} >= 1"),
    ("R-SIBLING", "${siblings_red} >= 1 and ${siblings} > 0 and ${sibling_tier} = 'red'"),
    ("R-BEDS", "${beds} = 0"),
]


@pytest.fixture(autouse=True)
def agreeing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluate, "second_opinion", lambda *_: ("ok", ()))
    forget_sites()  # the clock of one test is that of the next


@pytest.fixture
def child(country: Country, lan: User) -> Entity:
    with clock.at(NOON):
        child = make_child(country.village)
    document = deepcopy(DOCUMENT)
    document["facts"] += deepcopy(SITES + HOUSEHOLD)
    for rule, when in RULES:
        title = {"zh": rule, "en": rule}
        document["rules"].append(
            {"id": rule, "dimension": "care", "title": title, "when": when, "score": 5}
        )
    with clock.at(NOON):
        release_small(child.dataset.project, document)
    Reaction.objects.all().delete()
    return child


def site(child: Entity, where: str, area: Area | None = None, **data: str) -> Entity:
    """A hazard site as form F08 registers it."""
    project = child.dataset.project
    dataset, _ = Dataset.objects.get_or_create(project=project, name="site")
    told = {"site_gps": where, "risk_grade": "high", "fix_state": "found", **data}
    return write_entity(dataset, uuid.uuid4(), "水库", told, area=area)


def at_home(child: Entity, where: Any = None) -> None:
    tell(child, "child_enum", {"home_gps": where or HOME})


def around(child: Entity, day: date | None = None) -> dict[str, Any]:
    """The given facts of the child."""
    release = child.dataset.project.rule_sets.get().active
    assert release is not None
    fresh = Entity.objects.select_related("dataset", "area", "school").get(pk=child.pk)
    found = facts_of(fresh, compiled(release), day or clock.today()).values
    names = {fact["name"] for fact in SITES + HOUSEHOLD}
    return {name: value for name, value in found.items() if name in names}


def status(child: Entity, rule: str) -> str:
    rules = newest(child).decision["rules"]
    return next(one["status"] for one in rules if one["id"] == rule)


# --- sites ----------------------------------------------------------------------------------------


def test_without_any_register_nothing_is_near_because_the_rules_say_so(child: Entity) -> None:
    with clock.at(NOON):
        at_home(child)
        assert around(child)["site_register"] is False
        assert "sites" not in around(child)
    assert status(child, "R-SITE") == "false"  # `otherwise` of the document


@pytest.mark.parametrize(
    ("where", "data", "count"),
    [
        (NEAR, {}, 1),
        (FAR, {}, 0),
        (NEAR, {"risk_grade": "medium"}, 0),
        (NEAR, {"fix_state": "closed"}, 0),
        (NEAR, {"fix_state": "fixed"}, 1),  # mended, nobody has looked yet
    ],
)
def test_open_sites_of_high_grade_within_500_metres_count(
    child: Entity, where: str, data: dict[str, str], count: int
) -> None:
    with clock.at(NOON):
        site(child, where, None, **data)
        at_home(child)
        assert around(child) | {"siblings": 0} == {
            "site_register": True, "sites": count, "siblings": 0,
        }  # fmt: skip
    assert status(child, "R-SITE") == ("true" if count else "false")


def test_a_home_without_a_position_is_unknown_while_a_site_is_open_in_its_town(
    child: Entity, country: Country
) -> None:
    with clock.at(NOON):
        there = site(child, NEAR, country.next_village)
        tell(child, "home_visit", ALL_WELL)
        assert "sites" not in around(child)
        assert status(child, "R-SITE") == "unknown"
        write_entity(there.dataset, there.uuid, "水库", {"fix_state": "closed"}, area=there.area)
        assert around(child)["sites"] == 0


def test_a_site_of_another_town_leaves_a_home_without_position_known(
    child: Entity, country: Country
) -> None:
    with clock.at(NOON):
        site(child, NEAR, country.other_town_village)
        assert around(child)["sites"] == 0


def test_a_site_that_nobody_has_placed_may_be_near(child: Entity, country: Country) -> None:
    with clock.at(NOON):
        site(child, "", country.village)
        at_home(child)
        assert "sites" not in around(child)
        site(child, NEAR)
        assert around(child)["sites"] == 1


def test_any_past_day_is_answered_as_it_was_then(child: Entity) -> None:
    with clock.at(NOON):
        at_home(child)
        there = site(child, NEAR)
    with clock.at(days_later(10)):
        write_entity(there.dataset, there.uuid, "水库", {"fix_state": "closed"})
    with clock.at(days_later(20)):
        second = site(child, NEAR)
    with clock.at(days_later(30)):
        remove_entity(second)
        days = [-1, 0, 9, 10, 19, 20, 29, 30]
        found = [around(child, days_later(day).date()).get("sites") for day in days]
    assert found == [0, 1, 1, 0, 0, 1, 1, 0]


def test_where_a_visit_at_home_was_made_is_the_home_until_it_is_told(child: Entity) -> None:
    with clock.at(NOON):
        site(child, NEAR)
        far = {"type": "Point", "coordinates": [110.0, 34.0]}
        tell(child, "home_visit", ALL_WELL | {"visit_mode": "school", "visit_gps": HOME})
        assert "sites" not in around(child)
        tell(child, "home_visit", ALL_WELL | {"visit_mode": "home", "visit_gps": HOME})
        assert around(child)["sites"] == 1
        at_home(child, far)
        assert around(child)["sites"] == 0


def test_a_site_that_is_found_touches_the_children_near_it(child: Entity, drain: Any) -> None:
    with clock.at(NOON):
        other = make_child(child.area, child.dataset.project, "李小红")  # type: ignore[arg-type]
        at_home(child)
        at_home(other, {"type": "Point", "coordinates": [109.2, 33.0]})
        assert HomePosition.objects.count() == 2
        there = site(child, NEAR)
        evaluate_entity(there.pk, "entity.create")  # as `entity.touched` does
        touched = Reaction.objects.filter(event="entity.touched", done_at=None)
        assert [one.payload["entity_id"] for one in touched] == [child.pk]
        drain()
    assert status(child, "R-SITE") == "true"
    assert newest(child).cause == "site"


def test_a_position_is_kept_once_and_forgotten_with_its_answer(child: Entity) -> None:
    with clock.at(NOON):
        version = tell(child, "child_enum", {"home_gps": HOME})
        tell(child, "home_visit", ALL_WELL)
    kept = HomePosition.objects.get(entity=child)
    assert (kept.latitude, kept.longitude) == (33.0, 109.0)
    version.data = {}
    version.save()
    evaluate_entity(child.pk, "submission.updated")
    assert not HomePosition.objects.exists()


# --- household and school ---------------------------------------------------------------------------


def related(child: Entity, name: str, **data: str) -> Entity:
    other = make_child(child.area, child.dataset.project, name)  # type: ignore[arg-type]
    Entity.objects.filter(pk=other.pk).update(data={**other.data, **data})
    return other


def test_children_of_one_telephone_are_a_household(child: Entity, country: Country) -> None:
    with clock.at(NOON):
        assert "siblings" not in around(child)
        Entity.objects.filter(pk=child.pk).update(data={"caregiver_phone": "138 0000 1234"})
        related(child, "弟弟", caregiver_phone="13800001234")
        related(child, "邻居", caregiver_phone="13800009999")
        gone = related(child, "妹妹", caregiver_phone="13800001234")
        Entity.objects.filter(pk=gone.pk).update(deleted_at=NOON)
        far = related(child, "同号", caregiver_phone="13800001234")
        Entity.objects.filter(pk=far.pk).update(area=country.next_village)
        assert around(child)["siblings"] == 1
        assert around(child)["siblings_red"] == 0
        assert "sibling_tier" not in around(child)  # nobody has evaluated the brother yet


def test_a_household_id_goes_before_the_telephone(child: Entity) -> None:
    with clock.at(NOON):
        Entity.objects.filter(pk=child.pk).update(
            data={"household_id": "H1", "caregiver_phone": "13800001234"}
        )
        related(child, "弟弟", household_id="H1", caregiver_phone="13900001234")
        related(child, "邻居", household_id="H2", caregiver_phone="13800001234")
        assert around(child)["siblings"] == 1


def test_a_brother_in_danger_is_told_to_his_sister(child: Entity, drain: Any) -> None:
    with clock.at(NOON):
        Entity.objects.filter(pk=child.pk).update(data={"household_id": "H1"})
        brother = related(child, "弟弟", household_id="H1")
        tell(child, "home_visit", ALL_WELL)
        drain()
        tell(brother, "home_visit", ALL_WELL | {"danger": "yes"})
        drain()
    assert status(child, "R-SIBLING") == "true"
    assert newest(child).cause == "household"
    with clock.at(days_later(2)):
        assert around(child)["siblings_red"] == 1
        assert around(child, days_later(-1).date())["siblings"] == 0  # he was not registered then


def test_boarding_places_are_those_of_the_childs_school(child: Entity, country: Country) -> None:
    school = School.objects.create(code="S1", name="中心小学", area=country.town)
    dataset = Dataset.objects.create(project=child.dataset.project, name="school")
    with clock.at(NOON):
        assert "beds" not in around(child)
        Entity.objects.filter(pk=child.pk).update(school=school)
        assert "beds" not in around(child)
        row = write_entity(
            dataset, uuid.uuid4(), "中心小学", {"code": "S1", "boarding_places": "120"}
        )
        assert around(child)["beds"] == 120
        write_entity(dataset, row.uuid, "中心小学", {"boarding_used": "130"})
        assert around(child)["beds"] == 0


# --- the mechanism ----------------------------------------------------------------------------------


def test_every_name_of_a_source_has_its_provider() -> None:
    assert set(SOURCES) == set(PROVIDERS)


def test_a_rule_set_without_sources_costs_no_query(
    child: Entity, django_assert_num_queries: Any
) -> None:
    release_small(child.dataset.project)
    release = child.dataset.project.rule_sets.get().active
    assert release is not None
    rules = compiled(release)
    with django_assert_num_queries(0):
        assert surroundings_of(child, rules, NOON.date()) == {}
        assert surroundings_of_many([child.pk], rules, NOON.date(), {}) == {child.pk: {}}


def test_many_children_share_one_ground(child: Entity, django_assert_max_num_queries: Any) -> None:
    with clock.at(NOON):
        site(child, NEAR)
        keys = [child.pk]
        keys += [related(child, f"孩子{number}").pk for number in range(5)]
        seen: dict[int, list[Any]] = {pk: [] for pk in keys}
        surroundings_of_many(keys, programme(), NOON.date(), seen)
        with django_assert_max_num_queries(2):  # the children, the lists
            found = surroundings_of_many(keys, programme(), NOON.date(), seen)
    assert {one["site_register"] for one in found.values()} == {True}


def test_the_programme_takes_its_sites_from_the_server() -> None:
    facts = {fact["name"]: fact for fact in programme_document()["facts"]}
    assert facts["open_high_sites_500m"]["source"] == "open_high_sites_500m"
    assert facts["open_high_sites_500m"]["applies"] == "${site_register}"


# --- points -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "point"),
    [
        ("33.5 109.25 0 5", Point(33.5, 109.25)),
        ({"type": "Point", "coordinates": [109.25, 33.5]}, Point(33.5, 109.25)),
        ("", None),
        (None, None),
        ("33.5", None),
        ("0 0 0 0", None),
        ("91 0", None),
        ("nan nan", None),
        ({"type": "Point", "coordinates": ["x", 1]}, None),
        ([1, 2], None),
    ],
)
def test_a_point_is_read_or_there_is_none(raw: Any, point: Point | None) -> None:
    assert point_of(raw) == point


def test_a_degree_to_the_north_is_a_hundred_and_eleven_kilometres() -> None:
    assert Point(33, 109).metres_to(Point(34, 109)) == pytest.approx(111_195, rel=1e-3)
    assert Point(33, 109).metres_to(Point(33, 110)) == pytest.approx(93_250, rel=1e-3)


@settings(max_examples=200, deadline=None)
@given(
    st.floats(-60, 60), st.floats(-170, 170), st.floats(-0.01, 0.01), st.floats(-0.01, 0.01)
)  # fmt: skip
def test_what_is_near_lies_in_the_box(
    latitude: float, longitude: float, up: float, across: float
) -> None:
    home, there = Point(latitude, longitude), Point(latitude + up, longitude + across)
    south, north, west, east = box_around(home, 500)
    is_in = south <= there.latitude <= north and west <= there.longitude <= east
    assert is_in or home.metres_to(there) > 499.9


def test_a_day_is_the_sites_day(child: Entity) -> None:
    late = NOON.replace(hour=17)  # 1 in the morning of the next day
    with clock.at(late):
        at_home(child)
        site(child, NEAR)
        today = clock.today()
        assert today == NOON.date() + timedelta(days=1)
        assert around(child, NOON.date())["sites"] == 0
        assert around(child)["sites"] == 1
