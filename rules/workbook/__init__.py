"""The rule workbook: a rule-set document as an XLSX file that people edit, and back without loss
(design.md §6). Pure: no database.

`workbook_bytes(document)` writes, `read_workbook(bytes)` reads and checks, `workbook_places(document)`
tells in which cell of the written workbook a finding stands, `changes_between(old, new)` tells two
documents apart in words.
"""

from collections.abc import Callable, Mapping
from typing import Any

from rules import problems
from rules.engine.document import Document, canonical
from rules.engine.findings import Finding
from rules.workbook.checking import findings_of
from rules.workbook.columns import LISTS_OF_ROWS, SHEETS
from rules.workbook.difference import Change, Counts, changes_between, count_changes
from rules.workbook.grid import Reading, grid_of, read_grid
from rules.workbook.origins import Origins
from rules.workbook.reading import read_tables
from rules.workbook.writing import xlsx_of
from server.problems import Place, Problem

__all__ = [
    "Change",
    "Counts",
    "Reading",
    "at_cells",
    "changes_between",
    "count_changes",
    "findings_of",
    "in_workbook",
    "open_workbook",
    "read_workbook",
    "workbook_bytes",
    "workbook_places",
]


def workbook_bytes(document: Mapping[str, Any]) -> bytes:
    """The XLSX workbook of a document. Problem DOCUMENT_SHAPE for what is no document."""
    return xlsx_of(grid_of(canonical(document)))


def read_workbook(content: bytes) -> Document:
    """The document of a workbook, free of errors.

    Problems: those of `read_tables`; RULE_SET_INVALID with every fault of the cells, and of what they
    mean, in `places` and `details["errors"]`: sheet, row and column as they are in this file.
    """
    reading = open_workbook(content)
    reading.raise_errors()
    return reading.document


def open_workbook(content: bytes) -> Reading:
    """What a workbook says, with all findings about it at its cells in `findings`. Problems: those of
    `read_tables`; WORKBOOK_NO_RULES."""
    grid, faults = read_tables(content)
    if not grid.keys() & SHEETS.keys():
        raise Problem(problems.WORKBOOK_NO_RULES, sheets=", ".join(SHEETS))
    reading = read_grid(grid)
    reading.faults.items[:0] = faults.items
    reading.findings = _findings(reading)
    return reading


def _findings(reading: Reading) -> list[Finding]:
    own = reading.faults.items
    rows = {(item.place.sheet, item.place.row) for item in own if not item.is_warning}
    unread = [
        (section, index)
        for section in LISTS_OF_ROWS
        for index, lines in enumerate(reading.origins.items.get(section, []))
        if any((section, line) in rows for line in lines)
    ]
    try:
        meant = findings_of(reading.document, unread)
    except Problem as problem:
        if not own:
            raise
        meant = [Finding(problem.kind, problem.tokens, place) for place in problem.places]
    meant = _unsaid(at_cells(meant, reading.origins), rows)
    return own + meant


def _unsaid(findings: list[Finding], rows: set[tuple[str, int | None]]) -> list[Finding]:
    """Findings without those about parameters, choices and settings whose cell was refused already."""
    return [
        one
        for one in findings
        if one.span is not None or (one.place.sheet, one.place.row) not in rows
    ]


def at_cells(findings: list[Finding], origins: Origins) -> list[Finding]:
    """Findings of a document at the cells of its workbook."""
    return [
        Finding(one.kind, one.tokens, origins.cell(one.place), one.span, one.is_warning)
        for one in findings
    ]


def in_workbook(document: Mapping[str, Any], findings: list[Finding]) -> list[Finding]:
    """Findings of a document at the cells of the workbook that `workbook_bytes` makes of it: the one
    that its editor downloads."""
    return at_cells(findings, read_grid(grid_of(canonical(document))).origins) if findings else []


def workbook_places(document: Mapping[str, Any]) -> Callable[[Place], Place]:
    """Where a finding of `document` stands in the workbook that `workbook_bytes` makes of it."""
    return read_grid(grid_of(canonical(document))).origins.cell
