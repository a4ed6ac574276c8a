"""The bundled programme is the domain report: same rules, same tasks, in both languages, and nothing loose."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from rules.engine.document import canonical_bytes
from rules.programme import programme_document
from tests.rules.programme_kit import programme, report

DOCUMENT = programme_document()
RULES = {rule["id"]: rule for rule in DOCUMENT["rules"]}
TASKS = {task["id"]: task for task in DOCUMENT["tasks"]}


def ids_of(uses: list[Any]) -> list[str]:
    return [use if isinstance(use, str) else use["id"] for use in uses]


def titles(value: Any) -> Iterator[dict[str, str]]:
    if isinstance(value, dict):
        if "zh" in value or "en" in value:
            yield value
        for item in value.values():
            yield from titles(item)
    elif isinstance(value, list):
        for item in value:
            yield from titles(item)


def test_programme_loads_without_a_warning() -> None:
    assert programme().warnings == ()


def test_programme_has_the_seventy_rules_of_the_report_in_its_order() -> None:
    assert list(RULES) == [rule["id"] for rule in report()["rules"]]
    assert len(RULES) == 70


@pytest.mark.parametrize("expected", report()["rules"], ids=lambda rule: rule["id"])
def test_rule_has_title_score_floor_tasks_and_source_of_the_report(
    expected: dict[str, Any],
) -> None:
    rule = RULES[expected["id"]]
    assert rule["title"] == {"zh": expected["zh"], "en": expected["en"]}
    assert rule["dimension"] == expected["dimension"]
    assert (rule["score"], rule["floor"]) == (expected["score"], expected["floor"])
    assert ids_of(rule["tasks"]) == expected["tasks"]
    assert rule["because"]["source"] == expected["source"]


def test_programme_has_the_fifty_nine_tasks_of_the_report_in_its_order() -> None:
    assert list(TASKS) == [task["id"] for task in report()["tasks"]]
    assert len(TASKS) == 59


@pytest.mark.parametrize("expected", report()["tasks"], ids=lambda task: task["id"])
def test_task_has_title_dimension_assignee_and_source_of_the_report(
    expected: dict[str, Any],
) -> None:
    task = TASKS[expected["id"]]
    assert task["title"] == {"zh": expected["zh"], "en": expected["en"]}
    assert task["dimension"] == expected["dimension"]
    assert task["assignee"] == expected["assignee"]
    assert task["because"]["source"] == expected["source"]


def first_figure(text: str) -> dict[str, int] | None:
    """The first time limit in the report's words, e.g. 24h, 3d, 5个工作日, D级24h搬离."""
    found = re.search(r"(\d+)(h|d|个工作日)", text)
    units = {"h": "hours", "d": "days", "个工作日": "working_days"}
    return {units[found[2]]: int(found[1])} if found else None


# by tier, or worded otherwise: tested below, or without a figure in the report
WORDED = {"T_VISIT", "T_REASSESS", "T_REUNION", "T_RECALL_PARENT"}


@pytest.mark.parametrize(
    "expected",
    [task for task in report()["tasks"] if task["id"] not in WORDED],
    ids=lambda task: task["id"],
)
def test_task_is_due_at_the_first_figure_of_the_report(expected: dict[str, Any]) -> None:
    assert TASKS[expected["id"]]["due"] == first_figure(expected["due"])


def test_visits_are_due_by_tier() -> None:
    due = {tier: limit["days"] for tier, limit in TASKS["T_VISIT"]["due"]["by_tier"].items()}
    assert due == {"red": 7, "yellow": 14, "blue": 30, "green": 90}
    assert due == {tier.id: tier.visit_days for tier in programme().tiers}


@pytest.mark.parametrize(
    ("rule", "task", "due"),
    [
        ("R-S01", "T_RECALL_PARENT", {"hours": 24}),
        ("R-S02", "T_RECALL_PARENT", {"hours": 24}),
        ("R-S16", "T_HAZARD_FIX", {"hours": 24}),
        ("R-S19", "T_REASSESS", {"hours": 24}),
        ("R-L05", "T_HOUSING", {"days": 30}),
    ],
)
def test_rule_shortens_or_lengthens_the_limit_of_its_task(
    rule: str, task: str, due: dict[str, int]
) -> None:
    assert {"id": task, "due": due} in RULES[rule]["tasks"]


def test_children_without_care_alone_recall_parents_within_a_day() -> None:
    assert TASKS["T_RECALL_PARENT"]["due"] == {"days": 3}
    urgent = {
        rule["id"]
        for rule in RULES.values()
        if {"id": "T_RECALL_PARENT", "due": {"hours": 24}} in rule["tasks"]
    }
    assert urgent == {"R-S01", "R-S02"}


def test_every_task_closes_by_its_own_feedback() -> None:
    done = {"form": "task_feedback", "when": "${task_result} = 'done'"}
    assert all(done in task["close"]["any"] for task in TASKS.values())


def test_tasks_of_red_and_yellow_rules_are_verified_by_somebody_else() -> None:
    raised = {
        task
        for rule in RULES.values()
        if rule["floor"] in ("red", "yellow")
        for task in ids_of(rule["tasks"])
    }
    assert not raised & {task["id"] for task in TASKS.values() if task.get("verify") is False}
    assert {tier.id for tier in programme().tiers if tier.verify_tasks} == {"red", "yellow"}


@pytest.mark.parametrize("task", TASKS.values(), ids=lambda task: task["id"])
def test_escalations_rise_in_time(task: dict[str, Any]) -> None:
    minutes = {"minutes": 1, "hours": 60, "days": 1440}
    after = [
        next(amount * minutes[unit] for unit, amount in step["after"].items())
        for step in task["escalation"]
    ]
    assert after
    assert after == sorted(after)


def test_every_title_and_choice_is_in_both_languages() -> None:
    incomplete = [
        item
        for item in titles(DOCUMENT)
        if not item.get("zh", "").strip() or not item.get("en", "").strip()
    ]
    assert incomplete == []
    untitled = [
        item.get("name", item.get("id"))
        for section in ("facts", "derived", "populations", "tags", "rules", "tasks", "roles")
        for item in DOCUMENT[section]
        if "title" not in item
    ]
    assert untitled == []


def test_no_score_reaches_red() -> None:
    red = programme().tiers[-1]
    assert (red.id, red.min_score, red.acts_at_once) == ("red", None, True)
    assert (red.downgrade_approvals, red.downgrade_roles) == (
        2,
        ("town_supervisor", "county_civil"),
    )
    assert [tier.min_score for tier in programme().tiers[:-1]] == [0, 10, 30]


def test_every_dimension_is_capped_at_twenty() -> None:
    assert {side.id: side.cap for side in programme().dimensions} == dict.fromkeys(
        ("edu", "guard", "living", "health", "safety", "activity"), 20
    )


def test_calendar_asks_only_for_tasks_that_exist() -> None:
    asked = {task for entry in DOCUMENT["calendar"] for task in ids_of(entry.get("tasks", []))}
    assert asked <= set(TASKS)


def test_calendar_names_periods_that_it_defines() -> None:
    periods = {entry["id"] for entry in DOCUMENT["calendar"] if "period" in entry}
    named = {
        period
        for entry in DOCUMENT["calendar"]
        for period in entry.get("trigger", {}).get("periods", [])
    }
    assert named
    assert named <= periods


def test_programme_document_is_the_same_each_time_and_fresh() -> None:
    first, second = programme_document(), programme_document()
    assert canonical_bytes(first) == canonical_bytes(second)
    first["rules"].clear()
    assert canonical_bytes(programme_document()) == canonical_bytes(second)
