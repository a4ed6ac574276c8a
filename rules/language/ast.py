"""The syntax tree of a condition (design.md §6): nodes, static types, and what a tree reads.

`parser.parse` builds untyped trees (`type is None`), `check.check` returns the same tree with every
`type` filled. Spans are [start, end) offsets into the text. Neither span nor type takes part in
equality, so `parse(to_text(tree)) == tree`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import TypeAlias

# A known value. An unknown one is None or absent. select_multiple is a tuple of codes; yes_no is a
# bool; a time is an aware datetime (a naive one is read as the site's zone).
Value: TypeAlias = bool | int | float | str | date | datetime | tuple[str, ...]

Span: TypeAlias = tuple[int, int]


class Kind(StrEnum):
    """The static types; the strings are those of a rule-set document's `type`."""

    NUMBER = "number"
    INTEGER = "integer"
    DATE = "date"
    TIME = "time"
    YES_NO = "yes_no"
    SELECT_ONE = "select_one"
    SELECT_MULTIPLE = "select_multiple"
    TEXT = "text"

    @property
    def is_numeric(self) -> bool:
        """Whether arithmetic and ordering with numbers make sense."""
        return self in (Kind.NUMBER, Kind.INTEGER)

    @property
    def is_select(self) -> bool:
        """Whether values are codes of a choice list."""
        return self in (Kind.SELECT_ONE, Kind.SELECT_MULTIPLE)


@dataclass(frozen=True, slots=True)
class Type:
    """A static type; `codes` in list order when `kind` is a select (empty: any code will do)."""

    kind: Kind
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Literal:
    """A quoted string, an integer or a decimal. A negative number is Negate(Literal)."""

    value: str | int | float
    span: Span = field(default=(0, 0), compare=False)
    type: Type | None = field(default=None, compare=False)

    def __eq__(self, other: object) -> bool:
        """1 and 1.0 are different literals: the text differs, and so does the type."""
        if not isinstance(other, Literal):
            return NotImplemented
        return type(self.value) is type(other.value) and self.value == other.value

    def __hash__(self) -> int:
        return hash((type(self.value).__name__, self.value))


@dataclass(frozen=True, slots=True)
class FactRef:
    """`${name}`: a fact, a derived fact or a parameter."""

    name: str
    span: Span = field(default=(0, 0), compare=False)
    type: Type | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Compare:
    """`left op right` with op one of = != < <= > >=. Never chained."""

    op: str
    left: "Expr"
    right: "Expr"
    span: Span = field(default=(0, 0), compare=False)
    type: Type | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class And:
    """Two or more conditions joined by `and`, flat; a bracketed `and` inside stays its own node."""

    args: tuple["Expr", ...]
    span: Span = field(default=(0, 0), compare=False)
    type: Type | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Or:
    """Two or more conditions joined by `or`, flat."""

    args: tuple["Expr", ...]
    span: Span = field(default=(0, 0), compare=False)
    type: Type | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Not:
    """`not(arg)`."""

    arg: "Expr"
    span: Span = field(default=(0, 0), compare=False)
    type: Type | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Arith:
    """`left op right` with op one of + - * div mod, left-associative."""

    op: str
    left: "Expr"
    right: "Expr"
    span: Span = field(default=(0, 0), compare=False)
    type: Type | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Negate:
    """`-arg`."""

    arg: "Expr"
    span: Span = field(default=(0, 0), compare=False)
    type: Type | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Call:
    """A function of `functions.FUNCTIONS` with its arguments; `true()` and `date('…')` too."""

    name: str
    args: tuple["Expr", ...] = ()
    span: Span = field(default=(0, 0), compare=False)
    type: Type | None = field(default=None, compare=False)


Expr: TypeAlias = Literal | FactRef | Compare | And | Or | Not | Arith | Negate | Call


def children(node: Expr) -> tuple[Expr, ...]:
    """The direct operands of `node`, left to right."""
    match node:
        case Literal() | FactRef():
            return ()
        case And(args=args) | Or(args=args) | Call(args=args):
            return args
        case Not(arg=arg) | Negate(arg=arg):
            return (arg,)
        case Compare(left=left, right=right) | Arith(left=left, right=right):
            return (left, right)


def walk(node: Expr) -> Iterator[Expr]:
    """`node` and everything below it, depth first, left to right."""
    yield node
    for child in children(node):
        yield from walk(child)


def facts_of(tree: Expr) -> frozenset[str]:
    """The names that `tree` refers to as `${name}` (facts, derived facts and parameters alike)."""
    return frozenset(node.name for node in walk(tree) if isinstance(node, FactRef))
