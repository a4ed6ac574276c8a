"""The functions of the language in columns; those missing here are computed child by child
(compiler.py)."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from operator import or_

import polars as pl

from rules.engine.bulk import calendar
from rules.engine.bulk.arithmetic import DAYS, day_number, exactly
from rules.engine.bulk.terms import NotInColumns, Stored, Term, alike, compare
from rules.language.ast import Call, Expr, Literal

_FEW = 3  # codes looked for one by one
_LONGEST = 2**32  # signs in a text, codes in a selection


@dataclass(frozen=True, slots=True)
class Asking:
    """What a function needs besides its node: `terms` compiles arguments for repeated use."""

    terms: Callable[[list[Expr]], list[Term]]
    neutral: frozenset[str]

    def one(self, node: Call, *allowed: Stored) -> Term:
        """The first argument, stored in one of the ways `allowed`."""
        [term] = self.terms([node.args[0]])
        if term.stored not in allowed:
            raise NotInColumns
        return term

    def every(self, node: Call, *allowed: Stored) -> list[Term]:
        """All arguments, each stored in one of the ways `allowed`."""
        terms = self.terms(list(node.args))
        if any(term.stored not in allowed for term in terms):
            raise NotInColumns
        return terms


def choice(test: Term, yes: Term, no: Term) -> Term:
    """`if(test, yes, no)`: with an unknown test known only where both are the same."""
    (one, other), stored = alike([yes, no])
    size, limit = 2 * test.size + yes.size + no.size + 3, max(yes.limit, no.limit)
    chosen = pl.when(test.expr).then(one).when(test.expr.not_()).then(other)
    if yes.is_constant and no.is_constant and yes.value != no.value:
        return Term(chosen, stored, size, limit)
    result = chosen.when(compare("=", yes, no).expr).then(one)
    return Term(result, stored, size + yes.size + no.size, limit)


def first_known(terms: list[Term]) -> Term:
    """`coalesce(a, b, …)`."""
    exprs, stored = alike(terms)
    size, limit = sum(term.size for term in terms) + 1, max(term.limit for term in terms)
    return Term(pl.coalesce(exprs), stored, size, limit)


def _selected(node: Call, ask: Asking) -> Term:
    codes = sorted({code for code in _quoted(node, 1).split() if code})
    if node.name == "selected":
        codes = [_quoted(node, 1)]
    term = ask.one(node, Stored.CODE, Stored.CODES)
    if term.stored is Stored.CODE:
        return Term(term.expr.is_in(codes), Stored.BOOL, term.size + 1)
    if len(codes) > _FEW:
        found = term.expr.list.set_intersection(codes).list.len() > 0
    else:
        found = reduce(or_, [term.expr.list.contains(code) for code in codes])
    return Term(found, Stored.BOOL, term.size * len(codes) + 1)


def _count_selected(node: Call, ask: Asking) -> Term:
    term = ask.one(node, Stored.CODES)
    told = term.expr
    if ask.neutral:
        told = told.list.set_difference(sorted(ask.neutral))
    return Term(told.list.len().cast(pl.Int64), Stored.INT, term.size + 2, _LONGEST)


def _date(node: Call, ask: Asking) -> Term:
    return ask.one(node, Stored.DATE)


def _decimal_days(node: Call, ask: Asking) -> Term:
    term = ask.one(node, Stored.DATE)
    return Term(day_number(term).cast(pl.Float64), Stored.FLOAT, term.size + 1, DAYS)


def _between(count: Callable[[pl.Expr, pl.Expr], pl.Expr]) -> Callable[[Call, Asking], Term]:
    def between(node: Call, ask: Asking) -> Term:
        start, end = ask.every(node, Stored.DATE)
        size = calendar.USES * (start.size + end.size)
        return Term(count(start.expr, end.expr), Stored.INT, size, DAYS)

    return between


def _int(node: Call, ask: Asking) -> Term:
    term = ask.one(node, Stored.INT, Stored.FLOAT)
    return Term(term.expr.cast(pl.Int64), Stored.INT, term.size + 1, term.limit)


def _round(node: Call, ask: Asking) -> Term:
    """Half away from zero upwards, as functions.py has it; whole numbers stay what they are."""
    term = ask.one(node, Stored.INT, Stored.FLOAT)
    if term.stored is Stored.INT:
        return term
    digits = node.args[1].value if len(node.args) > 1 and isinstance(node.args[1], Literal) else 0
    scale = float(10 ** int(digits))
    rounded = (term.expr * scale + 0.5).floor()
    rounded = exactly(rounded, pl.lit(scale)) if digits else rounded
    kept = pl.when(term.expr == term.expr.floor()).then(term.expr).otherwise(rounded)
    return Term(kept, Stored.FLOAT, 4 * term.size + 5, term.limit + 1)


def _abs(node: Call, ask: Asking) -> Term:
    term = ask.one(node, Stored.INT, Stored.FLOAT)
    return Term(term.expr.abs(), term.stored, term.size + 1, term.limit)


def _extreme(choose: Callable[..., pl.Expr]) -> Callable[[Call, Asking], Term]:
    """min() or max(): unknown where any is."""

    def extreme(node: Call, ask: Asking) -> Term:
        terms = ask.every(node, Stored.INT, Stored.FLOAT)
        exprs, stored = alike(terms)
        every = pl.all_horizontal([expr.is_not_null() for expr in exprs])
        size, limit = 2 * sum(term.size for term in terms) + 2, max(term.limit for term in terms)
        return Term(pl.when(every).then(choose(exprs)), stored, size, limit)

    return extreme


def _length(node: Call, ask: Asking) -> Term:
    term = ask.one(node, Stored.TEXT, Stored.CODE)
    length = term.expr.str.len_chars().cast(pl.Int64)
    return Term(length, Stored.INT, term.size + 1, _LONGEST)


def _contains(node: Call, ask: Asking) -> Term:
    text, part = ask.every(node, Stored.TEXT, Stored.CODE)
    found = text.expr.str.contains(part.expr, literal=True)
    return Term(found, Stored.BOOL, text.size + part.size + 1)


def _starts_with(node: Call, ask: Asking) -> Term:
    text, part = ask.every(node, Stored.TEXT, Stored.CODE)
    return Term(text.expr.str.starts_with(part.expr), Stored.BOOL, text.size + part.size + 1)


def _quoted(node: Call, index: int) -> str:
    arg = node.args[index]
    if not isinstance(arg, Literal):
        raise NotInColumns
    return str(arg.value)


CALLS: dict[str, Callable[[Call, Asking], Term]] = {
    "selected": _selected,
    "selected-any": _selected,
    "count-selected": _count_selected,
    "date": _date,
    "decimal-date-time": _decimal_days,
    "days-between": _between(calendar.days_between),
    "months-between": _between(calendar.months_between),
    "years-between": _between(calendar.years_between),
    "int": _int,
    "round": _round,
    "abs": _abs,
    "min": _extreme(pl.min_horizontal),
    "max": _extreme(pl.max_horizontal),
    "string-length": _length,
    "contains": _contains,
    "starts-with": _starts_with,
}
