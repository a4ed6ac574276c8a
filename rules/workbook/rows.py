"""One object of the document <-> one row of a sheet, column by column (design.md §6)."""

from collections.abc import Mapping
from typing import Any

from rules.workbook.cells import (
    Cell,
    Codec,
    Misread,
    Unfit,
    from_cell,
    is_json,
    is_plain,
    json_cell,
    misread,
    same,
    to_cell,
)
from rules.workbook.columns import Column, Sheet
from rules.workbook.headings import EXTRA, JSON, Target, is_own, target_of
from rules.workbook.kinds import OWN, VALUE, typed_value
from rules.workbook.tables import Faults, Line, Table
from server.problems import gettext_noop as _

Item = dict[str, Any]
Cells = dict[str, Cell]


# --- writing ---------------------------------------------------------------------------------------


def row_of(sheet: Sheet, item: Item) -> Cells:
    """The cells of an object; as JSON in one cell if the columns cannot hold all of it."""
    cells = plain_row(sheet, item)
    if cells and all(map(is_plain, cells)) and same(read_back(sheet, cells), item):
        return cells
    return {JSON: json_cell(item)}


def plain_row(sheet: Sheet, item: Mapping[str, Any]) -> Cells:
    """The cells of an object, each key in its columns."""
    cells: Cells = {}
    groups = sheet.groups
    for key, value in item.items():
        columns = groups.get(key)
        if key == EXTRA and isinstance(value, dict):
            [own], rest = own_cells(sheet, value, 1)
            cells |= own | ({EXTRA: json_cell(rest)} if rest else {})
        elif columns is None and key not in sheet.open:
            cells[f"{{{key}}}"] = to_cell(VALUE, value)
        elif columns is None or columns[0].is_part:
            cells |= _parts_of(sheet, key, columns or (), value)
        else:
            cells[columns[0].heading] = to_cell(_codec(columns[0], item.get("type")), value)
    return cells


def _parts_of(sheet: Sheet, key: str, columns: tuple[Column, ...], value: object) -> Cells:
    """The cells of an inner object: a column for each part, or all of it as JSON in the first."""
    by_part = {column.path[1]: column for column in columns}
    cells: Cells = {}
    if isinstance(value, dict) and (key in sheet.open or value.keys() <= by_part.keys()):
        for part, inner in value.items():
            column = by_part.get(part)
            heading = column.heading if column else f"{key}::{part}"
            cells[heading] = to_cell(column.codec if column else VALUE, inner)
        if same(read_back(sheet, cells).get(key), value):
            return cells
    return {columns[0].heading: json_cell(value)} if columns else {f"{{{key}}}": json_cell(value)}


def _codec(column: Column, kind: object) -> Codec:
    return typed_value(kind) if column.is_typed else column.codec


def own_cells(sheet: Sheet, extra: Mapping[str, Any], lines: int) -> tuple[list[Cells], Item]:
    """What the county keeps beside an item of so many lines: the cells of each line, and what no
    column can hold. A value that is not on the first line alone is written {"1": value}."""
    cells: list[Cells] = [{} for _ in range(lines)]
    rest: Item = {}
    for heading, value in extra.items():
        by_line = value if isinstance(value, dict) and set(value) != {"0"} else {"0": value}
        numbers = {str(number) for number in range(lines)}
        plain = {line: own_cell(one) for line, one in by_line.items()}
        if (
            by_line
            and set(plain) <= numbers
            and None not in plain.values()
            and is_own(sheet, heading)
        ):
            for line, cell in plain.items():
                cells[int(line)][heading] = cell
        else:
            rest[heading] = value
    return cells, rest


def own_cell(value: object) -> Cell:
    """The cell for a value of the county's own; None where there is none."""
    try:
        cell = OWN.encode(value)
    except Unfit:
        return None
    return None if isinstance(cell, str) and not is_plain(cell) else cell


# --- reading ---------------------------------------------------------------------------------------


def read_back(sheet: Sheet, cells: Cells) -> Item:
    """What was just written, as the reader will see it; {} where it could not be read."""
    faults = Faults()
    targets = {heading: target_of(sheet, heading) for heading in cells}
    item = read_item(Table(sheet.name, list(cells)), targets, Line(2, dict(cells)), faults)
    return {} if faults.items else item


def read_item(table: Table, targets: Mapping[str, Target], line: Line, faults: Faults) -> Item:
    """The object of a line; cells that cannot be read are noted and left out."""
    item: Item = {}
    parts: dict[str, dict[str, tuple[Column, Cell]]] = {}
    kind = _kind(targets, line)
    for heading, cell in line.cells.items():
        target = targets.get(heading)
        try:
            if target is None:
                continue
            if target.column is not None and target.column.is_part:
                parts.setdefault(target.column.key, {})[heading] = (target.column, cell)
            else:
                _take(item, target, cell, kind)
        except Misread as fault:
            faults.misread(table.name, line.number, heading, cell, fault)
    for key, columns in parts.items():
        item[key] = _whole(table, line, columns, faults)
    return item


def _kind(targets: Mapping[str, Target], line: Line) -> object:
    """The declared type of the row, where its sheet has such a column."""
    return next(
        (cell for heading, cell in line.cells.items() if _is_type(targets.get(heading))), None
    )


def _is_type(target: Target | None) -> bool:
    return target is not None and target.kind == "column" and target.name == "type"


def _take(item: Item, target: Target, cell: Cell, kind: object) -> None:
    """Put what a cell says into the object."""
    if target.kind == "own":
        item[EXTRA] = {target.name: OWN.decode(cell)} | item.get(EXTRA, {})
    elif target.kind in (JSON, EXTRA):
        found = from_cell(VALUE, cell)
        if not isinstance(found, dict):
            misread(_("an object is needed"), _("Type it like `json: {...}`, or clear the cell."))
        if target.kind == JSON:
            item |= found
        else:
            item[EXTRA] = item.get(EXTRA, {}) | found
    elif target.kind == "key":
        item[target.name] = from_cell(VALUE, cell)
    elif target.column is not None:
        item[target.column.key] = from_cell(_codec(target.column, kind), cell)


def _whole(
    table: Table, line: Line, columns: dict[str, tuple[Column, Cell]], faults: Faults
) -> Any:
    """An inner object from the cells of its parts."""
    found: Item = {}
    for heading, (column, cell) in columns.items():
        try:
            value = from_cell(column.codec, cell)
        except Misread as fault:
            faults.misread(table.name, line.number, heading, cell, fault)
            continue
        if len(columns) == 1 and is_json(cell) and (isinstance(value, dict) or value is None):
            return value
        found[column.path[1]] = value
    return found
