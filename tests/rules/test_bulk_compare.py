"""Two rule sets over the same children: the sums are those of counting child by child, chunks add up, and every
move has the rules that decide it (design.md §1.5)."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from rules.engine.bulk import (
    NO_TIER,
    BulkResult,
    Comparison,
    Deciding,
    compare_results,
    deciding_rules,
)
from rules.engine.decision import Decision, decide
from rules.engine.parts import RuleSet
from rules.engine.program import program_of
from rules.engine.rule_set import load_document
from rules.engine.scoring import tally
from rules.engine.values import resolve
from tests.rules.bulk_kit import AS_OF, RandomChildren, RandomRuleSets, in_columns
from tests.rules.rule_set_kit import changed, small

SEEDS = st.integers(0, 2**32 - 1)
Children = Sequence[Mapping[str, Any]]


def two_versions(seed: int) -> tuple[RuleSet, RuleSet]:
    """A random rule set and one that differs in conditions, weights and rules over the same facts."""
    before, after = (RandomRuleSets(seed).document(depth=2, rules=7) for _ in range(2))
    pick = RandomRuleSets(seed + 1)
    for number, rule in enumerate(after["rules"]):
        match pick.random.choice(("as before", "as before", "condition", "score", "floor", "off")):
            case "condition":
                rule["when"] = f"({rule['when']}) and ${{age}} > 3"
            case "score":
                rule["score"] += 4
            case "floor":
                rule["floor"] = "yellow" if number % 2 else None
            case "off":
                rule["on"] = False
    after["rules"].append({**after["rules"][0], "id": "NEW", "when": "${kids} > 2", "on": True})
    return load_document(before), load_document(after)


def decided(rule_set: RuleSet, children: Children) -> list[Decision]:
    """Child by child."""
    return [
        decide(rule_set, resolve(rule_set, child, AS_OF), with_nearest=False) for child in children
    ]


def compared(
    old: RuleSet, new: RuleSet, children: Children, groups: pl.DataFrame | None = None
) -> Comparison:
    """The comparison in columns."""
    return compare_results(in_columns(old, children), in_columns(new, children), old, new, groups)


# --- sums -------------------------------------------------------------------------------------------


@settings(max_examples=10, deadline=None)
@given(SEEDS)
def test_the_sums_are_those_of_counting_child_by_child(seed: int):
    old, new = two_versions(seed)
    children = RandomChildren(old, seed).draw(25)
    sexes = ["f" if number % 3 else "m" for number in range(24)] + [None]
    found = compared(old, new, children, pl.DataFrame({"sex": sexes}))
    pairs = list(zip(decided(old, children), decided(new, children), strict=True))

    assert found.total == 25
    assert found.matrix == Counter((before.tier, after.tier) for before, after in pairs)
    assert found.insufficient == (
        sum(before.insufficient for before, _ in pairs),
        sum(after.insufficient for _, after in pairs),
    )
    assert found.groups["sex"] == {
        value or "": Counter(
            (before.tier, after.tier)
            for (before, after), sex in zip(pairs, sexes, strict=True)
            if sex == value
        )
        for value in ("f", "m", None)
    }
    asked = [
        ({task.id for task in before.tasks}, {task.id for task in after.tasks})
        for before, after in pairs
    ]
    for name, counts in found.tasks.items():
        told = [(name in before, name in after) for before, after in asked]
        assert counts == (
            sum(before for before, _ in told),
            sum(after for _, after in told),
            told.count((False, True)),
            told.count((True, False)),
        )
    every = {name for before, after in asked for name in before | after}
    assert every <= found.tasks.keys()
    status = [
        (
            {rule.id: rule.status for rule in before.rules},
            {rule.id: rule.status for rule in after.rules},
        )
        for before, after in pairs
    ]
    assert found.hits == {
        name: (
            sum(before.get(name) is True for before, _ in status),
            sum(after.get(name) is True for _, after in status),
            sum(after.get(name, False) is None for _, after in status),
        )
        for name in [*status[0][0], *status[0][1]]
    }
    moved = [row for row, (before, after) in enumerate(pairs) if before.tier != after.tier]
    assert found.moved["row"].to_list() == moved
    ranks = {tier.id: tier.rank for tier in new.tiers}
    assert found.moved["new"].to_list() == [ranks[pairs[row][1].tier] for row in moved]


@settings(max_examples=6, deadline=None)
@given(SEEDS, st.integers(1, 12))
def test_chunks_add_up_to_the_whole(seed: int, size: int):
    old, new = two_versions(seed)
    children = RandomChildren(old, seed).draw(20)
    groups = pl.DataFrame({"area": [f"town {number % 4}" for number in range(20)]})
    whole = compared(old, new, children, groups)
    total = Comparison.empty()
    for at in range(0, 20, size):
        part = compared(old, new, children[at : at + size], groups[at : at + size])
        stored = json.loads(json.dumps(total.to_json()))
        assert Comparison.from_json(stored).to_json() == total.to_json()
        total = total + part

    assert total.to_json() == whole.to_json()
    assert total.moved.equals(whole.moved)


def test_sums_read_back_can_be_added_to():
    old, new = two_versions(3)
    children = RandomChildren(old, 3).draw(6)
    part = compared(old, new, children)
    resumed = Comparison.from_json(part.to_json()) + part
    assert resumed.total == 12
    assert resumed.to_json() == (part + part).to_json()
    assert resumed.moved["row"].to_list() == [row + 6 for row in part.moved["row"].to_list()]


def test_where_nothing_was_in_force_everybody_comes_from_no_tier_and_nobody_moves():
    _, new = two_versions(5)
    children = RandomChildren(new, 5).draw(9)
    result = in_columns(new, children)
    found = compare_results(None, result, None, new)

    assert {old for old, _ in found.matrix} == {NO_TIER}
    assert sum(found.matrix.values()) == 9
    assert found.moved.is_empty()
    assert found.insufficient[0] == 0
    assert all(before == 0 and opened == now for before, now, opened, _ in found.tasks.values())
    assert found.unknown == result.unknown
    assert (found + found).total == 18


def test_nobody_compared_is_nothing():
    old, new = two_versions(1)
    assert compared(old, new, []).to_json()["matrix"] == {}
    assert compared(old, new, []).moved.is_empty()


def test_results_of_different_children_are_not_compared():
    old, new = two_versions(1)
    with pytest.raises(ValueError, match="same children"):
        compare_results(in_columns(old, [{}]), in_columns(new, [{}, {}]), old, new)


# --- deciding rules ---------------------------------------------------------------------------------


@settings(max_examples=20, deadline=None)
@given(SEEDS)
def test_taking_back_the_deciding_rules_takes_back_the_move(seed: int):
    """With the old status and weight of these rules and no other, the child has its old tier."""
    old, new = two_versions(seed)
    children = RandomChildren(old, seed).draw(25)
    before, after = in_columns(old, children), in_columns(new, children)
    rows = compare_results(before, after, old, new).moved["row"].to_list()
    reasons = deciding_rules(before, after, old, new, rows)

    assert len(reasons) == len(rows)
    event(f"{len(rows) > 0} that children move")
    for row, rules in zip(rows, reasons, strict=True):
        assert rules
        told = fired(before, row), fired(after, row)
        names = {each.rule for each in rules}
        assert all(each.old == word(before, row, each.rule) for each in rules)
        assert all(each.new == word(after, row, each.rule) for each in rules)
        kept = [item for item in program_of(new).rules if item.rule.id in told[1] - names]
        taken = [item for item in program_of(old).rules if item.rule.id in told[0] & names]
        assert tally(program_of(old), [*kept, *taken]).rank == before.outcome["tier"][row]


def fired(result: BulkResult, row: int) -> set[str]:
    """The rules that fire for one child."""
    return {name for name, status in result.statuses.row(row, named=True).items() if status}


def word(result: BulkResult, row: int, rule: str) -> str:
    """The status of one rule for one child."""
    if rule not in result.statuses.columns:
        return "absent"
    return {True: "true", False: "false", None: "unknown"}[result.statuses[rule][row]]


def reasons_of(
    old: Mapping[str, Any], new: Mapping[str, Any], child: Mapping[str, Any]
) -> tuple[Deciding, ...]:
    """Why one child moves between two documents."""
    before, after = load_document(old), load_document(new)
    told = in_columns(before, [child]), in_columns(after, [child])
    [reasons] = deciding_rules(*told, before, after, [0])
    return reasons


def test_a_changed_condition_a_changed_weight_and_a_missing_rule_are_told_apart():
    document = small()
    first = document["rules"][0]["id"]
    always = changed("rules", 0, when="true()", floor="red", valid=None)
    never = changed("rules", 0, when="false()", floor="red", valid=None)
    gone = changed("rules", 0, on=False, valid=None)
    lower = changed("rules", 0, when="true()", floor="yellow", valid=None)

    assert reasons_of(never, always, {}) == (Deciding(first, "false", "true"),)
    assert reasons_of(always, gone, {}) == (Deciding(first, "true", "absent"),)
    assert reasons_of(always, lower, {}) == (Deciding(first, "true", "true"),)


def test_moved_by_a_cut_off_alone_the_rules_that_carry_the_tier_are_named():
    scored = changed("rules", 0, when="true()", floor=None, score=5, valid=None)
    for rule in scored["rules"][1:]:
        rule["on"] = False
    first = scored["rules"][0]["id"]
    stricter = json.loads(json.dumps(scored))
    stricter["tiers"][1]["min_score"] = 4

    assert reasons_of(scored, stricter, {}) == (Deciding(first, "true", "true"),)
    assert reasons_of(stricter, scored, {}) == (Deciding(first, "true", "true"),)


def test_the_weightiest_rule_comes_first():
    before, after = small(), small()
    for number, rule in enumerate(after["rules"]):
        rule.pop("valid", None)
        rule["when"], rule["floor"], rule["score"] = "true()", None, number
    after["rules"][1]["floor"] = "red"
    for rule in before["rules"]:
        rule["on"] = False
    names = [each.rule for each in reasons_of(before, after, {})]
    scores = {rule["id"]: rule["score"] for rule in after["rules"]}

    assert names[0] == after["rules"][1]["id"]
    assert [scores[name] for name in names[1:]] == sorted(
        (scores[name] for name in names[1:]), reverse=True
    )
