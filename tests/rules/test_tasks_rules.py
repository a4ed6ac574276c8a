"""Tasks to the letter: the county's working days, who verifies, who stands in, where escalations go, opening again."""

from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from forms.models import Entity
from rules import problems
from rules.engine.limits import Due, WorkingDays
from rules.models import Notice, Task, TaskEvent
from rules.services import evaluate
from rules.services.deadlines import due_at
from rules.services.tasks import (
    cancel_task,
    escalate_due,
    finish_task,
    possible_actions,
    refuse_task,
    reopen_task,
    verify_task,
)
from server import clock
from server.people.models import User
from server.people.roles import Role
from server.places.models import School
from server.problems import Kind, Problem
from tests.conftest import Country, make_user
from tests.rules.county_kit import (
    ALL_WELL,
    DOCUMENT,
    NOON,
    days_later,
    make_child,
    release_small,
    tasks_of,
    tell,
)
from tests.rules.programme_kit import programme

POOR, ALONE = ALL_WELL | {"poor": "yes"}, ALL_WELL | {"alone": "yes"}
DANGER = ALL_WELL | {"danger": "yes"}
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


def release(child: Entity, **changes: Any) -> None:
    """The small rule set with columns of tasks (by id) and settings changed."""
    document = deepcopy(DOCUMENT)
    document["settings"] |= changes.pop("settings", {})
    document["roles"].append({"id": "class_teacher", "title": {"zh": "班主任", "en": "Teacher"}})
    for tier in document["tiers"]:
        tier |= changes.get(tier["id"], {})
    for task in document["tasks"]:
        task |= changes.get(task["id"], {})
    release_small(child.dataset.project, document)


def refused(kind: Kind, act: Any, *args: Any) -> None:
    with pytest.raises(Problem) as caught:
        act(*args)
    assert caught.value.kind is kind


# --- working days --------------------------------------------------------------------------------


def test_a_weekend_that_is_worked_counts_and_a_holiday_does_not(child: Entity) -> None:
    release(child, settings={"holidays": ["2026-09-03", "2026-09-04"], "workdays": ["2026-09-05"]})
    with clock.at(NOON):  # Tuesday: Wednesday, Saturday (worked), Monday
        tell(child, "home_visit", POOR)
    assert tasks_of(child)["T_AID"].due_at == datetime(2026, 9, 7, 4, tzinfo=UTC)


def test_national_day_of_the_programme_is_counted_as_the_state_council_gave_it_out() -> None:
    days = programme().working_days
    wednesday = datetime(2026, 9, 30, 4, tzinfo=UTC)
    due = due_at(wednesday, Due("working_days", 3), days)
    assert clock.local_day(due) == date(2026, 10, 10)  # 8, 9 and the Saturday that is worked
    assert all(day.weekday() >= 5 for day in programme().workdays)
    assert not programme().workdays & programme().holidays


def test_a_calendar_that_names_no_working_day_still_gives_a_limit() -> None:
    start = datetime(2026, 1, 1, 4, tzinfo=UTC)
    off = [date(2026, 1, 1) + timedelta(days=number) for number in range(800)]
    assert due_at(start, Due("working_days", 2), WorkingDays(off)) == start + timedelta(days=2)


# --- verification --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flag", "answers", "needs"),
    [
        (None, ALONE, True),  # yellow
        (None, DANGER, True),  # red
        (False, DANGER, False),
        (True, ALONE, True),
    ],
)
def test_work_of_red_and_yellow_rules_is_verified_unless_the_task_says_no(
    child: Entity, flag: bool | None, answers: dict[str, str], needs: bool
) -> None:
    care = {} if flag is None else {"verify": flag}
    release(child, T_CARE=care, yellow={"verify_tasks": True}, red={"verify_tasks": True})
    tell(child, "home_visit", answers)
    assert tasks_of(child)["T_CARE"].needs_verification is needs


def test_work_of_a_rule_without_a_floor_is_not_verified(child: Entity) -> None:
    release(child, yellow={"verify_tasks": True}, red={"verify_tasks": True})
    tell(child, "home_visit", POOR)
    assert not tasks_of(child)["T_AID"].needs_verification


def test_a_red_rule_that_joins_makes_verification_needed(child: Entity, town: User) -> None:
    release(child, red={"verify_tasks": True})
    tell(child, "home_visit", ALONE)
    assert not tasks_of(child)["T_CARE"].needs_verification
    tell(child, "home_visit", ALONE | {"danger": "yes"})
    task = finish_task(tasks_of(child)["T_CARE"], town, "已落实")
    assert task.state == State.VERIFYING
    refused(problems.OWN_WORK, verify_task, task, town)


# --- who ------------------------------------------------------------------------------------------


@pytest.fixture
def school(country: Country) -> School:
    return School.objects.create(code="S1", name="中心小学", area=country.town)


def test_the_teachers_work_for_a_child_of_no_school_is_the_villages(
    child: Entity, lan: User
) -> None:
    release(child, T_AID={"assignee": "class_teacher"})
    tell(child, "home_visit", POOR)
    assert (tasks_of(child)["T_AID"].assignee, tasks_of(child)["T_AID"].role) == (
        lan,
        "child_director",
    )


def test_a_class_without_a_teacher_is_the_school_leads(child: Entity, school: School) -> None:
    lead = make_user("lead", Role.SCHOOL_LEAD, school=school)
    child.school, child.class_name = school, "三年级"
    child.save()
    release(child, T_AID={"assignee": "class_teacher"})
    tell(child, "home_visit", POOR)
    assert tasks_of(child)["T_AID"].assignee == lead


def test_the_teacher_of_the_class_comes_first(child: Entity, school: School) -> None:
    make_user("lead", Role.SCHOOL_LEAD, school=school)
    teacher = make_user("teacher", Role.CLASS_TEACHER, school=school, class_name="三年级")
    make_user("other", Role.CLASS_TEACHER, school=school, class_name="四年级")
    child.school, child.class_name = school, "三年级"
    child.save()
    release(child, T_AID={"assignee": "class_teacher"})
    tell(child, "home_visit", POOR)
    assert tasks_of(child)["T_AID"].assignee == teacher


def test_an_escalation_to_a_role_that_nobody_holds_goes_to_the_next_office_up(
    child: Entity, town: User, county: User
) -> None:
    step = [
        {"after": {"days": 1}, "to": "town_supervisor"},
        {"after": {"days": 2}, "to": "county_civil"},
    ]
    release(child, T_AID={"escalation": step})
    town.grants.all().delete()
    with clock.at(NOON):
        tell(child, "home_visit", POOR)
    with clock.at(days_later(1.01)):
        assert escalate_due() == 1
    event = TaskEvent.objects.get(action="escalated")
    assert event.data["told"] == [county.pk]
    assert Notice.objects.filter(kind="escalation", user=county).count() == 1


# --- again ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["refused", "cancelled", "done"])
def test_what_has_ended_is_opened_again_by_a_supervisor_and_goes_up_again(
    child: Entity, lan: User, town: User, end: str
) -> None:
    step = [{"after": {"days": 5}, "to": "town_supervisor"}]
    release(child, T_AID={"escalation": step})
    with clock.at(NOON):
        tell(child, "home_visit", POOR)
        task = tasks_of(child)["T_AID"]
        if end == "refused":
            refuse_task(task, lan, "家里不让进")
        elif end == "done":
            finish_task(task, lan, "已申请")
        else:
            cancel_task(task, town, "暂不需要")
    with clock.at(days_later(20)):
        task = reopen_task(tasks_of(child)["T_AID"], town, "请再办一次")
    assert (task.state, task.closed_at, task.done_by) == (State.OPEN, None, None)
    assert task.due_at == days_later(26)  # three working days were six days then
    assert task.escalate_at == days_later(25)
    assert task.assignee == lan
    assert Entity.objects.get(task=task).deleted_at is None


def test_an_episode_that_has_a_later_one_is_not_opened_again(
    child: Entity, lan: User, town: User
) -> None:
    tell(child, "home_visit", ALONE)
    first = refuse_task(tasks_of(child)["T_CARE"], town, "家里不让进")
    tell(child, "home_visit", ALONE | {"danger": "yes"})
    assert tasks_of(child)["T_CARE"].episode == 2
    refused(problems.NEWER_TASK, reopen_task, first, town, "请再办一次")
    assert "reopen" not in possible_actions(first, town)


def test_what_was_opened_again_by_hand_is_not_taken_back_by_the_rules(
    child: Entity, town: User
) -> None:
    tell(child, "home_visit", ALONE)
    tell(child, "home_visit", ALL_WELL)
    reopen_task(tasks_of(child)["T_CARE"], town, "情况不稳，继续跟进")
    tell(child, "home_visit", ALL_WELL)
    assert tasks_of(child)["T_CARE"].state == State.OPEN
