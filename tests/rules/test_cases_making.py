"""A case made of a child: the rules decide about it as about the child, and nothing in it tells who that
is."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
import yaml
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forms.models import Entity, Form
from rules import problems
from rules.cases import cases_of, compare_case
from rules.cases.making import make_case
from rules.cases.readings import OTHER, readings_of
from rules.engine.merge import merge
from rules.engine.observed import Context, Facts, Observation, TierSpan
from rules.engine.rule_set import load_document
from rules.models import RuleSet
from rules.services.case_making import case_of_child
from rules.services.drafts import put_draft
from server import clock
from server.journal.models import Entry
from server.people.models import User
from server.people.roles import Role
from server.problems import FORBIDDEN, Problem
from tests.conftest import Country, make_user
from tests.rules.county_kit import ALL_WELL, DOCUMENT, NOON, make_child, release_small, tell
from tests.rules.pages_kit import STORIES
from tests.rules.programme_kit import programme

SMALL = load_document(DOCUMENT)
DAY = date(2026, 11, 20)
MARK = "张小明13800001234"


def seen_in(story: str, extra: dict[str, Any] | None = None) -> list[Observation]:
    """The submissions of one of the programme's stories, as they stand in the database."""
    return [
        Observation(
            form=item["form"], occurred_on=date.fromisoformat(item["date"]),
            answers={**(extra or {}), **item["data"]}, instance_id=f"uuid:{MARK}-{number}",
            worker=MARK,
        )
        for number, item in enumerate(STORIES[story]["submissions"])
    ]  # fmt: skip


def case_of(
    seen: list[Observation], spans: tuple[TierSpan, ...] = (), day: date = DAY
) -> dict[str, Any]:
    context = Context(spans)
    facts = merge(programme(), seen, day, context)
    whole = Facts(facts.values, facts.provenance, tuple(seen))
    return make_case(programme(), whole, context, day, {})


@pytest.mark.parametrize("story", sorted(STORIES)[::3])
def test_the_case_of_a_story_passes_and_tells_no_day_of_it(story: str) -> None:
    seen = seen_in(story)
    case = case_of(seen)
    [read] = cases_of({"cases": [case]})
    result = compare_case(programme(), read)
    assert not result.is_failure
    assert result.is_population_right
    assert case["expected"]["tier"] == result.tier
    text = json.dumps(case)
    days = {one.occurred_on.isoformat() for one in seen} | {DAY.isoformat()}
    days |= {str(one.answers["dob"]) for one in seen if "dob" in one.answers}
    assert not [day for day in days if day in text]


def test_days_keep_their_distances() -> None:
    seen = seen_in("S01 ordinary")
    case = case_of(seen)
    before = sorted(DAY - one.occurred_on for one in seen)
    as_of = date.fromisoformat(case["as_of"])
    assert sorted(as_of - date.fromisoformat(one["date"]) for one in case["submissions"]) == before
    enumerated = next(one for one in case["submissions"] if one["form"] == "child_enum")
    birth = date.fromisoformat(enumerated["data"]["dob"])
    assert as_of - birth == DAY - date(2015, 5, 1)


def test_earlier_tiers_come_along_moved() -> None:
    spans = (
        TierSpan("red", date(2026, 8, 1), date(2026, 9, 1)),
        TierSpan("yellow", date(2026, 9, 1)),
    )
    case = case_of(seen_in("S01 ordinary"), spans)
    assert [span["tier"] for span in case["tiers"]] == ["red", "yellow"]
    assert "until" not in case["tiers"][1]
    assert case["expected"]["rules"]["R-G21"] is True


QUESTIONS = sorted(
    {question for found in readings_of(programme(), {}).values() for question in found}
    | {"child_name", "id_no", "caregiver_phone", "address", "note", "instanceID", "gps", "village"}
)
# what people write into forms, also where a code, a number or a day belongs
TYPED = st.one_of(
    st.just(MARK),
    st.just("13800001234"),
    st.just("529901201505011234"),
    st.just("河口镇 柳树村 3组"),
    st.just(13800001234),
    st.just([MARK, "河口镇"]),
    st.just({"type": "Point", "coordinates": [112.345678, 23.456789]}),
    st.just("uuid:0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"),
    st.just("23.456789 112.345678 0 5"),
    st.just(112.345678901),
)
MARKERS = (
    "张", "138", "5299", "河口", "柳树", "3组", "uuid", "0f1e2d3c", "23.456", "112.345", "Point", "coordinates",
)  # fmt: skip


def case_or_none(seen: list[Observation]) -> dict[str, Any] | None:
    """None where what had to be left out matters to the rules: then there is no case at all."""
    try:
        return case_of(seen)
    except Problem as problem:
        if problem.kind is problems.CASE_DIFFERS:
            return None
        raise


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.dictionaries(st.sampled_from(QUESTIONS), TYPED, min_size=1, max_size=12))
def test_nothing_that_somebody_typed_survives(typed: dict[str, Any]) -> None:
    seen = seen_in("S01 ordinary")
    marked = [
        Observation(one.form, one.occurred_on, {**one.answers, **typed}, one.instance_id, worker=MARK)
        for one in seen
    ]  # fmt: skip
    case = case_or_none(marked)
    if case is None:
        return
    assert case.pop("case_id").startswith("child-")  # by chance, it may hold any digits
    text = json.dumps(case, ensure_ascii=False)
    numbers = [
        value
        for one in case["submissions"]
        for value in one["data"].values()
        if isinstance(value, int | float)
    ]
    assert not [mark for mark in MARKERS if mark in text]
    assert all(abs(number) < 10**9 for number in numbers)


def test_codes_that_count_alike_become_one_stand_in() -> None:
    source = {"question": "place", "forms": ["home_visit"], "map": {"town": "yes", "*": "no"}}
    fact = {"name": "poor", "title": {"zh": "贫困", "en": "Poor"}, "type": "select_one", "choices": "yn",
            "sources": [source]}  # fmt: skip
    facts_ = [fact if one["name"] == "poor" else one for one in DOCUMENT["facts"]]
    rules = load_document({**DOCUMENT, "facts": facts_})
    seen = [Observation("home_visit", DAY, {"place": "柳树村小学后面", "alone": "yes"})]
    facts = merge(rules, seen, DAY)
    case = make_case(rules, Facts(facts.values, facts.provenance, tuple(seen)), Context(), DAY, {})
    assert case["submissions"][0]["data"] == {"alone": "yes", "place": OTHER}


def test_a_child_about_whom_a_text_decides_becomes_no_case() -> None:
    title = {"zh": "备注", "en": "Note"}
    told = {
        "name": "told",
        "title": title,
        "type": "text",
        "question": "told",
        "forms": ["home_visit"],
    }
    rule = {**DOCUMENT["rules"][1], "when": "contains(${told}, '打')"}
    rules = load_document(
        {**DOCUMENT, "facts": [*DOCUMENT["facts"], told], "rules": [rule, *DOCUMENT["rules"][2:]]}
    )
    seen = [Observation("home_visit", DAY, {"told": "被打"})]
    facts = merge(rules, seen, DAY)
    with pytest.raises(Problem) as caught:
        make_case(rules, Facts(facts.values, facts.provenance, tuple(seen)), Context(), DAY, {})
    assert caught.value.kind is problems.CASE_DIFFERS


# --- with a database -----------------------------------------------------------------------------


@pytest.fixture
def child(country: Country) -> Entity:
    """A child that was red, among small rules."""
    child = make_child(country.village)
    release_small(child.dataset.project)
    with clock.at(NOON):
        tell(child, "home_visit", ALL_WELL | {"danger": "yes", "alone": "yes", "note": MARK})
    with clock.at(NOON + timedelta(days=9)):
        tell(child, "safety_assess", {"danger": "no", "assessor": MARK})
    return child


LATER = NOON + timedelta(days=10)


def test_the_case_of_a_child_expects_what_the_rules_decide_today(
    child: Entity, county: User
) -> None:
    with clock.at(LATER):
        case = case_of_child(child, county)
    [read] = cases_of({"cases": [case]})
    result = compare_case(SMALL, read)
    assert not result.is_failure
    assert case["expected"]["tier"] == "yellow"
    assert case["expected"]["rules"] == {"R-ALONE": True}
    text = json.dumps(case, ensure_ascii=False)
    for mark in (
        "张",
        MARK,
        str(child.uuid),
        child.uuid.hex,
        "529901",
        "uuid",
        "2026-09-0",
        "2026-09-1",
    ):
        assert mark not in text
    assert Entry.objects.filter(action="entity.case", actor=county).count() == 1


def test_only_who_reads_the_childs_answers_and_the_rules_makes_a_case(
    child: Entity, country: Country, lan: User, stranger: User, client_for: Callable[[User], Client]
) -> None:
    desk = make_user(
        "lead", Role.COUNTY_LEAD, country.county
    )  # reads children and rules, no answers
    rule_admin = make_user("rules", Role.RULE_ADMIN)
    for user in (lan, desk, rule_admin, stranger):
        with pytest.raises(Problem) as caught:
            case_of_child(child, user)
        assert caught.value.kind is FORBIDDEN
    path = f"/children/{child.uuid}/case"
    for user, status in ((lan, 403), (desk, 403), (rule_admin, 403), (stranger, 404)):
        assert client_for(user).get(path).status_code == status
    assert Client().get(path).status_code == 302


def test_restricted_answers_need_their_own_right(
    child: Entity, county: User, monkeypatch: Any
) -> None:
    Form.objects.filter(xml_form_id="home_visit").update(sensitivity=Form.Sensitivity.RESTRICTED)
    with clock.at(LATER):
        assert case_of_child(child, county)["submissions"]
        monkeypatch.setattr(
            "rules.services.case_making.hidden_forms", lambda *_given: frozenset({"home_visit"})
        )
        with pytest.raises(Problem):
            case_of_child(child, county)


def test_without_rules_in_force_there_is_no_case(country: Country, county: User) -> None:
    child = make_child(country.village)
    with pytest.raises(Problem) as caught:
        case_of_child(child, county)
    assert caught.value.kind is problems.NOT_RELEASED


def test_the_page_shows_and_sends_the_case(
    child: Entity, county: User, client_for: Callable[[User], Client]
) -> None:
    client = client_for(county)
    page = client.get(f"/children/{child.uuid}").content.decode()
    assert f"/children/{child.uuid}/case" in page
    with clock.at(LATER):
        shown = client.get(f"/children/{child.uuid}/case").content.decode()
        assert "R-ALONE: true" in shown
        sent = client.get(f"/children/{child.uuid}/case?format=yaml")
        as_json = client.get(f"/children/{child.uuid}/case?format=json").json()
    assert "attachment" in sent["Content-Disposition"]
    assert len(cases_of(yaml.safe_load(sent.content))) == 1
    assert len(cases_of(as_json)) == 1
    assert (
        client.post(f"/children/{child.uuid}/case").status_code == 403
    )  # no right to change rules


def test_the_button_is_not_there_for_who_may_not(
    child: Entity, lan: User, client_for: Callable[[User], Client]
) -> None:
    assert "/case" not in client_for(lan).get(f"/children/{child.uuid}").content.decode()


def test_who_may_both_puts_the_case_into_the_draft(
    child: Entity, admin: User, client_for: Callable[[User], Client]
) -> None:
    client, path = client_for(admin), f"/children/{child.uuid}/case"
    with clock.at(LATER):
        assert client.post(path).headers["Location"] == path  # no draft yet: it says so
        rule_set = RuleSet.objects.get()
        put_draft(rule_set, DOCUMENT, admin)
        assert client.post(path).headers["Location"] == f"/rules/{rule_set.pk}/cases"
    rule_set.refresh_from_db()
    [case] = rule_set.draft["cases"]
    assert case["expected"]["tier"] == "yellow"


def test_the_api_gives_the_case(
    child: Entity, county: User, stranger: User, lan: User, client_for: Callable[[User], Client]
) -> None:
    path = f"/v1/projects/{child.dataset.project_id}/datasets/child/entities/{child.uuid}/case"
    with clock.at(LATER):
        body = client_for(county).get(path).json()
    assert body["cases"][0]["expected"]["tier"] == "yellow"
    assert client_for(stranger).get(path).status_code == 404
    assert client_for(lan).get(path).status_code == 403
    assert Client().get(path).status_code == 401
