"""Tasks: one per cause, given to the right person, closed by the right submission, verified by
another, taken up when late."""

from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from forms.models import Entity
from rules import problems
from rules.engine.rule_set import Due
from rules.models import Notice, Task, TaskEvent
from rules.services import evaluate
from rules.services.deadlines import due_at
from rules.services.evaluate import evaluate_entity
from rules.services.tasks import (
    accept_task,
    assign_task,
    cancel_task,
    close_by_submission,
    escalate_due,
    fail_task,
    finish_task,
    possible_actions,
    refuse_task,
    reopen_task,
    return_task,
    verify_task,
)
from server import clock
from server.journal.models import Entry
from server.people.models import AppUser, User
from server.people.roles import Role
from server.problems import FORBIDDEN, MISSING, NOT_FOUND, Kind, Problem
from tests.conftest import Country, make_user
from tests.rules.county_kit import (
    ALL_WELL,
    DOCUMENT,
    NOON,
    days_later,
    live,
    make_child,
    release_small,
    tasks_of,
    tell,
)

DANGER = ALL_WELL | {"danger": "yes"}
ALONE = ALL_WELL | {"alone": "yes"}
State = Task.State


@pytest.fixture(autouse=True)
def agreeing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluate, "second_opinion", lambda *_: ("ok", ()))


@pytest.fixture
def town(country: Country) -> User:
    return make_user("town", Role.TOWN_SUPERVISOR, country.town)


@pytest.fixture
def child(country: Country, lan: User, county: User, town: User) -> Entity:
    child = make_child(country.village)
    release_small(child.dataset.project)
    return child


def refused(kind: Kind, act: Any, *args: Any) -> None:
    with pytest.raises(Problem) as caught:
        act(*args)
    assert caught.value.kind is kind


def feedback(task: Task, result: str, by: User | None = None) -> None:
    """What the assignee's phone sends about a task."""
    assert task.delivery is not None
    tell(task.delivery, "task_feedback", {"task_result": result}, by=by)


# --- opening -----------------------------------------------------------------------------------


def test_a_task_says_who_by_when_and_why(child: Entity, lan: User) -> None:
    with clock.at(NOON):
        tell(child, "home_visit", DANGER)
    task = tasks_of(child)["T_RESCUE"]
    assert (task.assignee, task.role, task.tier, task.rank) == (lan, "child_director", "red", 3)
    assert task.due_at == NOON + timedelta(hours=24)
    assert (task.why, task.rules) == ({"zh": "孩子有危险", "en": "Child in danger"}, ["R-DANGER"])
    assert task.needs_verification
    assert Notice.objects.filter(user=lan, task=task, kind="task").count() == 1


def test_two_rules_that_ask_for_one_task_share_it_and_the_shorter_limit_wins(child: Entity) -> None:
    with clock.at(NOON):
        tell(child, "home_visit", ALONE)
        assert tasks_of(child)["T_CARE"].due_at == NOON + timedelta(days=7)
        tell(child, "home_visit", ALONE | {"danger": "yes"})
    task = tasks_of(child)["T_CARE"]
    assert (task.rules, task.tier) == (["R-ALONE", "R-DANGER"], "red")
    assert task.due_at == NOON + timedelta(hours=24)
    assert Task.objects.filter(code="T_CARE").count() == 1


def test_the_discoverer_reports(child: Entity, country: Country) -> None:
    teacher = make_user("teacher", Role.CLASS_TEACHER, country.village)
    phone = AppUser.objects.create(type="field_key", display_name="phone", worker=teacher)
    tell(child, "home_visit", DANGER, by=phone)
    task = tasks_of(child)["T_REPORT"]
    assert (task.assignee, task.role) == (teacher, "class_teacher")


def test_without_a_discoverer_the_village_reports(child: Entity, lan: User) -> None:
    tell(child, "home_visit", DANGER)
    assert tasks_of(child)["T_REPORT"].assignee == lan


def test_a_task_that_nobody_can_do_goes_to_the_next_office_to_be_given_out(
    child: Entity, country: Country, town: User
) -> None:
    far = make_child(country.next_village, child.dataset.project)
    tell(far, "home_visit", DANGER)
    task = tasks_of(far)["T_RESCUE"]
    assert task.assignee is None
    assert Notice.objects.filter(user=town, task=task, kind="unassigned").count() == 1


def test_working_days_leave_out_weekends_and_holidays(child: Entity) -> None:
    with clock.at(NOON):  # Tuesday; Thursday is a holiday
        tell(child, "home_visit", ALL_WELL | {"poor": "yes"})
    assert tasks_of(child)["T_AID"].due_at == datetime(2026, 9, 7, 4, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("due", "moment"),
    [
        (Due("minutes", 30), NOON + timedelta(minutes=30)),
        (Due("hours", 0), NOON),
        (Due("days", 2), NOON + timedelta(days=2)),
        (Due("working_days", 0), NOON),
        (Due("working_days", 4), NOON + timedelta(days=6)),
    ],
)
def test_limits_count_in_their_unit(due: Due, moment: datetime) -> None:
    assert due_at(NOON, due) == moment


# --- episodes ----------------------------------------------------------------------------------


def test_a_task_whose_cause_has_gone_is_cancelled_and_kept(child: Entity) -> None:
    tell(child, "home_visit", ALONE)
    tell(child, "home_visit", ALL_WELL)
    task = tasks_of(child)["T_CARE"]
    assert (task.state, task.delivery.deleted_at is not None) == (State.CANCELLED, True)
    assert task.cause_gone_at is not None


def test_a_task_that_was_begun_is_not_taken_away(child: Entity, town: User) -> None:
    tell(child, "home_visit", ALONE)
    accept_task(tasks_of(child)["T_CARE"], town)
    tell(child, "home_visit", ALL_WELL)
    task = tasks_of(child)["T_CARE"]
    assert (task.state, task.cause_gone_at is not None) == (State.ACCEPTED, True)
    assert Notice.objects.filter(user=town, kind="cause_gone").count() == 1


def test_a_cause_that_became_unknown_has_not_gone(child: Entity) -> None:
    document = deepcopy(DOCUMENT)
    document["facts"][2] |= {"window_days": 30}
    release_small(child.dataset.project, document)
    with clock.at(NOON):
        tell(child, "home_visit", ALONE)
    with clock.at(days_later(60)):
        evaluate_entity(child.pk, "sweep")
    assert "T_CARE" in live(child)


def test_a_cause_that_comes_back_opens_the_next_episode(child: Entity) -> None:
    for answers in (ALONE, ALL_WELL, ALONE):
        tell(child, "home_visit", answers)
    episodes = Task.objects.filter(code="T_CARE").order_by("episode")
    assert [(task.episode, task.state) for task in episodes] == [(1, "cancelled"), (2, "open")]


def test_what_is_done_is_not_opened_again_while_its_cause_lasts(child: Entity) -> None:
    tell(child, "home_visit", ALONE)
    feedback(tasks_of(child)["T_CARE"], "done")
    tell(child, "home_visit", ALONE)
    assert tasks_of(child)["T_CARE"].state == State.DONE
    assert Task.objects.filter(code="T_CARE").count() == 1


def test_a_new_rule_opens_what_another_had_done(child: Entity) -> None:
    tell(child, "home_visit", ALONE)
    feedback(tasks_of(child)["T_CARE"], "done")
    tell(child, "home_visit", ALONE | {"danger": "yes"})
    task = tasks_of(child)["T_CARE"]
    assert (task.episode, task.state) == (2, State.OPEN)


# --- the phone ---------------------------------------------------------------------------------


def test_the_assignees_phone_gets_the_task(child: Entity, lan: User) -> None:
    with clock.at(NOON):
        tell(child, "home_visit", DANGER)
    row = tasks_of(child)["T_RESCUE"].delivery
    assert row is not None
    assert (row.dataset.name, row.worker_id) == ("task", lan.pk)
    assert row.label == "9月2日前 · 张小明 · 紧急入户"
    assert row.data == {
        "child": str(child.uuid), "child_name": "张小明", "task_code": "T_RESCUE", "due_date": "2026-09-02",
        "tier": "red", "why": "孩子有危险", "village": "柳树村",
    }  # fmt: skip


def test_a_finished_task_leaves_the_phone(child: Entity) -> None:
    tell(child, "home_visit", ALONE)
    task = tasks_of(child)["T_CARE"]
    feedback(task, "done")
    task.refresh_from_db()
    assert task.delivery is not None
    assert task.delivery.deleted_at is not None


def test_a_task_given_to_another_moves_to_that_phone(child: Entity, town: User, lan: User) -> None:
    tell(child, "home_visit", ALONE)
    task = assign_task(tasks_of(child)["T_CARE"], town, lan)
    assert task.delivery is not None
    assert Entity.objects.get(task=task).worker_id == lan.pk
    assert Notice.objects.filter(user=lan, task=task).exists()


# --- closing -----------------------------------------------------------------------------------


def test_feedback_on_one_task_closes_only_that_one(child: Entity) -> None:
    tell(child, "home_visit", DANGER | {"alone": "yes", "poor": "yes"})
    feedback(tasks_of(child)["T_AID"], "done")
    assert tasks_of(child)["T_AID"].state == State.DONE
    assert live(child) == {"T_RESCUE", "T_REPORT", "T_CARE"}


def test_a_form_that_meets_the_condition_closes_the_childs_task(child: Entity, lan: User) -> None:
    tell(child, "home_visit", DANGER)
    visit = tell(child, "home_visit", DANGER | {"kind": "urgent"}, by=lan)
    task = tasks_of(child)["T_RESCUE"]
    assert (task.state, task.done_by_id) == (State.VERIFYING, lan.pk)
    assert task.closed_by_submission == visit.submission


def test_closing_twice_is_closing_once(child: Entity) -> None:
    tell(child, "home_visit", DANGER)
    visit = tell(child, "home_visit", DANGER | {"kind": "urgent"})
    close_by_submission(visit.pk)
    assert TaskEvent.objects.filter(task__code="T_RESCUE", action="done").count() == 1


def test_what_happened_before_a_task_was_opened_does_not_close_it(child: Entity) -> None:
    with clock.at(NOON):
        tell(child, "home_visit", DANGER)
        early = days_later(-3).date()
        tell(child, "home_visit", DANGER | {"kind": "urgent"}, on=early)
    assert tasks_of(child)["T_RESCUE"].state == State.OPEN


def test_a_submission_that_says_it_is_done_closes_what_it_opens(child: Entity, lan: User) -> None:
    tell(child, "home_visit", DANGER | {"told_police": "yes"}, by=lan)
    task = tasks_of(child)["T_REPORT"]
    assert (task.state, task.done_by_id) == (State.DONE, lan.pk)


def test_a_form_without_a_condition_does_not_close_what_it_opens(child: Entity) -> None:
    tell(child, "home_visit", ALL_WELL)
    tell(child, "safety_assess", {"danger": "yes"})
    assert tasks_of(child)["T_REPORT"].state == State.OPEN


@pytest.mark.parametrize(
    ("result", "state"), [("refused", "refused"), ("failed", "failed"), ("partial", "open")]
)
def test_other_feedback_ends_or_notes(child: Entity, result: str, state: str) -> None:
    tell(child, "home_visit", ALONE)
    feedback(tasks_of(child)["T_CARE"], result)
    task = tasks_of(child)["T_CARE"]
    assert task.state == state
    assert task.events.filter(data__form="task_feedback").count() == 1


# --- people ------------------------------------------------------------------------------------


def test_accept_then_finish_then_verified_by_another(child: Entity, lan: User, town: User) -> None:
    tell(child, "home_visit", DANGER)
    task = accept_task(tasks_of(child)["T_RESCUE"], lan)
    task = finish_task(task, lan, "见到孩子，已安置在奶奶家")
    assert (task.state, task.closed_at) == (State.VERIFYING, None)
    task = verify_task(task, town)
    assert (task.state, task.done_by_id) == (State.DONE, lan.pk)
    assert [event.action for event in task.events.all()] == [
        "opened",
        "accepted",
        "done",
        "verified",
    ]
    assert Entry.objects.filter(action="task.verify", actor=town).exists()


def test_nobody_verifies_their_own_work(child: Entity, town: User) -> None:
    tell(child, "home_visit", DANGER)
    task = assign_task(tasks_of(child)["T_RESCUE"], town, town)
    task = finish_task(task, town, "已完成")
    refused(problems.OWN_WORK, verify_task, task, town)


def test_work_that_was_not_done_goes_back_to_the_phone(
    child: Entity, lan: User, town: User
) -> None:
    tell(child, "home_visit", DANGER)
    task = finish_task(tasks_of(child)["T_RESCUE"], lan, "已完成")
    task = return_task(task, town, "没有见到孩子")
    assert (task.state, task.done_by) == (State.ACCEPTED, None)
    assert Entity.objects.get(task=task).deleted_at is None
    assert Notice.objects.filter(user=lan, kind="returned").count() == 1


def test_what_was_refused_can_be_opened_again_by_a_supervisor(
    child: Entity, lan: User, town: User
) -> None:
    tell(child, "home_visit", DANGER)
    task = refuse_task(tasks_of(child)["T_RESCUE"], lan, "家里不让进")
    assert task.state == State.REFUSED
    assert reopen_task(task, town, "请再去一次").state == State.OPEN


def test_an_action_out_of_turn_is_refused(child: Entity, lan: User, town: User) -> None:
    tell(child, "home_visit", DANGER)
    task = tasks_of(child)["T_RESCUE"]
    refused(problems.TASK_STATE, verify_task, task, town)
    refused(MISSING, finish_task, task, lan, " ")
    refused(FORBIDDEN, cancel_task, task, lan, "不需要")


def test_colleagues_do_not_take_each_others_tasks(child: Entity, country: Country) -> None:
    colleague = make_user("colleague", Role.CHILD_DIRECTOR, country.village)
    tell(child, "home_visit", DANGER)
    refused(problems.NOT_YOURS, accept_task, tasks_of(child)["T_RESCUE"], colleague)


def test_a_stranger_sees_no_task(child: Entity, stranger: User) -> None:
    tell(child, "home_visit", DANGER)
    task = tasks_of(child)["T_RESCUE"]
    refused(NOT_FOUND, fail_task, task, stranger, "不知道")
    assert possible_actions(task, stranger) == []


def test_a_task_is_not_given_to_somebody_who_works_elsewhere(
    child: Entity, town: User, stranger: User
) -> None:
    tell(child, "home_visit", DANGER)
    refused(problems.CANNOT_DO, assign_task, tasks_of(child)["T_RESCUE"], town, stranger)


def test_possible_actions_are_those_that_work(child: Entity, lan: User, town: User) -> None:
    tell(child, "home_visit", DANGER)
    task = tasks_of(child)["T_RESCUE"]
    assert possible_actions(task, lan) == ["accept", "done", "refuse", "fail", "note"]
    assert set(possible_actions(task, town)) == {
        "accept", "done", "refuse", "fail", "note", "assign", "cancel",
    }  # fmt: skip


# --- going up ----------------------------------------------------------------------------------


def test_a_late_task_goes_up_step_by_step(child: Entity, town: User, county: User) -> None:
    with clock.at(NOON):
        tell(child, "home_visit", DANGER)
    with clock.at(days_later(0.9)):
        assert escalate_due() == 0
    with clock.at(days_later(1.01)):
        assert escalate_due() == 1
        assert escalate_due() == 0
    assert Notice.objects.filter(kind="escalation").count() == 1
    assert Notice.objects.get(kind="escalation").user == town
    with clock.at(days_later(2.01)):
        assert escalate_due() == 1
    task = tasks_of(child)["T_RESCUE"]
    assert (task.escalated_to, task.escalate_at, task.escalation) == ("county_civil", None, [])
    assert Notice.objects.filter(kind="escalation", user=county).count() == 1


def test_what_is_done_does_not_go_up(child: Entity, lan: User) -> None:
    with clock.at(NOON):
        tell(child, "home_visit", DANGER)
        finish_task(tasks_of(child)["T_RESCUE"], lan, "已完成")
    with clock.at(days_later(3)):
        assert escalate_due() == 0


def test_a_step_may_count_from_the_due_time(child: Entity) -> None:
    with clock.at(NOON):
        tell(child, "home_visit", ALONE)
        assert tasks_of(child)["T_CARE"].escalate_at == days_later(10)
        tell(child, "home_visit", ALONE | {"danger": "yes"})  # now due within a day
    assert tasks_of(child)["T_CARE"].escalate_at == days_later(4)
