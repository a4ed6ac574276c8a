"""The calendar at work: each occasion once, kept while it lasts, made up for after missed nights, told to the right
people; visits by tier."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from forms.models import Entity
from forms.registry.placing import place_of
from forms.registry.writing import Origin, append_version
from rules import problems
from rules.models import Evaluation, Notice, Occasion, Task, TierState
from rules.services import evaluate
from rules.services.calendar import manual_items, nightly, open_by_hand, open_chunk, start_day
from rules.services.evaluate import evaluate_entity
from rules.services.tasks import accept_task, finish_task, refuse_task
from rules.services.tiers import confirm_tier, override_tier
from server import clock
from server.journal.models import Reaction
from server.people.models import User
from server.people.roles import Role
from server.places.models import School
from server.problems import FORBIDDEN, NOT_FOUND, Kind, Problem
from tests.conftest import Country, make_user
from tests.rules.calendar_kit import (
    SEEN,
    VISITS,
    chunk_of,
    days,
    due_day,
    episodes,
    line,
    night,
    release,
)
from tests.rules.county_kit import (
    ALL_WELL,
    NOON,
    days_later,
    live,
    make_child,
    state_of,
    tasks_of,
    tell,
)

SEPTEMBER = {"kind": "yearly", "dates": ["09-01"]}
State = Task.State


@pytest.fixture(autouse=True)
def agreeing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluate, "second_opinion", lambda *_: ("ok", ()))


@pytest.fixture
def town(country: Country) -> User:
    return make_user("town", Role.TOWN_SUPERVISOR, country.town)


@pytest.fixture
def child(country: Country, lan: User, county: User, town: User) -> Entity:
    return make_child(country.village)


def begin(child: Entity, *lines: dict[str, Any], at: datetime = NOON, **answers: Any) -> None:
    """The rules in force and a first visit, which opens nothing by the year's calendar."""
    with clock.at(at):
        release(child, *lines)
        Reaction.objects.all().delete()
        tell(child, "home_visit", SEEN | answers)


def refused(kind: Kind, act: Any, *args: Any) -> None:
    with pytest.raises(Problem) as caught:
        act(*args)
    assert caught.value.kind is kind


def finish(child: Entity, code: str) -> None:
    """Its assignee reports it as done."""
    task = tasks_of(child)[code]
    assert task.assignee is not None
    finish_task(task, task.assignee, "已落实")


# --- once, and while it lasts ------------------------------------------------------------------


def test_an_item_is_opened_once_however_many_nights_pass(child: Entity, lan: User) -> None:
    begin(child, line("C-1", SEPTEMBER, ["T_LETTER"]))
    for moment in days(NOON, 0, 10):
        night(moment)
    task = tasks_of(child)["T_LETTER"]
    assert (task.rules, task.assignee, task.why["zh"]) == (["C-1"], lan, "项目C-1")
    assert task.due_at == NOON + timedelta(days=15)
    assert episodes(child, "T_LETTER") == [(1, "open")]
    assert Occasion.objects.get(entity=child).key == "2026-09-01"
    assert Notice.objects.filter(user=lan, task=task, kind="task").count() == 1


def test_the_pass_of_a_day_begins_once_and_finds_nothing_the_second_time(child: Entity) -> None:
    begin(child, line("C-1", SEPTEMBER, ["T_LETTER"]))
    assert night(NOON) == 1
    with clock.at(NOON):
        assert start_day() == 0
        open_chunk(*chunk_of(child))
    assert episodes(child, "T_LETTER") == [(1, "open")]


def test_a_week_without_the_server_is_made_up_for_once(child: Entity) -> None:
    begin(child, line("C-1", SEPTEMBER, ["T_LETTER"]), at=days_later(-1))
    night(days_later(7))
    assert episodes(child, "T_LETTER") == [(1, "open")]


def test_what_is_over_is_not_opened_any_more(child: Entity) -> None:
    begin(child, line("C-1", SEPTEMBER, ["T_LETTER"]), at=days_later(-1))
    night(days_later(40))
    assert episodes(child, "T_LETTER") == []


def test_evaluating_again_does_not_take_away_what_the_calendar_opened(child: Entity) -> None:
    begin(child, line("C-1", SEPTEMBER, ["T_LETTER"]))
    night(NOON)
    with clock.at(days_later(1)):
        tell(child, "home_visit", ALL_WELL)
        evaluate_entity(child.pk, "sweep")
    assert "T_LETTER" in live(child)


def test_a_condition_that_ceases_to_hold_takes_the_task_back(child: Entity) -> None:
    begin(child, line("C-1", SEPTEMBER, ["T_LETTER"], when="${poor} = 'yes'"), poor="yes")
    night(NOON)
    assert "T_LETTER" in live(child)
    with clock.at(days_later(1)):
        tell(child, "home_visit", ALL_WELL)
    assert episodes(child, "T_LETTER") == [(1, "cancelled")]


@pytest.mark.parametrize("poor", ["no", None])
def test_a_child_for_whom_the_condition_does_not_hold_gets_nothing(
    child: Entity, poor: str | None
) -> None:
    begin(child, line("C-1", SEPTEMBER, ["T_LETTER"], when="${poor} = 'yes'"), poor=poor)
    night(NOON)
    assert not Occasion.objects.filter(entity=child).exists()


def test_the_same_task_of_a_rule_is_one_task_with_both_reasons_and_the_earlier_limit(
    child: Entity,
) -> None:
    begin(child, line("C-1", SEPTEMBER, [{"id": "T_CARE", "due": {"days": 3}}]), alone="yes")
    assert due_day(child, "T_CARE") == date(2026, 9, 8)
    night(NOON)
    task = tasks_of(child)["T_CARE"]
    assert (task.rules, due_day(child, "T_CARE")) == (["R-ALONE", "C-1"], date(2026, 9, 4))
    assert task.why["zh"] == "孩子独处；项目C-1"
    with clock.at(days_later(1)):
        tell(child, "home_visit", ALL_WELL)
    assert (
        tasks_of(child)["T_CARE"].state == State.OPEN
    )  # the rule's cause has gone, the other lasts


def test_a_rule_does_not_open_again_what_the_calendar_had_done_for_both(child: Entity) -> None:
    begin(child, line("C-1", SEPTEMBER, ["T_CARE"]), alone="yes")
    with clock.at(NOON):
        finish(child, "T_CARE")
    night(NOON)
    assert episodes(child, "T_CARE") == [(1, "done"), (2, "open")]
    with clock.at(days_later(1)):
        finish(child, "T_CARE")
        tell(child, "home_visit", SEEN | {"alone": "yes"})
    assert episodes(child, "T_CARE") == [(1, "done"), (2, "done")]


def test_a_rule_that_comes_back_opens_what_the_calendar_had_done(child: Entity) -> None:
    begin(child, line("C-1", SEPTEMBER, ["T_CARE"]))
    night(NOON)
    with clock.at(days_later(1)):
        finish(child, "T_CARE")
        tell(child, "home_visit", SEEN)
    with clock.at(days_later(2)):
        tell(child, "home_visit", SEEN | {"alone": "yes"})
    assert episodes(child, "T_CARE") == [(1, "done"), (2, "open")]


def test_the_next_year_is_the_next_episode(child: Entity, lan: User) -> None:
    begin(child, line("C-1", SEPTEMBER, ["T_LETTER"]))
    night(NOON)
    finish_task(tasks_of(child)["T_LETTER"], lan, "已签")
    night(NOON + timedelta(days=365))
    assert episodes(child, "T_LETTER") == [(1, "done"), (2, "open")]


def test_many_children_are_taken_in_pieces_and_a_kill_loses_and_doubles_nothing(
    child: Entity, monkeypatch: pytest.MonkeyPatch, country: Country
) -> None:
    begin(child, line("C-1", SEPTEMBER, ["T_LETTER"]))
    for number in range(4):
        other = make_child(country.village, child.dataset.project, f"孩子{number}")
        with clock.at(NOON):
            tell(other, "home_visit", SEEN)
    monkeypatch.setattr(nightly, "CHUNK", 2)
    real, calls = nightly.open_for, []

    def killed(pk: int, *args: Any) -> int:
        calls.append(pk)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return real(pk, *args)

    monkeypatch.setattr(nightly, "open_for", killed)
    with pytest.raises(KeyboardInterrupt):
        night(NOON)
    assert Task.objects.filter(code="T_LETTER").count() == 3
    night(NOON + timedelta(minutes=11))  # the claim of the killed worker has run out
    assert Task.objects.filter(code="T_LETTER").count() == 5
    assert set(Task.objects.values_list("episode", flat=True)) == {1}


def test_what_fails_for_one_child_does_not_end_the_night_for_the_others(
    child: Entity, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(child, line("C-1", SEPTEMBER, ["T_LETTER"]))
    other = make_child(child.area, child.dataset.project, "李小红")  # type: ignore[arg-type]
    with clock.at(NOON):
        tell(other, "home_visit", SEEN)
    real = nightly.open_for

    def broken(pk: int, *args: Any) -> int:
        if pk == child.pk:
            raise ValueError("bad")
        return real(pk, *args)

    with monkeypatch.context() as patched:
        patched.setattr(nightly, "open_for", broken)
        night(NOON)
    assert "T_LETTER" in live(other)
    night(days_later(1))
    assert "T_LETTER" in live(child)


def test_a_quiet_night_looks_at_nobody(child: Entity, django_assert_max_num_queries: Any) -> None:
    begin(child, line("C-1", SEPTEMBER, ["T_LETTER"]))
    with clock.at(days_later(100)), django_assert_max_num_queries(12):
        open_chunk(*chunk_of(child))


# --- the child's own days ----------------------------------------------------------------------


def test_a_birthday_asks_on_its_day_and_warns_before(child: Entity, lan: User) -> None:
    begin(
        child,
        line("C-DAY", {"kind": "birthday", "age": 16}, ["T_LETTER"]),
        line(
            "C-WARN",
            {"kind": "birthday", "age": 16, "days_before": 30},
            [],
            actions=[{"kind": "notice", "roles": ["child_director"]}],
        ),
    )
    with clock.at(NOON):
        tell(child, "child_enum", {"dob": "2010-11-20"})
    night(datetime(2026, 10, 20, 4, tzinfo=UTC))
    assert not Notice.objects.filter(kind="calendar").exists()
    for moment in days(datetime(2026, 10, 21, 4, tzinfo=UTC), 0, 3):
        night(moment)
    assert Notice.objects.get(kind="calendar").user == lan
    assert "T_LETTER" not in live(child)
    night(datetime(2026, 11, 20, 4, tzinfo=UTC))
    assert "T_LETTER" in live(child)


def test_months_of_age_are_found_by_the_date_of_birth(child: Entity) -> None:
    begin(child, line("C-AGE", {"kind": "age_months", "months": [3, 6]}, ["T_LETTER"]))
    with clock.at(NOON):
        tell(child, "child_enum", {"dob": "2026-06-15"})
    night(datetime(2026, 9, 14, 4, tzinfo=UTC))
    assert live(child).isdisjoint({"T_LETTER"})
    night(datetime(2026, 9, 15, 4, tzinfo=UTC))
    assert "T_LETTER" in live(child)


NOTICE = {"kind": "after_submission", "form": "entrust_care", "days": 7, "unanswered": ["told"]}


def test_what_an_agreement_left_open_is_asked_for_after_a_week_and_taken_back_when_told(
    child: Entity,
) -> None:
    begin(child, line("C-3", NOTICE, ["T_LETTER"]))
    with clock.at(NOON):
        version = tell(child, "entrust_care", {"end_date": "2027-08-31"})
    night(days_later(6))
    assert "T_LETTER" not in live(child)
    night(days_later(7))
    assert "T_LETTER" in live(child)
    with clock.at(days_later(8)):
        version.data = {"told": "2026-09-09"}
        version.save()
        evaluate_entity(child.pk, "submission.updated")
    assert episodes(child, "T_LETTER") == [(1, "cancelled")]


def test_an_agreement_is_renewed_before_it_ends(child: Entity) -> None:
    trigger = {"kind": "before_answer", "form": "entrust_care", "question": "end_date", "days": 30}
    begin(child, line("C-4", trigger, ["T_LETTER"]))
    with clock.at(NOON):
        tell(child, "entrust_care", {"end_date": "2026-12-31"})
    night(datetime(2026, 11, 30, 4, tzinfo=UTC))
    assert "T_LETTER" not in live(child)
    night(datetime(2026, 12, 1, 4, tzinfo=UTC))
    assert "T_LETTER" in live(child)
    with clock.at(datetime(2026, 12, 2, 4, tzinfo=UTC)):
        tell(child, "entrust_care", {"end_date": "2027-12-31"})
    assert "T_LETTER" not in live(child)


def test_a_submission_with_an_answer_opens_work_at_once(child: Entity) -> None:
    trigger = {
        "kind": "after_submission", "form": "status_change", "days": 0, "answers": {"change": "back"},
    }  # fmt: skip
    begin(child, line("C-13", trigger, ["T_LETTER"]))
    with clock.at(NOON):
        tell(child, "status_change", {"change": "moved"})
        assert "T_LETTER" not in live(child)
        version = tell(child, "status_change", {"change": "back"})
    assert "T_LETTER" in live(child)
    assert Occasion.objects.get(entity=child).key == f"submission:{version.instance_id}"


def test_entering_a_tier_opens_its_work_once_for_each_time(child: Entity, county: User) -> None:
    begin(child, line("C-15", {"kind": "tier_entered", "tier": "red"}, ["T_LETTER"]))
    with clock.at(days_later(1)):
        tell(child, "home_visit", SEEN | {"danger": "yes"})
        tell(child, "home_visit", SEEN | {"danger": "yes"})
    task = tasks_of(child)["T_LETTER"]
    assert (task.tier, task.rank, task.episode) == ("red", 3, 1)


def test_a_tier_that_a_person_set_opens_its_work_too(
    child: Entity, county: User, drain: Any
) -> None:
    begin(child, line("C-15", {"kind": "tier_entered", "tier": "yellow"}, ["T_LETTER"]))
    with clock.at(days_later(1)):
        override_tier(
            child, county, tier="yellow", reason_code="discretionary", until=date(2026, 10, 1),
            reason="照护人住院，先按黄色帮扶一个月，到期再看情况",
        )  # fmt: skip
        drain()
    assert "T_LETTER" in live(child)


# --- moving ------------------------------------------------------------------------------------


def change(child: Entity, **data: str) -> None:
    """The registry learns something of the child, and where it belongs by it."""
    child.refresh_from_db()
    old = dict(child.data)
    for told in (old, {**old, **data}):
        append_version(child, child.label, told, Origin(), home=place_of(child.dataset, told, None))
    child.refresh_from_db()


def test_a_move_to_another_town_is_handed_over_and_the_work_goes_along(
    child: Entity, country: Country
) -> None:
    there = make_user("there", Role.CHILD_DIRECTOR, country.other_town_village)
    line_ = line("C-17", {"kind": "area_changed", "level": "town"}, ["T_LETTER"])
    begin(child, line_, poor="yes")
    with clock.at(days_later(1)):
        change(child, village_code=country.other_town_village.code)
        evaluate_entity(child.pk, "entity.update")
        evaluate_entity(child.pk, "entity.update")
    assert episodes(child, "T_LETTER") == [(1, "open")]
    assert tasks_of(child)["T_LETTER"].assignee == there
    aid = tasks_of(child)["T_AID"]
    assert (aid.assignee, aid.area) == (there, country.other_town_village)
    assert Notice.objects.filter(user=there, task=aid).count() == 1


def test_a_move_within_the_town_is_no_hand_over_but_the_work_goes_along(
    child: Entity, country: Country
) -> None:
    next_door = make_user("next", Role.CHILD_DIRECTOR, country.next_village)
    begin(child, line("C-17", {"kind": "area_changed", "level": "town"}, ["T_LETTER"]), poor="yes")
    with clock.at(days_later(1)):
        change(child, village_code=country.next_village.code)
        evaluate_entity(child.pk, "entity.update")
    assert "T_LETTER" not in live(child)
    assert tasks_of(child)["T_AID"].assignee == next_door


# --- visits --------------------------------------------------------------------------------------


def test_one_visit_is_always_to_come_and_is_due_by_the_tier_after_the_last(child: Entity) -> None:
    begin(child, VISITS)
    assert due_day(child, "T_VISIT") == date(2026, 11, 30)  # green: 90 days
    with clock.at(days_later(20)):
        tell(child, "home_visit", SEEN)
    assert episodes(child, "T_VISIT") == [(1, "done"), (2, "open")]
    assert due_day(child, "T_VISIT") == date(2026, 12, 20)


def test_a_visit_that_did_not_see_the_child_does_not_count(child: Entity) -> None:
    begin(child, VISITS)
    with clock.at(days_later(20)):
        tell(child, "home_visit", SEEN | {"child_seen": "no"})
    assert episodes(child, "T_VISIT") == [(1, "open")]
    assert due_day(child, "T_VISIT") == date(2026, 11, 30)


def test_a_visit_that_is_corrected_on_its_day_closes_no_second_task(child: Entity) -> None:
    begin(child, VISITS)
    with clock.at(days_later(20)):
        visit = tell(child, "home_visit", SEEN)
        from rules.services.tasks import close_by_submission  # noqa: PLC0415

        close_by_submission(visit.pk)
        evaluate_entity(child.pk, "submission.updated")
    assert episodes(child, "T_VISIT") == [(1, "done"), (2, "open")]


def test_a_tier_that_rises_brings_the_visit_forward_and_red_within_a_day(child: Entity) -> None:
    begin(child, VISITS)
    with clock.at(days_later(10)):
        tell(child, "home_visit", {"alone": "yes", "danger": "no", "poor": "no"})
    assert state_of(child).tier == "yellow"
    assert due_day(child, "T_VISIT") == date(2026, 9, 15)  # last seen on 1 September
    with clock.at(days_later(11)):
        tell(child, "home_visit", {"alone": "yes", "danger": "yes", "poor": "no"})
    assert tasks_of(child)["T_VISIT"].due_at == days_later(12)
    assert episodes(child, "T_VISIT") == [(1, "open")]
    with clock.at(days_later(12)):
        tell(child, "home_visit", SEEN | {"danger": "yes"})
    assert due_day(child, "T_VISIT") == date(2026, 9, 20)  # a week after


def test_the_visit_does_not_move_with_each_evaluation(child: Entity) -> None:
    begin(child, VISITS)
    due = tasks_of(child)["T_VISIT"].due_at
    for number in (1, 5, 30, 89, 100):
        with clock.at(days_later(number)):
            evaluate_entity(child.pk, "sweep")
    assert tasks_of(child)["T_VISIT"].due_at == due
    assert tasks_of(child)["T_VISIT"].events.count() == 1


def test_a_family_that_refuses_is_asked_again_after_the_interval(child: Entity, lan: User) -> None:
    begin(child, VISITS, alone="yes")
    with clock.at(days_later(14)):
        refuse_task(tasks_of(child)["T_VISIT"], lan, "家里不让进")
    night(days_later(15))
    assert episodes(child, "T_VISIT") == [(1, "refused"), (2, "open")]
    assert due_day(child, "T_VISIT") == date(2026, 9, 29)


def test_the_first_visit_is_another_tasks_until_it_has_been_paid(child: Entity) -> None:
    visits = {**VISITS, "trigger": {**VISITS["trigger"], "first": "T_AID"}}  # type: ignore[dict-item]
    with clock.at(NOON):
        release(child, visits)
        tell(child, "child_enum", {"poor": "yes"})
        assert "T_VISIT" in live(child)  # nothing stands for it here
        other = make_child(child.area, child.dataset.project, "李小红")  # type: ignore[arg-type]
        tell(other, "child_enum", {"dob": "2015-01-01"})
        assert "T_VISIT" in live(other)


def test_visits_of_the_lowest_tier_are_for_whom_the_condition_names(child: Entity) -> None:
    begin(child, {**VISITS, "when": "${poor} = 'yes'"})
    assert "T_VISIT" not in live(child)
    with clock.at(days_later(1)):
        tell(child, "home_visit", SEEN | {"alone": "yes"})  # yellow
    assert "T_VISIT" in live(child)


def test_a_visit_is_not_announced_to_whom_just_made_one(child: Entity, lan: User) -> None:
    begin(child, VISITS)
    assert not Notice.objects.filter(user=lan, kind="task").exists()
    row = tasks_of(child)["T_VISIT"].delivery
    assert row is not None
    assert row.worker_id == lan.pk


# --- forms, reports, clusters ---------------------------------------------------------------------


def monthly(**more: Any) -> dict[str, Any]:
    action = {"kind": "expect_form", "form": "school_monthly", "role": "child_director", **more}
    return line("C-5", {"kind": "monthly", "day": 28, "for_days": 10}, [], actions=[action])


def test_who_lacks_the_monthly_form_is_counted_for_its_worker_then_for_the_next_office(
    child: Entity, lan: User, town: User
) -> None:
    begin(child, monthly(escalate_to="town_supervisor", after_days=3))
    other = make_child(child.area, child.dataset.project, "李小红")  # type: ignore[arg-type]
    with clock.at(NOON):
        tell(other, "home_visit", SEEN)
        tell(other, "school_monthly", {})
    for moment in days(datetime(2026, 9, 28, 4, tzinfo=UTC), 0, 4):
        night(moment)
    told = list(Notice.objects.filter(kind="calendar").order_by("created_at"))
    assert [one.user for one in told] == [lan, town]
    assert "1名儿童" in told[0].text["zh"]
    assert "逾期" in told[1].text["zh"]


def test_a_form_that_came_in_time_is_not_missed_and_one_of_last_month_does_not_count(
    child: Entity, lan: User
) -> None:
    begin(child, monthly())
    with clock.at(days_later(27)):
        tell(child, "school_monthly", {}, on=date(2026, 8, 31))
    night(datetime(2026, 9, 28, 4, tzinfo=UTC))
    assert Notice.objects.filter(kind="calendar").count() == 1
    with clock.at(datetime(2026, 10, 20, 4, tzinfo=UTC)):
        tell(child, "school_monthly", {})
    night(datetime(2026, 10, 28, 4, tzinfo=UTC))
    assert Notice.objects.filter(kind="calendar").count() == 1


def test_a_report_is_announced_once_to_the_offices_of_these_children(
    child: Entity, town: User, stranger: User
) -> None:
    report = {"kind": "report", "report": "RP04", "roles": ["town_supervisor", "county_civil"]}
    begin(child, line("C-6", {"kind": "yearly", "dates": ["09-30"]}, [], actions=[report]))
    for moment in days(datetime(2026, 9, 30, 4, tzinfo=UTC), 0, 3):
        night(moment)
    told = Notice.objects.filter(kind="calendar")
    assert told.filter(user=town).count() == 1
    assert told.count() == 2
    assert not told.filter(user=stranger).exists()


def test_three_like_events_in_one_village_are_an_early_warning_once(
    child: Entity, country: Country, county: User
) -> None:
    trigger = {
        "kind": "cluster", "days": 14, "count": 3, "tiers": ["yellow", "red"], "within": ["school", "village"],
    }  # fmt: skip
    report = {"kind": "report", "report": "RP28", "roles": ["county_civil"]}
    begin(child, line("C-18", trigger, [], actions=[report]))
    for number, place in enumerate((country.village, country.village, country.next_village)):
        other = make_child(place, child.dataset.project, f"孩子{number}")
        with clock.at(days_later(number)):
            tell(other, "home_visit", SEEN | {"alone": "yes"})
    night(days_later(3))
    assert not Notice.objects.filter(kind="calendar").exists()
    with clock.at(days_later(4)):
        tell(child, "home_visit", SEEN | {"alone": "yes"})
    for moment in days(NOON, 5, 8):
        night(moment)
    (notice,) = Notice.objects.filter(kind="calendar")
    assert notice.user == county
    assert all(part in notice.text["zh"] for part in ("柳树村", "3名儿童", "孩子独处"))


# --- by hand ---------------------------------------------------------------------------------------

BY_HAND = line("C-16", {"kind": "manual", "role": "county_civil"}, ["T_LETTER"])


def test_an_item_by_hand_is_for_its_role_where_the_child_is(
    child: Entity, county: User, lan: User, stranger: User
) -> None:
    begin(child, BY_HAND)
    assert [one.id for one in manual_items(child, county)] == ["C-16"]
    assert manual_items(child, lan) == []
    refused(FORBIDDEN, open_by_hand, child, lan, "C-16")
    refused(NOT_FOUND, open_by_hand, child, stranger, "C-16")
    refused(NOT_FOUND, open_by_hand, child, county, "C-99")
    with clock.at(NOON):
        (task,) = open_by_hand(child, county, "C-16", "会商认定")
        assert [one.pk for one in open_by_hand(child, county, "C-16")] == [task.pk]
    assert (task.rules, task.episode) == (["C-16"], 1)
    assert [event.note for event in task.events.all()] == ["", "会商认定"]
    with clock.at(days_later(1)):
        evaluate_entity(child.pk, "sweep")
    assert "T_LETTER" in live(child)


def test_an_item_by_hand_keeps_to_its_condition(child: Entity, county: User) -> None:
    begin(child, {**BY_HAND, "when": "${poor} = 'yes'"})
    refused(problems.NOT_BY_HAND, open_by_hand, child, county, "C-16")


# --- what does not happen --------------------------------------------------------------------------


def test_a_rule_set_without_a_calendar_is_left_alone(child: Entity) -> None:
    begin(child)
    assert night(NOON) == 0
    assert not Occasion.objects.exists()
    assert not TierState.objects.filter(entity=child, tier="").exists()
    assert Evaluation.objects.filter(entity=child).count() == 1


def test_children_who_are_gone_are_not_asked_for(child: Entity) -> None:
    begin(child, line("C-1", SEPTEMBER, ["T_LETTER"]))
    Entity.objects.filter(pk=child.pk).update(deleted_at=NOON)
    night(NOON)
    assert not Task.objects.exists()


def test_begun_work_of_the_calendar_is_not_doubled(child: Entity, lan: User) -> None:
    begin(child, line("C-1", SEPTEMBER, ["T_LETTER"]), line("C-2", SEPTEMBER, ["T_LETTER"]))
    night(NOON)
    task = accept_task(tasks_of(child)["T_LETTER"], lan)
    assert task.rules == ["C-1", "C-2"]
    assert Occasion.objects.filter(entity=child, task=task).count() == 2


def test_the_school_of_another_town_is_a_move_when_the_item_says_so(
    child: Entity, country: Country
) -> None:
    child.dataset.school_property = "school_code"
    child.dataset.save()
    for code, town in (("S1", country.town), ("S2", country.other_town)):
        School.objects.create(code=code, name=code, area=town)
    trigger = {"kind": "area_changed", "level": "town", "of": ["school"]}
    begin(child, line("C-17", trigger, ["T_LETTER"]))
    with clock.at(days_later(1)):
        change(child, school_code="S1")
        change(child, school_code="S2")
        evaluate_entity(child.pk, "entity.update")
    assert "T_LETTER" in live(child)


def test_a_tier_that_fell_puts_the_visit_off(
    child: Entity, county: User, lan: User, drain: Any
) -> None:
    begin(child, VISITS, alone="yes")
    assert due_day(child, "T_VISIT") == date(2026, 9, 15)
    with clock.at(days_later(2)):
        tell(child, "home_visit", ALL_WELL)  # the rules propose green, a person decides
        confirm_tier(child, county, reason="两次走访均由祖父母在家照护，起因已消除，同意调整")
        drain()
    assert state_of(child).tier == "green"
    assert due_day(child, "T_VISIT") == date(2026, 11, 30)
