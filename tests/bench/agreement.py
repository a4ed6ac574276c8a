"""Do three engines say the same? Half of the children are the programme's, half those of random rule sets, a hundred
to each; every status, and for the two of our own every tier, score, task and derived fact.

    python -m tests.bench.engines --agree 100000
"""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rules.engine.durable import Engine, engine_for
from rules.engine.durable_answer import OK, DurableAnswer
from rules.engine.durable_compare import compare
from rules.engine.durable_literal import Unencodable
from rules.engine.durable_process import DurableProcess
from rules.engine.kleene import evaluate
from rules.engine.parts import RuleSet
from rules.engine.rule_set import load_document
from rules.engine.values import resolve
from rules.programme import programme_document
from tests.rules.bulk_kit import AS_OF, RandomChildren, RandomRuleSets, differences
from tests.rules.durable_facts import RandomFacts
from tests.rules.durable_kit import RandomConditions

Children = Sequence[Mapping[str, Any]]
_CHUNK, _EACH = 5_000, 100


@dataclass(slots=True)
class Tally:
    """What was compared, and what differed."""

    children: int = 0
    rule_sets: int = 0
    bulk: int = 0  # differences between the columns and the one-child engine
    durable: int = 0  # children whom durable-rules sees differently
    refused: int = 0  # children with a value that durable-rules cannot take: no second opinion


def agree(children: int) -> None:
    """Compare the engines on so many children and print what differs."""
    tally, begun = Tally(), time.perf_counter()
    half = children // 2
    on_the_programme(tally, half)
    print(f"programme: {tally}, {time.perf_counter() - begun:.0f} s")
    for seed in range((children - half) // _EACH):
        on_a_random_rule_set(tally, seed)
    print(f"together: {tally}, {time.perf_counter() - begun:.0f} s")


def on_the_programme(tally: Tally, count: int) -> None:
    """Random children of the programme."""
    document = programme_document()
    rule_set = load_document(document)
    tally.rule_sets += 1
    with DurableProcess(json.dumps(document), evaluations=10**9) as process:
        process.start()
        for chunk in chunks(RandomFacts(rule_set, 17, AS_OF), count):
            note(tally, rule_set, chunk)
            answers = process.evaluate_many([(facts, AS_OF) for facts in chunk])
            tally.durable += sum(
                answer.state != OK or bool(compare(evaluated(rule_set, facts), answer))
                for facts, answer in zip(chunk, answers, strict=True)
            )


def chunks(facts: RandomFacts, count: int) -> Iterator[Children]:
    """So many children, some thousands at a time."""
    for start in range(0, count, _CHUNK):
        yield [facts.draw() for _ in range(min(_CHUNK, count - start))]


def on_a_random_rule_set(tally: Tally, seed: int) -> None:
    """By turns a rule set of everything that durable-rules knows, and one of all that the language knows."""
    if seed % 2:
        rule_set = load_document(RandomConditions(seed).document())
        facts = RandomFacts(rule_set, seed, AS_OF)
        children: Children = [facts.draw() for _ in range(_EACH)]
    else:
        rule_set = load_document(RandomRuleSets(seed).document())
        children = RandomChildren(rule_set, seed).draw(_EACH)
    tally.rule_sets += 1
    note(tally, rule_set, children)
    engine = engine_for(rule_set)
    for child in children:
        second_opinion(tally, rule_set, engine, child)


def second_opinion(
    tally: Tally, rule_set: RuleSet, engine: Engine, child: Mapping[str, Any]
) -> None:
    """Ask durable-rules."""
    try:
        outcome = engine.evaluate(resolve(rule_set, child, AS_OF).env)
    except (Unencodable, UnicodeEncodeError):
        tally.refused += 1
        return
    answer = DurableAnswer(OK, outcome.rules, outcome.derived)
    tally.durable += bool(compare(evaluated(rule_set, child), answer))


def note(tally: Tally, rule_set: RuleSet, children: Children) -> None:
    """Compare the columns."""
    found = differences(rule_set, children)
    tally.children += len(children)
    tally.bulk += len(found)
    for text in found[:3]:
        print(text)


def evaluated(rule_set: RuleSet, facts: Mapping[str, Any]) -> Any:
    """The one-child engine's answer."""
    return evaluate(rule_set, resolve(rule_set, facts, AS_OF))
