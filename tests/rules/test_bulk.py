"""The engine over columns says of many children what the one-child engine says of each (design.md §4): statuses,
tiers, scores, tasks and derived facts, for every function of the language, whatever is known."""

import os
import time
from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.engine.bulk import evaluate_frame, frame_of
from rules.engine.bulk.plan import plan_of
from rules.engine.durable import engine_for
from rules.engine.durable_answer import OK, DurableAnswer
from rules.engine.durable_compare import compare
from rules.engine.kleene import evaluate
from rules.engine.rule_set import load_document
from rules.engine.values import resolve
from rules.language.ast import And, Arith, Call, Compare, Literal, Negate, Not, Or, walk
from rules.language.functions import FUNCTIONS
from tests.rules.bulk_kit import (
    AS_OF,
    RandomChildren,
    RandomRuleSets,
    differences,
    in_columns,
    told_of,
)
from tests.rules.durable_facts import RandomFacts, trees_of
from tests.rules.durable_kit import RandomConditions, document_of
from tests.rules.programme_kit import programme

CHILDREN = int(os.environ.get("ANHU_AGREE_CHILDREN", "250"))
SEEDS = st.integers(0, 2**32 - 1)


# --- the same as one by one ------------------------------------------------------------------------


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.sampled_from([1, 3, 4]))
def test_random_rule_sets_mean_the_same_in_columns(seed: int, depth: int):
    rule_set = load_document(RandomRuleSets(seed).document(derived=6, rules=8, depth=depth))
    children = RandomChildren(rule_set, seed).draw(16)
    assert differences(rule_set, children) == []


@settings(max_examples=10, deadline=None)
@given(SEEDS)
def test_children_all_alike_are_as_many_as_they_are(seed: int):
    """A column that is the same for all may collapse into one value on the way."""
    rule_set = load_document(RandomRuleSets(seed).document(depth=2))
    draw = RandomChildren(rule_set, seed).draw
    nothing: list[dict[str, Any]] = [{}, {}]
    for children in (draw(1) * 3, draw(1), nothing):
        assert differences(rule_set, children) == []


def test_nobody_is_a_frame_without_rows():
    rule_set = programme()
    bulk = in_columns(rule_set, [])
    assert bulk.height == bulk.statuses.height == bulk.tasks.height == bulk.derived.height == 0
    assert len(bulk.statuses.columns) == 70


def test_random_rule_sets_use_the_whole_language():
    """Otherwise their agreement would say little."""
    calls: set[str] = set()
    nodes: set[type] = set()
    for seed in range(30):
        for tree in trees_of(load_document(RandomRuleSets(seed).document(derived=12))):
            nodes |= {type(node) for node in walk(tree)}
            calls |= {node.name for node in walk(tree) if isinstance(node, Call)}
    assert calls == set(FUNCTIONS)
    assert nodes >= {And, Or, Not, Compare, Arith, Negate, Call, Literal}


def test_children_of_the_programme_get_the_same_decision():
    rule_set, facts = programme(), RandomFacts(programme(), 20200, AS_OF)
    children = [facts.draw() for _ in range(CHILDREN)]

    assert differences(rule_set, children) == []
    statuses = in_columns(rule_set, children).statuses
    seen = {column.name: set(column.to_list()) for column in statuses}
    assert len(seen) == 70
    assert not {name: found for name, found in seen.items() if len(found) < 2}


@pytest.mark.parametrize("seed", range(300, 312))
def test_three_engines_agree(seed: int):
    rule_set = load_document(RandomConditions(seed).document())
    engine, facts = engine_for(rule_set), RandomFacts(rule_set, seed, AS_OF)
    children = [facts.draw() for _ in range(25)]
    bulk = in_columns(rule_set, children)

    for row, child in enumerate(children):
        values = resolve(rule_set, child, AS_OF)
        kleene, outcome = evaluate(rule_set, values), engine.evaluate(values.env)
        assert compare(kleene, DurableAnswer(OK, outcome.rules, outcome.derived)) == (), child
        assert told_of(bulk, row)["statuses"] == kleene.statuses, child


def test_an_engine_with_a_flaw_is_caught():
    sound = load_document(document_of({"R": "${age} >= 3"}))
    flawed = load_document(document_of({"R": "${age} > 3"}))
    told = told_of(in_columns(flawed, [{"age": 3}]), 0)["statuses"]
    assert told != evaluate(sound, resolve(sound, {"age": 3}, AS_OF)).statuses


@settings(max_examples=10, deadline=None)
@given(SEEDS, st.integers(1, 9))
def test_a_child_is_evaluated_by_itself_whoever_is_beside(seed: int, size: int):
    rule_set = load_document(RandomRuleSets(seed).document(depth=2))
    children = RandomChildren(rule_set, seed).draw(10)
    whole = in_columns(rule_set, children)
    parts = [in_columns(rule_set, children[at : at + size]) for at in range(0, 10, size)]
    for name in ("statuses", "outcome", "tasks", "derived"):
        joined = pl.concat([getattr(part, name) for part in parts])
        assert joined.equals(getattr(whole, name)), name


# --- single conditions ------------------------------------------------------------------------------


def statuses(condition: str, *children: dict[str, Any], day: date = AS_OF) -> list[bool | None]:
    """The statuses in columns of one condition over the facts of durable_kit, if they are right."""
    rule_set = load_document(document_of({"R": condition}))
    assert differences(rule_set, children, day) == []
    return in_columns(rule_set, children, day).statuses["R"].to_list()


def test_a_division_by_one_number_is_not_a_product_with_its_inverse():
    assert statuses("${weight} div 5 = 0.6", {"weight": 3}, {"weight": 4}) == [True, False]
    assert (
        statuses("round(${weight}, 1) = 0.3", {"weight": 0.25}, {"weight": 0.34999}) == [True] * 2
    )


def test_a_written_number_too_large_for_a_float_is_divided_as_it_is():
    """As a float it would be another number, here and in whatever reads it."""
    document = document_of(
        {
            "R": "${large} = 1",
            "S": "coalesce(${age}, 781553500597922097) div 14399 < 54278317980271",
        }
    )
    document["derived"] = [
        {"name": name, "title": document["facts"][0]["title"], "type": kind, "expr": text}
        for name, kind, text in (
            ("large", "integer", "coalesce(${age}, 781553500597922097)"),
            ("share", "number", "${large} div 14399"),
        )
    ]
    rule_set = load_document(document)
    assert differences(rule_set, [{}, {"age": 3}]) == []
    assert in_columns(rule_set, [{}]).derived["share"].to_list() == [54278317980271.0]


def test_rounding_leaves_a_whole_number_alone_however_large():
    """Times 10^9 it is no longer exact."""
    large = [{"weight": weight} for weight in (912775159838974.0, 912775159838974, 10**15)]
    assert statuses("round(${weight}, 9) = ${weight}", *large) == [True] * 3


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("${age} * ${months} > 0", None),  # 10^30 is unknown, not wrapped round
        ("${age} + ${months} > 0", None),
        ("${age} * 1 > 0", True),
        ("${age} div 0 > 1", None),
        ("${age} mod 0 = 1", None),
        ("(0 - 7) mod (${age} - 999999999999997) = -1", True),
        ("date('9999-12-31') + ${age} > today()", None),
        ("coalesce(${age}, 1) - 999999999999999999 < 0", None),
        ("(${age} - 999999999999999) div 3 * 3 = 1", True),
        ("if(${seen}, ${age} > 3, ${months} > 3)", True),
        ("if(${seen}, ${age} > 3, ${months} < 3)", None),
    ],
)
def test_the_limits_of_numbers_are_the_same(condition: str, expected: bool | None):
    many = {"age": 10**15, "months": 10**15}
    assert statuses(condition, many, {}, {"age": 3, "months": 0})[0] is expected


def test_days_at_the_ends_of_the_calendar_are_days_like_others():
    children = [{"born": day} for day in (date.min, date.max, date(2020, 2, 29))]
    for condition in (
        "years-between(${born}, today()) >= 5",
        "months-between(today(), ${born}) < 0",
        "${born} + 1 > today()",
        "${born} - 1 < today()",
    ):
        for day in (date.min, date(2025, 2, 28), date(2025, 3, 1), date.max):
            assert statuses(condition, *children, day=day)


def test_presence_of_what_no_column_holds():
    """A derived fact that is the same for all, known or not, is no column."""
    document = document_of(
        {"R": "known(${always}) and unknown(${never})", "S": "${always} or ${seen}"},
        {"always": "true()", "never": "1 div 0 > 1"},
    )
    assert differences(load_document(document), [{}, {"seen": True}]) == []


@pytest.mark.parametrize(
    "condition",
    [
        "${stage} = 'a'",
        "not(${helper})",
        "(${stage} = 'a' or ${helper}) and coalesce(${helper}, ${stage} = 'a')",
        "if(${safe}, ${stage} = 'a', ${fed})",
        "if(${helper}, ${stage} = 'a', ${helper})",
    ],
)
def test_nobody_is_asked_for_what_does_not_apply(condition: str):
    """An unknown rule may raise the tier, yet the one answer behind it is not to be had."""
    document = RandomRuleSets(0).document(derived=0, rules=1)
    [stage] = [fact for fact in document["facts"] if fact["name"] == "stage"]
    stage["applies"] = "${age} >= 3"
    document["derived"] = [
        {"name": "helper", "title": stage["title"], "type": "yes_no", "expr": "${stage} = 'b'"}
    ]
    document["rules"][0] |= {"when": condition, "floor": "red", "tasks": [], "on": True}
    document["rules"][0].pop("valid", None)
    rule_set = load_document(document)
    young, older, nothing = {"age": 1, "safe": True}, {"age": 5, "safe": True}, {"safe": True}

    assert differences(rule_set, [young, older, nothing, {"age": 1}]) == []
    bulk = in_columns(rule_set, [young, older, nothing])
    assert bulk.outcome["insufficient"].to_list() == [True, True, True]
    assert bulk.tasks["T_ASK"].to_list() == [False, True, True]


def test_somebody_is_asked_for_what_stands_behind_a_choice_that_cannot_be_made():
    """Whether `stage` is 'a' is not to be had of a young child; what follows either way is."""
    for condition in (
        "if(${stage} = 'a', ${fed}, ${safe} and ${fed})",
        "if(${stage} = 'a', ${safe}, ${fed})",
        "if(${fed}, ${stage} = 'a', ${safe})",
    ):
        document = RandomRuleSets(0).document(derived=0, rules=1)
        for fact in document["facts"]:
            if fact["name"] == "stage":
                fact["applies"] = "${age} >= 3"
        document["rules"][0] |= {"when": condition, "floor": "red", "tasks": [], "on": True}
        document["rules"][0].pop("valid", None)
        children = [{"age": 1}, {"age": 1, "safe": True}, {"age": 1, "fed": True}, {"age": 4}, {}]
        assert differences(load_document(document), children) == []


def test_a_score_on_a_cut_off_reaches_it():
    rule_set = load_document(document_of({f"R{n}": f"${{age}} > {n}" for n in range(7)}))
    children = [{"age": age} for age in (4, 5, 6)]
    assert differences(rule_set, children) == []
    outcome = in_columns(rule_set, children).outcome
    assert outcome["score"].to_list() == [4, 5, 6]
    assert outcome["tier"].to_list() == [0, 1, 1]


# --- scale ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("level", "levels"),
    [
        ("if({inner}, ${{age}} = {n}, ${{months}} > {n})", 25),
        ("if(${{age}} = {n}, {inner}, ${{months}} > {n})", 25),
        ("(({inner}) = (${{age}} > {n}))", 25),
        ("(${{age}} = {n} or ${{months}} > {n} and not({inner}))", 15),
    ],
)
def test_a_deeply_nested_condition_is_planned_at_once(level: str, levels: int):
    """Written out at each use, 25 levels would be 2 to the 25th operations."""
    condition = "${seen}"
    for n in range(levels):
        condition = level.format(inner=condition, n=n)
    begun = time.process_time()
    found = statuses(condition, {"age": 3}, {"months": 5, "seen": True}, {"age": 1, "months": 0})
    assert len(found) == 3
    assert time.process_time() - begun < 3


def test_five_hundred_rules_of_one_dimension_add_up_in_their_order():
    document = document_of({f"R{n}": f"${{age}} > {n % 7}" for n in range(500)})
    for n, rule in enumerate(document["rules"]):
        rule["score"] = (0.1, 0.7, 3.3)[n % 3]
    children = [{"age": age} for age in range(8)] + [{}]
    assert differences(load_document(document), children) == []


# --- the day and the columns ------------------------------------------------------------------------


def test_the_day_decides_which_rules_and_parameters_hold():
    rule_set = load_document(RandomRuleSets(4).document(rules=20))
    children = RandomChildren(rule_set, 4).draw(8)
    for day in (date(2019, 1, 1), date(2026, 3, 14), AS_OF, date(2090, 1, 2), date(2026, 3, 14)):
        assert differences(rule_set, children, day) == [], day


def test_only_a_few_days_are_kept_planned():
    rule_set = load_document(document_of({"R": "today() > date('2026-01-04')"}))
    days = [date(2026, 1, day) for day in range(1, 9)]
    told = [in_columns(rule_set, [{}], day).statuses["R"].to_list() for day in days * 2]
    assert told == [[day > date(2026, 1, 4)] for day in days * 2]
    assert plan_of(rule_set, days[-1]) is plan_of(rule_set, days[-1])


def test_columns_of_another_rule_set_are_refused():
    frame = frame_of(programme(), [{}])
    with pytest.raises(ValueError, match="not the facts"):
        evaluate_frame(load_document(document_of({"R": "${seen}"})), frame, AS_OF)
