"""The three-valued evaluator: values -> the status of every rule (design.md §6; why it is ours: §4,
`Two engines`).

Status True: the rule fires. False: it does not, whatever else is learned. None: unknown, it widens
the possible range.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from rules.engine.closures import TODAY, Run, compile_tree
from rules.engine.parts import RuleSet
from rules.engine.program import Program, program_of
from rules.engine.values import Values
from rules.language.ast import Expr, facts_of


@dataclass(frozen=True, slots=True)
class Evaluated:
    """`statuses` by rule id, in the order of the document; rules that are off or not in force are
    left out."""

    values: Values
    statuses: dict[str, bool | None]


def evaluate(rule_set: RuleSet, values: Values) -> Evaluated:
    """The status of every rule in force on the values' day. Pure, total, deterministic."""
    return Evaluated(values, statuses_of(program_of(rule_set), values))


def statuses_of(program: Program, values: Values) -> dict[str, bool | None]:
    """The statuses by rule id of a compiled rule set."""
    env, day = values.env, values.as_of
    return {item.rule.id: item.run(env) for item in program.rules if item.rule.in_force(day)}


def holds(
    tree: Expr, answers: Mapping[str, Any], as_of: date, neutral: frozenset[str] = frozenset()
) -> bool | None:
    """Whether the raw `answers` of one submission meet `tree` (a task's or fact's `close`,
    `cleared_by`); None: unknown.

    Answers are JSON values: text, numbers, booleans (yes/no), lists of codes. Never raises for what
    they hold.
    """
    run, names = _loose(tree, neutral)
    env = {name: _raw(answers[name]) for name in names if name in answers}
    result = run({**env, TODAY: as_of})
    return result if isinstance(result, bool) else None


@lru_cache(maxsize=1024)
def _loose(tree: Expr, neutral: frozenset[str]) -> tuple[Run, frozenset[str]]:
    """The condition as a function, and the questions that it reads."""
    return compile_tree(tree, neutral, loose=True), facts_of(tree)


def _raw(value: Any) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple | set | frozenset):
        return tuple(sorted(map(str, value))) or None
    return None if value == "" or isinstance(value, dict) else value
