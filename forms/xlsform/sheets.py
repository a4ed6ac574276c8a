"""The rows of a workbook as pyxform sees them, and the way back: from a question's path to its
row and column.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from server.problems import Place

Row = Mapping[str, str]

_BEGIN = re.compile(r"begin[ _](group|lgroup|repeat|looped group|loop)\b", re.IGNORECASE)
_END = re.compile(r"end[ _](group|lgroup|repeat|looped group|loop)\b", re.IGNORECASE)
_ALIASES = {
    "name": ("name", "tag", "value"),
    "type": ("type", "command"),
    "relevant": ("relevant", "relevance", "bind::relevant"),
    "constraint": ("constraint", "bind::constraint"),
    "calculation": ("calculation", "calculate", "bind::calculate"),
    "required": ("required", "bind::required"),
    "read_only": ("read_only", "readonly", "bind::readonly"),
    "repeat_count": ("repeat_count", "count", "jr:count"),
}


@dataclass(frozen=True, slots=True)
class Sheets:
    """Rows by sheet name in small letters; the first data row is sheet row 2."""

    rows: dict[str, tuple[Row, ...]] = field(default_factory=dict)
    paths: dict[str, int] = field(default_factory=dict)

    def place(self, path: str, column: str) -> Place:
        """Where the question of that path ("/g/child") is written; the column as the sheet heads
        it.
        """
        row = self.paths.get(path)
        cell = self.rows["survey"][row - 2] if row else {}
        heading = next((one for one in cell if heading_is(one, column)), column)
        return Place(sheet="survey", row=row, column=heading, path=path)

    def cell(self, place: Place) -> str:
        """The text at a place, "" when unknown."""
        rows = self.rows.get(place.sheet, ())
        known = place.row is not None and 2 <= place.row < len(rows) + 2
        return str(rows[(place.row or 2) - 2].get(place.column, "")) if known else ""

    def find(self, column: str, value: str, sheet: str = "survey") -> int | None:
        """The first row whose cell in that column is `value`."""
        for number, row in enumerate(self.rows.get(sheet, ()), start=2):
            if any(heading_is(key, column) and str(cell) == value for key, cell in row.items()):
                return number
        return None


def read_sheets(sheets: Mapping[str, Iterable[Row] | None]) -> Sheets:
    """Keep copies: pyxform changes rows while it converts them."""
    rows: dict[str, tuple[Row, ...]] = {
        name: tuple(dict(row) for row in found) for name, found in sheets.items() if found
    }
    return Sheets(rows, _paths(rows.get("survey", ())))


def heading_is(heading: str, column: str) -> bool:
    """Whether a heading means that column, through pyxform's aliases and languages ("label::中文
    (zh)").
    """
    folded = heading.strip().lower().replace(" ", "_")
    known = _ALIASES.get(column, (column,))
    return folded in known or folded.partition("::")[0] == column


def _paths(rows: Iterable[Row]) -> dict[str, int]:
    paths: dict[str, int] = {}
    around: list[str] = []
    for number, row in enumerate(rows, start=2):
        type_ = _value(row, "type")
        if _END.match(type_):
            around = around[:-1]
            continue
        path = "/".join(["", *around, _value(row, "name") or type_])
        paths.setdefault(path, number)
        if _BEGIN.match(type_):
            around.append(_value(row, "name"))
    return paths


def _value(row: Row, column: str) -> str:
    return next((str(cell).strip() for key, cell in row.items() if heading_is(key, column)), "")
