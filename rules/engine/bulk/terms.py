"""What an expression is in columns: how its values are stored, and the polars expression for them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any

import polars as pl

from rules.engine.closures import LARGEST
from rules.language.ast import Kind, Type


class NotInColumns(Exception):
    """Polars has no operation that equals ours here."""


class Stored(Enum):
    """How values are kept in a column; null is unknown. A CODE is a text without blanks."""

    BOOL = pl.Boolean
    INT = pl.Int64
    FLOAT = pl.Float64
    DATE = pl.Date
    TIME = pl.Datetime("us", "UTC")
    TEXT = pl.String
    CODE = "code"
    CODES = pl.List(pl.String)

    @property
    def dtype(self) -> Any:
        """The type of the polars column."""
        return pl.String if self is Stored.CODE else self.value

    @property
    def is_number(self) -> bool:
        """Whether one can count with it."""
        return self in (Stored.INT, Stored.FLOAT)

    @property
    def is_text(self) -> bool:
        """Whether it is one string."""
        return self in (Stored.TEXT, Stored.CODE)


STORED: dict[Kind, Stored] = {
    Kind.YES_NO: Stored.BOOL,
    Kind.INTEGER: Stored.INT,
    Kind.NUMBER: Stored.FLOAT,
    Kind.DATE: Stored.DATE,
    Kind.TIME: Stored.TIME,
    Kind.TEXT: Stored.TEXT,
    Kind.SELECT_ONE: Stored.CODE,
    Kind.SELECT_MULTIPLE: Stored.CODES,
}


@dataclass(frozen=True, slots=True)
class Term:
    """An expression over the columns; `size` counts its operations, as often as they are written;
    a number lies between -`limit` and `limit`. A constant has its `value`, which may be None."""

    expr: pl.Expr
    stored: Stored
    size: int = 1
    limit: float = LARGEST
    is_constant: bool = False
    value: Any = None

    @property
    def is_null(self) -> pl.Expr:
        """Whether it is unknown."""
        return self.expr.is_null()

    def as_float(self) -> pl.Expr:
        """A number as a float: exact, since no number is above 10^15."""
        return self.expr.cast(pl.Float64) if self.stored is Stored.INT else self.expr


_BY_TYPE: dict[type, Stored] = {
    bool: Stored.BOOL,
    int: Stored.INT,
    float: Stored.FLOAT,
    date: Stored.DATE,
    datetime: Stored.TIME,
    tuple: Stored.CODES,
}


def constant(value: Any, declared: Type | None) -> Term:
    """The same value for every child; None: unknown."""
    if value is None:
        stored = STORED[declared.kind] if declared else Stored.BOOL
    elif isinstance(value, str):
        is_code = value != "" and not any(char.isspace() for char in value)
        stored = Stored.CODE if is_code else Stored.TEXT
    else:
        stored = _BY_TYPE[type(value)]
    limit = abs(value) if stored.is_number and value is not None else LARGEST
    expr = pl.lit(list(value) if isinstance(value, tuple) else value, dtype=stored.dtype)
    return Term(expr, stored, limit=limit, is_constant=True, value=value)


def alike(terms: list[Term]) -> tuple[list[pl.Expr], Stored]:
    """The terms stored in one way, where they can be: numbers as floats beside a float."""
    kinds = {term.stored for term in terms}
    if len(kinds) == 1:
        return [term.expr for term in terms], terms[0].stored
    if all(kind.is_number for kind in kinds):
        return [term.as_float() for term in terms], Stored.FLOAT
    if all(kind.is_text for kind in kinds):
        return [term.expr for term in terms], Stored.TEXT
    raise NotInColumns


_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_OPERATORS: dict[str, Callable[[pl.Expr, pl.Expr], pl.Expr]] = {
    "=": pl.Expr.eq,
    "!=": pl.Expr.ne,
    "<": pl.Expr.lt,
    "<=": pl.Expr.le,
    ">": pl.Expr.gt,
    ">=": pl.Expr.ge,
}


def compare(op: str, left: Term, right: Term) -> Term:
    """`left op right` of two terms of one kind. A constant stands on the right: on the left, polars
    2.1 makes the result one row long when the other side is the same for all."""
    if left.is_constant and not right.is_constant:
        return compare(_TURNED.get(op, op), right, left)
    (one, other), _ = alike([left, right])
    return Term(_OPERATORS[op](one, other), Stored.BOOL, left.size + right.size + 1)
