"""A filter's syntax tree -> a condition on rows, and `$orderby` -> an order.

Times are stored to the microsecond and told to the millisecond; they are compared as they are told,
or whoever asks for what came after the last record would get that record again.
Equality is two-valued (null eq null is true); the other comparisons with null are neither true nor
false, as in SQL and in Central.
"""

import operator
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import F, OrderBy, Q, Value
from django.db.models.functions import (
    ExtractDay,
    ExtractHour,
    ExtractMinute,
    ExtractMonth,
    ExtractSecond,
    ExtractYear,
)
from django.db.models.lookups import (
    Exact,
    GreaterThan,
    GreaterThanOrEqual,
    IsNull,
    LessThan,
    LessThanOrEqual,
)

from exports.filters.grammar import (
    Call,
    Compare,
    Constant,
    Field,
    Join,
    Literal,
    Node,
    Not,
    fields_in,
    parse_filter,
    read_moment,
)
from exports.problems import FILTER_FEATURE, FILTER_FIELD, FILTER_SYNTAX, FILTER_TYPES, SORT_SYNTAX
from server import clock
from server.problems import Problem

TEXT, NUMBER, TIME, TRUTH, KEY = "text", "number", "time", "truth", "uuid"
ALWAYS, NEVER = ~Q(pk__in=[]), Q(pk__in=[])
_TICK = timedelta(milliseconds=1)
_LARGEST = 2**63
_PARTS = {
    "year": ExtractYear,
    "month": ExtractMonth,
    "day": ExtractDay,
    "hour": ExtractHour,
    "minute": ExtractMinute,
    "second": ExtractSecond,
}
_LOOKUPS: dict[str, Any] = {
    "lt": LessThan,
    "le": LessThanOrEqual,
    "gt": GreaterThan,
    "ge": GreaterThanOrEqual,
}
_CONSTANTLY: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}
_MIRRORED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le", "eq": "eq", "ne": "ne"}


@dataclass(frozen=True, slots=True)
class Column:
    """A property that can be filtered and sorted by: where it is stored, and its kind."""

    lookup: str
    kind: str


Columns = Mapping[str, Column]


@dataclass(frozen=True, slots=True)
class Condition:
    """A filter, ready: `is_about` tells which properties it reads."""

    query: Q
    fields: frozenset[str] = frozenset()

    def is_about(self, path: str) -> bool:
        """Whether the property (with or without a prefix) is read."""
        return any(one == path or one.endswith(f"/{path}") for one in self.fields)


EVERYTHING = Condition(Q())


def condition_of(text: str | None, columns: Columns) -> Condition:
    """The condition that a `$filter` states; none is always true. Problems: those of
    `parse_filter`, FILTER_FIELD, FILTER_TYPES, FILTER_FEATURE.
    """
    if text is None or not text.strip():
        return EVERYTHING
    tree = parse_filter(text)
    return Condition(_truth(tree, columns), frozenset(fields_in(tree)))


def order_of(text: str, columns: Columns) -> list[OrderBy]:
    """What a `$orderby` asks for; nulls first when ascending, the key last so that the order is
    whole. Problems: FILTER_FIELD, SORT_SYNTAX.
    """
    found: list[OrderBy] = []
    for clause in text.split(","):
        words = clause.split()
        direction = words[1].lower() if len(words) == 2 else "asc"
        if not 1 <= len(words) <= 2 or direction not in ("asc", "desc"):
            raise Problem(SORT_SYNTAX, text=clause.strip()[:80])
        found.append(_ordered(_column(words[0], columns).lookup, direction == "desc"))
    return [*found, OrderBy(F("pk"), descending=found[0].descending)]


def _ordered(lookup: str, is_falling: bool) -> OrderBy:
    if is_falling:
        return OrderBy(F(lookup), descending=True, nulls_last=True)
    return OrderBy(F(lookup), nulls_first=True)


@dataclass(frozen=True, slots=True)
class _Term:
    """One side of a comparison: an expression, or a constant where there is none."""

    kind: str
    expression: Any = None
    value: Any = None
    text: str = ""

    @property
    def is_null(self) -> bool:
        return self.expression is None and self.value is None


def _truth(node: Node, columns: Columns) -> Q:
    if isinstance(node, Join):
        left, right = _truth(node.left, columns), _truth(node.right, columns)
        return left & right if node.operator == "and" else left | right
    if isinstance(node, Not):
        return ~_truth(node.inner, columns)
    if isinstance(node, Compare):
        return _compared(node, columns)
    if isinstance(node, Literal) and isinstance(node.value, bool):
        return ALWAYS if node.value else NEVER
    text = node.path if isinstance(node, Field) else getattr(node, "text", "") or "now()"
    raise Problem(FILTER_SYNTAX, at=node.at, reason=f"'{text[:40]}' is neither true nor false")


def _compared(node: Compare, columns: Columns) -> Q:
    sides = (node.left, node.right)
    if any(isinstance(one, Join | Not | Compare) for one in sides):
        return _truths_compared(node, columns)
    left, right = (_term(one, columns) for one in sides)
    if left.expression is None and right.expression is not None:
        return _related(_MIRRORED[node.operator], right, left)
    return _related(node.operator, left, right)


def _truths_compared(node: Compare, columns: Columns) -> Q:
    """`(…) eq true` and the like."""
    for one, other in ((node.left, node.right), (node.right, node.left)):
        if isinstance(other, Literal) and isinstance(other.value, bool):
            if node.operator not in ("eq", "ne"):
                break
            truth = _truth(one, columns)
            return truth if other.value == (node.operator == "eq") else ~truth
    raise Problem(FILTER_FEATURE, text=node.operator, at=node.at)


def _term(node: Node, columns: Columns) -> _Term:
    if isinstance(node, Field):
        column = _column(node.path, columns)
        return _Term(column.kind, F(column.lookup), text=node.path)
    if isinstance(node, Literal):
        return _Term(_kind(node.value), value=node.value, text=node.text)
    if isinstance(node, Call):
        return _part(node, columns)
    raise Problem(FILTER_FEATURE, text="and/or/not", at=0)


def _part(node: Call, columns: Columns) -> _Term:
    if node.argument is None:
        return _Term(TIME, value=clock.now(), text="now()")
    inner = _as(TIME, _term(node.argument, columns))
    if inner.expression is not None:
        return _Term(NUMBER, _PARTS[node.name](inner.expression, tzinfo=UTC), text=node.name)
    value = None if inner.value is None else Decimal(getattr(inner.value, node.name))
    return _Term(NUMBER, value=value, text=node.name)


def _related(name: str, left: _Term, right: _Term) -> Q:
    """`left` holds the expression where there is only one."""
    if left.expression is None:
        return _constants(name, left, right)
    if right.is_null:
        is_null = Q(IsNull(left.expression, True))
        return is_null if name == "eq" else ~is_null if name == "ne" else NEVER
    right = _as(left.kind, right)
    if right.expression is None:
        query = _against(name, left, right.value)
    else:
        query = _between_columns(name, left.expression, right.expression)
    return ~query if name == "ne" else query


def _constants(name: str, left: _Term, right: _Term) -> Q:
    if left.is_null or right.is_null:
        both = left.is_null and right.is_null
        return ALWAYS if (name == "eq" and both) or (name == "ne" and not both) else NEVER
    return ALWAYS if _CONSTANTLY[name](left.value, _as(left.kind, right).value) else NEVER


def _against(name: str, left: _Term, value: Any) -> Q:
    column = left.expression
    if left.kind == TIME:
        return _time_against(name, column, value)
    if name in ("eq", "ne"):
        return Q(Exact(column, Value(value))) & Q(IsNull(column, False))
    return Q(_LOOKUPS[name](column, Value(value)))


def _time_against(name: str, column: Any, value: datetime) -> Q:
    """The column cut to milliseconds, compared with `value`, as bounds that an index can serve."""
    floor = value.replace(microsecond=value.microsecond // 1000 * 1000)
    is_whole = floor == value
    try:
        after = Q(GreaterThanOrEqual(column, Value(floor + _TICK)))
        until = Q(LessThan(column, Value(floor + _TICK)))
    except OverflowError:
        after, until = NEVER, ALWAYS
    before = Q(LessThan(column, Value(floor))) if is_whole else until
    since = Q(GreaterThanOrEqual(column, Value(floor))) if is_whole else after
    if name in ("eq", "ne"):
        return since & until & Q(IsNull(column, False)) if is_whole else NEVER
    return {"gt": after, "ge": since, "lt": before, "le": until}[name]


def _between_columns(name: str, left: Any, right: Any) -> Q:
    if name not in ("eq", "ne"):
        return Q(_LOOKUPS[name](left, right))
    same = Q(Exact(left, right)) & Q(IsNull(left, False)) & Q(IsNull(right, False))
    return same | (Q(IsNull(left, True)) & Q(IsNull(right, True)))


def _kind(value: Constant) -> str:
    if isinstance(value, bool):
        return TRUTH
    if isinstance(value, Decimal):
        return NUMBER
    return TIME if isinstance(value, datetime) else TEXT


def _as(kind: str, term: _Term) -> _Term:
    """`term` as that kind. Problem FILTER_TYPES where it cannot be."""
    if (term.kind == kind and kind != NUMBER) or term.is_null:
        return term
    value: Any = None
    if term.expression is not None:
        if term.kind == kind:
            return term
    elif kind == NUMBER:
        value = _number(term.value)
    elif kind == TIME and isinstance(term.value, str):
        value = read_moment(term.value.strip())
    elif kind == KEY and isinstance(term.value, str):
        value = _key(term.value)
    elif kind == TEXT and not isinstance(term.value, bool):
        value = term.text
    if value is None:
        raise Problem(FILTER_TYPES, value=term.text[:80], expected=kind)
    return _Term(kind, value=value, text=term.text)


def _key(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text.removeprefix("uuid:"))
    except ValueError:
        return None


def _number(value: Any) -> int | float | None:
    text = str(value).strip() if isinstance(value, str | Decimal) else ""
    try:
        number = Decimal(text)
    except ArithmeticError:
        return None
    if not number.is_finite() or abs(number) >= _LARGEST:
        return None  # no database could hold it
    return int(number) if number == number.to_integral_value() else float(number)


def _column(path: str, columns: Columns) -> Column:
    found = columns.get(path)
    if found is None:
        raise Problem(FILTER_FIELD, text=path[:120], known=", ".join(columns))
    return found
