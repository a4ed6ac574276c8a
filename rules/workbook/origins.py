"""From a place in a document to the cell of the workbook that it was read from, or would be written
to: what a finding tells the person who edits the sheet."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from rules.workbook.columns import SHEETS
from rules.workbook.headings import Target
from server.problems import Place

_ROWS_OF = {"settings": "dimensions"}  # the section's items stand in this sheet


@dataclass(slots=True)
class Origins:
    """Rows by sheet: of the nth item (`items`: all its rows), and of what is known by a name
    (`names`); headings as the sheet writes them (`headings`)."""

    items: dict[str, list[list[int]]] = field(default_factory=dict)
    names: dict[str, dict[str, list[int]]] = field(default_factory=dict)
    headings: dict[str, dict[str, str]] = field(default_factory=dict)

    def add_headings(self, sheet: str, targets: Mapping[str, Target]) -> None:
        """Remember how a sheet writes our headings."""
        self.headings[sheet] = {target.name: heading for heading, target in targets.items()}

    def add_item(self, sheet: str, *rows: int) -> None:
        """The rows of the next item of a sheet."""
        self.items.setdefault(sheet, []).append(list(rows))

    def add_name(self, sheet: str, name: str, row: int) -> None:
        """One more row of what is known by `name`."""
        self.names.setdefault(sheet, {}).setdefault(name, []).append(row)

    def cell(self, place: Place) -> Place:
        """The cell of `place`, which names a section, index + 2 and a key; unchanged where the
        workbook has none."""
        if place.row is not None:
            sheet = _ROWS_OF.get(place.sheet, place.sheet)
            rows = self.items.get(sheet, [])
            index = place.row - 2
            if 0 <= index < len(rows) and rows[index]:
                column = self._heading(sheet, place.column, place.path)
                return replace(place, sheet=sheet, row=rows[index][0], column=column)
        return self._named(place)

    def _named(self, place: Place) -> Place:
        """The cell of a part that has a name for its index: a setting, a parameter, a list."""
        sheet, *inner = place.sheet, *(part for part in place.path.split(" > ") if part)
        if sheet == "settings" and place.column == "dimensions" and inner and inner[0].isdigit():
            key = inner[1] if len(inner) > 1 else ""
            return self.cell(Place("settings", int(inner[0]) + 2, key, " > ".join(inner[2:])))
        rows = self.names.get(sheet, {}).get(place.column)
        if not rows:
            return place
        numbers = [int(part) for part in inner if part.isdigit()]
        row = rows[numbers[0]] if numbers and numbers[0] < len(rows) else rows[0]
        last = inner[-1] if inner and not inner[-1].isdigit() else ""
        first = SHEETS[sheet].columns[1 if sheet == "settings" else 0].heading
        column = self._heading(sheet, last, "") if last else first
        return replace(place, row=row, column=column)

    def _heading(self, sheet: str, key: str, path: str) -> str:
        """The heading of a key of the row's object, or of the part that `path` names; the key
        where there is no such column, or where it has several parts and none is named."""
        known = self.headings.get(sheet, {})
        columns = SHEETS[sheet].groups.get(key, ()) if sheet in SHEETS else ()
        part = path.partition(" > ")[0]
        if len(columns) > 1:
            columns = tuple(column for column in columns if column.path[-1] == part)
        return next((known[one.heading] for one in columns if one.heading in known), key)
