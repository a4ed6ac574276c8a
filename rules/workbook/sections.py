"""Sections of the document that are lists of objects, choice lists or parameters <-> their sheets."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rules import problems
from rules.workbook.cells import Cell, Misread, from_cell, json_cell, misread, same, to_cell
from rules.workbook.columns import SHEETS, Sheet
from rules.workbook.headings import EXTRA, JSON, Target, targets_in
from rules.workbook.kinds import TEXT
from rules.workbook.origins import Origins
from rules.workbook.rows import Cells, Item, own_cells, plain_row, read_item, row_of
from rules.workbook.tables import Faults, Line, Table
from server.problems import gettext_noop as _

EMPTY = "[]"  # in the first column: the section is there and has nothing in it
_VALUE_KEYS = ("from", "value", "reference")


def empty_table(name: str) -> Table:
    """A sheet with all of our headings."""
    return Table(name, [column.heading for column in SHEETS[name].columns])


def read_headings(table: Table, origins: Origins, faults: Faults) -> dict[str, Target]:
    """What the headings of a sheet mean."""
    targets = targets_in(table, SHEETS[table.name], faults)
    origins.add_headings(table.name, targets)
    return targets


def cell_under(line: Line, targets: Mapping[str, Target], name: str) -> tuple[str, Cell]:
    """The heading as written, and the cell, of one of our columns; None where it is blank."""
    for heading, cell in line.cells.items():
        if (target := targets.get(heading)) is not None and target.name == name:
            return heading, cell
    return name, None


def is_empty_mark(table: Table) -> bool:
    """Whether the sheet says that its section is there, with nothing in it."""
    return len(table.lines) == 1 and list(table.lines[0].cells.values()) == [EMPTY]


def is_list_of_objects(value: Any) -> bool:
    """Whether a value can stand in the rows of a sheet."""
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


# --- lists of objects ------------------------------------------------------------------------------


def rows_table(name: str, items: Sequence[Item]) -> Table:
    """A list of objects, one in each row."""
    table, sheet = empty_table(name), SHEETS[name]
    for item in items:
        table.add(row_of(sheet, item))
    if not items:
        table.add({sheet.columns[0].heading: EMPTY})
    return table


def read_rows(table: Table, origins: Origins, faults: Faults) -> list[Item] | None:
    """The objects in the rows of a sheet; None for a sheet without rows."""
    targets = read_headings(table, origins, faults)
    if is_empty_mark(table):
        return []
    items = []
    for line in table.lines:
        items.append(read_item(table, targets, line, faults))
        origins.add_item(table.name, line.number)
    return items or None


# --- choice lists ----------------------------------------------------------------------------------


def choices_table(lists: Mapping[str, Sequence[Item]]) -> Table:
    """The choice lists one below the other, a code in each row."""
    table, sheet = empty_table("choices"), SHEETS["choices"]
    for name, choices in lists.items():
        for choice in choices:
            table.add({"list_name": to_cell(TEXT, name)} | row_of(sheet, choice))
    if not lists:
        table.add({"list_name": EMPTY})
    return table


def read_choices(table: Table, origins: Origins, faults: Faults) -> dict[str, Any] | None:
    """The choice lists; a row without a list's name belongs to the list above."""
    targets = read_headings(table, origins, faults)
    if is_empty_mark(table):
        return {}
    lists: dict[str, Any] = {}
    places: list[tuple[str, int]] = []
    for name, line in named_lines(table, targets, "list_name", faults):
        choice = read_item(table, targets, line, faults)
        choice.pop("list_name", None)
        lists.setdefault(name, []).append(choice)
        origins.add_name("choices", name, line.number)
        places.append((name, line.number))
    for name in lists:  # the checker counts the codes of the lists one after the other
        for _name, row in (place for place in places if place[0] == name):
            origins.add_item("choices", row)
    return lists or None


def named_lines(
    table: Table, targets: Mapping[str, Target], column: str, faults: Faults
) -> Iterator[tuple[str, Line]]:
    """Each line with the name that it goes by: its own, or that of the line above."""
    name: str | None = None
    for line in table.lines:
        heading, cell = cell_under(line, targets, column)
        try:
            name = name if cell is None else str(from_cell(TEXT, cell))
            if name is None:
                misread(
                    _("it has no name, and no row above has one"), _("Fill in the first column.")
                )
        except Misread as fault:
            faults.misread(table.name, line.number, heading, cell, fault)
            continue
        yield name, line


# --- parameters ------------------------------------------------------------------------------------


def parameters_table(parameters: Mapping[str, Item]) -> Table:
    """The parameters, a row for each value; what is said once stands in the first."""
    table = empty_table("parameters")
    for name, item in parameters.items():
        for cells in _parameter_rows(name, item):
            table.add(cells)
    if not parameters:
        table.add({"name": EMPTY})
    return table


def _parameter_rows(name: str, item: Item) -> list[Cells]:
    sheet, head = SHEETS["parameters"], {"name": to_cell(TEXT, name)}
    values = item.get("values")
    if isinstance(values, list) and values and is_list_of_objects(values):
        about = {key: value for key, value in item.items() if key not in ("values", EXTRA)}
        extra = item.get(EXTRA)
        own, rest = own_cells(sheet, extra if isinstance(extra, dict) else {}, len(values))
        rows = [
            head | _value_row(sheet, one, item) | mine
            for one, mine in zip(values, own, strict=True)
        ]
        rows[0] |= plain_row(sheet, about) | ({EXTRA: json_cell(rest)} if rest else {})
        if same(_parameters_back(rows), {name: item}):
            return rows
    return [head | {JSON: json_cell(item)}]


def _value_row(sheet: Sheet, value: Item, item: Item) -> Cells:
    """The cells of one value; only the parameter knows its type."""
    cells = plain_row(sheet, value | {"type": item.get("type")})
    cells.pop("type", None)
    return cells


def _parameters_back(rows: list[Cells]) -> dict[str, Any]:
    table = empty_table("parameters")
    for cells in rows:
        table.add(cells)
    faults = Faults()
    found = read_parameters(table, Origins(), faults)
    return {} if faults.items or found is None else found


def read_parameters(table: Table, origins: Origins, faults: Faults) -> dict[str, Any] | None:
    """The parameters, each with its values in the order of the rows."""
    targets = read_headings(table, origins, faults)
    if is_empty_mark(table):
        return {}
    lines: dict[str, list[Line]] = {}
    for name, line in named_lines(table, targets, "name", faults):
        lines.setdefault(name, []).append(line)
        origins.add_name("parameters", name, line.number)
    for rows in lines.values():
        origins.add_item("parameters", *(line.number for line in rows))
    return {name: _parameter(table, targets, rows, faults) for name, rows in lines.items()} or None


def _parameter(
    table: Table, targets: Mapping[str, Target], lines: list[Line], faults: Faults
) -> Item:
    first, values, extras = lines[0], [], []
    item: Item = {}
    for line in lines:
        _heading, kind = cell_under(first, targets, "type")
        typed = line if kind is None else Line(line.number, _with_type(line, targets, kind))
        found = read_item(table, targets, typed, faults)
        found.pop("name", None)
        extras.append(found.pop(EXTRA, {}))
        value = {key: found.pop(key) for key in _VALUE_KEYS if key in found}
        values += [value] if value else []
        _agree(table, item, found, line, is_first=line is first, faults=faults)
        item = found | item
    if values:
        item["values"] = values
    extra = joined_extras(extras)
    return item | ({EXTRA: extra} if extra else {})


def _with_type(line: Line, targets: Mapping[str, Target], kind: Cell) -> Cells:
    """The cells of a line, which is of the type that the first line declares."""
    heading, own = cell_under(line, targets, "type")
    written = next((name for name, target in targets.items() if target.name == "type"), heading)
    return line.cells if own is not None else line.cells | {written: kind}


def _agree(
    table: Table, item: Item, found: Item, line: Line, *, is_first: bool, faults: Faults
) -> None:
    """What later rows say about the whole parameter must be what the first says."""
    for key, value in found.items():
        if not is_first and not same(item.get(key), value):
            reason = _("it is not what the first row of this parameter says")
            cure = _("Say it in the first row only.")
            faults.add(
                problems.WORKBOOK_ROW, table.name, line.number, key, reason=reason, cure=cure
            )


def joined_extras(extras: Sequence[Any]) -> Item:
    """The county's own cells of several lines: by heading the value of the first, or {line: value}
    where others have one."""
    lines: dict[str, dict[str, Any]] = {}
    joined: Item = {}
    for number, extra in enumerate(extras):
        for heading, value in (extra if isinstance(extra, dict) else {}).items():
            if isinstance(value, dict | list) or value is None:  # from the column `extra`
                joined[heading] = value
            else:
                lines.setdefault(heading, {})[str(number)] = value
    for heading, by_line in lines.items():
        joined[heading] = by_line["0"] if by_line.keys() == {"0"} else by_line
    return joined
