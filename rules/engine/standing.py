"""Where a child stands by the rules, without the reasons: statuses, tier and scores, at a tenth of a decision's cost.

In: a rule set and values. Out: what changes a tier or a task, to compare two days, two releases or two engines.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rules.engine.kleene import statuses_of
from rules.engine.parts import RuleSet
from rules.engine.program import Program, program_of
from rules.engine.scoring import tally
from rules.engine.values import Values


@dataclass(frozen=True, slots=True)
class Standing:
    """The outcome that a child would have. `tasks` in the order in which the rules ask for them."""

    tier: str
    possible_tier: str
    score: float
    possible_score: float
    statuses: dict[str, bool | None]
    population: tuple[str, ...]
    tasks: tuple[str, ...]


def standing_of(rule_set: RuleSet, values: Values) -> Standing:
    """The standing for `values` (of `resolve`); equal in every part to the decision of `decide`."""
    program = program_of(rule_set)
    statuses = statuses_of(program, values)
    items = [item for item in program.rules if item.rule.id in statuses]
    true = [item for item in items if statuses[item.rule.id] is True]
    open_ = [item for item in items if statuses[item.rule.id] is None]
    certain = tally(program, true)
    possible = tally(program, open_, certain)
    tasks = dict.fromkeys(use.id for item in true for use in item.rule.tasks)
    if rule_set.ask_for_facts and possible.rank > certain.rank:
        tasks.setdefault(rule_set.ask_for_facts)
    return Standing(
        tier=rule_set.tiers[certain.rank].id,
        possible_tier=rule_set.tiers[possible.rank].id,
        score=certain.score,
        possible_score=possible.score,
        statuses=statuses,
        population=population_of(program, values.env)[0],
        tasks=tuple(tasks),
    )


def population_of(
    program: Program, env: Mapping[str, Any]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The first class that is true with every true tag; and the classes before it and tags that are unknown."""
    certain: list[str] = []
    possible: list[str] = []
    for name, run in program.populations:
        status = run(env)
        if status is True:
            certain.append(name)
            break
        possible.extend([name] if status is None else [])
    for name, run in program.tags:
        status = run(env)
        certain.extend([name] if status is True else [])
        possible.extend([name] if status is None else [])
    return tuple(certain), tuple(possible)
