"""The section `cases` <-> its sheet: a row for each answer; what is said of the whole case stands in
its first row (design.md §6).

A case's rows bear its `case_id` (blank: that of the row above); `submission` numbers its submissions
(blank: a new one where form or date change). A row with a question and no form is a fact that is
given as it is.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from rules import problems
from rules.workbook.cells import Cell, from_cell, json_cell, same, to_cell
from rules.workbook.columns import SHEETS
from rules.workbook.headings import EXTRA, JSON, Target, target_of
from rules.workbook.kinds import MOMENT, TEXT, VALUE
from rules.workbook.origins import Origins
from rules.workbook.rows import Cells, Item, own_cells, plain_row, read_item
from rules.workbook.sections import (
    EMPTY,
    empty_table,
    is_empty_mark,
    joined_extras,
    named_lines,
    read_headings,
)
from rules.workbook.tables import Faults, Line, Table
from server.problems import gettext_noop as _

_SHEET = SHEETS["cases"]
_ROW_KEYS = ("submission", "form", "date", "question", "value")  # of one answer, not of the case
_MAX_ROWS = 30_000  # beyond these a case takes one row
_WITHIN = frozenset({"form", "date", "data"})


# --- writing ---------------------------------------------------------------------------------------


def cases_table(cases: Sequence[Any]) -> Table:
    """The cases, one below the other."""
    table = empty_table("cases")
    seen: set[str] = set()
    for case in cases:
        rows = _case_rows(case, seen)
        if len(table.lines) + len(rows) > _MAX_ROWS:
            rows = [{JSON: json_cell(case)}]
        for cells in rows:
            table.add(cells)
    if not cases:
        table.add({"case_id": EMPTY})
    return table


def _case_rows(case: Any, seen: set[str]) -> list[Cells]:
    """The rows of one case; one row of JSON if they cannot say all of it, or its id is taken."""
    name = case.get("case_id") if isinstance(case, dict) else None
    if isinstance(name, str) and name not in seen:
        seen.add(name)
        rows = _plain_rows(case)
        if same(_back(rows), [case]):
            return rows
    return [{JSON: json_cell(case)}]


def _plain_rows(case: Item) -> list[Cells]:
    head = {"case_id": to_cell(TEXT, case["case_id"])}
    rows = _given_rows(case.get("facts")) + _submission_rows(case.get("submissions"))
    rows = [head | row for row in rows] or [head]
    about = {
        key: value
        for key, value in case.items()
        if key not in ("case_id", "submissions", "facts", EXTRA)
    }
    extra = case.get(EXTRA)
    own, rest = own_cells(_SHEET, extra if isinstance(extra, dict) else {}, len(rows))
    rows = [row | mine for row, mine in zip(rows, own, strict=True)]
    rows[0] |= plain_row(_SHEET, about) | ({EXTRA: json_cell(rest)} if rest else {})
    return rows


def _given_rows(given: Any) -> list[Cells]:
    return _answer_rows(given, {}) if isinstance(given, dict) else []


def _answer_rows(answers: Mapping[str, Any], about: Cells) -> list[Cells]:
    return [
        about | {"question": to_cell(TEXT, question), "value": to_cell(VALUE, value)}
        for question, value in answers.items()
    ]


def _submission_rows(submissions: Any) -> list[Cells]:
    rows: list[Cells] = []
    for number, one in enumerate(submissions if isinstance(submissions, list) else (), start=1):
        if (
            not isinstance(one, dict)
            or not one.keys() <= _WITHIN
            or not isinstance(one.get("data"), dict)
        ):
            return []  # not what it should be: the case is written as JSON
        about: Cells = {"submission": number}
        about |= {"form": to_cell(TEXT, one["form"])} if "form" in one else {}
        about |= {"date": to_cell(MOMENT, one["date"])} if "date" in one else {}
        rows += _answer_rows(one["data"], about) or [about]
    return rows


_TARGETS = {column.heading: target_of(_SHEET, column.heading) for column in _SHEET.columns}


def _back(rows: list[Cells]) -> list[Any]:
    """The cases in these rows, as the reader will see them."""
    faults = Faults()
    headings = [heading for cells in rows for heading in cells]
    targets = _TARGETS | {heading: target_of(_SHEET, heading) for heading in headings}
    lines = [
        Line(number, {key: cell for key, cell in cells.items() if cell is not None})
        for number, cells in enumerate(rows, start=2)
    ]
    case = _case(Table("cases", headings), targets, _name(rows[0]["case_id"]), lines, faults)
    return [] if faults.items else [case]


def _name(cell: Cell) -> str:
    return str(from_cell(TEXT, cell))


# --- reading ---------------------------------------------------------------------------------------


def read_cases(table: Table, origins: Origins, faults: Faults) -> list[Any] | None:
    """The cases, in the order of their first rows; None for a sheet without rows."""
    targets = read_headings(table, origins, faults)
    if is_empty_mark(table):
        return []
    written = {line.number: line for line in table.lines if _is_json(targets, line)}
    named = Table(table.name, table.headings, [x for x in table.lines if x.number not in written])
    by_name: dict[str, list[Line]] = {}
    for name, line in named_lines(named, targets, "case_id", faults):
        by_name.setdefault(name, []).append(line)
    found = [(lines, name) for name, lines in by_name.items()]
    cases = []
    for lines, name in sorted([*found, *(([line], "") for line in written.values())], key=_row):
        origins.add_item("cases", *(line.number for line in lines))
        if lines[0].number in written:
            cases.append(read_item(table, targets, lines[0], faults))
        else:
            cases.append(_case(table, targets, name, lines, faults))
    return cases or None


def _row(found: tuple[list[Line], str]) -> int:
    return found[0][0].number


def _is_json(targets: Mapping[str, Target], line: Line) -> bool:
    kinds = {target.kind for heading in line.cells if (target := targets.get(heading))}
    return JSON in kinds and "case_id" not in {
        target.name for heading in line.cells if (target := targets.get(heading))
    }


def _case(
    table: Table, targets: Mapping[str, Target], name: str, lines: list[Line], faults: Faults
) -> Item:
    case: Item = {"case_id": name}
    submissions = _Submissions(table, faults)
    given: Item = {}
    extras: list[Item] = []
    for line in lines:
        found = read_item(table, targets, line, faults)
        found.pop("case_id", None)
        extras.append(found.pop(EXTRA, {}))
        row = {key: found.pop(key) for key in _ROW_KEYS if key in found}
        case = found | case  # the first row that says something of the case is right
        is_given = not row.keys() & {"form", "submission", "date"}
        submissions.answer(given if is_given else submissions.of(row, line), row, line)
    parts = {"submissions": submissions.found, "facts": given, EXTRA: joined_extras(extras)}
    return case | {key: value for key, value in parts.items() if value}


class _Submissions:
    """Collects the submissions of one case from its rows."""

    def __init__(self, table: Table, faults: Faults) -> None:
        self.table = table
        self.faults = faults
        self.found: list[Item] = []
        self.numbered: dict[Any, Item] = {}

    def of(self, row: Item, line: Line) -> Item:
        """The answers of the submission that the row belongs to."""
        about = {key: row[key] for key in ("form", "date") if key in row}
        number = row.get("submission")
        if number is None:
            one = self.found[-1] if self.found and about.items() <= self.found[-1].items() else None
        else:
            one = self.numbered.get(str(number))
        if one is None:
            one = about | {"data": {}}
            self.found.append(one)
            self.numbered[str(number)] = one
        elif not about.items() <= one.items():
            reason = _("a row above gives this submission another form or date")
            cure = _("Give it another number.")
            self.note(line, "submission", reason, cure)
        answers: Item = one["data"]
        return answers

    def answer(self, answers: Item, row: Item, line: Line) -> None:
        """Add the row's answer; no question twice."""
        if "question" not in row:
            return
        question = str(row["question"])
        if question in answers:
            self.note(
                line, "question", _("this question is answered above"), _("Keep one of them.")
            )
        answers.setdefault(question, row.get("value"))

    def note(self, line: Line, column: str, reason: str, cure: str) -> None:
        self.faults.add(
            problems.WORKBOOK_ROW, self.table.name, line.number, column, reason=reason, cure=cure
        )
