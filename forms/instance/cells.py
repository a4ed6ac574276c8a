"""Typed data -> cells of the CSV tables, fast: one plan per form version, run for each submission
at receipt.

The columns are those of `flatten.Layout`; this does for many what that says for one.
"""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from forms.instance.flatten import GEO_PARTS, Column, Layout, Scalar, Table, position_of, to_text
from forms.instance.values import is_geo

Cells = list[Scalar]
_NOWHERE = (None, None, None, None)


class Sheet:
    """One CSV table: the columns of a `flatten.Table`."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self._plan = _plan(table.columns, 0)

    def cells(self, values: dict[str, Any]) -> Cells:
        """The cells of one row, in the order of `headings`."""
        found: Cells = []
        self._plan.gather(values, found)
        return found

    def headings(self, *, group_paths: bool = True) -> list[str]:
        """Central's headings: "group-question", or the question alone; four for a geopoint."""
        found: list[str] = []
        for column in self.table.columns:
            name = column.heading.replace("/", "-") if group_paths else column.field.name
            found += heading_of(column, name)
        return found

    def at(self, column: Column) -> int:
        """Where the cells of a column begin."""
        before = self.table.columns[: self.table.columns.index(column)]
        return sum(len(one.headings()) for one in before)


class Book:
    """All tables of one form version: the survey and its repeats, depth first."""

    def __init__(self, layout: Layout) -> None:
        self.root = Sheet(layout.root)
        self.repeats = tuple(Sheet(table) for table in layout.repeats)
        self._number = {sheet.table.path: at for at, sheet in enumerate(self.repeats)}

    def repeat_rows(
        self, data: dict[str, Any], root_key: str
    ) -> Iterator[tuple[int, Cells, str, str]]:
        """(number of the repeat, cells, parent's key, own key) for each row of each repeat."""
        yield from self._below(self.root.table, data, root_key)

    def _below(
        self, table: Table, values: dict[str, Any], key: str
    ) -> Iterator[tuple[int, Cells, str, str]]:
        for repeat in table.repeats:
            number = self._number[repeat.path]
            for at, row in enumerate(_rows_at(values, repeat.steps), start=1):
                own = f"{key}/{'/'.join(repeat.steps)}[{at}]"
                yield number, self.repeats[number].cells(row), key, own
                yield from self._below(repeat, row, own)


def heading_of(column: Column, name: str) -> list[str]:
    """One heading, or four for a geopoint."""
    if column.field.type == "geopoint":
        return [f"{name}-{part}" for part in GEO_PARTS]
    return [name]


def csv_line(cells: Sequence[Scalar]) -> str:
    """One CSV record with its line end. Numbers and texts as Python writes them, None empty."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(cells)
    return buffer.getvalue()


@dataclass(frozen=True, slots=True)
class _Plan:
    """How the cells below one group are gathered: its members at once, then the special ones."""

    names: tuple[str, ...]
    take: Callable[[Any], Any]
    special: tuple[tuple[int, Callable[[Any, Cells], None]], ...]

    def gather(self, values: Any, found: Cells) -> None:
        taken = self._taken(values)
        start = 0
        for at, add in self.special:
            found.extend(taken[start:at])
            add(taken[at], found)
            start = at + 1
        found.extend(taken[start:])

    def _taken(self, values: Any) -> tuple[Any, ...]:
        if len(self.names) > 1:
            try:
                taken: tuple[Any, ...] = self.take(values)
                return taken
            except (KeyError, TypeError):
                pass  # data of another version
        get = values.get if isinstance(values, dict) else {}.get
        return tuple(get(name) for name in self.names)


def _plan(columns: Sequence[Column], depth: int) -> _Plan:
    groups: dict[str, list[Column]] = {}
    for column in columns:
        groups.setdefault(column.steps[depth], []).append(column)
    names = tuple(groups)
    special: list[tuple[int, Callable[[Any, Cells], None]]] = []
    for at, name in enumerate(names):
        first = groups[name][0]
        if len(first.steps) > depth + 1:
            special.append((at, _plan(groups[name], depth + 1).gather))
        elif first.field.type == "geopoint":
            special.append((at, _add_point))
        elif first.field.type in ("geotrace", "geoshape"):
            special.append((at, _add_text))
    take = itemgetter(*names) if names else tuple
    return _Plan(names, take, tuple(special))


def _add_point(value: Any, found: Cells) -> None:
    if is_geo(value):
        found.extend(position_of(value))
    else:
        found.extend(_NOWHERE if value is None else (value, None, None, None))


def _add_text(value: Any, found: Cells) -> None:
    found.append(None if value is None else to_text(value))


def _rows_at(values: Any, steps: Sequence[str]) -> Sequence[dict[str, Any]]:
    for step in steps:
        values = values.get(step) if isinstance(values, dict) else None
    return values if isinstance(values, list) else ()
