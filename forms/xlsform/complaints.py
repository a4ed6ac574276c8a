"""What pyxform says -> Problems with sheet, row and column, in words that can be translated.

pyxform gives a row for most errors, a code for some and a place for few (web.md §1): the rest is
looked up in the sheets.
"""

import re
from dataclasses import dataclass

from forms import problems
from forms.xlsform.sheets import Sheets
from server.problems import Kind, Place, Problem

_ROW = re.compile(r"\[row : (\d+)\]")
_SHEET = re.compile(r"[Oo]n the '(\w+)' sheet")
_COLUMN = re.compile(r"the '([^']+)' value")
_LIMIT = 2000


@dataclass(frozen=True, slots=True)
class Notice:
    """A warning of the conversion: `kind` groups them ("pyxform", "translation", "function",
    "ignored").
    """

    kind: str
    text: str
    sheet: str = ""
    row: int | None = None


@dataclass(frozen=True, slots=True)
class _Pattern:
    """A message of pyxform: what it means here, and the column to look `value` up in where it
    names no row.
    """

    text: re.Pattern[str]
    kind: Kind
    column: str = ""


def _pattern(text: str, kind: Kind, column: str = "") -> _Pattern:
    return _Pattern(re.compile(text, re.DOTALL), kind, column)


_PATTERNS = (
    _pattern(r"Unknown question type '(?P<value>[^']*)'", problems.TYPE_UNKNOWN, "type"),
    _pattern(r"Question with no type", problems.TYPE_MISSING, "type"),
    _pattern(r"with no name", problems.NAME_MISSING, "name"),
    _pattern(r"Names must begin with", problems.NAME_INVALID),
    _pattern(
        r"'name' value '(?P<value>.*?)' is invalid.*must (be )?unique", problems.NAME_REPEATED
    ),
    _pattern(r"element named '(?P<value>.*?)' has no label", problems.LABEL_MISSING, "name"),
    _pattern(
        r"List name not in (external )?choices sheet: ?(?P<value>\S+)",
        problems.LIST_UNKNOWN,
        "type",
    ),
    _pattern(r"There should be a choices sheet", problems.SHEET_MISSING),
    _pattern(r"must have a sheet named 'survey'", problems.SHEET_MISSING),
    _pattern(r"Choice names must be unique", problems.CHOICE_REPEATED),
    _pattern(
        r"(?P<reason>Choices must have a name|Choice names with spaces.*See \[(?P<value>.*?)\].*)",
        problems.CHOICE_INVALID,
    ),
    _pattern(r"Could not find the name '(?P<value>.*?)'", problems.REFERENCE_UNKNOWN),
    _pattern(r"no survey element named '(?P<value>.*?)'", problems.REFERENCE_UNKNOWN),
    _pattern(r"The name '(?P<value>.*?)' appears more than once", problems.REFERENCE_AMBIGUOUS),
    _pattern(r"Missing calculation", problems.CALCULATION_MISSING, "calculation"),
    _pattern(r"Reference variable", problems.REFERENCE_INVALID),
    _pattern(r"Unmatched 'begin", problems.GROUP_NOT_CLOSED, "type"),
    _pattern(r"Unmatched 'end", problems.GROUP_NOT_OPENED, "type"),
)


def conversion_problem(message: str, sheets: Sheets, warnings: list[str]) -> Problem:
    """The Problem for pyxform's error; `details` are Central's (error, warnings, success)."""
    message = message[:_LIMIT]
    found = next(((one, hit) for one in _PATTERNS if (hit := one.text.search(message))), None)
    tokens = {"value": "", "sheet": "choices" if "choices" in message else "survey"}
    kind, column = problems.XLSFORM_INVALID, ""
    if found is not None:
        kind, column = found[0].kind, found[0].column
        tokens |= {key: value for key, value in found[1].groupdict().items() if value}
    places = _places(message, kind, column, tokens["value"], sheets)
    if not tokens["value"] and places:
        tokens["value"] = sheets.cell(places[0])
    details = {"error": message, "warnings": list(warnings), "success": False}
    return Problem(kind, places=places, details=details, **{"reason": message, **tokens})


def read_notice(text: str) -> Notice:
    """A warning of pyxform with the place that it names."""
    row, sheet = _ROW.search(text), _SHEET.search(text)
    kind = "translation" if "language" in text.lower() else "pyxform"
    where = sheet.group(1) if sheet else ("survey" if row else "")
    return Notice(kind, text, where, int(row.group(1)) if row else None)


def _places(message: str, kind: Kind, column: str, value: str, sheets: Sheets) -> tuple[Place, ...]:
    sheet, named = _SHEET.search(message), _COLUMN.search(message)
    where = sheet.group(1) if sheet else "survey"
    heading = named.group(1) if named else column
    rows: list[int | None] = [int(number) for number in _ROW.findall(message)]
    if not rows and kind is problems.CHOICE_INVALID:
        where, heading = "choices", "name"
    if not rows and heading and value:
        rows = [sheets.find(heading, value, where)]
    if not any(rows) and not sheet:
        return ()
    return tuple(Place(where, row, heading) for row in rows or [None])
