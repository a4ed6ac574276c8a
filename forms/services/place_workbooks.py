"""Places as a workbook: written with what is there, read back as rows of text behind the guards of workbooks."""

from collections.abc import Iterable
from datetime import date, datetime
from io import BytesIO
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from forms import problems
from forms.xlsform.guards import guard_file
from server.masterdata.planning import COLUMNS, Row, Rows
from server.masterdata.reading import areas_of, schools_of, units_of
from server.people.access import Scope
from server.places.models import Change, SchoolClass
from server.problems import Place, Problem

MAX_ROWS = 20_000
MAX_TEXT = 200
HISTORY = ("noun", "code", "deed", "on", "before", "after", "source")


def write_places(scope: Scope) -> bytes:
    """The workbook of all places within `scope`; its sheet `history` is only read."""
    book = Workbook(write_only=True)
    areas, schools, units = areas_of(scope), schools_of(scope), units_of(scope)
    ends = ("closed_on", "successor__code")
    found = areas.values_list("code", "name", "name_en", "kind", "parent__code", *ends)
    _sheet(book, "areas", COLUMNS["areas"], ((*row[:5], "", *row[5:]) for row in found))
    for name, rows in (("schools", schools), ("units", units)):
        columns = rows.values_list("code", "name", "name_en", "area__code", *ends)
        _sheet(book, name, COLUMNS[name], ((*row[:4], "", *row[4:]) for row in columns))
    classes = SchoolClass.objects.filter(school__in=schools).order_by(
        "school__code", "-year", "name"
    )
    _sheet(book, "classes", COLUMNS["classes"], classes.values_list("school__code", "year", "name"))
    codes = {
        noun: dict(rows.values_list("pk", "code"))
        for noun, rows in (("area", areas), ("school", schools), ("unit", units))
    }
    changes = Change.objects.filter(undone_at=None)[:MAX_ROWS]
    _sheet(book, "history", HISTORY, _history(changes, codes))
    kept = BytesIO()
    book.save(kept)
    return kept.getvalue()


def _history(
    changes: Iterable[Change], codes: dict[str, dict[int, str]]
) -> Iterable[Iterable[Any]]:
    for one in changes:
        code = codes[one.noun].get(one.place_id)
        if code is not None:
            before, after = (
                ", ".join(str(value) for value in said.values()) for said in (one.before, one.after)
            )
            yield one.noun, code, one.deed, one.on, before, after, one.source


def _sheet(book: Any, name: str, columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    sheet = book.create_sheet(name)
    sheet.freeze_panes = "A2"
    for letter in "ABCDEFGH":
        sheet.column_dimensions[letter].width = 20
    heads = []
    for one in columns:
        cell = WriteOnlyCell(sheet, value=one)
        cell.font = Font(bold=True)
        heads.append(cell)
    sheet.append(heads)
    for row in rows:
        sheet.append([_cell(sheet, value) for value in row])


def _cell(sheet: Any, value: Any) -> Any:
    """Text stays text, so that a name that begins with "=" is no formula, and a code keeps its digits."""
    cell = WriteOnlyCell(sheet, value="" if value is None else str(value))
    cell.data_type = "s"
    return cell


def read_places(content: bytes) -> Rows:
    """The rows of the sheets that are known, as text. Problems: those of `guard_file`, SHEET_MISSING-like for none,
    WORKBOOK_TOO_MANY_ROWS."""
    if guard_file(content)[0] != ".xlsx":
        raise Problem(problems.WORKBOOK_UNREADABLE)
    try:
        book = load_workbook(BytesIO(content), read_only=True, data_only=True)
        rows = {name: _rows(book[name], name) for name in COLUMNS if name in book.sheetnames}
    except Problem:
        raise
    except Exception as fault:  # openpyxl fails on broken files with whatever it stumbles over
        raise Problem(problems.WORKBOOK_UNREADABLE) from fault
    if not rows:
        raise Problem(problems.WORKBOOK_UNREADABLE)
    return rows


def _rows(sheet: Any, name: str) -> list[Row]:
    lines = sheet.iter_rows(values_only=True, max_col=30)
    heads = [_text(one) for one in next(lines, ())]
    found: list[Row] = []
    for number, line in enumerate(lines, start=2):
        said = {
            head: _text(value)
            for head, value in zip(heads, line, strict=False)
            if head in COLUMNS[name]
        }
        if any(said.values()):
            found.append((number, said))
        if len(found) > MAX_ROWS:
            place = Place(sheet=name, row=number)
            raise Problem(
                problems.WORKBOOK_TOO_MANY_ROWS, places=(place,), sheet=name, limit=MAX_ROWS
            )
    return found


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = value.date()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip()[:MAX_TEXT]
