"""Two engines, one answer (design.md §1.6): for all rules and all yes/no derived facts, whatever is known."""

import os
import time
from collections.abc import Mapping
from datetime import date

import pytest

from rules.engine import durable_source
from rules.engine.durable import Engine, engine_for
from rules.engine.durable_answer import OK, DurableAnswer
from rules.engine.durable_compare import compare
from rules.engine.kleene import Evaluated, evaluate
from rules.engine.parts import RuleSet
from rules.engine.rule_set import load_document
from rules.engine.values import resolve
from rules.programme import programme_document
from tests.rules.durable_facts import RandomFacts
from tests.rules.durable_kit import RandomConditions, document_of

AS_OF = date(2026, 3, 15)
CHILDREN = int(os.environ.get("ANHU_AGREE_CHILDREN", "500"))  # 10,000 for a release: a minute


def opinions(
    rule_set: RuleSet, engine: Engine, facts: Mapping[str, object]
) -> tuple[Evaluated, DurableAnswer]:
    """What each engine says about the same facts."""
    values = resolve(rule_set, facts, AS_OF)
    outcome = engine.evaluate(values.env)
    return evaluate(rule_set, values), DurableAnswer(OK, outcome.rules, outcome.derived)


def test_engines_agree_on_children_of_the_programme():
    rule_set = load_document(programme_document())
    engine, facts = engine_for(rule_set), RandomFacts(rule_set, 20170222, AS_OF)
    seen: dict[str, set[str]] = {}

    for _ in range(CHILDREN):
        child = facts.draw()
        kleene, durable = opinions(rule_set, engine, child)
        assert compare(kleene, durable) == (), child
        for name, status in {**durable.statuses, **durable.derived}.items():
            seen.setdefault(name, set()).add(status)

    assert len(engine.program.rules) == 70
    one_sided = {name: found for name, found in seen.items() if len(found) < 2}
    assert not one_sided  # otherwise the agreement would say little


@pytest.mark.parametrize("seed", range(40))
def test_engines_agree_on_random_rule_sets(seed: int):
    rule_set = load_document(RandomConditions(seed).document())
    engine, facts = engine_for(rule_set), RandomFacts(rule_set, seed, AS_OF)

    for _ in range(40):
        child = facts.draw()
        assert compare(*opinions(rule_set, engine, child)) == (), child


@pytest.mark.parametrize("seed", range(100, 112))
def test_engines_agree_when_every_limit_is_tight(monkeypatch: pytest.MonkeyPatch, seed: int):
    """Helpers within helpers, a group for nearly every alternative, several kinds for a result."""
    for limit in ("MAX_EXPANSION", "MAX_TESTS", "MAX_RESULTS", "MAX_USES", "GROUP_SIZE"):
        monkeypatch.setattr(durable_source, limit, 2)
    monkeypatch.setattr(durable_source, "GROUP_FIELDS", 4)
    rule_set = load_document(RandomConditions(seed).document(derived=2, rules=2))
    engine, facts = engine_for(rule_set), RandomFacts(rule_set, seed, AS_OF)

    for _ in range(40):
        child = facts.draw()
        assert compare(*opinions(rule_set, engine, child)) == (), child


@pytest.mark.parametrize(
    ("level", "levels"),
    [
        ("if({inner}, ${{age}} = {n}, ${{months}} > {n})", 25),
        ("if(${{age}} = {n}, {inner}, ${{months}} > {n})", 25),
        ("(({inner}) = (${{age}} > {n}))", 25),
        ("(${{age}} = {n} or ${{months}} > {n} and not({inner}))", 15),
    ],
)
def test_a_deeply_nested_condition_is_compiled_at_once(level: str, levels: int):
    """Each level speaks of the one below in three ways: as trees, that is 3 to the 25th."""
    condition = "${seen}"
    for n in range(levels):
        condition = level.format(inner=condition, n=n)
    rule_set = load_document(document_of({"R": condition}))
    begun = time.process_time()
    engine = engine_for(rule_set)

    assert time.process_time() - begun < 2
    facts = RandomFacts(rule_set, 1, AS_OF)
    for _ in range(40):
        child = facts.draw()
        assert compare(*opinions(rule_set, engine, child)) == (), child


def test_an_engine_with_a_flaw_is_caught():
    sound = load_document(document_of({"R": "${age} >= 3"}))
    flawed = engine_for(load_document(document_of({"R": "${age} > 3"})))

    kleene, durable = opinions(sound, flawed, {"age": 3})
    differences = compare(kleene, durable)

    assert [(each.what, each.name, each.kleene, each.durable) for each in differences] == [
        ("rule", "R", "true", "false")
    ]


def test_a_large_rule_set_is_held_and_agreed_on():
    """Four hundred rules on one derived fact: more uses than one node of the network survives."""
    rules = {f"R{n}": f"${{young}} and ${{months}} > {n} and not(${{fed}})" for n in range(400)}
    rule_set = load_document(document_of(rules, {"young": "${age} < 6"}))
    engine = engine_for(rule_set)

    for facts in ({"age": 3, "months": 200, "fed": False}, {"age": 3}, {"age": 9}, {}):
        assert compare(*opinions(rule_set, engine, facts)) == ()
