"""Areas, schools and units change, and nothing that was is lost."""

import json
from uuid import uuid4

import pytest

from forms.models import Entity
from forms.registry.placing import place_of
from forms.services import create_dataset
from server.journal.models import Entry
from server.masterdata import changing, ending, problems
from server.masterdata.boundaries import feature_collection, import_boundaries
from server.masterdata.changing import Order
from server.masterdata.reading import history_of
from server.people.access import Scope
from server.people.models import RoleGrant
from server.people.roles import Role
from server.places.finding import key_of
from server.places.models import Area, School, Unit
from server.problems import CONFLICT, FORBIDDEN, Problem
from tests.conftest import make_user
from tests.forms.field_work import make_project

pytestmark = pytest.mark.django_db
OUTLINE = {"type": "Polygon", "coordinates": [[[109, 32], [110, 32], [110, 33], [109, 32]]]}


@pytest.fixture
def order(country):
    return Order(make_user("keeper", Role.COUNTY_CIVIL, country.county), source="清政发〔2026〕1号")


@pytest.fixture
def child(country, admin):
    project = make_project()
    dataset = create_dataset(
        project, "child", area_property="village", school_property="school", actor=None
    )
    data = {"village": country.village.code}
    return Entity.objects.create(
        dataset=dataset, uuid=uuid4(), label="张小明", data=data, area=country.village
    )


def refused(deed, *said):
    with pytest.raises(Problem) as caught:
        deed(*said)
    return caught.value.kind


def collection(code, geometry=OUTLINE):
    feature = {"type": "Feature", "properties": {"code": code}, "geometry": geometry}
    return json.dumps({"type": "FeatureCollection", "features": [feature]}).encode()


def last_change(area: Area) -> int:
    """The key of the change that may be undone."""
    last = history_of("area", area.pk).last
    assert last is not None
    return last


@pytest.mark.parametrize(
    "code",
    ["52990110020", "529901101209", "9", "５２９９０１１００２０９"],
)
def test_a_code_of_other_digits_or_of_another_town_is_refused(country, order, code):
    assert (
        refused(changing.create_area, code, "新村", "village", country.town, order) is problems.CODE
    )


def test_a_code_that_is_or_was_another_areas_is_refused(country, order):
    changing.recode(country.village, "529901100209", order)
    for code in ("529901100201", "529901100202"):
        said = (code, "新村", "village", country.town, order)
        assert refused(changing.create_area, *said) is CONFLICT


def test_a_rename_keeps_the_former_name_with_its_day_and_document(country, order):
    changing.rename(country.village, "杨树村", order)
    kept = history_of("area", country.village.pk).changes[0]
    assert (kept.before["name"], kept.source, kept.on) == ("柳树村", order.source, order.on)
    assert Entry.objects.filter(action="place.rename", subject=f"area:{country.village.code}")


def test_a_moved_town_takes_its_villages_and_their_workers_along(country, lan):
    changing.move(country.town, country.other_county, Order(None))
    village = Area.objects.get(pk=country.village.pk)
    assert village.path == "/529902/529901100/529901100201/"
    assert RoleGrant.objects.get(user=lan).area.path == village.path


def test_a_recoded_area_is_found_by_the_old_code_that_phones_send(country, order, child):
    changing.recode(country.village, "529901100209", order)
    sent = place_of(child.dataset, {"village": "529901100201"}, None)
    assert sent.area_id == country.village.pk
    below = Area.objects.get(pk=country.village.pk)
    assert below.path.endswith("/529901100209/")


def test_a_merge_takes_children_and_roles_to_the_successor_and_is_undone(
    country, order, child, lan, drain
):
    gone, into = country.village, country.next_village
    ending.merge(gone, into, order)
    drain()
    child.refresh_from_db()
    assert (child.area, RoleGrant.objects.get(user=lan).area) == (into, into)
    assert key_of("area", gone.code) == into.pk
    gone.refresh_from_db()
    assert (gone.closed_on, gone.successor) == (order.on, into)
    ending.undo(last_change(gone), order)
    child.refresh_from_db()
    gone.refresh_from_db()
    assert (child.area, gone.closed_on) == (gone, None)
    assert RoleGrant.objects.get(user=lan).area == gone
    assert key_of("area", gone.code) == gone.pk


def test_merged_towns_bring_their_villages_and_a_role_held_twice_stays_once(country, order):
    for town in (country.town, country.other_town):
        RoleGrant.objects.create(user=order.actor, role=Role.TOWN_SUPERVISOR, area=town)
    ending.merge(country.other_town, country.town, order)
    village = Area.objects.get(pk=country.other_town_village.pk)
    assert village.path == f"{country.town.path}{village.code}/"
    assert RoleGrant.objects.filter(area=country.town, user=order.actor).count() == 1


def test_schools_and_units_are_merged_too(country, order, child):
    old, new = (School.objects.create(code=f"S{n}", name=n, area=country.town) for n in "12")
    type(child).objects.filter(pk=child.pk).update(school=old)
    ending.merge(old, new, order)
    child.refresh_from_db()
    assert child.school == new
    tax, state = (Unit.objects.create(code=f"U{n}", name=n, area=country.county) for n in "12")
    ending.merge(tax, state, order)
    assert key_of("unit", "U1") == state.pk


def test_only_an_empty_place_is_closed_and_a_closed_one_takes_nothing(country, order, child):
    assert refused(ending.close, country.village, order) is problems.STILL_USED
    ending.close(country.other_town_village, order)
    assert refused(changing.rename, country.other_town_village, "新", order) is problems.CLOSED
    ending.close(country.other_town, order)
    assert refused(changing.move, country.village, country.other_town, order) is problems.CLOSED
    changing.reopen(country.other_town, order)


def test_only_the_newest_change_is_undone(country, order):
    changing.rename(country.village, "一", order)
    changing.recode(country.village, "529901100209", order)
    first = history_of("area", country.village.pk).changes[-1]
    assert refused(ending.undo, first.pk, order) is problems.NOT_LAST
    for _ in range(2):
        ending.undo(last_change(country.village), order)
    village = Area.objects.get(pk=country.village.pk)
    assert (village.name, village.code) == ("柳树村", "529901100201")


def test_a_keeper_of_one_county_changes_nothing_in_another(country, order):
    theirs = country.other_county_village
    assert refused(changing.rename, theirs, "我村", order) is FORBIDDEN
    assert refused(changing.move, country.town, country.other_county, order) is FORBIDDEN
    assert refused(ending.merge, country.village, theirs, order) is FORBIDDEN
    assert refused(import_boundaries, collection(theirs.code), order.actor) is FORBIDDEN


def test_outlines_come_in_by_code_and_go_out_within_a_scope(country, order):
    done = import_boundaries(collection(country.village.code), order.actor)
    assert (done.stored, done.unknown) == (1, ())
    import_boundaries(collection(country.village.code), order.actor)  # again: replaced
    assert import_boundaries(collection("1"), order.actor).unknown == ("1",)
    told = json.loads("".join(feature_collection(Scope(paths=(country.town.path,)))))
    assert told["features"][0]["geometry"] == OUTLINE
    other = "".join(feature_collection(Scope(paths=(country.other_county.path,))))
    assert json.loads(other)["features"] == []


@pytest.mark.parametrize(
    "content",
    [
        b"", b"[" * 100_000, b'{"type":"FeatureCollection","features":[1]}', collection("x", None),
        collection("x", {"type": "Point", "coordinates": [1, 2]}),
        collection("x", {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [0, 0]]]}),
        collection("x", {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [0, 500], [0, 0]]]}),
        collection("x", {"type": "MultiPolygon", "coordinates": [1]}),
    ],
)  # fmt: skip
def test_outlines_that_are_none_are_refused(country, content):
    assert refused(import_boundaries, content, None) is problems.GEOJSON
