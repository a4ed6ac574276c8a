"""The whole way: a phone's submission over HTTP to tier and tasks; many evaluations of one child at the same moment."""

import threading
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connections

from forms.models import Dataset, Entity, Project
from forms.services import create_dataset
from rules.engine.durable_answer import unavailable
from rules.models import Evaluation, Notice, Task, TierState
from rules.services import second_opinion
from rules.services.evaluate import evaluate_entity
from rules.services.second_opinion import warm_up
from server import clock
from server.people.models import User
from server.people.roles import Role
from tests.conftest import Country, make_user
from tests.forms.field_work import (
    Phone,
    create_entity,
    instance,
    make_phone,
    make_project,
    publish,
    update_entity,
)
from tests.rules.county_kit import ALL_WELL, make_child, release_small, store

CHILD = "0f0d3a52-4a4e-4c55-9a3a-4f5f3c7c1a11"
ENUM = """
| survey |
| | type | name | label | save_to |
| | date | enum_date | Date | |
| | text | child_name | Name | child_name |
| | text | village_code | Village | village_code |
| settings |
| | form_title | form_id | version |
| | Enumeration | child_enum | 1 |
| entities |
| | list_name | label |
| | child | ${child_name} |
"""
VISIT = """
| survey |
| | type | name | label |
| | select_one_from_file child.csv | child | Child |
| | date | visit_date | Date |
| | text | danger | Danger |
| | text | poor | Poor |
| | text | alone | Alone |
| | text | kind | Kind |
| settings |
| | form_title | form_id | version |
| | Home visit | home_visit | 1 |
| entities |
| | list_name | label | entity_id |
| | child | | ${child} |
"""
FEEDBACK = """
| survey |
| | type | name | label | save_to |
| | select_one_from_file task.csv | task_id | Task | |
| | date | done_date | Date | |
| | text | task_result | Result | last_result |
| settings |
| | form_title | form_id | version |
| | Feedback | task_feedback | 1 |
| entities |
| | list_name | label | entity_id |
| | task | | ${task_id} |
"""


@pytest.fixture
def project(country: Country) -> Project:
    project = make_project()
    create_dataset(project, "child", actor=None, area_property="village_code")
    create_dataset(project, "task", actor=None)
    for form in (ENUM, VISIT, FEEDBACK):
        publish(project, form)
    release_small(project)
    return project


def test_a_submission_becomes_a_tier_with_tasks_that_its_feedback_closes(
    project: Project, country: Country, lan: User, county: User, drain: Any
) -> None:
    make_user("town", Role.TOWN_SUPERVISOR, country.town)
    phone = Phone(make_phone(project, lan), project)
    today = clock.today().isoformat()

    enumerated = {"enum_date": today, "child_name": "张小明", "village_code": country.village.code}
    sent = phone.send(instance("child_enum", enumerated, entity=create_entity(CHILD)))
    assert sent.status_code == 201
    drain()
    state = TierState.objects.get(entity__uuid=CHILD)
    assert (state.tier, state.review) == ("green", "new")
    assert Task.objects.get().code == "T_ASK"

    visited = {"child": CHILD, "visit_date": today, "kind": "routine", **ALL_WELL, "danger": "yes"}
    version = Entity.objects.get(uuid=CHILD).version
    assert (
        phone.send(
            instance("home_visit", visited, entity=update_entity(CHILD, version))
        ).status_code
        == 201
    )
    drain()
    state.refresh_from_db()
    assert state.tier == "red"
    evaluation = Evaluation.objects.filter(entity__uuid=CHILD)[0]
    assert evaluation.facts["danger"]["worker"] == "lan"
    assert evaluation.engine_state == "ok"
    tasks = {task.code: task for task in Task.objects.all()}
    assert (tasks["T_REPORT"].assignee, tasks["T_ASK"].state) == (lan, "done")
    assert Notice.objects.filter(user=county, kind="tier").count() == 1
    listed = phone.get("/forms/task_feedback/attachments/task.csv")
    text = b"".join(listed.streaming_content) if listed.streaming else listed.content
    assert "紧急入户" in text.decode()

    rescue = tasks["T_RESCUE"].delivery
    assert rescue is not None
    done = {"task_id": str(rescue.uuid), "done_date": today, "task_result": "done"}
    update = update_entity(str(rescue.uuid), rescue.version, dataset="task")
    assert phone.send(instance("task_feedback", done, entity=update)).status_code == 201
    drain()
    task = Task.objects.get(code="T_RESCUE")
    assert (task.state, task.done_by_id) == ("verifying", lan.pk)
    assert Task.objects.get(code="T_REPORT").state == "open"
    child = Entity.objects.get(uuid=CHILD)
    assert (child.data["tier"], child.data["tier_reasons"], child.conflict) == (
        "red",
        "孩子有危险",
        "",
    )


@pytest.mark.django_db(transaction=True)
def test_evaluations_of_one_child_at_once_open_each_task_once(country: Country, lan: User) -> None:
    child = make_child(country.village)
    release_small(child.dataset.project)
    store(child, "home_visit", ALL_WELL | {"danger": "yes"})
    warm_up()
    failures: list[Exception] = []
    together = threading.Barrier(4)

    def work() -> None:
        try:
            together.wait()
            evaluate_entity(child.pk, "submission.created")
        except Exception as error:
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert Evaluation.objects.count() == 1
    assert sorted(Task.objects.values_list("code", flat=True)) == ["T_CARE", "T_REPORT", "T_RESCUE"]
    assert Entity.objects.filter(dataset=Dataset.objects.get(name="task")).count() == 3
    assert TierState.objects.get().review == "new"


def test_a_killed_second_engine_costs_one_opinion_and_comes_back(
    country: Country, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = make_child(country.village)
    release_small(child.dataset.project)
    store(child, "home_visit", ALL_WELL)
    monkeypatch.setattr(second_opinion.DurableProcess, "evaluate", _no_answer)
    with clock.at(datetime(2026, 9, 1, tzinfo=UTC)):
        store(child, "home_visit", ALL_WELL)
        evaluate_entity(child.pk, "one")
    assert Evaluation.objects.filter(entity=child)[0].engine_state == "unavailable"
    monkeypatch.undo()
    with clock.at(datetime(2026, 9, 2, tzinfo=UTC)):
        evaluate_entity(child.pk, "two")
    assert Evaluation.objects.filter(entity=child)[0].engine_state == "ok"
    assert TierState.objects.get().review == "new"  # still waits for a person


def _no_answer(*_: Any) -> Any:
    return unavailable("killed")
