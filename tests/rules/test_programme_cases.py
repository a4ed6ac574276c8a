"""The programme's cases hold: each rule true, false and unknown, and whole children with tier, tasks and population."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from rules.engine.decision import Decision, decide
from rules.engine.kleene import evaluate
from rules.engine.merge import merge
from rules.engine.observed import Context, Facts, Observation, TierSpan
from rules.engine.values import resolve
from rules.programme import programme_cases
from tests.rules.programme_kit import programme

CASES = programme_cases()
STORIES = [case for case in CASES if "tier" in case["expected"]]
RULE_CASES = [case for case in CASES if "rules" in case["expected"]]
SPOKEN = {True: True, False: False, None: "unknown"}


def day(text: str) -> date:
    return date.fromisoformat(text)


def facts_of(case: Mapping[str, Any]) -> Facts:
    """The merged facts of a case; `tiers` were in force before, `facts` are given by the server."""
    seen = [
        Observation(item["form"], day(item["date"]), item["data"], instance_id=f"i{number}")
        for number, item in enumerate(case["submissions"])
    ]
    tiers = tuple(
        TierSpan(span["tier"], day(span["since"]), day(span["until"]))
        for span in case.get("tiers", [])
    )
    return merge(programme(), seen, day(case["as_of"]), Context(tiers, case.get("facts", {})))


def decision_of(case: Mapping[str, Any]) -> Decision:
    facts = facts_of(case)
    values = resolve(programme(), facts.values, day(case["as_of"]))
    return decide(programme(), values, facts.provenance)


@pytest.mark.parametrize("case", RULE_CASES, ids=lambda case: case["case_id"])
def test_rule_has_the_status_of_its_case(case: dict[str, Any]) -> None:
    values = resolve(programme(), facts_of(case).values, day(case["as_of"]))
    statuses = evaluate(programme(), values).statuses
    expected = case["expected"]["rules"]
    assert {rule: SPOKEN[statuses[rule]] for rule in expected} == expected


def test_every_rule_is_seen_true_false_and_unknown() -> None:
    seen = {
        (rule, status) for case in RULE_CASES for rule, status in case["expected"]["rules"].items()
    }
    wanted = {(rule.id, status) for rule in programme().rules for status in SPOKEN.values()}
    # whether a child was red before is known to the server, never unanswered
    assert wanted - seen == {("R-G21", "unknown")}


@pytest.mark.parametrize("case", STORIES, ids=lambda case: case["case_id"])
def test_child_gets_tier_tasks_and_population_of_its_story(case: dict[str, Any]) -> None:
    found = decision_of(case).to_json()
    expected = case["expected"]
    tasks = {task["id"] for task in found["tasks"]}
    assert found["tier"] in [expected["tier"], *expected.get("acceptable_tiers", [])]
    assert set(expected.get("tasks_must", [])) <= tasks
    assert not set(expected.get("tasks_must_not", [])) & tasks
    assert set(found["population"]) == set(expected["population"])


def test_ordinary_child_with_all_answers_is_certainly_green_and_settled() -> None:
    found = decision_of(STORIES[0]).to_json()
    assert (found["tier"], found["possibleTier"], found["score"]) == ("green", "green", 0)
    assert found["tasks"] == []


def test_toddler_is_not_held_possible_red_for_questions_never_asked_of_it() -> None:
    toddler = next(case for case in STORIES if case["case_id"].startswith("S25"))
    assert decision_of(toddler).to_json()["possibleTier"] != "red"


def test_child_without_an_assessment_may_be_red() -> None:
    new = next(case for case in STORIES if case["case_id"].startswith("S15"))
    found = decision_of(new).to_json()
    assert (found["tier"], found["possibleTier"]) == ("blue", "red")


def test_child_whose_parents_nobody_asked_about_belongs_to_no_class() -> None:
    case = {
        "as_of": "2026-11-20",
        "submissions": [
            {"form": "child_enum", "date": "2026-11-01", "data": {"dob": "2016-01-01"}}
        ],
    }
    assert decision_of(case).to_json()["population"] == []


def test_case_ids_are_unique() -> None:
    ids = [case["case_id"] for case in CASES]
    assert len(ids) == len(set(ids))
