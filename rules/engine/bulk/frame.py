"""Merged facts of many children -> columns (design.md §6)."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import date
from itertools import islice
from operator import itemgetter
from typing import Any

import polars as pl

from rules.engine.bulk.terms import STORED, Stored
from rules.engine.closures import LARGEST
from rules.engine.parts import Fact, RuleSet
from rules.engine.values import read_fact, unknown_fact
from rules.language.ast import Value

_BLOCK = 500  # children turned into columns at a time: as many as a processor keeps at hand

_TYPES: dict[Stored, frozenset[type]] = {  # what a column takes as it is
    Stored.BOOL: frozenset({bool}),
    Stored.INT: frozenset({int}),
    Stored.FLOAT: frozenset({int, float}),
    Stored.DATE: frozenset({date}),
    Stored.CODE: frozenset({str}),
    Stored.TEXT: frozenset({str}),
}


def frame_of(rule_set: RuleSet, rows: Iterable[Mapping[str, Value | None]]) -> pl.DataFrame:
    """One row for each of `rows` (`Facts.values` of a child: fact -> value, absent or None:
    unknown), one column for each fact of `rule_set`, in its order; null is unknown. Raises
    UNKNOWN_FACT and FACT_VALUE as `resolve` does."""
    columns = _turned(rule_set, iter(rows))
    return pl.DataFrame([_column(rule_set.facts[name], given) for name, given in columns.items()])


def _turned(rule_set: RuleSet, rows: Iterator[Mapping[str, Value | None]]) -> dict[str, list[Any]]:
    """The values of each fact, child by child."""
    nothing = dict.fromkeys(rule_set.facts)
    columns: dict[str, list[Any]] = {name: [] for name in nothing}
    values_of: Callable[[Any], tuple[Any, ...]] = itemgetter(*nothing, *nothing)  # never only one
    while block := [{**nothing, **row} for row in islice(rows, _BLOCK)]:
        for row in block:
            if len(row) > len(nothing):
                raise unknown_fact(rule_set, next(name for name in row if name not in nothing))
        every = zip(*map(values_of, block), strict=True)
        for column, values in zip(columns.values(), every, strict=False):
            column.extend(values)
    return columns


def _column(fact: Fact, given: list[Any]) -> pl.Series:
    stored = STORED[fact.type.kind]
    types = set(map(type, given)) - {type(None)}
    if types <= _TYPES.get(stored, frozenset()) and _is_sound(fact, given):
        with suppress(UnicodeEncodeError):  # half a character pair
            return pl.Series(fact.name, given, dtype=stored.dtype)
    return _read_column(fact, given, stored)


def _is_sound(fact: Fact, given: list[Any]) -> bool:
    """Whether what a column takes are values of the fact: others are read, or refused."""
    match STORED[fact.type.kind]:
        case Stored.CODE:
            return set(given) <= {None, *fact.type.codes}
        case Stored.TEXT:
            return "" not in given
        case Stored.INT | Stored.FLOAT:  # of a float that is no number, neither holds
            return all(-LARGEST <= number <= LARGEST for number in set(given) - {None})
    return True


def _read_column(fact: Fact, given: list[Any], stored: Stored) -> pl.Series:
    """Each different value is read once; a column of them is put together by number."""
    keys = given if _are_keys(given) else [_key(value) for value in given]
    numbers: dict[Any, int] = {}
    values: list[Any] = []
    places = []
    for key, value in zip(keys, given, strict=True):
        place = numbers.get(key)
        if place is None:
            place = numbers[key] = len(values)
            values.append(_as_stored(read_fact(fact, value)))
        places.append(place)
    different = pl.Series(fact.name, values, dtype=stored.dtype)
    return different.gather(pl.Series(places, dtype=pl.UInt32))


def _are_keys(given: list[Any]) -> bool:
    """Whether the values are selections, so that equal ones are the same; the usual case."""
    if not set(map(type, given)) <= {tuple, type(None)}:
        return False
    try:
        return hash(tuple(given)) is not None
    except TypeError:
        return False


def _key(value: Any) -> Any:
    """`value` as a key that tells 1 from True; what cannot be one stands for itself alone."""
    key = (type(value), *value) if isinstance(value, list) else (type(value), value)
    try:
        hash(key)
    except TypeError:
        return object()
    return key


def _as_stored(value: Value | None) -> Any:
    if isinstance(value, tuple):
        return [_readable(code) for code in value]
    return _readable(value) if isinstance(value, str) else value


def _readable(text: str) -> str:
    """Half a character pair, which JSON may hold but no column, becomes another single sign."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in text)
    return text
