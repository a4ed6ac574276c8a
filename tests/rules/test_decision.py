"""The decision: tiers and scores, what is unknown and what it could do, reasons, tasks, nearest changes."""

import json
from dataclasses import dataclass
from datetime import date

import pytest

from rules import problems
from rules.engine.decision import decide
from rules.engine.rule_set import load_document
from rules.engine.values import resolve
from server.problems import Problem
from tests.rules.rule_set_kit import TODAY, changed, decided, rule_set, small

# A child of whom everything is known, and nothing is wrong.
WELL = {
    "alone": "no",
    "dob": "2018-05-01",
    "father_away": "no",
    "mother_away": "no",
    "nights": 0,
    "mood": ["none"],
}


@dataclass(frozen=True)
class At:
    """Where a fact was answered."""

    form: str
    date: date
    instance_id: str
    worker: str = "lan"


def test_nothing_wrong_is_the_lowest_tier_for_certain():
    decision = decided(WELL)
    assert (decision.tier, decision.possible_tier, decision.score) == ("green", "green", 0)
    assert decision.unknown == ()
    assert decision.tasks == ()
    assert not decision.insufficient


def test_floor_sets_the_tier_whatever_the_score():
    decision = decided({**WELL, "nights": 3})
    assert (decision.tier, decision.score) == ("yellow", 12)


def test_score_alone_reaches_its_band():
    assert decided({**WELL, "mood": ["fearful"]}).tier == "blue"


def test_score_alone_never_reaches_a_tier_without_cut_off():
    rules = changed("rules", 0, floor=None, score=1000)
    rules["settings"]["dimensions"][0].pop("cap")
    assert decided({**WELL, "alone": "yes"}, load_document(rules)).tier == "yellow"


def test_dimension_is_capped_and_the_score_with_it():
    decision = decided({**WELL, "nights": 3, "mood": ["fearful"], "alone": "yes"})
    assert decision.dimensions["guard"].score == 15
    assert decision.score == 35
    assert decision.needs_conference


def test_unknown_rules_widen_the_range_and_never_lower_the_tier():
    known = decided({**WELL, "nights": 3})
    less = decided({key: value for key, value in {**WELL, "nights": 3}.items() if key != "alone"})
    assert (less.tier, less.possible_tier) == (known.tier, "red")
    assert less.to_json()["scoreRange"] == [12, 32]
    assert less.insufficient


def test_unknown_fact_is_named_with_its_question_and_what_it_could_reach():
    facts = {**WELL, "alone": None, "nights": None}
    alone, nights = decided(facts).to_json()["unknown"]
    assert alone == {
        "fact": "alone", "question": "alone", "forms": ["visit"], "couldReach": "red", "rules": ["R1"],
    }  # fmt: skip
    assert (nights["fact"], nights["couldReach"]) == ("nights", "yellow")


def test_unknown_behind_a_derived_fact_is_traced_to_the_question():
    gaps = decided({**WELL, "father_away": "yes", "mother_away": None}).unknown
    assert [gap.fact for gap in gaps] == ["mother_away"]


def test_fact_that_no_longer_matters_is_not_asked_for():
    gaps = decided({**WELL, "father_away": "no", "mother_away": None}).unknown
    assert gaps == ()


def test_fact_that_does_not_apply_is_not_asked_for_and_counts_as_its_default():
    values = resolve(rule_set(), {"dob": "2018-05-01"}, TODAY)
    assert values.get("baby_care") == "no"
    assert "baby_care" in values.defaulted


def test_fact_that_applies_stays_unknown_and_is_asked_for():
    facts = {**WELL, "dob": "2025-05-01", "father_away": "yes", "mother_away": "yes"}
    decision = decided(facts)
    assert [gap.fact for gap in decision.unknown] == ["baby_care"]


def test_answer_is_never_overridden_by_a_default():
    values = resolve(rule_set(), {"dob": "2018-05-01", "baby_care": "yes"}, TODAY)
    assert values.get("baby_care") == "yes"


def test_gap_across_a_cut_off_becomes_a_task_to_ask():
    decision = decided({**WELL, "alone": None})
    [task] = decision.tasks
    assert (task.id, task.rules, task.facts) == ("T_ASK", (), ("alone",))


def test_gap_within_a_tier_asks_for_nothing():
    decision = decided({**WELL, "alone": "yes", "mood": None})
    assert decision.possible_score > decision.score
    assert "T_ASK" not in [task.id for task in decision.tasks]


def test_facts_that_reach_a_cut_off_only_together_are_asked_for_together():
    rules = changed("rules", 1, floor=None, score=8)
    rules["rules"][2]["score"] = 7
    decision = decided({**WELL, "nights": None, "mood": None}, load_document(rules))
    assert [gap.could_reach for gap in decision.unknown] == ["green", "green"]
    assert decision.possible_tier == "blue"
    assert decision.tasks[0].facts == ("nights", "mood")


def test_task_of_several_rules_comes_once_with_the_shortest_limit():
    facts = {**WELL, "alone": "yes", "nights": 3}
    tasks = {task["id"]: task for task in decided(facts).to_json()["tasks"]}
    assert list(tasks) == ["T_REPORT", "T_VISIT"]
    assert tasks["T_VISIT"] == {
        "id": "T_VISIT", "assignee": "director", "due": {"hours": 24}, "rules": ["R1", "R2"],
    }  # fmt: skip
    assert tasks["T_REPORT"]["due"] == {"hours": 0}


def test_limit_of_a_task_follows_the_tier():
    [task] = decided({**WELL, "nights": 3}).tasks
    assert task.due is not None
    assert task.due.as_json() == {"days": 3}


def test_because_names_only_the_facts_that_decided_with_form_day_and_submission():
    loaded = rule_set()
    facts = {**WELL, "father_away": "yes", "mother_away": "yes"}
    at = At("visit", date(2026, 2, 3), "uuid:1")
    decision = decide(loaded, resolve(loaded, facts, TODAY), {"mother_away": (at,)})
    because = {reason["fact"]: reason for reason in decision.to_json()["rules"][3]["because"]}
    assert list(because) == [
        "left_behind", "young", "age", "dob", "father_away", "mother_away", "baby_care",
    ]  # fmt: skip
    assert because["mother_away"] == {
        "fact": "mother_away", "value": "yes", "form": "visit", "date": "2026-02-03",
        "instanceId": "uuid:1", "worker": "lan",
    }  # fmt: skip
    assert because["age"]["value"] == 7
    assert because["age"]["form"] is None


def test_because_of_an_or_leaves_out_the_parts_that_did_not_hold():
    rules = changed("rules", 0, when="${nights} > 5 or ${alone} = 'yes' or ${father_away} = 'yes'")
    decision = decided({**WELL, "alone": "yes"}, load_document(rules))
    assert [reason.fact for reason in decision.rules[0].because] == ["alone"]


def test_rule_that_is_false_needs_no_reasons():
    assert [rule["because"] for rule in decided(WELL).to_json()["rules"]] == [[], [], [], []]


@pytest.mark.parametrize(
    ("columns", "counted"),
    [
        ({"on": False}, False),
        ({"valid": {"from": "2026-03-02"}}, False),
        ({"valid": {"from": "2026-03-01"}}, True),
        ({"valid": {"to": "2026-02-28"}}, False),
        ({"valid": {"to": "2026-03-01"}}, True),
    ],
)
def test_rule_counts_only_when_switched_on_and_in_force(columns, counted):
    decision = decided({**WELL, "alone": "yes"}, load_document(changed("rules", 0, **columns)))
    assert (decision.tier == "red") is counted
    assert ("R1" in [rule.id for rule in decision.rules]) is counted


def test_parameters_count_as_of_the_day():
    facts = {**WELL, "dob": "2008-06-01", "father_away": "yes", "mother_away": "yes"}
    assert decided(facts, day=date(2024, 12, 31)).score == 0
    assert decided(facts, day=date(2025, 1, 1)).score == 4


def test_population_is_the_first_true_class_then_every_true_tag():
    facts = {**WELL, "dob": "2022-05-01", "father_away": "yes", "mother_away": "yes"}
    assert decided(facts).population == ("left_behind", "small_child")


def test_class_that_is_unknown_is_possible_and_not_certain():
    decision = decided({**WELL, "father_away": None, "mother_away": "yes"})
    assert decision.population == ()
    assert decision.possible_population == ("left_behind", "other")


def test_nearest_change_lowers_the_tier_by_one_fact():
    [outlook] = decided({**WELL, "nights": 3}).nearest.lower
    [change] = outlook.changes
    assert (change.fact, change.old, change.new, outlook.tier) == ("nights", 3, 1, "green")


def test_nearest_change_takes_two_facts_where_one_is_not_enough():
    rules = changed("rules", 1, floor="red")
    facts = {**WELL, "alone": "yes", "nights": 2}
    lower = decided(facts, load_document(rules)).nearest.lower
    assert [change.fact for change in lower[0].changes] == ["alone", "nights"]


def test_nearest_changes_that_raise_are_answers_some_rule_speaks_of():
    higher = decided(WELL).to_json()["nearest"]["higher"]
    assert {"tier": "red", "changes": [{"fact": "alone", "from": "no", "to": "yes"}]} in higher
    assert {outlook["tier"] for outlook in higher} == {"red", "yellow", "blue"}


def test_nearest_changes_really_change_the_tier():
    facts = {**WELL, "nights": 2, "mood": ["fearful", "tearful"]}
    now = decided(facts)
    for outlook in (*now.nearest.lower, *now.nearest.higher):
        then = decided({**facts, **{change.fact: change.new for change in outlook.changes}})
        assert then.tier == outlook.tier != now.tier


def test_decision_is_the_same_bit_by_bit():
    first = json.dumps(decided({**WELL, "nights": 3, "alone": None}).to_json())
    second = json.dumps(
        decided(dict(reversed({**WELL, "nights": 3}.items())) | {"alone": None}).to_json()
    )
    assert first == second


def test_json_has_the_keys_of_the_design():
    loaded = rule_set()
    decision = decide(loaded, resolve(loaded, WELL, TODAY), release=7).with_durable("ok")
    found = decision.to_json()
    assert {
        "tier", "possibleTier", "score", "scoreRange", "dimensions", "rules", "unknown", "tasks",
        "population", "release", "asOf", "engines",
    } <= set(found)  # fmt: skip
    assert found["engines"] == {"kleene": "ok", "durable": "ok"}
    assert (found["release"], found["asOf"], found["ruleSet"]) == (7, "2026-03-01", loaded.sha256)
    assert found["dimensions"]["guard"] == {"score": 0, "max": 0, "cap": 15}


def test_bulk_work_can_leave_out_the_search_for_changes():
    loaded = rule_set()
    decision = decide(loaded, resolve(loaded, {"alone": "yes"}, TODAY), with_nearest=False)
    assert decision.to_json()["nearest"] == {"lower": [], "higher": []}


@pytest.mark.parametrize(
    ("facts", "kind", "says"),
    [
        ({"nigths": 3}, problems.UNKNOWN_FACT, "Did you mean `nights`?"),
        ({"age": 3}, problems.UNKNOWN_FACT, "computed from other facts"),
        ({"nights": "many"}, problems.FACT_VALUE, "`nights` cannot be ''many''"),
        ({"nights": 2.5}, problems.FACT_VALUE, "type integer"),
        ({"nights": True}, problems.FACT_VALUE, "type integer"),
        ({"nights": float("nan")}, problems.FACT_VALUE, "type integer"),
        ({"dob": "2026-02-30"}, problems.FACT_VALUE, "type date"),
        ({"mood": {"a": 1}}, problems.FACT_VALUE, "type select_multiple"),
        ({"alone": ["yes"]}, problems.FACT_VALUE, "type select_one"),
    ],
)
def test_fact_of_another_type_or_name_is_refused(facts, kind, says):
    with pytest.raises(Problem) as caught:
        decided(facts)
    assert caught.value.kind is kind
    assert says in str(caught.value)


def test_code_that_the_rule_set_does_not_know_is_unknown_not_harmless():
    decision = decided({**WELL, "alone": "sometimes"})
    assert (decision.tier, decision.possible_tier) == ("green", "red")


def test_values_are_read_from_json():
    loaded = rule_set()
    values = resolve(loaded, {"nights": "3", "mood": "tearful fearful", "dob": "2018-05-01"}, TODAY)
    assert values.get("nights") == 3
    assert values.get("mood") == ("fearful", "tearful")
    assert values.get("age") == 7


def test_chain_of_many_derived_facts_is_explained():
    chain = [
        {"name": f"d{index}", "type": "integer", "expr": f"${{d{index + 1}}} + 1"}
        for index in range(600)
    ]
    chain.append({"name": "d600", "type": "integer", "expr": "${nights}"})
    rules = changed("rules", 1, when="${d0} > 600")
    rules["derived"] = [*small()["derived"], *chain]
    loaded = load_document(rules)
    assert [gap.fact for gap in decided({**WELL, "nights": None}, loaded).unknown] == ["nights"]
    assert decided({**WELL, "nights": 1}, loaded).tier == "yellow"
