"""Given facts -> every value an expression can read, as of a day (design.md §6, value semantics).

Order: parameters in force on the day, the given facts, then defaults and derived facts, each after
what it reads.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from rules import problems
from rules.engine.closures import LARGEST, TODAY, Run
from rules.engine.coerce import coerce
from rules.engine.parts import Fact, RuleSet
from rules.engine.program import Program, program_of
from rules.language.ast import Kind, Value
from rules.language.names import did_you_mean
from server.problems import Phrase, Place, Problem
from server.problems import gettext_noop as _


@dataclass(frozen=True, slots=True)
class Values:
    """What is known on the day `as_of`. `env` has every known name and the day itself under
    `TODAY`; `defaulted` are the facts that nobody answered and that count as their `otherwise`;
    `idle` those that do not apply."""

    as_of: date
    env: Mapping[str, Any]
    defaulted: frozenset[str] = frozenset()
    idle: frozenset[str] = frozenset()

    def get(self, name: str) -> Value | None:
        """The value of a fact, derived fact or parameter; None when unknown."""
        value: Value | None = self.env.get(name)
        return value


def resolve(rule_set: RuleSet, raw: Mapping[str, Any], as_of: date) -> Values:
    """The values on `as_of` (site's day). `raw` maps facts to values, None or absent being unknown;
    ISO text stands for dates, a list for a selection. Raises UNKNOWN_FACT for other names,
    FACT_VALUE for values of another type."""
    env: dict[str, Any] = {TODAY: as_of}
    for name, parameter in rule_set.parameters.items():
        env[name] = parameter.on(as_of)
    facts = rule_set.facts
    for name, given in raw.items():
        fact = facts.get(name)
        if fact is None:
            raise unknown_fact(rule_set, name)
        env[name] = given if _fits(fact, given) else read_fact(fact, given)
    return compute(program_of(rule_set), env)


def compute(program: Program, env: dict[str, Any]) -> Values:
    """Fill `env` (taken over) with defaults and derived facts."""
    defaulted, idle = set(), set()
    for step in program.steps:
        if step.is_derived:
            env[step.name] = step.run(env) if step.run else None
        elif env.get(step.name) is None and applies(step.run, env) is False:
            idle.add(step.name)
            if step.otherwise is not None:
                env[step.name] = step.otherwise
                defaulted.add(step.name)
    return Values(env[TODAY], env, frozenset(defaulted), frozenset(idle))


def applies(run: Run | None, env: Mapping[str, Any]) -> bool | None:
    """Whether a fact with a default is to be asked; without a condition it never needs to be."""
    return False if run is None else run(env)


def _fits(fact: Fact, given: object) -> bool:
    """Whether `given` is already of the fact's type: the fast way past `coerce`."""
    if type(given) is str:
        return fact.type.kind is Kind.SELECT_ONE and given in fact.type.codes
    if type(given) is bool:
        return fact.type.kind is Kind.YES_NO
    if type(given) is int:
        return fact.type.kind is Kind.INTEGER and -LARGEST <= given <= LARGEST
    return False


def read_fact(fact: Fact, given: object) -> Value | None:
    """`given` as a value of `fact`, None for unknown. Raises FACT_VALUE for another type."""
    try:
        return coerce(fact.type, given)
    except (ValueError, TypeError, OverflowError):
        raise Problem(
            problems.FACT_VALUE,
            places=(Place(path=fact.name),),
            name=fact.name,
            value=repr(given)[:80],
            type=fact.type.kind.value,
        ) from None


def unknown_fact(rule_set: RuleSet, name: object) -> Problem:
    """What to say of a value given for `name`, which is no fact of `rule_set`."""
    text = str(name)[:80]
    cure = did_you_mean(text, rule_set.facts)
    if any(derived.name == name for derived in rule_set.derived):
        cure = Phrase(_("It is computed from other facts and cannot be given."))
    return Problem(problems.UNKNOWN_FACT, places=(Place(path=text),), name=text, cure=cure)
