"""What reaches the C engine stays within the subset and the limits that were found sound."""

import json
import math
from datetime import date

import pytest

from rules import problems
from rules.engine import durable_source
from rules.engine.durable import Program, compile_conditions, compile_rule_set, engine_for
from rules.engine.durable_formula import Fired
from rules.engine.durable_literal import Unencodable, are_distinct, hash_of, literal
from rules.engine.durable_source import GROUP_SIZE, MAX_RESULTS, MAX_TESTS, MAX_USES
from rules.engine.parts import RuleSet
from rules.engine.rule_set import load_document
from rules.engine.values import resolve
from rules.programme import programme_document
from server.problems import Problem
from tests.rules.durable_kit import document_of

AS_OF = date(2026, 3, 15)
DEEP = " and ".join(
    f"(${{age}} = {n} or ${{months}} = {n} or ${{weight}} = {n})" for n in range(12)
)  # 531,441 alternatives when multiplied out


def small(rules: dict[str, str], derived: dict[str, str] | None = None) -> RuleSet:
    return load_document(document_of(rules, derived))


@pytest.fixture(scope="module")
def programme() -> Program:
    return compile_rule_set(load_document(programme_document()))


def conditions_in(source: str) -> list[list[dict]]:
    """For each pattern of each rule its conditions."""
    return [
        next(iter(pattern.values()))["$and"]
        for rule in json.loads(source).values()
        for pattern in rule["all"]
    ]


def test_every_pattern_of_the_programme_begins_with_a_kind(programme: Program):
    """An unguarded $nex would match the engine's own facts, without end."""
    assert all(list(each[0]) == ["kind"] for each in conditions_in(programme.source.text))


def test_only_sound_operators_are_used(programme: Program):
    found = {
        key
        for each in conditions_in(programme.source.text)
        for test in each
        for key in test
        if key.startswith("$")
    }

    assert found <= {"$neq", "$lt", "$lte", "$gt", "$gte", "$ex", "$nex"}


def test_two_fields_are_compared_only_behind_their_guards():
    program = compile_rule_set(small({"R": "${age} > ${months}"}))
    tests = next(
        each for each in conditions_in(program.source.text) if any("$gt" in test for test in each)
    )

    assert [next(iter(test)) for test in tests] == ["kind", "$ex", "$ex", "$gt"]


def test_groups_stay_below_the_stack_of_the_engine(programme: Program):
    rows = [row for row in programme.source.rows if row.group >= 0]
    sizes = [sum(row.group == n for row in rows) for n in range(len(programme.source.groups))]

    assert max(sizes) <= GROUP_SIZE
    assert sum(sizes) == len(rows)


def test_a_deep_condition_grows_by_helpers_instead_of_by_multiplication():
    rule_set = small({"R": DEEP})

    assert len(compile_rule_set(rule_set).source.rows) < 200
    values = resolve(rule_set, {"age": 1, "months": 2, "weight": 3}, AS_OF)
    assert engine_for(rule_set).evaluate(values.env).rules == {"R": "false"}


def test_long_conditions_are_cut_into_helpers_and_stay_right():
    derived = {f"d{n}": f"${{age}} > {n}" for n in range(30)}
    rule_set = small({"R": " and ".join(f"${{d{n}}}" for n in range(30))}, derived)
    engine = engine_for(rule_set)
    longest = max(
        sum(isinstance(leaf, Fired) for leaf in row.leaves) for row in engine.program.source.rows
    )

    assert longest <= MAX_RESULTS
    for age, status in ((31, "true"), (29, "false"), (None, "unknown")):
        values = resolve(rule_set, {"age": age}, AS_OF)
        assert engine.evaluate(values.env).rules == {"R": status}


def test_many_tests_of_one_alternative_are_cut_too():
    rule_set = small({"R": " and ".join(f"${{age}} != {n}" for n in range(90))})
    engine = engine_for(rule_set)

    assert max(len(row.leaves) for row in engine.program.source.rows) <= MAX_TESTS + 1
    for age, status in ((90, "true"), (89, "false"), (0, "false"), (None, "unknown")):
        values = resolve(rule_set, {"age": age}, AS_OF)
        assert engine.evaluate(values.env).rules == {"R": status}


def test_a_result_used_very_often_is_told_under_several_kinds():
    rules = {f"R{n}": f"${{young}} and ${{months}} = {n}" for n in range(300)}
    source = compile_rule_set(small(rules, {"young": "${age} < 6"})).source
    kinds = next(kinds for fired, kinds in source.asserted.items() if fired.name == "young")

    assert len(kinds) == -(-300 // MAX_USES)
    assert max(source.text.count(f'"{kind}"') for kind in kinds) <= MAX_USES + 2


@pytest.mark.parametrize(("limit", "what"), [("MAX_FIRST", "first"), ("MAX_ALTERNATIVES", "alter")])
def test_a_rule_set_beyond_the_engine_is_a_problem_not_a_hang(
    monkeypatch: pytest.MonkeyPatch, limit: str, what: str
):
    monkeypatch.setattr(durable_source, limit, 2)
    with pytest.raises(Problem) as refused:
        compile_rule_set(small({f"R{n}": "${young}" for n in range(3)}, {"young": "${age} < 6"}))

    assert refused.value.kind is problems.DURABLE_LIMIT
    assert refused.value.tokens["what"].startswith(what)


def test_names_that_the_engine_would_confuse_are_told_apart():
    assert hash_of("") == 0x811C9DC5
    assert hash_of("a") == 0xE40C292C
    assert are_distinct([f"f{n}" for n in range(4000)])
    assert not are_distinct(["kind", "f0", "costarring", "liquid"])  # a known FNV-1a pair


@pytest.mark.parametrize(
    ("value", "text"),
    [(1e-07, "0.0000001"), (-3.0, "-3.0"), (12345678.25, "12345678.25"), (True, "true"),
     ("某村", '"某村"'), ("", '""')],
)  # fmt: skip
def test_values_are_written_as_the_engine_reads_them(value: bool | float | str, text: str):
    assert literal(value) == text


@pytest.mark.parametrize(
    "value", [float("inf"), float("nan"), 1e300, 1e-300, 'a"b', "a\\b", "a\nb"]
)
def test_values_that_it_misreads_are_refused(value: float | str):
    with pytest.raises(Unencodable):
        literal(value)


@pytest.mark.parametrize(
    "value", [0.1, 1e-07, -2.5, 3, 2**52, 1 / 3, 9.4, 9.6, 1e15 + 0.125, -(2**53), 1e-40]
)
def test_the_engine_finds_each_number_equal_to_itself_and_to_no_neighbour(value: float):
    engine = engine_for(small({"same": "${weight} = ${age}", "more": "${weight} > ${age}"}))

    equal = engine.evaluate({"weight": float(value), "age": value})
    beside = engine.evaluate({"weight": math.nextafter(value, 1e300), "age": value})

    assert equal.rules == {"same": "true", "more": "false"}
    assert beside.rules == {"same": "false", "more": "true"}


def test_conditions_without_facts_need_no_field():
    program = compile_conditions({}, {"R": small({"R": "true() or ${seen}"}).rules[0].when})

    assert [row.leaves for row in program.source.rows] == [frozenset()]
