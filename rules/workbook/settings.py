"""The section `settings` <-> three sheets: `settings` (a setting in each row), `dimensions` and
`holidays`. What the county adds is kept in `extra`: an own setting as {name: value}, an own column as
{heading: {setting or date: value}}."""

from collections.abc import Mapping
from typing import Any

from rules import problems
from rules.workbook.cells import Cell, Codec, Misread, Unfit, from_cell, json_cell, same, to_cell
from rules.workbook.columns import SHEETS
from rules.workbook.headings import EXTRA, Target, is_own, slip_of
from rules.workbook.kinds import DAY, NUMBER, OWN, TEXT, VALUE, WORDS
from rules.workbook.origins import Origins
from rules.workbook.rows import Item, own_cell, read_item
from rules.workbook.sections import (
    cell_under,
    empty_table,
    is_empty_mark,
    is_list_of_objects,
    read_headings,
    read_rows,
    rows_table,
)
from rules.workbook.tables import Faults, Grid, Line, Table
from server.problems import gettext_noop as _


def _encode_ask(value: object) -> Cell:
    if not isinstance(value, dict) or value.keys() != {"task"}:
        raise Unfit
    return TEXT.encode(value["task"])


_ASK = Codec("ask", _encode_ask, lambda cell: {"task": TEXT.decode(cell)})
_CODECS: dict[str, Codec] = {
    "name": TEXT, "title::zh": TEXT, "title::en": TEXT, "subject": TEXT, "policy": TEXT,
    "neutral_codes": WORDS, "ask_for_facts": _ASK, "conference_score": NUMBER,
}  # fmt: skip
_DAYS = {
    "holidays": "holiday",
    "workdays": "workday",
}  # lists of days, and what the sheet calls them


# --- writing ---------------------------------------------------------------------------------------


def settings_tables(settings: Item) -> list[Table]:
    """The three sheets; what they cannot hold stands as JSON in the sheet `settings`."""
    for as_json in ((), (EXTRA,), (EXTRA, "dimensions", *_DAYS), tuple(settings)):
        tables = _tables(settings, as_json)
        found = _back(tables)
        if found is not None and same(found, settings):
            break
    return tables


def _tables(settings: Item, as_json: tuple[str, ...]) -> list[Table]:
    table = empty_table("settings")
    dimensions, holidays = empty_table("dimensions"), empty_table("holidays")
    for key, value in settings.items():
        if key in as_json:
            table.add({"setting": f"{{{key}}}", "value": json_cell(value)})
        elif key == "dimensions" and value and is_list_of_objects(value):
            dimensions = rows_table("dimensions", value)
        elif key in _DAYS and isinstance(value, list) and value:
            for day in value:
                holidays.add({"date": to_cell(DAY, day), "kind": _DAYS[key]})
        elif key != EXTRA:
            for setting, cell in setting_rows(key, value):
                table.add({"setting": setting, "value": cell})
    extra = settings.get(EXTRA)
    _add_own([table, holidays], extra if isinstance(extra, dict) and EXTRA not in as_json else {})
    return [table, dimensions, holidays]


def setting_rows(key: str, value: Any) -> list[tuple[str, Cell]]:
    """The rows of one setting: what the first column says, and the cell."""
    if key in _CODECS:
        return [(key, to_cell(_CODECS[key], value))]
    names = [f"{key}::{part}" for part in value] if isinstance(value, dict) else []
    if names and all(name in _CODECS for name in names):
        return [(name, to_cell(_CODECS[name], value[name.rpartition(":")[2]])) for name in names]
    return [(f"{{{key}}}", to_cell(VALUE, value))]


def _add_own(tables: list[Table], extra: Mapping[str, Any]) -> None:
    """The county's own settings and columns; what finds no row is missed when it is read back."""
    for heading, value in extra.items():
        by_row = value if isinstance(value, dict) else {}
        for table in tables:
            first = table.headings[0]
            for line in table.lines:
                cell = own_cell(by_row.get(_row_key(line.cells.get(first))))
                if cell is not None and is_own(SHEETS[table.name], heading):
                    line.cells[heading] = cell
                    table.headings += [heading] if heading not in table.headings else []
        if not isinstance(value, dict) and (cell := own_cell(value)) is not None:
            tables[0].add({"setting": heading, "value": cell})


def _row_key(cell: Cell) -> str:
    return (
        str(from_cell(DAY, cell)) if cell is not None and not isinstance(cell, str) else str(cell)
    )


def _back(tables: list[Table]) -> Item | None:
    faults = Faults()
    found = read_settings({table.name: table for table in tables}, Origins(), faults)
    return None if faults.items else found


# --- reading ---------------------------------------------------------------------------------------


def read_settings(grid: Grid, origins: Origins, faults: Faults) -> Item | None:
    """The settings of a workbook; None where it has none of the three sheets."""
    settings: Item = {}
    extra: Item = {}
    if (table := grid.get("settings")) is not None:
        _read_settings(table, settings, extra, origins, faults)
    if (table := grid.get("dimensions")) is not None:
        dimensions = read_rows(table, origins, faults)
        settings |= {} if dimensions is None else {"dimensions": dimensions}
    if (table := grid.get("holidays")) is not None and not is_empty_mark(table):
        _read_days(table, settings, extra, origins, faults)
    if extra:
        settings[EXTRA] = settings.get(EXTRA, {}) | extra
    return settings or None


def _read_settings(
    table: Table, settings: Item, extra: Item, origins: Origins, faults: Faults
) -> None:
    targets = read_headings(table, origins, faults)
    names = [str(cell) for line in table.lines if (cell := cell_under(line, targets, "setting")[1])]
    seen: set[str] = set()
    for line in table.lines:
        name = _setting_name(table, targets, line, seen, faults)
        if name is None:
            continue
        seen.add(name)
        origins.add_name("settings", name.partition("::")[0].strip("{}"), line.number)
        heading, cell = cell_under(line, targets, "value")
        try:
            if cell is not None:
                _take_setting(settings, extra, name, cell, names, table, line, faults)
        except Misread as fault:
            faults.misread(table.name, line.number, heading, cell, fault)
        _take_own(table, targets, line, name, extra, faults)


def _setting_name(
    table: Table, targets: Mapping[str, Target], line: Line, seen: set[str], faults: Faults
) -> str | None:
    heading, cell = cell_under(line, targets, "setting")
    if cell is None:
        reason, cure = _("it names no setting"), _("Fill in the first column.")
        faults.add(
            problems.WORKBOOK_ROW, table.name, line.number, heading, reason=reason, cure=cure
        )
        return None
    name = str(cell)
    known = name.strip().lower().replace(" ", "")
    name = known if known in _CODECS else name
    if name in seen:
        place = table.name, line.number, heading
        faults.add(problems.DUPLICATE, *place, name=name, first=table.name)
        return None
    return name


def _take_setting(
    settings: Item, extra: Item, name: str, cell: Cell, names: list[str],
    table: Table, line: Line, faults: Faults,
) -> None:  # fmt: skip
    if name in _CODECS:
        key, _marks, part = name.partition("::")
        value = from_cell(_CODECS[name], cell)
        if part:
            settings.setdefault(key, {})[part] = value
        else:
            settings[key] = value
    elif name[:1] + name[-1:] == "{}":
        settings[name[1:-1]] = from_cell(VALUE, cell)
    elif cure := slip_of(name, [known for known in _CODECS if known not in names]):
        place = table.name, line.number, "setting"
        faults.add(problems.UNKNOWN_NAME, *place, name=name, what=_("setting"), cure=cure)
    else:
        extra[name] = OWN.decode(cell)


def _take_own(
    table: Table, targets: Mapping[str, Target], line: Line, key: str, extra: Item, faults: Faults
) -> None:
    """The cells of the line in columns of the county's own, under the name of the line."""
    own = {heading: target for heading, target in targets.items() if target.kind == "own"}
    cells = {heading: cell for heading, cell in line.cells.items() if heading in own}
    found = read_item(table, own, Line(line.number, cells), faults).get(EXTRA, {})
    for heading, value in found.items():
        by_row = extra.setdefault(heading, {})
        if isinstance(by_row, dict):
            by_row[key] = value


def _read_days(table: Table, settings: Item, extra: Item, origins: Origins, faults: Faults) -> None:
    targets = read_headings(table, origins, faults)
    kinds = {word: key for key, word in _DAYS.items()} | {"": "holidays"}
    for line in table.lines:
        heading, cell = cell_under(line, targets, "date")
        kind_heading, kind = cell_under(line, targets, "kind")
        key = kinds.get(str(kind or "").strip().lower())
        try:
            if key is None:
                heading, cell = kind_heading, kind
                raise Misread(_("holiday or workday is needed"))
            if cell is None:
                raise Misread(_("the day is missing"))
            day = from_cell(DAY, cell)
        except Misread as fault:
            faults.misread(table.name, line.number, heading, cell, fault)
            continue
        settings.setdefault(key, []).append(day)
        origins.add_name("settings", key, line.number)
        _take_own(table, targets, line, str(day), extra, faults)
