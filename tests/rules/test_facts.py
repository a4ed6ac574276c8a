"""Submissions become facts: each merge policy, late arrivals, several sources, history, and where
every value comes from."""

from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.engine.answers import read_answer, translate
from rules.engine.merge import merge
from rules.engine.observed import Context, Facts, Observation, TierSpan
from rules.engine.rule_set import RuleSet, load_document
from rules.engine.values import resolve
from rules.facts import facts_of, observations_of, tier_spans
from rules.language.ast import Kind, Type
from rules.models import TierDecision
from server import clock
from server.people.models import AppUser, User
from tests.conftest import Country
from tests.rules.county_kit import ALL_WELL, DOCUMENT, NOON, days_later, make_child, store
from tests.rules.programme_kit import programme

DAY = date(2026, 9, 30)
MOODS = [{"code": code, "zh": code, "en": code} for code in ("none", "sad", "fearful", "angry")]


def rule_set(*facts: dict[str, Any]) -> RuleSet:
    """The small rule set with `facts` (title and merge filled in), each read by a rule."""
    document = deepcopy(DOCUMENT)
    for fact in facts:
        title = {"zh": fact["name"], "en": fact["name"]}
        document["facts"].append({"title": title, **fact})
        rule = {"id": f"R-{fact['name']}", "title": title, "dimension": "care", "score": 1}
        document["rules"].append(rule | {"when": f"known(${{{fact['name']}}})"})
    return load_document(document)


def seen(form: str, day: int, answers: dict[str, Any], received: int = 0) -> Observation:
    """A submission that speaks of September `day`, received `received` days later."""
    occurred = date(2026, 9, day)
    at = datetime(2026, 9, day, tzinfo=UTC) + timedelta(days=received)
    return Observation(form, occurred, answers, f"{form}-{day}-{received}", at, "Lan")


def value(rules: RuleSet, name: str, *events: Observation, as_of: date = DAY) -> Any:
    return merge(rules, events, as_of).values.get(name)


# --- latest ------------------------------------------------------------------------------------


def test_the_newest_day_wins_however_late_it_arrives() -> None:
    rules = rule_set()
    late = seen("home_visit", 5, {"poor": "no"}, received=20)
    newer = seen("home_visit", 10, {"poor": "yes"})
    assert value(rules, "poor", late, newer) == value(rules, "poor", newer, late) == "yes"


def test_of_one_day_the_later_received_wins() -> None:
    first, second = seen("home_visit", 5, {"poor": "no"}), seen("home_visit", 5, {"poor": "yes"}, 1)
    assert value(rule_set(), "poor", second, first) == "yes"


def test_an_unanswered_question_leaves_the_earlier_answer() -> None:
    blanks: tuple[Any, ...] = (None, "", [])
    for blank in blanks:
        later = seen("home_visit", 9, {"poor": blank})
        assert value(rule_set(), "poor", seen("home_visit", 5, {"poor": "yes"}), later) == "yes"


def test_other_forms_do_not_answer() -> None:
    assert value(rule_set(), "poor", seen("school_monthly", 5, {"poor": "yes"})) is None


def test_what_came_after_the_day_does_not_count() -> None:
    event = seen("home_visit", 20, {"poor": "yes"})
    assert value(rule_set(), "poor", event, as_of=date(2026, 9, 19)) is None
    assert value(rule_set(), "poor", event, as_of=date(2026, 9, 20)) == "yes"


def test_an_answer_that_no_rule_knows_says_nothing() -> None:
    for odd in ("maybe", 7, {"a": 1}, ["yes", "no"]):
        later = seen("home_visit", 9, {"poor": odd})
        assert value(rule_set(), "poor", seen("home_visit", 5, {"poor": "yes"}), later) == "yes"


def test_a_window_ends_what_is_too_old() -> None:
    rules = rule_set({
        "name": "hungry", "type": "select_one", "choices": "yn", "question": "hungry",
        "forms": ["home_visit"], "merge": "latest", "window_days": 10,
    })  # fmt: skip
    event = seen("home_visit", 5, {"hungry": "yes"})
    assert value(rules, "hungry", event, as_of=date(2026, 9, 15)) == "yes"
    assert value(rules, "hungry", event, as_of=date(2026, 9, 16)) is None


# --- worst_of and union ------------------------------------------------------------------------

LEVEL = {
    "name": "concern", "type": "select_one", "choices": "level", "question": "concern",
    "forms": ["home_visit", "school_monthly"], "merge": "worst_of", "order": ["none", "some", "bad"], "window_days": 20,
}  # fmt: skip
MOOD = {
    "name": "mood", "type": "select_multiple", "codes": MOODS, "question": "mood",
    "forms": ["home_visit", "school_monthly"], "merge": "union", "window_days": 20,
}  # fmt: skip


def test_the_worst_of_the_newest_of_each_form_counts() -> None:
    rules = rule_set(LEVEL)
    events = [
        seen("home_visit", 15, {"concern": "bad"}),
        seen("home_visit", 25, {"concern": "none"}),
        seen("school_monthly", 20, {"concern": "some"}),
    ]
    found = merge(rules, events, DAY)
    assert found.values["concern"] == "some"
    assert found.provenance["concern"][0].form == "school_monthly"


def test_the_worst_outside_the_window_is_forgotten() -> None:
    assert value(rule_set(LEVEL), "concern", seen("home_visit", 5, {"concern": "bad"})) is None


def test_moods_of_the_newest_of_each_form_are_joined_without_the_neutral_one() -> None:
    events = [
        seen("home_visit", 12, {"mood": ["angry"]}),
        seen("home_visit", 20, {"mood": "none"}),
        seen("school_monthly", 22, {"mood": "fearful sad"}),
    ]
    found = merge(rule_set(MOOD), events, DAY)
    assert found.values["mood"] == ("sad", "fearful")
    assert {source.form for source in found.provenance["mood"]} == {"home_visit", "school_monthly"}


def test_neutral_alone_is_an_answer() -> None:
    assert value(rule_set(MOOD), "mood", seen("home_visit", 20, {"mood": "none"})) == ("none",)


# --- sticky and alarm --------------------------------------------------------------------------


def test_an_alarm_stands_against_later_denials_of_others() -> None:
    events = [seen("home_visit", 5, {"danger": "yes"}), seen("home_visit", 9, {"danger": "no"})]
    assert value(rule_set(), "danger", *events) == "yes"


def test_a_later_assessment_takes_it_back_and_an_earlier_does_not() -> None:
    alarm = seen("home_visit", 9, {"danger": "yes"})
    assert value(rule_set(), "danger", alarm, seen("safety_assess", 10, {"danger": "no"})) == "no"
    assert value(rule_set(), "danger", alarm, seen("safety_assess", 8, {"danger": "no"})) == "yes"


def test_a_late_assessment_of_an_earlier_day_does_not_take_it_back() -> None:
    alarm = seen("home_visit", 9, {"danger": "yes"})
    late = seen("safety_assess", 8, {"danger": "no"}, received=10)
    assert value(rule_set(), "danger", alarm, late) == "yes"


def test_an_assessment_that_does_not_answer_takes_nothing_back() -> None:
    alarm = seen("home_visit", 9, {"danger": "yes"})
    assert value(rule_set(), "danger", alarm, seen("safety_assess", 10, {"danger": None})) == "yes"


def test_after_clearing_a_new_alarm_stands_again() -> None:
    events = [
        seen("home_visit", 5, {"danger": "yes"}),
        seen("safety_assess", 6, {"danger": "no"}),
        seen("home_visit", 7, {"danger": "yes"}),
    ]
    assert value(rule_set(), "danger", *events) == "yes"


INCIDENT = {
    "name": "incident", "type": "select_multiple", "codes": MOODS, "question": "incident", "forms": ["incident"],
    "merge": "sticky", "positive": ["sad", "fearful", "angry"], "otherwise": [],
    "cleared_by": [{"form": "incident", "when": "${closed} = 'yes'"}],
}  # fmt: skip


def test_a_report_that_closes_its_case_clears_itself_and_those_before() -> None:
    rules = rule_set(INCIDENT)
    open_case = seen("incident", 5, {"incident": "sad fearful", "closed": "no"})
    assert value(rules, "incident", open_case) == ("sad", "fearful")
    closing = seen("incident", 8, {"incident": "sad", "closed": "yes"})
    facts = merge(rules, [open_case, closing], DAY)
    assert "incident" not in facts.values
    assert resolve(rules, facts.values, DAY).get("incident") == ()


def test_each_code_of_a_multiple_answer_is_cleared_by_itself() -> None:
    rules = rule_set(
        INCIDENT | {"forms": ["incident", "assess"], "cleared_by": [{"form": "assess"}]}
    )
    events = [
        seen("incident", 5, {"incident": "sad fearful"}),
        seen("assess", 6, {"incident": "fearful"}),
        seen("incident", 7, {"incident": "none"}),
    ]
    assert value(rules, "incident", *events) == ("fearful",)


RISK = {
    "name": "risk", "type": "select_one", "choices": "level", "question": "risk", "forms": ["home_visit", "assess"],
    "merge": "sticky", "positive": ["some", "bad"], "order": ["none", "some", "bad"], "cleared_by": {"form": "assess"},
}  # fmt: skip


def test_of_several_standing_answers_the_worst_counts() -> None:
    events = [seen("home_visit", 5, {"risk": "bad"}), seen("home_visit", 9, {"risk": "some"})]
    assert value(rule_set(RISK), "risk", *events) == "bad"


def test_an_assessment_of_less_takes_back_the_worse() -> None:
    events = [seen("home_visit", 5, {"risk": "bad"}), seen("assess", 9, {"risk": "some"})]
    assert value(rule_set(RISK), "risk", *events) == "some"


def test_what_stands_outlasts_the_window() -> None:
    rules = rule_set(LEVEL | {"positive": ["bad"], "cleared_by": {"form": "assess"}})
    old = seen("home_visit", 1, {"concern": "bad"})
    assert value(rules, "concern", old, seen("home_visit", 25, {"concern": "none"})) == "bad"


# --- several sources ---------------------------------------------------------------------------

HOME = {
    "name": "by_self", "type": "select_one", "choices": "yn", "merge": "latest",
    "sources": [
        {"question": "by_self", "forms": ["assess"]},
        {"question": "living", "forms": ["home_visit"], "map": {"rented": "yes", "unclear": None, "*": "no"}},
    ],
}  # fmt: skip


def test_the_newer_of_two_questions_decides_translated() -> None:
    rules = rule_set(HOME)
    events = [seen("assess", 5, {"by_self": "no"}), seen("home_visit", 9, {"living": "rented"})]
    assert value(rules, "by_self", *events) == "yes"
    assert value(rules, "by_self", *events, seen("home_visit", 10, {"living": "kin"})) == "no"


def test_an_answer_that_the_map_leaves_out_says_nothing() -> None:
    only_known = HOME | {"sources": [HOME["sources"][1] | {"map": {"rented": "yes"}}]}
    events = [seen("home_visit", 5, {"living": "rented"}), seen("home_visit", 9, {"living": "kin"})]
    assert value(rule_set(only_known), "by_self", *events) == "yes"


# --- history -----------------------------------------------------------------------------------


def history(kind: str, type_: str, **more: Any) -> RuleSet:
    about = {"kind": kind, "forms": ["home_visit"], **more}
    return rule_set({"name": "past", "type": type_, "history": about})


def test_streaks_count_back_from_the_newest() -> None:
    rules = history("streak", "integer", question="child_seen", equals="no")
    told = ["no", "yes", "no", "no"]
    events = [seen("home_visit", day + 1, {"child_seen": said}) for day, said in enumerate(told)]
    assert value(rules, "past", *events) == 2
    assert value(rules, "past", *events, seen("home_visit", 9, {"note": "unasked"})) == 2
    assert value(rules, "past") == 0


def test_counts_are_known_to_be_none_and_days_since_is_unknown() -> None:
    events = [
        seen("home_visit", 5, {"kind": "urgent"}),
        seen("home_visit", 20, {"kind": "routine"}),
    ]
    assert value(history("count", "integer"), "past", *events) == 2
    assert value(history("count", "integer", window_days=10), "past", *events) == 1
    assert (
        value(history("exists", "yes_no", question="kind", equals="urgent"), "past", *events)
        is True
    )
    assert value(history("exists", "yes_no"), "past") is False
    assert value(history("days_since", "integer"), "past", *events) == 10
    assert value(history("days_since", "integer"), "past") is None


@pytest.mark.parametrize(
    ("span", "was"),
    [
        (TierSpan("red", date(2026, 9, 1), date(2026, 9, 5)), True),
        (TierSpan("red", date(2026, 1, 1), date(2026, 3, 1)), False),
        (TierSpan("red", date(2026, 1, 1), None), False),
        (TierSpan("red", date(2026, 1, 1), DAY), False),
        (TierSpan("red", date(2026, 1, 1), DAY - timedelta(days=1)), True),
        (TierSpan("blue", date(2026, 9, 1), date(2026, 9, 5)), False),
    ],
)
def test_earlier_tiers_count_once_they_are_left_and_within_the_window(
    span: TierSpan, was: bool
) -> None:
    assert merge(rule_set(), [], DAY, Context(tiers=(span,))).values["was_red"] is was


def test_facts_that_the_server_gives_are_taken() -> None:
    facts = merge(rule_set(), [], DAY, Context(given={"poor": "yes"}))
    assert facts.values["poor"] == "yes"


# --- answers -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "raw", "read"),
    [
        (Type(Kind.INTEGER), "12", 12),
        (Type(Kind.INTEGER), 12.0, 12),
        (Type(Kind.INTEGER), 12.5, None),
        (Type(Kind.INTEGER), True, None),
        (Type(Kind.NUMBER), "1e999", None),
        (Type(Kind.DATE), "2026-02-30", None),
        (Type(Kind.DATE), "2026-02-28T23:30:00.000+08:00", date(2026, 2, 28)),
        (Type(Kind.YES_NO), "yes", True),
        (Type(Kind.SELECT_ONE, ("a", "b")), ["a"], "a"),
        (Type(Kind.SELECT_ONE, ("a", "b")), "c", None),
        (Type(Kind.SELECT_ONE, ("yes", "no")), True, "yes"),
        (Type(Kind.SELECT_MULTIPLE, ("a", "b")), "b a c", ("a", "b")),
        (Type(Kind.SELECT_MULTIPLE, ("a", "b")), ["c"], None),
        (Type(Kind.SELECT_ONE, ("1",)), 1, "1"),
    ],
)
def test_answers_are_read_by_their_type_or_not_at_all(kind: Type, raw: Any, read: Any) -> None:
    assert read_answer(kind, raw) == read


def test_a_map_translates_each_code_once() -> None:
    assert translate({"a": "x", "b": "x", "*": "y"}, "a b c") == ["x", "y"]
    assert translate({"a": "x"}, "b") is None


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.dates(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=4,
)
QUESTIONS = sorted({s.question for fact in programme().facts.values() for s in fact.sources})
EVENTS = st.lists(
    st.builds(
        Observation,
        form=st.sampled_from(["child_enum", "home_visit", "safety_assess", "incident_report", "x"]),
        occurred_on=st.dates(date(2025, 1, 1), date(2026, 12, 31)),
        answers=st.dictionaries(st.sampled_from(QUESTIONS) | st.text(max_size=5), JUNK, max_size=6),
        instance_id=st.text(max_size=3),
    ),
    max_size=6,
)


@settings(max_examples=150, deadline=None)
@given(EVENTS, st.randoms(use_true_random=False))
def test_merging_is_total_and_the_order_of_arrival_does_not_matter(
    events: list[Observation], random: Any
) -> None:
    numbered = [
        Observation(e.form, e.occurred_on, e.answers, f"{number}")
        for number, e in enumerate(events)
    ]
    facts: Facts = merge(programme(), numbered, DAY)
    resolve(programme(), facts.values, DAY)  # every merged value is of its fact's type
    shuffled = list(numbered)
    random.shuffle(shuffled)
    assert merge(programme(), shuffled, DAY) == facts


# --- from the database -------------------------------------------------------------------------


def test_observations_come_in_one_query_with_the_worker_behind_the_phone(
    country: Country, lan: User, django_assert_num_queries: Any
) -> None:
    child = make_child(country.village)
    phone = AppUser.objects.create(type="field_key", display_name="a phone", worker=lan)
    with clock.at(NOON):
        for by in (phone, lan, None):
            store(child, "home_visit", {"group": ALL_WELL}, by=by)
    with django_assert_num_queries(1):
        found = observations_of(child)
    assert [one.worker for one in found] == ["lan", "lan", ""]
    assert found[0].answers == ALL_WELL
    assert found[0].occurred_on == date(2026, 9, 1)
    with django_assert_num_queries(2):
        assert facts_of(child, rule_set(), date(2026, 9, 1)).values["poor"] == "no"


def test_tier_spans_follow_the_decisions(country: Country) -> None:
    child = make_child(country.village)
    for day, action, tier in (
        (0, "automatic", "red"),
        (1, "request", "yellow"),
        (2, "approve", "yellow"),
        (3, "confirm", "yellow"),
        (9, "override", "green"),
    ):
        TierDecision.objects.create(entity=child, action=action, to_tier=tier, at=days_later(day))
    first, second = date(2026, 9, 1), date(2026, 9, 3)
    assert tier_spans(child, date(2026, 9, 8)) == (
        TierSpan("red", first, second),
        TierSpan("yellow", second, None),
    )
