"""XLSX bytes -> plain tables, behind guards (design.md §8): no macros, no bombs, no formula that
nobody has computed, no merged cells, not more cells than a rule set can have."""

import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._reader import FORMULA_TAG, WorkSheetParser

from forms import problems as forms_problems
from forms.xlsform.guards import guard_file
from rules import problems
from rules.workbook.cells import Cell
from rules.workbook.columns import HELP, SHEETS
from rules.workbook.grid import JSON_SHEET, MORE_SHEET
from rules.workbook.headings import target_of
from rules.workbook.tables import Faults, Grid, Line, Table, shown
from server.problems import Problem

MAX_CELLS = 600_000
_MAX_ROW = 1_048_576  # of any workbook
_HEADING_WITHIN = 10  # rows in which the headings are looked for
_OURS = {*SHEETS, JSON_SHEET, MORE_SHEET}


@dataclass(frozen=True, slots=True)
class _Raw:
    """A cell of the file that is not blank."""

    column: int
    value: Any
    is_formula: bool
    is_error: bool


@dataclass(slots=True)
class _Leaf:
    """A sheet of the file."""

    name: str
    rows: list[tuple[int, list[_Raw]]]
    merged: list[str]
    hidden: set[int]


class _Parser(WorkSheetParser):
    """openpyxl's reader of one sheet, which also tells formulas from their results."""

    def parse_cell(self, element: Any) -> dict[str, Any]:
        cell = super().parse_cell(element)
        cell["is_formula"] = element.find(FORMULA_TAG) is not None
        return cell


def read_tables(content: bytes) -> tuple[Grid, Faults]:
    """The sheets of a workbook of at most 10 MB, with what is wrong with single cells.

    Problems: those of `guard_file`, WORKBOOK_OLD, WORKBOOK_CELLS, WORKBOOK_UNREADABLE.
    """
    kind, _ignored = guard_file(content)
    if kind != ".xlsx":
        raise Problem(problems.WORKBOOK_OLD)
    faults = Faults()
    grid: Grid = {}
    for leaf in _leaves(content):
        name = leaf.name.strip().lower()
        if name in HELP or name in grid:
            continue
        if name in _OURS:
            grid[name] = _our_table(name, leaf, faults)
        else:
            grid[leaf.name] = _loose_table(leaf)
    return grid, faults


def _leaves(content: bytes) -> list[_Leaf]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about styles and parts that we do not read
            workbook = load_workbook(BytesIO(content), read_only=True, data_only=True)
            budget = MAX_CELLS
            leaves = []
            for sheet in workbook.worksheets:
                leaf, used = _leaf(workbook, sheet, budget)
                budget -= used
                leaves.append(leaf)
            return leaves
    except Problem:
        raise
    except Exception as fault:
        # a broken file makes openpyxl fail with whatever it stumbles over
        raise Problem(forms_problems.WORKBOOK_UNREADABLE) from fault


def _leaf(workbook: Any, sheet: Any, budget: int) -> tuple[_Leaf, int]:
    """One sheet, and how many cells it took of those allowed."""
    used = 0
    rows: list[tuple[int, list[_Raw]]] = []
    archive: zipfile.ZipFile = workbook._archive
    with archive.open(sheet._worksheet_path) as source:
        parser = _Parser(
            source, sheet._shared_strings, data_only=True, epoch=workbook.epoch,
            date_formats=workbook._date_formats, timedelta_formats=workbook._timedelta_formats,
        )  # fmt: skip
        for number, cells in parser.parse():
            used += len(cells)
            if used > budget or not 0 < number <= _MAX_ROW:
                raise Problem(problems.WORKBOOK_CELLS, limit=f"{MAX_CELLS:,}")
            found = [raw for cell in cells if (raw := _raw(cell)) is not None]
            if found:
                rows.append((number, found))
    merged = [str(one.ref) for one in parser.merged_cells.mergeCell] if parser.merged_cells else []
    return _Leaf(str(sheet.title), rows, merged, _hidden(parser.row_dimensions)), used


def _raw(cell: dict[str, Any]) -> _Raw | None:
    value, is_formula = cell["value"], bool(cell["is_formula"])
    is_error = cell["data_type"] == "e"
    if isinstance(value, str) and not is_error:
        value = value.strip()
    if value in (None, "") and not is_formula:
        return None
    if isinstance(value, timedelta):
        is_error = True
    return _Raw(int(cell["column"]), value, is_formula, is_error)


def _hidden(dimensions: dict[str, dict[str, str]]) -> set[int]:
    return {int(row) for row, look in dimensions.items() if look.get("hidden") in ("1", "true")}


def _our_table(name: str, leaf: _Leaf, faults: Faults) -> Table:
    """A sheet of ours: headings, then lines; what cannot be read is noted at its cell."""
    for ref in leaf.merged:
        faults.add(problems.WORKBOOK_MERGED, name, None, "", cells=ref)
    rows = iter(leaf.rows)
    headings = _headings(name, leaf, rows)
    table = Table(name, list(dict.fromkeys(headings.values())))
    bare = _note_twice(name, headings, faults)  # columns about which everything is said
    for place in bare:
        del headings[place]
    for number, cells in rows:
        line = Line(number)
        for raw in cells:
            heading = headings.get(raw.column)
            cell = _cell(name, number, heading or "", raw, faults)
            if heading is None and raw.column not in bare and cell is not None:
                bare.add(raw.column)
                column = get_column_letter(raw.column)
                faults.add(problems.WORKBOOK_NO_HEADING, name, number, column, value=shown(cell))
            elif heading is not None and cell is not None:
                line.cells[heading] = cell
        table.lines += [line] if line.cells else []
    hidden = sum(line.number in leaf.hidden for line in table.lines)
    if hidden:
        faults.warn(problems.WORKBOOK_HIDDEN, name, None, "", count=hidden)
    return table


def _headings(name: str, leaf: _Leaf, rows: Iterator[tuple[int, list[_Raw]]]) -> dict[int, str]:
    """The headings by column: the first row that has one of ours; `rows` stands behind it then."""
    for skipped, (_number, cells) in enumerate(leaf.rows[:_HEADING_WITHIN], start=1):
        headings = {raw.column: str(raw.value) for raw in cells if raw.value not in (None, "")}
        if name not in SHEETS or any(
            target_of(SHEETS[name], heading).kind == "column" for heading in headings.values()
        ):
            for _ in range(skipped):
                next(rows)
            return headings
    return {raw.column: str(raw.value) for raw in next(rows, (1, []))[1]}


def _note_twice(name: str, headings: dict[int, str], faults: Faults) -> set[int]:
    """The columns whose heading stands there already: they are not read."""
    seen: set[str] = set()
    again: set[int] = set()
    for column, heading in headings.items():
        if heading in seen:
            faults.add(problems.WORKBOOK_HEADING_TWICE, name, 1, heading, name=heading)
            again.add(column)
        seen.add(heading)
    return again


def _cell(name: str, row: int, heading: str, raw: _Raw, faults: Faults) -> Cell:
    """The value of a cell; None, with a fault, where it has none that can be trusted."""
    ref = f"{get_column_letter(raw.column)}{row}"
    if raw.is_error:
        faults.add(
            problems.WORKBOOK_ERROR_CELL, name, row, heading, cell=ref, value=shown(raw.value)
        )
        return None
    if raw.is_formula and raw.value in (None, ""):
        faults.add(problems.WORKBOOK_FORMULA, name, row, heading, cell=ref)
        return None
    value: Cell = raw.value
    return value


def _loose_table(leaf: _Leaf) -> Table:
    """A sheet of the county's own: columns by number; row 1 is line 2, for it has no headings."""
    table = Table(leaf.name, [])
    for number, cells in leaf.rows:
        values = {str(raw.column - 1): raw.value for raw in cells if raw.value not in (None, "")}
        plain = {
            place: str(value) if isinstance(value, timedelta) else value
            for place, value in values.items()
        }
        table.lines += [Line(number + 1, plain)] if plain else []
    return table
