"""A RuleSet made ready to run: every condition compiled once, ids turned into ranks, and who reads
what."""

from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from rules.engine.closures import Run, compile_tree
from rules.engine.parts import Rule, RuleSet
from rules.language.ast import Expr, facts_of


@dataclass(frozen=True, slots=True)
class Step:
    """One name to compute: a derived fact, or a fact with `otherwise` where `run` (applies) is
    false."""

    name: str
    run: Run | None
    is_derived: bool
    otherwise: Any
    tree: Expr | None


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule with its condition as a function; `floor` is the rank of its tier, 0 without one."""

    rule: Rule
    run: Run
    dimension: int
    score: float
    floor: int


@dataclass(frozen=True, slots=True)
class Program:
    """The compiled rule set; `steps` in the order of computing."""

    steps: tuple[Step, ...]
    rules: tuple[CompiledRule, ...]
    populations: tuple[tuple[str, Run], ...]
    tags: tuple[tuple[str, Run], ...]
    caps: tuple[float | None, ...]
    bands: tuple[tuple[float, int], ...]  # (lowest score, rank), highest first
    step_of: dict[str, Step] = field(default_factory=dict)
    readers: dict[str, tuple[int, ...]] = field(
        default_factory=dict
    )  # name -> rules, through steps
    # rule id -> indexes of the steps it reads, through steps
    steps_of: dict[str, frozenset[int]] = field(default_factory=dict)


_programs: "WeakKeyDictionary[RuleSet, Program]" = WeakKeyDictionary()


def program_of(rule_set: RuleSet) -> Program:
    """The program of `rule_set`, compiled at first use and kept as long as the rule set lives."""
    program = _programs.get(rule_set)
    if program is None:
        program = _programs[rule_set] = _compile(rule_set)
    return program


def _compile(rule_set: RuleSet) -> Program:
    neutral = rule_set.neutral_codes
    ranks = {tier.id: tier.rank for tier in rule_set.tiers}
    dimensions = {item.id: index for index, item in enumerate(rule_set.dimensions)}
    steps = _steps(rule_set)
    rules = tuple(
        CompiledRule(
            rule,
            compile_tree(rule.when, neutral),
            dimensions[rule.dimension],
            rule.score,
            ranks[rule.floor] if rule.floor else 0,
        )
        for rule in rule_set.rules
    )
    bands = [(tier.min_score, tier.rank) for tier in rule_set.tiers if tier.min_score is not None]
    return Program(
        steps=steps,
        rules=rules,
        populations=tuple(
            (group.id, compile_tree(group.when, neutral)) for group in rule_set.populations
        ),
        tags=tuple((group.id, compile_tree(group.when, neutral)) for group in rule_set.tags),
        caps=tuple(dimension.cap for dimension in rule_set.dimensions),
        bands=tuple(sorted(bands, reverse=True)),
        step_of={step.name: step for step in steps},
        readers=_readers(steps, rules),
        steps_of=_steps_of(steps, rules),
    )


def _steps(rule_set: RuleSet) -> tuple[Step, ...]:
    derived = {item.name: item for item in rule_set.derived}
    steps = []
    for name in rule_set.steps:
        if name in derived:
            tree: Expr | None = derived[name].expr
            otherwise = None
        else:
            tree, otherwise = rule_set.facts[name].applies, rule_set.facts[name].otherwise
        run = None if tree is None else compile_tree(tree, rule_set.neutral_codes)
        steps.append(Step(name, run, name in derived, otherwise, tree))
    return tuple(steps)


def _readers(
    steps: tuple[Step, ...], rules: tuple[CompiledRule, ...]
) -> dict[str, tuple[int, ...]]:
    """For each name the indexes of the rules whose status may depend on it."""
    readers: dict[str, set[int]] = {}
    for index, rule in enumerate(rules):
        for name in facts_of(rule.rule.when):
            readers.setdefault(name, set()).add(index)
    for step in reversed(steps):
        behind = readers.get(step.name, set())
        for name in facts_of(step.tree) if step.tree else ():
            readers.setdefault(name, set()).update(behind)
    return {name: tuple(sorted(found)) for name, found in readers.items()}


def _steps_of(
    steps: tuple[Step, ...], rules: tuple[CompiledRule, ...]
) -> dict[str, frozenset[int]]:
    """For each rule the indexes of the steps that its condition rests on."""
    behind: dict[str, frozenset[int]] = {}
    for index, step in enumerate(steps):  # a step reads only what was computed before it
        names = facts_of(step.tree) if step.tree else ()
        behind[step.name] = frozenset({index}).union(*(behind.get(name, ()) for name in names))
    return {
        item.rule.id: frozenset().union(
            *(behind.get(name, ()) for name in facts_of(item.rule.when))
        )
        for item in rules
    }
