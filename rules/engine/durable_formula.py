"""Positive formulas for an engine without negation, three to a condition: is true, is false, is unknown.

Strong Kleene logic (design.md §6) as plain algebra: each combinator says when its result is true, when false and when
unknown, in terms of the same three for its operands. For any facts exactly one of the three holds.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TypeAlias


class Rail(StrEnum):
    """The three outcomes of a condition."""

    TRUE = "true"
    FALSE = "false"
    UNKNOWN = "unknown"


Scalar: TypeAlias = bool | float | str


@dataclass(frozen=True, slots=True)
class Test:
    """`field op value`, or `field op other` with a second field; false when a field is absent."""

    field: str
    op: str
    value: Scalar | None = None
    other: str = ""


@dataclass(frozen=True, slots=True)
class Present:
    """The field has a value."""

    field: str


@dataclass(frozen=True, slots=True)
class Absent:
    """The field has none."""

    field: str


@dataclass(frozen=True, slots=True)
class Fired:
    """An earlier result of the engine: `name` came out on `rail`. Names of helpers start with '~'."""

    name: str
    rail: Rail


@dataclass(frozen=True, slots=True, eq=False)
class All:
    """Every part holds; without parts: always. Made by `all_of` only: equal ones are one object."""

    parts: tuple["Formula", ...]


@dataclass(frozen=True, slots=True, eq=False)
class Some:
    """At least one part holds; without parts: never. Made by `some_of` only."""

    parts: tuple["Formula", ...]


Leaf: TypeAlias = Test | Present | Absent | Fired
Formula: TypeAlias = Leaf | All | Some

ALWAYS = All(())
NEVER = Some(())

# Nested conditions share their parts: what "unknown" says of a condition is said of its parts over and over. Compared
# as trees they would double with each level, so a formula is its identity and these give equal parts the same one.
# (Forgetting one costs a repetition in the network, nothing else.)
_all = lru_cache(maxsize=1 << 16)(All)
_some = lru_cache(maxsize=1 << 16)(Some)


def all_of(parts: Iterable[Formula]) -> Formula:
    """The conjunction, flat, without repeats and constants."""
    flat: dict[Formula, None] = {}
    for part in parts:
        if part is NEVER:
            return NEVER
        flat.update(dict.fromkeys(part.parts if isinstance(part, All) else (part,)))
    return ALWAYS if not flat else next(iter(flat)) if len(flat) == 1 else _all(tuple(flat))


def some_of(parts: Iterable[Formula]) -> Formula:
    """The disjunction, flat, without repeats and constants."""
    flat: dict[Formula, None] = {}
    for part in parts:
        if part is ALWAYS:
            return ALWAYS
        flat.update(dict.fromkeys(part.parts if isinstance(part, Some) else (part,)))
    return NEVER if not flat else next(iter(flat)) if len(flat) == 1 else _some(tuple(flat))


@dataclass(frozen=True, slots=True)
class Rails:
    """The three formulas of one condition; exactly one of them holds for any facts."""

    true: Formula
    false: Formula
    unknown: Formula

    def on(self, rail: Rail) -> Formula:
        """The formula of `rail`."""
        return {Rail.TRUE: self.true, Rail.FALSE: self.false}.get(rail, self.unknown)


TRUE = Rails(ALWAYS, NEVER, NEVER)
FALSE = Rails(NEVER, ALWAYS, NEVER)


def negation(arg: Rails) -> Rails:
    """`not(arg)`."""
    return Rails(arg.false, arg.true, arg.unknown)


def conjunction(args: Sequence[Rails]) -> Rails:
    """`a and b and …`: unknown when none is false and one is unknown."""
    not_false = [some_of((arg.true, arg.unknown)) for arg in args]
    unknown = all_of([*not_false, some_of(arg.unknown for arg in args)])
    return Rails(all_of(arg.true for arg in args), some_of(arg.false for arg in args), unknown)


def disjunction(args: Sequence[Rails]) -> Rails:
    """`a or b or …`."""
    return negation(conjunction([negation(arg) for arg in args]))


def first_known(args: Sequence[Rails]) -> Rails:
    """`coalesce(a, b, …)` of conditions."""
    result = args[-1]
    for arg in reversed(args[:-1]):
        true = some_of((arg.true, all_of((arg.unknown, result.true))))
        false = some_of((arg.false, all_of((arg.unknown, result.false))))
        result = Rails(true, false, all_of((arg.unknown, result.unknown)))
    return result


def choice(test: Rails, yes: Rails, no: Rails) -> Rails:
    """`if(test, yes, no)` of conditions: with an unknown test known only where both branches agree."""

    def on(rail: Rail) -> Formula:
        here, there = yes.on(rail), no.on(rail)
        agreed = all_of((test.unknown, here, there))
        return some_of((all_of((test.true, here)), all_of((test.false, there)), agreed))

    split = some_of((all_of((yes.true, no.false)), all_of((yes.false, no.true))))
    open_ = all_of((test.unknown, some_of((yes.unknown, no.unknown, split))))
    decided = (all_of((test.true, yes.unknown)), all_of((test.false, no.unknown)))
    return Rails(on(Rail.TRUE), on(Rail.FALSE), some_of((*decided, open_)))


def same(left: Rails, right: Rails) -> Rails:
    """`left = right` of two conditions."""
    return Rails(
        some_of((all_of((left.true, right.true)), all_of((left.false, right.false)))),
        some_of((all_of((left.true, right.false)), all_of((left.false, right.true)))),
        some_of((left.unknown, right.unknown)),
    )
