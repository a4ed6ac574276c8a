"""Checked conditions -> formulas over the fields of a flat fact (durable_formula.py).

`not` is pushed down to the comparisons: not (a < b) is a >= b, and both need a known a. Comparisons of answers with
literals or with each other, choices, known() and every combination of conditions are the engine's own work. Anything
else (arithmetic, dates, counts, texts) becomes a field that the encoder fills with the language's value evaluator:
the second opinion is independent in its logic and its comparisons, not in its arithmetic.
"""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from rules.engine.durable_formula import (
    FALSE,
    NEVER,
    TRUE,
    Absent,
    Fired,
    Present,
    Rail,
    Rails,
    Test,
    choice,
    conjunction,
    disjunction,
    first_known,
    negation,
    same,
    some_of,
)
from rules.engine.durable_literal import LARGEST_INTEGER, is_plain
from rules.language.ast import (
    And,
    Call,
    Compare,
    Expr,
    FactRef,
    Kind,
    Literal,
    Negate,
    Not,
    Or,
    Type,
)

FLIPPED = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
NEGATED = {"=": "!=", "!=": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_PYTHON: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Encoding(StrEnum):
    """How a value is written into a field; CODE: is the code among the answers; KNOWN: is there a value."""

    NUMBER = "number"
    DAY = "day"
    TEXT = "text"
    YES_NO = "yes_no"
    CODE = "code"
    KNOWN = "known"


_ENCODINGS = {
    Kind.NUMBER: Encoding.NUMBER,
    Kind.INTEGER: Encoding.NUMBER,
    Kind.DATE: Encoding.DAY,
    Kind.TEXT: Encoding.TEXT,
    Kind.SELECT_ONE: Encoding.TEXT,
    Kind.YES_NO: Encoding.YES_NO,
}
_ORDERED = (Encoding.NUMBER, Encoding.DAY)


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the flat fact: what `tree` gives, absent when that is unknown."""

    tree: Expr
    encoding: Encoding
    code: str = ""


@dataclass(slots=True)
class Translator:
    """Translates conditions; collects the fields that they need and gives them short names.

    `derived` are the yes/no derived facts, which the engine works out itself.
    """

    derived: frozenset[str]
    fields: dict[Field, str] = field(default_factory=dict)

    def rails(self, tree: Expr) -> Rails:
        """The three formulas of the condition `tree`."""
        match tree:
            case And(args=args):
                return conjunction([self.rails(arg) for arg in args])
            case Or(args=args):
                return disjunction([self.rails(arg) for arg in args])
            case Not(arg=arg):
                return negation(self.rails(arg))
            case Compare():
                return self.compared(tree)
            case Call():
                return self.called(tree)
            case FactRef(name=name) if name in self.derived:
                return Rails(*(Fired(name, rail) for rail in Rail))
            case _:
                return self.yes_no(tree)

    def called(self, call: Call) -> Rails:
        """A function that gives yes or no."""
        match call:
            case Call(name="true" | "false" as name):
                return TRUE if name == "true" else FALSE
            case Call(name="known", args=(arg,)):
                return self.known(arg)
            case Call(name="unknown", args=(arg,)):
                return negation(self.known(arg))
            case Call(name="coalesce", args=args):
                return first_known([self.rails(arg) for arg in args])
            case Call(name="if", args=(test, yes, no)):
                return choice(self.rails(test), self.rails(yes), self.rails(no))
            case Call(name="selected", args=(arg, Literal(value=str() as code))):
                return self.selected(call, arg, (code,))
            case Call(name="selected-any", args=(arg, Literal(value=str() as codes))):
                return self.selected(call, arg, tuple(codes.split()))
            case _:
                return self.yes_no(call)

    def selected(self, call: Call, arg: Expr, codes: tuple[str, ...]) -> Rails:
        """Whether one of `codes` was chosen: a test of equality, or one yes/no field per code."""
        match arg:
            case Call(name="coalesce", args=args) if kind_of(arg) is Kind.SELECT_ONE:
                return first_known([self.selected(call, each, codes) for each in args])
            case Literal(value=value) if kind_of(arg) is not Kind.SELECT_MULTIPLE:
                return TRUE if value in codes else FALSE
        if kind_of(arg) is Kind.SELECT_MULTIPLE:
            return disjunction(
                [self.tested(Field(arg, Encoding.CODE, c), "=", True) for c in codes]
            )
        if kind_of(arg) is Kind.SELECT_ONE and all(map(is_plain, codes)):
            one_of = Field(arg, Encoding.TEXT)
            return disjunction([self.tested(one_of, "=", code) for code in codes])
        return self.yes_no(Call(call.name, (arg, call.args[1]), type=Type(Kind.YES_NO)))

    def compared(self, tree: Compare) -> Rails:
        """`left op right`, with the literal on the right where there is one."""
        if kind_of(tree.left) is Kind.YES_NO and kind_of(tree.right) is Kind.YES_NO:
            equal = same(self.rails(tree.left), self.rails(tree.right))
            return (
                equal
                if tree.op == "="
                else negation(equal)
                if tree.op == "!="
                else self.yes_no(tree)
            )
        if constant_of(tree.right) is not None:
            return self.against(tree.op, tree.left, tree.right)
        if constant_of(tree.left) is not None:
            return self.against(FLIPPED[tree.op], tree.right, tree.left)
        return self.of_two(tree)

    def against(self, op: str, term: Expr, literal: Expr) -> Rails:
        """`term op literal`. `coalesce` is looked into: its first known argument is compared."""
        match term:
            case Call(name="coalesce", args=args):
                return first_known([self.against(op, arg, literal) for arg in args])
        here, value, encoding = constant_of(term), constant_of(literal), encoding_of(term)
        if here is not None and type(here) is type(value):
            return TRUE if _PYTHON[op](here, value) else FALSE
        if value is None or encoding is None or not fits(encoding, op, value):
            return self.yes_no(Compare(op, term, literal, type=Type(Kind.YES_NO)))
        return self.tested(Field(term, encoding), op, encoded(value))

    def of_two(self, tree: Compare) -> Rails:
        """`left op right` of two terms: the engine compares numbers and days, texts come compared."""
        encoding = encoding_of(tree.left)
        if encoding not in _ORDERED or encoding_of(tree.right) is not encoding:
            return self.yes_no(tree)
        names = [self.name(Field(side, encoding)) for side in (tree.left, tree.right)]
        return Rails(
            Test(names[0], tree.op, other=names[1]),
            Test(names[0], NEGATED[tree.op], other=names[1]),
            some_of(Absent(name) for name in names),
        )

    def known(self, tree: Expr) -> Rails:
        """Whether `tree` has a value: two-valued."""
        if kind_of(tree) is Kind.YES_NO:
            rails = self.rails(tree)
            return Rails(some_of((rails.true, rails.false)), rails.unknown, NEVER)
        name = self.name(Field(tree, Encoding.KNOWN))
        return Rails(Present(name), Absent(name), NEVER)

    def yes_no(self, tree: Expr) -> Rails:
        """A condition that the encoder answers."""
        return self.tested(Field(tree, Encoding.YES_NO), "=", True)

    def tested(self, wanted: Field, op: str, value: bool | float | str) -> Rails:
        """`field op value`, its opposite, and the field's absence."""
        name = self.name(wanted)
        if isinstance(value, bool):
            return Rails(Test(name, "=", value), Test(name, "=", not value), Absent(name))
        return Rails(Test(name, op, value), Test(name, NEGATED[op], value), Absent(name))

    def name(self, wanted: Field) -> str:
        """The short name of a field, the same for the same tree."""
        return self.fields.setdefault(wanted, f"f{len(self.fields)}")


def constant_of(tree: Expr) -> float | str | date | None:
    """The value of a tree that reads nothing: a literal, a negative number or date('…'); else None."""
    match tree:
        case Literal(value=str() as text):
            return text
        case Literal(value=(int() | float()) as value):
            return number(value)
        case Negate(arg=Literal(value=(int() | float()) as value)):
            return number(-value)
        case Call(name="date", args=(Literal(value=str() as text),)):
            try:
                return date.fromisoformat(text)
            except ValueError:
                return None
        case _:
            return None


def number(value: int | float) -> float | None:
    """`value` as the engine can hold it without loss."""
    return float(value) if abs(value) <= LARGEST_INTEGER else None


def fits(encoding: Encoding, op: str, value: float | str | date) -> bool:
    """Whether the engine itself can compare a field of `encoding` with `value`."""
    match encoding, value:
        case Encoding.NUMBER, float():
            return True
        case Encoding.DAY, date():
            return True
        case Encoding.TEXT, str():
            return op in ("=", "!=") and is_plain(value)
        case _:
            return False


def encoded(value: float | str | date) -> float | str:
    """A literal as it stands in a field: days are counted from year 1."""
    return float(value.toordinal()) if isinstance(value, date) else value


def kind_of(tree: Expr) -> Kind | None:
    """The static kind of a checked tree."""
    return tree.type.kind if tree.type else None


def encoding_of(tree: Expr) -> Encoding | None:
    """How values of `tree` go into a field; None for times and lists of codes."""
    kind = kind_of(tree)
    return _ENCODINGS.get(kind) if kind else None
