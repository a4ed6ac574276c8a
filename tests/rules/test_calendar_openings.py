"""Which occasions of the calendar are open for a child on a day: pure, so every kind with its edges."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.engine.calendar.conditions import asks_of
from rules.engine.calendar.openings import (
    ChildView,
    Move,
    lasts,
    months_after,
    openings_by_date,
    openings_of_child,
)
from rules.engine.calendar.visits import LastSeen, Standing, next_visit
from rules.engine.days import months_between, years_between
from rules.engine.observed import Observation
from rules.engine.rule_set import RuleSet, load_document
from rules.engine.values import resolve
from server import clock
from tests.rules.programme_kit import programme
from tests.rules.rule_set_kit import errors_in, small

RED = programme().tier("red")
BLUE = programme().tier("blue")
NOON = datetime(2026, 9, 1, 4, 0, tzinfo=UTC)


def with_calendar(*items: dict[str, Any], **sections: Any) -> RuleSet:
    """The small rule set with those lines of the calendar."""
    titled = [{"title": {"zh": "项", "en": "Item"}, **item} for item in items]
    return load_document(small(calendar=titled, **sections))


def item(item_id: str = "C", when: str = "", **trigger: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"id": item_id, "trigger": trigger, "tasks": ["T_VISIT"]}
    return found | ({"when": when} if when else {})


def keys_on(rules: RuleSet, day: str) -> list[str]:
    return [one.key for one in openings_by_date(rules, date.fromisoformat(day))]


def keys_of(rules: RuleSet, view: ChildView, day: str) -> list[str]:
    return [one.key for one in openings_of_child(rules, view, date.fromisoformat(day))]


def sent(form: str, day: str, **answers: Any) -> Observation:
    return Observation(form, date.fromisoformat(day), answers, instance_id=f"uuid:{form}:{day}")


# --- the year ------------------------------------------------------------------------------------


def test_a_yearly_item_opens_on_its_days_and_can_be_made_up_for_within_a_month() -> None:
    rules = with_calendar(item(kind="yearly", dates=["03-01", "09-01"]))
    assert keys_on(rules, "2026-02-28") == []
    assert keys_on(rules, "2026-03-01") == ["2026-03-01"]
    assert keys_on(rules, "2026-03-31") == ["2026-03-01"]
    assert keys_on(rules, "2026-04-01") == []
    assert keys_on(rules, "2026-09-08") == ["2026-09-01"]


def test_a_longer_task_can_be_opened_for_longer_and_for_days_says_how_long() -> None:
    long = item(kind="yearly", dates=["03-01"])
    long["tasks"] = [{"id": "T_VISIT", "due": {"days": 60}}]
    assert keys_on(with_calendar(long), "2026-04-28") == ["2026-03-01"]
    short = item(kind="yearly", dates=["03-01"], for_days=3)
    assert keys_on(with_calendar(short), "2026-03-04") == ["2026-03-01"]
    assert keys_on(with_calendar(short), "2026-03-05") == []


@pytest.mark.parametrize(
    ("day", "key"),
    [
        ("2026-02-28", "2026-02-28"),
        ("2028-02-29", "2028-02-29"),
        ("2026-04-30", "2026-04-30"),
        ("2026-03-30", "2026-02-28"),
        ("2027-01-05", "2026-12-31"),
    ],
)
def test_a_month_without_that_day_has_its_last_day(day: str, key: str) -> None:
    assert keys_on(with_calendar(item(kind="monthly", day=31)), day) == [key]


def test_a_day_of_each_month_is_not_moved_into_the_next_month() -> None:
    rules = with_calendar(item(kind="monthly", day=29))
    assert keys_on(rules, "2026-02-28") == ["2026-02-28"]
    assert keys_on(rules, "2028-02-28") == ["2028-01-29"]


PERIODS = (
    {"id": "winter", "period": {"yearly": {"from": "12-20", "to": "02-10"}}},
    {
        "id": "spring",
        "period": {
            "dates": [
                {"from": "2026-02-16", "to": "2026-02-23"},
                {"from": "2027-02-05", "to": "2027-02-12"},
            ]
        },
    },
)


def test_before_a_period_opens_days_ahead_and_until_the_period_ends() -> None:
    rules = with_calendar(*PERIODS, item(kind="before_period", periods=["spring"], days=15))
    assert keys_on(rules, "2026-01-31") == []
    assert keys_on(rules, "2026-02-01") == ["spring:2026"]
    assert keys_on(rules, "2026-02-23") == ["spring:2026"]
    assert keys_on(rules, "2026-02-24") == []
    assert keys_on(rules, "2027-01-30") == ["spring:2027"]


def test_a_period_over_the_new_year_is_one_occasion() -> None:
    rules = with_calendar(*PERIODS, item(kind="before_period", periods=["winter"], days=5))
    for day in ("2026-12-15", "2026-12-31", "2027-01-01", "2027-02-10"):
        assert keys_on(rules, day) == ["winter:2026"]
    assert keys_on(rules, "2027-02-11") == []


def test_two_spans_of_one_year_are_two_occasions() -> None:
    spans = [{"from": "2026-03-01", "to": "2026-03-02"}, {"from": "2026-06-01", "to": "2026-06-02"}]
    period = {"id": "fair", "period": {"dates": spans}}
    rules = with_calendar(period, item(kind="before_period", periods=["fair"], days=0))
    assert keys_on(rules, "2026-03-01") == ["fair:2026"]
    assert keys_on(rules, "2026-06-01") == ["fair:2026.2"]


def test_what_is_off_or_not_valid_yet_opens_nothing() -> None:
    yearly = item(kind="yearly", dates=["03-01"])
    assert keys_on(with_calendar(yearly | {"on": False}), "2026-03-01") == []
    assert keys_on(with_calendar(yearly | {"valid": {"from": "2027-01-01"}}), "2026-03-01") == []
    assert keys_on(with_calendar(yearly | {"valid": {"to": "2026-03-01"}}), "2026-03-01") != []


@settings(max_examples=100, deadline=None)
@given(st.dates(date(2024, 1, 1), date(2032, 12, 31)))
def test_an_occasion_of_the_programme_is_never_open_before_its_day_nor_twice(day: date) -> None:
    found = openings_by_date(programme(), day)
    assert all(one.opens_on <= day <= one.until for one in found)
    marks = [(one.item.id, one.key) for one in found]
    assert len(marks) == len(set(marks))
    of_dates = [one.item.id for one in found if one.item.trigger.kind in ("yearly", "monthly")]
    assert len(of_dates) == len(set(of_dates))


# --- the child's own days ----------------------------------------------------------------------


def born(day: str) -> ChildView:
    return ChildView({"dob": date.fromisoformat(day)})


def test_a_birthday_is_told_before_and_asked_for_on_the_day() -> None:
    rules = with_calendar(
        item("WARN", kind="birthday", age=16, days_before=30),
        item("DAY", kind="birthday", age=16),
    )
    view = born("2010-11-20")
    assert keys_of(rules, view, "2026-10-20") == []
    assert keys_of(rules, view, "2026-10-21") == ["2026-11-20"]
    on_the_day = [one.item.id for one in openings_of_child(rules, view, date(2026, 11, 20))]
    assert on_the_day == ["WARN", "DAY"]
    later = [one.item.id for one in openings_of_child(rules, view, date(2026, 12, 1))]
    assert later == ["DAY"]  # a warning that comes after the day warns of nothing


def test_who_was_born_on_29_february_is_older_on_1_march() -> None:
    rules = with_calendar(item(kind="birthday", age=15))
    assert keys_of(rules, born("2012-02-29"), "2027-02-28") == []
    assert keys_of(rules, born("2012-02-29"), "2027-03-01") == ["2027-03-01"]


def test_months_of_age_are_asked_for_one_after_the_other() -> None:
    rules = with_calendar(item(kind="age_months", months=[3, 6, 8]))
    view = born("2026-01-31")
    assert keys_of(rules, view, "2026-04-30") == []
    assert keys_of(rules, view, "2026-05-01") == ["3:2026-05-01"]
    assert keys_of(rules, view, "2026-06-15") == []
    assert keys_of(rules, view, "2026-07-31") == ["6:2026-07-31"]


def test_an_unknown_date_of_birth_asks_for_nothing() -> None:
    rules = with_calendar(item(kind="birthday", age=16))
    assert keys_of(rules, ChildView({"dob": None}), "2026-11-20") == []


@settings(max_examples=200, deadline=None)
@given(st.dates(date(2000, 1, 1), date(2030, 1, 1)), st.integers(0, 240))
def test_months_after_is_the_first_day_on_which_the_language_counts_them(
    day: date, months: int
) -> None:
    found = months_after(day, months)
    assert months_between(day, found) == months
    assert months_between(day, found - timedelta(days=1)) == months - 1 or months == 0
    assert months % 12 or years_between(day, found) == months // 12


def test_what_a_submission_left_unanswered_is_asked_for_after_days_until_it_is_answered() -> None:
    rules = with_calendar(
        item(
            kind="after_submission", form="enum", days=7, unanswered=["school_told", "village_told"]
        )
    )
    open_, half = sent("enum", "2026-09-01"), sent("enum", "2026-09-01", school_told="2026-09-02")
    done = sent("enum", "2026-09-01", school_told="2026-09-02", village_told="2026-09-03")
    assert keys_of(rules, ChildView({}, [open_]), "2026-09-07") == []
    assert keys_of(rules, ChildView({}, [open_]), "2026-09-08") == [
        "submission:uuid:enum:2026-09-01"
    ]
    assert keys_of(rules, ChildView({}, [half]), "2027-01-01") != []
    assert keys_of(rules, ChildView({}, [done]), "2026-09-08") == []
    (rule,) = rules.calendar
    assert lasts(rule, ChildView({}, [half]), date(2026, 10, 1), {})
    assert not lasts(rule, ChildView({}, [done]), date(2026, 10, 1), {})


@pytest.mark.parametrize(
    ("answer", "opens"), [("back", True), ("away back", True), (["back"], True), ("away", False), (None, False)]
)  # fmt: skip
def test_an_answer_of_a_submission_opens_work_at_once(answer: Any, opens: bool) -> None:
    rules = with_calendar(
        item(kind="after_submission", form="visit", days=0, answers={"change": "back"})
    )
    view = ChildView({}, [sent("visit", "2026-09-01", change=answer)])
    assert bool(keys_of(rules, view, "2026-09-01")) is opens
    assert keys_of(rules, view, "2026-11-01") == []  # an event of long ago is over


def test_the_newest_agreement_counts_and_a_new_end_is_a_new_occasion() -> None:
    rules = with_calendar(item(kind="before_answer", form="enum", question="ends", days=30))
    old, new = (
        sent("enum", "2026-01-01", ends="2026-09-30"),
        sent("enum", "2026-08-01", ends="2027-09-30"),
    )
    assert keys_of(rules, ChildView({}, [old]), "2026-08-30") == []
    assert keys_of(rules, ChildView({}, [old]), "2026-08-31") == [
        "submission:uuid:enum:2026-01-01:2026-09-30"
    ]
    assert keys_of(rules, ChildView({}, [old, new]), "2026-08-31") == []
    assert (
        keys_of(rules, ChildView({}, [sent("enum", "2026-01-01", ends="soon")]), "2026-08-31") == []
    )


def test_entering_a_tier_and_moving_are_occasions_of_their_own() -> None:
    rules = with_calendar(
        item("RED", kind="tier_entered", tier="red"),
        item("MOVE", kind="area_changed", level="town", of=["home", "school"]),
    )
    since = datetime(2026, 9, 1, 4, tzinfo=UTC)
    red = ChildView({}, tier="red", since=since, since_on=date(2026, 9, 1))
    assert keys_of(rules, red, "2026-09-01") == [f"red:{since.isoformat()}"]
    assert keys_of(rules, replace(red, tier="yellow"), "2026-09-01") == []
    far = Move("home", ("1", "11", "111"), ("1", "12", "121"), "k", date(2026, 9, 1))
    near = Move("school", ("1", "11", "111"), ("1", "11", "112"), "n", date(2026, 9, 1))
    assert keys_of(rules, ChildView({}, moves=[far, near]), "2026-09-02") == ["k"]
    assert keys_of(rules, ChildView({}, moves=[far]), "2026-12-01") == []


def test_a_condition_that_cannot_be_told_asks_for_nothing() -> None:
    rules = with_calendar(item(when="${left_behind}", kind="yearly", dates=["03-01"]))
    (found,) = openings_by_date(rules, date(2026, 3, 1))
    known = {"dob": "2015-01-01", "father_away": "yes", "mother_away": "yes"}
    day = date(2026, 3, 1)
    assert asks_of(rules, found.item, resolve(rules, known, day).env) is True
    assert asks_of(rules, found.item, resolve(rules, {"dob": "2015-01-01"}, day).env) is None


# --- visits --------------------------------------------------------------------------------------


def standing(tier: str, base: date, since: datetime = NOON) -> Standing:
    return Standing(programme().tier(tier), since, clock.local_day(since), base)


def due_on(at: Standing, seen: LastSeen | None, day: date) -> date:
    now = datetime(day.year, day.month, day.day, 4, tzinfo=UTC)
    due = next_visit(at, seen, now, day)
    assert due is not None
    return clock.local_day(due)


@pytest.mark.parametrize(("tier", "days"), [("yellow", 14), ("blue", 30), ("green", 90)])
def test_the_next_visit_is_due_by_the_tier_after_the_last(tier: str, days: int) -> None:
    seen = date(2026, 8, 30)
    last = LastSeen(seen, NOON - timedelta(days=2))
    assert due_on(standing(tier, seen), last, date(2026, 9, 1)) == seen + timedelta(days=days)


def test_red_is_seen_within_a_day_and_then_every_week() -> None:
    before = LastSeen(date(2026, 9, 1), NOON)  # the visit that found the danger
    now = NOON + timedelta(hours=1)
    due = next_visit(standing("red", before.on), before, now, date(2026, 9, 1))
    assert due == NOON + timedelta(hours=24)
    after = LastSeen(date(2026, 9, 2), NOON + timedelta(hours=20))
    assert due_on(standing("red", after.on), after, date(2026, 9, 2)) == date(2026, 9, 9)


def test_a_visit_that_was_never_asked_for_does_not_begin_overdue() -> None:
    long_ago = date(2026, 1, 1)
    today = date(2026, 9, 1)
    assert due_on(standing("green", long_ago), None, today) == today + timedelta(days=14)
    assert due_on(standing("red", long_ago, NOON - timedelta(days=9)), None, today) == today


# --- the document --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (item(kind="yearly"), "dates"),
        (item(kind="yearly", dates=["03-01"], days=3), "days"),
        (item(kind="yearly", dates=["02-30"]), "02-30"),
        (item(kind="before_period", periods=["sumer"], days=3), "sumer"),
        (item(kind="tier_entered", tier="purple"), "purple"),
        (item(kind="manual", role="mayor"), "mayor"),
        (item(kind="birthday", age=16, born="nights"), "date of birth"),
        (item(kind="birthday", age=16, born="birthday"), "birthday"),
        (item(kind="yearly", dates=["03-01"], when="${nobody_knows} = 1"), "nobody_knows"),
        (item(kind="yearly", dates=["03-01"]) | {"tasks": ["T_NONE"]}, "T_NONE"),
        (item(kind="sometimes"), "sometimes"),
        ({"id": "C"}, "trigger"),
        (item("R1", kind="yearly", dates=["03-01"]), "R1"),
        (item(kind="visits", form="visit"), "visit_days"),
        (item(kind="cluster", days=14, count=3, tiers=["red"], within=["school"]), "cluster"),
        (
            {"id": "C", "trigger": {"kind": "monthly", "day": 1}, "actions": [{"kind": "report"}]},
            "report",
        ),
    ],
)
def test_each_fault_of_the_calendar_is_told_at_its_row(line: dict[str, Any], said: str) -> None:
    line = {"title": {"zh": "项", "en": "Item"}, **line}
    faults = errors_in(small(calendar=[line]))
    assert faults
    assert {(sheet, row) for sheet, row, _, _ in faults} == {("calendar", 2)}
    assert any(said in message for *_, message in faults)


def test_two_lines_of_one_id_are_an_error() -> None:
    line = {"title": {"zh": "项", "en": "Item"}, **item(kind="yearly", dates=["03-01"])}
    assert errors_in(small(calendar=[line, line]))[0][:3] == ("calendar", 3, "id")


def test_a_source_that_the_server_does_not_know_is_an_error() -> None:
    fact = {"name": "near", "type": "integer", "source": "open_high_sites_50m"}
    document = small()
    document["facts"].append(fact)
    ((sheet, row, column, message),) = errors_in(document)
    assert (sheet, column) == ("facts", "source")
    assert row == len(document["facts"]) + 1
    assert "open_high_sites_500m" in message
    fact |= {"source": "open_high_sites_500m", "type": "yes_no"}
    assert errors_in(document)[0][2] == "type"


def test_a_day_cannot_be_worked_and_off() -> None:
    document = small()
    document["settings"] |= {"holidays": ["2026-10-01"], "workdays": ["2026-10-01", "2026-10-10"]}
    assert [fault[2] for fault in errors_in(document)] == ["workdays"]
