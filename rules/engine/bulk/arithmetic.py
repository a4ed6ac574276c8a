"""Sums, products, quotients and days in columns, each with the limits that closures.py has.

A result beyond 10^15 is unknown, as are a division by zero and a day outside the calendar. Within
these limits floats hold every whole number exactly, so it makes no difference which of the two a
number is stored as.
"""

import math
from collections.abc import Callable
from datetime import date

import polars as pl

from rules.engine.bulk.terms import NotInColumns, Stored, Term
from rules.engine.closures import LARGEST

_EPOCH = date(1970, 1, 1).toordinal()
_FIRST_DAY, _LAST_DAY = date.min.toordinal() - _EPOCH, date.max.toordinal() - _EPOCH

DAYS = _LAST_DAY - _FIRST_DAY  # between any two

Share = Callable[[Term], Term]


def combine(op: str, left: Term, right: Term, share: Share) -> Term:
    """`left op right` with op one of + - * div mod; raises NotInColumns for the remainder of
    decimals."""
    if left.stored is Stored.DATE:
        return _with_day(op, left, right)
    if not (left.stored.is_number and right.stored.is_number):
        raise NotInColumns
    size = left.size + right.size + 1
    whole = left.stored is right.stored is Stored.INT
    match op:
        case "div":
            return _quotient(left, right, share)
        case "mod" if whole:
            return _remainder(left, right)
        case "mod":
            raise NotInColumns
        case "*" if whole:
            # the product of two large integers would wrap round: the one of floats tells
            rough, limit = left.as_float() * right.as_float(), left.limit * right.limit
            return _within(rough, Term(left.expr * right.expr, Stored.INT, 2 * size, limit))
    one, other = (left.expr, right.expr) if whole else (left.as_float(), right.as_float())
    result = {"+": one + other, "-": one - other, "*": one * other}[op]
    limit = left.limit * right.limit if op == "*" else left.limit + right.limit
    term = Term(result, Stored.INT if whole else Stored.FLOAT, size, limit)
    if limit > LARGEST:
        term = share(term)
    return _within(term.expr, term)


def negate(term: Term) -> Term:
    """`-term`."""
    if not term.stored.is_number:
        raise NotInColumns
    return Term(-term.expr, term.stored, term.size + 1, term.limit)


def day_number(term: Term) -> pl.Expr:
    """Days since 1970-01-01 of a date."""
    return term.expr.cast(pl.Int32).cast(pl.Int64)


def _within(measure: pl.Expr, term: Term) -> Term:
    """`term` where `measure` is within the limits, else unknown."""
    if term.limit <= LARGEST:
        return term
    kept = pl.when(measure.is_between(-LARGEST, LARGEST)).then(term.expr)
    return Term(kept, term.stored, 2 * term.size + 2)


def exactly(dividend: pl.Expr, divisor: pl.Expr) -> pl.Expr:
    """The quotient of floats, rounded once. Polars turns the division by one number for all into a
    product with its inverse, whose last digit may differ; added zeros make it many numbers."""
    return dividend / (divisor + pl.int_range(pl.len()) * 0.0)


def _quotient(left: Term, right: Term, share: Share) -> Term:
    divisor = right.as_float()
    result = pl.when(divisor != 0).then(exactly(left.as_float(), divisor))
    term = share(Term(result, Stored.FLOAT, left.size + 2 * right.size + 2, math.inf))
    return _within(term.expr, term)


def _remainder(left: Term, right: Term) -> Term:
    """With the sign of the dividend, as in XPath."""
    rest = left.expr.abs() % right.expr.abs()
    signed = pl.when(left.expr >= 0).then(rest).otherwise(-rest)
    kept = pl.when(right.expr != 0).then(signed)
    return Term(kept, Stored.INT, 3 * left.size + 3 * right.size + 4, left.limit)


def _with_day(op: str, left: Term, right: Term) -> Term:
    size = left.size + right.size + 1
    if right.stored is Stored.DATE and op == "-":
        return Term(day_number(left) - day_number(right), Stored.INT, size, DAYS)
    if right.stored is not Stored.INT or op not in ("+", "-"):
        raise NotInColumns
    number = day_number(left) + right.expr if op == "+" else day_number(left) - right.expr
    kept = pl.when(number.is_between(_FIRST_DAY, _LAST_DAY)).then(number)
    return Term(kept.cast(pl.Int32).cast(pl.Date), Stored.DATE, 2 * size + 3)
