"""Workbook (xlsx, xls, csv, md) in, XForm with warnings out (design.md §5.1). Wraps pyxform
behind guards.

Every failure is a Problem with sheet, row and column where they can be known: this is what the
editor shows in the cell.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from io import BytesIO
from pathlib import PurePath
from typing import Any

from pyxform.errors import PyXFormError
from pyxform.xls2json_backends import (
    DefinitionData,
    csv_to_dict,
    md_to_dict,
    xls_to_dict,
    xlsx_to_dict,
)
from pyxform.xls2xform import convert

from forms import problems
from forms.instance.hardened import child, local_name, parse_xml
from forms.xlsform.complaints import Notice, conversion_problem, read_notice
from forms.xlsform.expressions import Fault, find_faults
from forms.xlsform.guards import guard_file
from forms.xlsform.sheets import Row, Sheets, read_sheets
from forms.xlsform.xform import MAX_XFORM, XForm, read_xform
from server.problems import Place, Problem

MAX_ROWS = 20_000
_SHEETS = ("survey", "choices", "settings", "external_choices", "entities", "osm")
_READERS: dict[str, Callable[[BytesIO], dict[str, Any]]] = {
    ".xlsx": xlsx_to_dict,
    ".xls": xls_to_dict,
    ".csv": csv_to_dict,
    ".md": md_to_dict,
}


@dataclass(frozen=True, slots=True)
class Converted:
    """A workbook that became a form. `sheet_rows[sheet][n]` is sheet row n + 2; `itemsets` is
    the CSV of an external_choices sheet, to be served as itemsets.csv.
    """

    xform: XForm
    notices: tuple[Notice, ...]
    sheet_rows: dict[str, tuple[Row, ...]]
    itemsets: bytes = b""

    @property
    def warnings(self) -> tuple[str, ...]:
        """The texts of the notices, as Central's xlsFormWarnings."""
        return tuple(notice.text for notice in self.notices)


def read_workbook(content: bytes, filename: str = "", fallback_form_id: str = "") -> Converted:
    """Convert a workbook of at most 10 MB; the content decides what it is, the name only tells
    csv from md.

    `fallback_form_id` (or the file's name) is the form id when the settings sheet gives none.
    Problems: those of `guard_file`, SHEET_MISSING, WORKBOOK_TOO_MANY_ROWS, every 400.15 of
    pyxform, EXPRESSION_*, those of `read_xform`.
    """
    kind, ignored = guard_file(content)
    workbook = _load(content, kind or _text_kind(content, filename))
    sheets = read_sheets({name: getattr(workbook, name) for name in _SHEETS})
    _check_rows(sheets)
    workbook.fallback_form_name = fallback_form_id or PurePath(filename).stem or None
    xml, itemsets, warnings = _convert(workbook, sheets)
    notices = [Notice("ignored", f"Ignored in this workbook: {name}.") for name in ignored]
    notices += [read_notice(text) for text in warnings]
    notices += _check_expressions(xml, sheets, warnings)
    return Converted(read_xform(xml), tuple(notices), sheets.rows, itemsets)


def _text_kind(content: bytes, filename: str) -> str:
    if filename.lower().endswith((".md", ".csv")):
        return PurePath(filename).suffix.lower()
    return ".md" if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"|") else ".csv"


def _load(content: bytes, kind: str) -> DefinitionData:
    if kind in (".csv", ".md"):
        content = _decode(content).encode()
    try:
        return DefinitionData(**_READERS[kind](BytesIO(content)))
    except PyXFormError as fault:
        if "Duplicate column header" in str(fault):
            raise conversion_problem(str(fault), Sheets(), []) from None
        raise Problem(problems.WORKBOOK_UNREADABLE) from None
    except Exception as fault:
        # openpyxl and xlrd fail on broken files with whatever they stumble over (struct.error,
        # IndexError, ...)
        raise Problem(problems.WORKBOOK_UNREADABLE) from fault


def _decode(content: bytes) -> str:
    """UTF-8, UTF-16 with a byte order mark, or GB 18030, in which Excel in China saves CSV."""
    is_utf16 = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if is_utf16 else ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding).replace("\r\n", "\n")
        except UnicodeDecodeError:
            continue
    raise Problem(problems.WORKBOOK_UNREADABLE)


def _check_rows(sheets: Sheets) -> None:
    for name, rows in sheets.rows.items():
        if len(rows) > MAX_ROWS:
            place = Place(sheet=name, row=MAX_ROWS + 2)
            raise Problem(
                problems.WORKBOOK_TOO_MANY_ROWS, places=(place,), sheet=name, limit=MAX_ROWS
            )


def _convert(workbook: DefinitionData, sheets: Sheets) -> tuple[bytes, bytes, list[str]]:
    warnings: list[str] = []
    values = {one.name: getattr(workbook, one.name) for one in fields(workbook)}
    try:
        result = convert(values, warnings=warnings, validate=False)
    except PyXFormError as fault:
        raise conversion_problem(str(fault), sheets, warnings) from None
    except Exception as fault:
        # pyxform's own slips on odd sheets (KeyError, AttributeError, RecursionError) are faults
        # of the sheet to us
        reason = f"pyxform stopped at an unexpected structure ({type(fault).__name__}: {fault})"
        raise conversion_problem(reason, sheets, warnings) from fault
    return result.xform.encode(), (result.itemsets or "").encode(), warnings


def _check_expressions(xml: bytes, sheets: Sheets, warnings: list[str]) -> list[Notice]:
    html = parse_xml(xml, MAX_XFORM)
    instance = child(html, "head", "model", "instance")
    root_path = f"/{local_name(instance[0].tag)}" if instance is not None and len(instance) else ""
    faults = list(find_faults(html, root_path))
    errors = [fault for fault in faults if fault.kind is not None]
    if errors:
        raise _expression_problem(errors, sheets, warnings)
    return [_function_notice(fault, sheets) for fault in faults]


def _expression_problem(errors: list[Fault], sheets: Sheets, warnings: list[str]) -> Problem:
    first, places = errors[0], tuple(sheets.place(one.path, one.column) for one in errors[:100])
    details = {
        "error": f"{first.column}: {first.expression}",
        "warnings": warnings,
        "success": False,
    }
    return Problem(
        first.kind or problems.EXPRESSION_INVALID,
        places=places,
        details=details,
        value=sheets.cell(places[0]) or first.expression,
        name=first.path.rpartition("/")[2],
    )


def _function_notice(fault: Fault, sheets: Sheets) -> Notice:
    place = sheets.place(fault.path, fault.column)
    what = f"unknown function {fault.function}(); phones may refuse the form."
    text = f"[row : {place.row}] {place.column}: {what}"
    return Notice("function", text, place.sheet, place.row)
