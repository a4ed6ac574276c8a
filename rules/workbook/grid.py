"""A whole document <-> all sheets of its workbook (design.md §6). Nothing is lost: what no sheet can
say stands as JSON in the sheet `json`, and texts too long for a cell go on in the sheet `more`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rules import problems
from rules.engine.findings import Finding, Findings
from rules.workbook.cases import cases_table, read_cases
from rules.workbook.cells import (
    MAX_TEXT,
    Cell,
    Misread,
    from_cell,
    json_cell,
    same,
    survives,
    to_cell,
)
from rules.workbook.columns import HELP, LISTS_OF_ROWS, SHEETS
from rules.workbook.headings import slip_of
from rules.workbook.kinds import OWN, TEXT, VALUE
from rules.workbook.origins import Origins
from rules.workbook.rows import own_cell
from rules.workbook.sections import (
    choices_table,
    is_list_of_objects,
    parameters_table,
    read_choices,
    read_parameters,
    read_rows,
    rows_table,
)
from rules.workbook.settings import read_settings, settings_tables
from rules.workbook.tables import Faults, Grid, Line, Table
from server.problems import gettext_noop as _

LOOSE = "extra_sheets"  # the section that keeps sheets of the county's own
JSON_SHEET, MORE_SHEET = "json", "more"
_OURS = {*SHEETS, JSON_SHEET, MORE_SHEET, *HELP}
_NAME = re.compile(r"[^\[\]:*?/\\\x00-\x1f']+")  # what Excel takes for the name of a sheet
_MAX_NAME = 31
_MAX_ROWS = 40_000  # of a sheet: the reader takes 60,000
_MORE = re.compile(r"more: ([0-9]{1,9})")


@dataclass(slots=True)
class Reading:
    """What a workbook says: the document, where each part of it was read, and what is wrong."""

    document: dict[str, Any] = field(default_factory=dict)
    origins: Origins = field(default_factory=Origins)
    faults: Faults = field(default_factory=Faults)
    findings: list[Finding] = field(default_factory=list)

    def raise_errors(self) -> None:
        """Raise RULE_SET_INVALID with every error among the findings, if there is one."""
        Findings(self.findings).raise_errors()


# --- writing ---------------------------------------------------------------------------------------


def grid_of(document: Mapping[str, Any]) -> Grid:
    """The sheets of a valid document; reading them gives the document back, value for value."""
    tables: list[Table] = []
    rest: dict[str, Any] = {}
    for section in _in_order(document):
        value = document[section]
        found = _tables_of(section, value)
        is_short = all(len(table.lines) <= _MAX_ROWS for table in found)
        if found and is_short and _says(section, found, value):
            tables += found
        else:
            rest[section] = value
    grid = {table.name: table for table in tables}
    for name in SHEETS:  # the sheets that stay empty too: they show what could be there
        grid.setdefault(name, Table(name, [column.heading for column in SHEETS[name].columns]))
    if rest:
        table = grid[JSON_SHEET] = Table(JSON_SHEET, ["section", "value"])
        for section, value in rest.items():
            table.add({"section": to_cell(TEXT, section), "value": json_cell(value)})
    return _with_long_texts(grid)


def _in_order(document: Mapping[str, Any]) -> list[str]:
    order = {name: place for place, name in enumerate(SHEETS)}
    return sorted(document, key=lambda name: order.get(name, len(order)))


def _tables_of(section: str, value: Any) -> list[Table]:
    """The sheets of a section; none where its shape is not that of its sheets."""
    if section == LOOSE:
        return _loose_tables(value) if isinstance(value, dict) else []
    if section in LISTS_OF_ROWS and is_list_of_objects(value):
        return [rows_table(section, value)]
    if section == "cases" and isinstance(value, list):
        return [cases_table(value)]
    if isinstance(value, dict):
        if section == "settings":
            return settings_tables(value)
        if section == "choices" and all(map(is_list_of_objects, value.values())):
            return [choices_table(value)]
        if section == "parameters" and is_list_of_objects(list(value.values())):
            return [parameters_table(value)]
    return []


def _loose_tables(sheets: Mapping[str, Any]) -> list[Table]:
    """Sheets of the county's own; their headings are the numbers of the columns, their first row is
    line 2: nobody reads them."""
    tables = []
    for name, rows in sheets.items():
        table = Table(name, [])
        for number, row in enumerate(rows if isinstance(rows, list) else [], start=2):
            values = row if isinstance(row, list) else []
            cells = {str(place): own_cell(value) for place, value in enumerate(values)}
            filled: dict[str, Cell] = {
                place: cell for place, cell in cells.items() if cell is not None
            }
            table.lines += [Line(number, filled)] if filled else []
        tables.append(table)
    return tables


def _says(section: str, tables: list[Table], value: Any) -> bool:
    """Whether the sheets, read again, say the same, and a file gives all their texts back."""
    texts = (cell for table in tables for line in table.lines for cell in line.cells.values())
    headings = (heading for table in tables for heading in table.headings)
    if not all(survives(text) for text in (*texts, *headings) if isinstance(text, str)):
        return False
    if section == LOOSE and not _are_loose_names([table.name for table in tables]):
        return False
    reading = read_grid({table.name: table for table in tables})
    return not reading.faults.items and same(reading.document, {section: value})


def _are_loose_names(names: list[str]) -> bool:
    """Whether sheets may have these names, and are not taken for ours."""
    folded = {name.lower() for name in names}
    return len(folded) == len(names) and not folded & _OURS and all(map(_is_loose_name, names))


def _is_loose_name(name: str) -> bool:
    is_short = len(name.encode("utf-16-le")) <= 2 * _MAX_NAME and name.lower() != "history"
    is_fit = is_short and _NAME.fullmatch(name) is not None and survives(name)
    return is_fit and slip_of(name, SHEETS) is None


def _with_long_texts(grid: Grid) -> Grid:
    """Texts that no cell holds, in pieces in the sheet `more`; each piece in quotation marks."""
    more = Table(MORE_SHEET, ["more", "text"])
    number = 0
    for table in grid.values():
        for line in table.lines:
            for heading, cell in line.cells.items():
                if isinstance(cell, str) and len(cell) > MAX_TEXT:
                    number += 1
                    line.cells[heading] = f"more: {number}"
                    for start in range(0, len(cell), MAX_TEXT):
                        more.add({"more": number, "text": f'"{cell[start : start + MAX_TEXT]}"'})
    return grid | ({MORE_SHEET: more} if more.lines else {})


# --- reading ---------------------------------------------------------------------------------------


def read_grid(grid: Grid) -> Reading:
    """What the sheets say, all faults of their cells noted."""
    reading = Reading()
    document, origins, faults = reading.document, reading.origins, reading.faults
    grid = _without_long_texts(grid, faults)
    settings = read_settings(grid, origins, faults)
    document |= {} if settings is None else {"settings": settings}
    for name, table in grid.items():
        if name in LISTS_OF_ROWS:
            _put(document, name, read_rows(table, origins, faults))
        elif name == "parameters":
            _put(document, name, read_parameters(table, origins, faults))
        elif name == "choices":
            _put(document, name, read_choices(table, origins, faults))
        elif name == "cases":
            _put(document, name, read_cases(table, origins, faults))
        elif name not in _OURS:
            _read_loose(reading, grid, table)
    _read_json(reading, grid.get(JSON_SHEET))
    return reading


def _put(document: dict[str, Any], section: str, value: Any) -> None:
    if value is not None:
        document[section] = value


def _read_loose(reading: Reading, grid: Grid, table: Table) -> None:
    """A sheet that is not ours is kept, unless its name is a slip of one that is missing."""
    if not table.lines:  # the empty sheets that Excel puts into a new workbook
        return
    cure = slip_of(table.name, [name for name in SHEETS if name not in grid])
    if cure is not None:
        reading.faults.add(
            problems.WORKBOOK_SHEET, table.name, None, "", name=table.name, cure=cure
        )
        return
    rows: list[list[Any]] = []
    for line in table.lines:
        rows += [[] for _ in range(line.number - 2 - len(rows))]
        width = max((int(place) for place in line.cells), default=-1) + 1
        rows.append([_loose_value(line.cells.get(str(place))) for place in range(width)])
    reading.document.setdefault(LOOSE, {})[table.name] = rows


def _loose_value(cell: Cell) -> Any:
    return None if cell is None else OWN.decode(cell)


def _read_json(reading: Reading, table: Table | None) -> None:
    """Sections written as JSON."""
    for line in table.lines if table else ():
        read: dict[str, Any] = {}
        for heading, codec in (("section", TEXT), ("value", VALUE)):
            cell = line.cells.get(heading)
            try:
                read[heading] = None if cell is None else from_cell(codec, cell)
            except Misread as fault:
                reading.faults.misread(JSON_SHEET, line.number, heading, cell, fault)
        section = read.get("section")
        if not isinstance(section, str) or section in reading.document:
            reason = _("its section is missing, or stands in a sheet of its own")
            place = JSON_SHEET, line.number, "section"
            cure = _("Keep one of them.")
            reading.faults.add(problems.WORKBOOK_ROW, *place, reason=reason, cure=cure)
        else:
            reading.document[section] = read.get("value")


def _without_long_texts(grid: Grid, faults: Faults) -> Grid:
    """The cells that go on in the sheet `more`, put together again."""
    more = grid.get(MORE_SHEET)
    if more is None:
        return grid
    texts: dict[str, str] = {}
    for line in more.lines:
        number = str(line.cells.get("more"))
        texts[number] = texts.get(number, "") + str(line.cells.get("text", ""))[1:-1]
    for table in grid.values():
        for line in table.lines:
            for heading, cell in line.cells.items():
                found = _MORE.fullmatch(cell) if isinstance(cell, str) else None
                if found is not None and found[1] in texts:
                    line.cells[heading] = texts[found[1]]
    return grid
