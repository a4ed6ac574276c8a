"""Merged facts of many children -> columns (design.md §6)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl

from rules.engine.bulk.terms import STORED, Stored
from rules.engine.closures import LARGEST
from rules.engine.parts import Fact, RuleSet
from rules.engine.values import read_fact, unknown_fact
from rules.language.ast import Value

_TYPES: dict[Stored, frozenset[type]] = {  # what needs no reading; NoneType is always allowed
    Stored.BOOL: frozenset({bool}),
    Stored.INT: frozenset({int}),
    Stored.FLOAT: frozenset({int, float}),
    Stored.CODE: frozenset({str}),
    Stored.TEXT: frozenset({str}),
}


def frame_of(rule_set: RuleSet, rows: Iterable[Mapping[str, Value | None]]) -> pl.DataFrame:
    """One row for each of `rows` (`Facts.values` of a child: fact -> value, absent or None:
    unknown), one column for each fact of `rule_set`, in its order; null is unknown. Raises
    UNKNOWN_FACT and FACT_VALUE as `resolve` does."""
    children = list(rows)
    _refuse_others(rule_set, children)
    return pl.DataFrame(
        [
            _column(fact, [row.get(name) for row in children])
            for name, fact in rule_set.facts.items()
        ]
    )


def _refuse_others(rule_set: RuleSet, children: Sequence[Mapping[str, Any]]) -> None:
    names = rule_set.facts.keys()
    for row in children:
        if not row.keys() <= names:
            raise unknown_fact(rule_set, next(name for name in row if name not in names))


def _column(fact: Fact, given: list[Any]) -> pl.Series:
    stored = STORED[fact.type.kind]
    types = set(map(type, given)) - {type(None)}
    if not types <= _TYPES.get(stored, frozenset()) or not _is_sound(fact, given):
        return _read_column(fact, given, stored)
    try:
        return pl.Series(fact.name, given, dtype=stored.dtype)
    except UnicodeEncodeError:  # half a character pair
        return _read_column(fact, given, stored)


def _is_sound(fact: Fact, given: list[Any]) -> bool:
    """Whether values of the right Python type are all values of the fact."""
    match STORED[fact.type.kind]:
        case Stored.CODE:
            return set(given) <= {None, *fact.type.codes}
        case Stored.TEXT:
            return "" not in given
        case Stored.INT | Stored.FLOAT:
            # false for NaN too, wherever it stands
            return all(-LARGEST <= number <= LARGEST for number in given if number is not None)
    return True


def _read_column(fact: Fact, given: list[Any], stored: Stored) -> pl.Series:
    """Each different value is read once; a column of them is put together by number."""
    numbers: dict[Any, int] = {}
    values: list[Any] = []
    places = []
    for value in given:
        key = _key(value)
        place = numbers.get(key)
        if place is None:
            place = numbers[key] = len(values)
            values.append(_as_stored(read_fact(fact, value), stored))
        places.append(place)
    different = pl.Series(fact.name, values, dtype=stored.dtype)
    return different.gather(pl.Series(places, dtype=pl.UInt32))


def _key(value: Any) -> Any:
    """`value` as a key that tells 1 from True; what cannot be one stands for itself alone."""
    key = (type(value), *value) if isinstance(value, list) else (type(value), value)
    try:
        hash(key)
    except TypeError:
        return object()
    return key


def _as_stored(value: Value | None, stored: Stored) -> Any:
    if isinstance(value, tuple):
        return [_readable(code) for code in value]
    if isinstance(value, str):
        return _readable(value)
    return value


def _readable(text: str) -> str:
    """Half a character pair, which JSON may hold but no column, becomes another single sign."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in text)
    return text
