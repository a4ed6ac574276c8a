"""A workbook as plain tables, between documents and files: sheets, headings, cells by heading; and
the faults met while it is read."""

from dataclasses import dataclass, field
from typing import Any

from rules import problems
from rules.engine.findings import Finding
from rules.language.names import as_phrase
from rules.workbook.cells import Cell, Misread
from server.problems import Kind, Place


@dataclass(slots=True)
class Line:
    """One row below the headings: its number in the sheet, its cells by heading (none blank)."""

    number: int
    cells: dict[str, Cell] = field(default_factory=dict)


@dataclass(slots=True)
class Table:
    """One sheet; the headings from the left."""

    name: str
    headings: list[str]
    lines: list[Line] = field(default_factory=list)

    def add(self, cells: dict[str, Cell]) -> None:
        """Put a line below the last; unknown headings are put behind the others."""
        filled: dict[str, Cell] = {
            key: cell for key, cell in cells.items() if cell not in (None, "")
        }
        for heading in filled:
            if heading not in self.headings:
                self.headings.append(heading)
        self.lines.append(Line(len(self.lines) + 2, filled))


Grid = dict[str, Table]  # by the name of the sheet, in the order of the sheets
Loose = dict[str, list[list[Any]]]  # sheets that are no part of the rules: rows of plain values


@dataclass(slots=True)
class Faults:
    """What is wrong with the cells of a workbook, as findings at their cells."""

    items: list[Finding] = field(default_factory=list)

    def add(self, kind: Kind, sheet: str, row: int | None, heading: str, **tokens: Any) -> None:
        """Note a fault; the texts among `tokens` are translated with it."""
        said = {key: as_phrase(text) if key in _SAID else text for key, text in tokens.items()}
        self.items.append(Finding(kind, said, Place(sheet, row, heading)))

    def warn(self, kind: Kind, sheet: str, row: int | None, heading: str, **tokens: Any) -> None:
        """Note something to look at; the workbook can be read all the same."""
        self.items.append(Finding(kind, tokens, Place(sheet, row, heading), is_warning=True))

    @property
    def errors(self) -> list[Finding]:
        """What keeps the workbook from being read."""
        return [item for item in self.items if not item.is_warning]

    def misread(self, sheet: str, row: int, heading: str, cell: Cell, fault: Misread) -> None:
        """Note that a cell does not hold what its column needs."""
        tokens = {"name": heading, "value": shown(cell)}
        self.add(
            problems.WORKBOOK_CELL,
            sheet,
            row,
            heading,
            **tokens,
            reason=fault.reason,
            cure=fault.cure,
        )


_SAID = frozenset({"reason", "cure"})


def shown(cell: Cell) -> str:
    """A cell in a message, shortened."""
    text = str(cell)
    return text if len(text) <= 60 else f"{text[:59]}…"
