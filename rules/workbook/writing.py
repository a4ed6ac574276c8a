"""Plain tables -> XLSX bytes: headings frozen, columns wide enough, pick lists, text wrapped; and the
sheet that explains it all."""

from datetime import date
from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import Any

import yaml
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, NamedStyle, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from rules.workbook.cells import Cell
from rules.workbook.columns import HELP, SHEETS, Column
from rules.workbook.grid import JSON_SHEET, MORE_SHEET
from rules.workbook.headings import target_of
from rules.workbook.kinds import DAY, NUMBER, OWN, VALUE
from rules.workbook.tables import Grid, Table

_LAST = 5000  # rows that have a pick list and the format of their column
_TOP = Alignment(vertical="top", wrap_text=True)
_STYLES = {"text": "@", "day": "yyyy-mm-dd", "general": "General"}


def xlsx_of(grid: Grid, has_help: bool = True) -> bytes:
    """The file; the same tables give the same cells. Without the sheet of help it is made in half the
    time."""
    workbook = Workbook()
    if workbook.active is not None:
        workbook.remove(workbook.active)
    for name, number_format in _STYLES.items():
        workbook.add_named_style(NamedStyle(name, alignment=_TOP, number_format=number_format))
    for table in grid.values():
        sheet = workbook.create_sheet(table.name)
        if table.name in SHEETS or table.name in (JSON_SHEET, MORE_SHEET):
            _fill(sheet, table)
        else:
            _fill_loose(sheet, table)
    if has_help:
        _fill_help(workbook.create_sheet(HELP[0], 0))
    buffer = BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()


def _fill(sheet: Any, table: Table) -> None:
    columns = [_column(table.name, heading) for heading in table.headings]
    places = {heading: place for place, heading in enumerate(table.headings, start=1)}
    for place, (heading, column) in enumerate(zip(table.headings, columns, strict=True), start=1):
        _head(sheet.cell(1, place), heading)
        letter = get_column_letter(place)
        dimension = sheet.column_dimensions[letter]
        dimension.width = column.width if column else 24
        dimension.number_format = _STYLES[_style(column)]
        if column is not None:
            _add_picks(sheet, letter, column)
    for line in table.lines:
        for heading, value in line.cells.items():
            place = places[heading]
            _put(sheet.cell(line.number, place), value, _style(columns[place - 1]))
    sheet.freeze_panes = "B2"


def _column(name: str, heading: str) -> Column | None:
    return target_of(SHEETS[name], heading).column if name in SHEETS else None


def _style(column: Column | None) -> str:
    """Text stays as it is typed: Excel would make 3-1 a day and 007 a number."""
    if column is None or column.codec in (NUMBER, VALUE, OWN):
        return "general"
    return "day" if column.codec is DAY else "text"


def _head(cell: Any, text: str) -> None:
    _put(cell, text, "text")
    cell.font = Font(bold=True)
    cell.fill = PatternFill("solid", fgColor="FFDDEBF7")


def _put(cell: Any, value: Cell, style: str) -> None:
    cell.value = value
    if isinstance(value, str):
        cell.data_type = "s"  # a text that begins with = is no formula
    cell.style = "day" if isinstance(value, date) else style
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@"):
        cell.quotePrefix = True


def _add_picks(sheet: Any, letter: str, column: Column) -> None:
    if column.picks:
        formula = '"' + ",".join(column.picks) + '"'
    elif column.ids_of:
        formula = f"{column.ids_of}!$A$2:$A${_LAST}"
    else:
        return
    picks = DataValidation("list", formula1=formula, allow_blank=True, errorStyle="warning")
    picks.add(f"{letter}2:{letter}{_LAST}")
    sheet.add_data_validation(picks)


def _fill_loose(sheet: Any, table: Table) -> None:
    for line in table.lines:
        for place, value in line.cells.items():
            _put(sheet.cell(line.number - 1, int(place) + 1), value, "general")


@cache
def help_texts() -> dict[str, Any]:
    """What `help.yaml` says: `about`, and by sheet and heading the texts in both languages."""
    text = files("rules.workbook").joinpath("help.yaml").read_text("utf-8")
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def _fill_help(sheet: Any) -> None:
    for place, (heading, width) in enumerate(
        (("sheet", 14), ("column", 26), ("说明", 60), ("what it holds", 60), ("example", 50)),
        start=1,
    ):
        _head(sheet.cell(1, place), heading)
        sheet.column_dimensions[get_column_letter(place)].width = width
    for number, row in enumerate(help_rows(), start=2):
        for place, text in enumerate(row, start=1):
            _put(sheet.cell(number, place), text, "text")
    sheet.freeze_panes = "A2"


def help_rows() -> list[tuple[str, str, str, str, str]]:
    """Sheet, column, Chinese, English, example."""
    texts = help_texts()
    rows = [("", "", one["zh"], one["en"], one.get("example", "")) for one in texts["about"]]
    for name, sheet in texts["sheets"].items():
        rows.append((name, "", sheet["zh"], sheet["en"], ""))
        for heading, one in sheet["columns"].items():
            rows.append((name, heading, one["zh"], one["en"], one.get("example", "")))
    return rows
