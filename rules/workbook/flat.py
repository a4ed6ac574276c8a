"""A document as rows with ids and readable cells, section by section: what the difference of two
documents is told in."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from rules.language.names import Bilingual
from rules.workbook.cells import Cell, dumps, to_cell
from rules.workbook.columns import LISTS_OF_ROWS, SHEETS
from rules.workbook.headings import EXTRA
from rules.workbook.kinds import VALUE, typed_value
from rules.workbook.rows import plain_row
from rules.workbook.settings import setting_rows

_DAY_LISTS = {"holidays": "holiday", "workdays": "workday"}


@dataclass(frozen=True, slots=True)
class Flat:
    """One row: what it is, and its title in both languages where it has one."""

    section: str
    item: Any
    title: Bilingual

    def cells(self) -> dict[str, str]:
        """Its cells by heading, as the workbook shows them."""
        found = _CELLS.get(self.section, _row_cells)(self.section, self.item)
        return {heading: _text(cell) for heading, cell in found if cell is not None}


def _text(cell: Cell) -> str:
    return cell.isoformat() if isinstance(cell, date | time) else str(cell)


def flat_sections(document: Mapping[str, Any]) -> dict[str, dict[str, Flat]]:
    """The rows of each section by id, in the order of the document. A name that stands twice gets a
    number."""
    sections: dict[str, dict[str, Flat]] = {}
    for section, name, item in _items(document):
        rows = sections.setdefault(section, {})
        key, number = name, 2
        while key in rows:
            key, number = f"{name} #{number}", number + 1
        title = item.get("title") if isinstance(item, dict) else None
        rows[key] = Flat(section, item, title if isinstance(title, dict) else {})
    return sections


def _items(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    for section, value in document.items():
        if section == "settings" and isinstance(value, dict):
            yield from _settings(value)
        elif section == "choices" and isinstance(value, dict):
            for name, codes in value.items():
                for place, code in enumerate(_listed(codes), start=1):
                    yield section, f"{name} {_name_of(code, place)}", code
        elif isinstance(value, dict):
            yield from ((section, name, item) for name, item in value.items())
        else:
            for place, item in enumerate(_listed(value), start=1):
                yield section, _name_of(item, place), item


def _settings(settings: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    for key, value in settings.items():
        if key in _DAY_LISTS:
            yield from (
                ("holidays", str(day), {"date": day, "kind": _DAY_LISTS[key]})
                for day in _listed(value)
            )
        elif key == "dimensions":
            for place, item in enumerate(_listed(value), start=1):
                yield "dimensions", _name_of(item, place), item
        else:
            yield "settings", key, {key: value}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _name_of(item: Any, place: int) -> str:
    keys = ("id", "name", "code", "case_id")
    found = (
        next((item[key] for key in keys if key in item), None) if isinstance(item, dict) else None
    )
    return str(place if found is None else found)


# --- cells by section ------------------------------------------------------------------------------

_Pairs = Iterable[tuple[str, Cell]]


def _row_cells(section: str, item: Any) -> _Pairs:
    is_row = section in LISTS_OF_ROWS or section in ("dimensions", "choices", "holidays")
    if is_row and isinstance(item, dict):
        return list(plain_row(SHEETS[section], item).items())
    return [("value", dumps(item))]


def _setting_cells(section: str, item: Any) -> _Pairs:
    if not isinstance(item, dict):
        return [("value", dumps(item))]
    return [pair for key, value in item.items() for pair in setting_rows(key, value)]


def _parameter_cells(section: str, item: Any) -> _Pairs:
    """A cell for each value, under the day from which it holds."""
    if not isinstance(item, dict):
        return [("value", dumps(item))]
    about = {key: value for key, value in item.items() if key != "values"}
    cells = list(plain_row(SHEETS[section], about).items())
    for value in _listed(item.get("values", [])):
        said = value if isinstance(value, dict) else {}
        text = _text(to_cell(typed_value(item.get("type")), said.get("value")))
        reference = f" ({said['reference']})" if "reference" in said else ""
        cells.append((f"value from {said.get('from', '')}", f"{text}{reference}"))
    return cells


def _case_cells(section: str, item: Any) -> _Pairs:
    """What is said of the case, then each answer under form, day and question."""
    if not isinstance(item, dict):
        return [("value", dumps(item))]
    about = {
        key: value for key, value in item.items() if key not in ("submissions", "facts", EXTRA)
    }
    cells = dict(plain_row(SHEETS[section], about))
    given = item.get("facts")
    for name, value in given.items() if isinstance(given, dict) else ():
        cells[str(name)] = to_cell(VALUE, value)
    for one in _listed(item.get("submissions", [])):
        said = one if isinstance(one, dict) else {}
        where = f"{said.get('form', '')} {said.get('date', '')}"
        answers = said.get("data") if isinstance(said.get("data"), dict) else {}
        for question, value in (answers or {}).items():
            heading, number = f"{where} {question}", 2
            while heading in cells:
                heading, number = f"{where} #{number} {question}", number + 1
            cells[heading] = to_cell(VALUE, value)
    return list(cells.items())


_CELLS = {"settings": _setting_cells, "parameters": _parameter_cells, "cases": _case_cells}
