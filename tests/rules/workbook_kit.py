"""Documents with anything in any place, and workbooks with single cells changed, for tests of the
rule workbook."""

import copy
from io import BytesIO
from typing import Any

from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from rules.engine.document import canonical, canonical_bytes
from rules.workbook import workbook_bytes
from rules.workbook.grid import grid_of, read_grid
from rules.workbook.reading import read_tables
from rules.workbook.writing import xlsx_of
from tests.rules.rule_set_kit import SMALL

# texts that a workbook likes to change: numbers, days, formulas, marks of ours, blanks, controls
TRICKY = (
    "", " ", "007", "1", "1.0", "1e5", "2026-01-02", "2026/1/2", "yes", "TRUE", "-", "[]", "[a b]", "{x}",
    "json: {}", "json: 1", "more: 1", "=1+1", "+1", "@x", "'a", " a", "a ", "a\nb", "a\r\nb", "\t", "\x85", "\u2028x",
    "_x0041_", "_x0041_x0042_", "a;b", "a | b", "any: form", "manual", "when", "24 hours", "red 7 days; blue 2 days",
    "x -> y", "a=b", "a::b", "extra", "json", "title::zh", "，；（）", "\u3000", "\xa0x", "\ufffe", "𠮷", "\x08",
)  # fmt: skip
TEXTS = st.sampled_from(TRICKY) | st.text(
    st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=12
)
SCALARS = (
    st.none() | st.booleans() | st.integers(-(10**17), 10**17) | st.integers(-3, 40) | TEXTS
    | st.floats(allow_nan=False, allow_infinity=False)
)  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(("id", "form", "when", "from", "to", "0", "1", "zh")), inner, max_size=3
        )
        | st.dictionaries(TEXTS, inner, max_size=2)
    ),
    max_leaves=6,
)


def places_in(document: Any) -> list[tuple[Any, ...]]:
    """The path of everything inside a document, however deep."""
    found: list[tuple[Any, ...]] = []
    waiting: list[tuple[Any, tuple[Any, ...]]] = [(document, ())]
    while waiting:
        node, path = waiting.pop()
        items: Any = enumerate(node) if isinstance(node, list) else ()
        if isinstance(node, dict):
            items = node.items()
        inside = [(inner, (*path, key)) for key, inner in items]
        found += [place for _, place in inside]
        waiting += reversed(inside)
    return found


def put(document: Any, path: tuple[Any, ...], value: Any) -> None:
    """Put `value` at a path; a path that is no more there is left."""
    for key in path[:-1]:
        try:
            document = document[key]
        except (KeyError, IndexError, TypeError):
            return
    is_index = isinstance(path[-1], int) and isinstance(document, list) and path[-1] < len(document)
    if isinstance(document, dict) or is_index:
        document[path[-1]] = value


@st.composite
def documents(draw: Any, base: Any = SMALL, changes: int = 4) -> dict[str, Any]:
    """The small document with anything in some places, and keys of nobody's."""
    document = copy.deepcopy(base)
    for _ in range(draw(st.integers(1, changes))):
        place = draw(st.sampled_from(places_in(document)))
        if draw(st.booleans()) and isinstance(_at(document, place[:-1]), dict):
            place = (*place[:-1], draw(TEXTS | st.sampled_from(("extra", "extra_sheets", "note"))))
        put(document, place, draw(VALUES))
    return canonical(document)


def _at(document: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        document = document[key]
    return document


def through_tables(document: dict[str, Any]) -> bytes:
    """The canonical bytes of what the tables of a document say."""
    reading = read_grid(grid_of(document))
    assert not reading.faults.items
    return canonical_bytes(reading.document)


def through_file(document: dict[str, Any]) -> bytes:
    """The canonical bytes of what the file of a document says."""
    grid, faults = read_tables(xlsx_of(grid_of(document), has_help=False))
    reading = read_grid(grid)
    assert not faults.items
    assert not reading.faults.items, reading.faults.items[0].message_in(str)
    return canonical_bytes(reading.document)


def edited(document: dict[str, Any], **cells: Any) -> bytes:
    """The workbook of a document with cells changed: `rules_E2="..."` is cell E2 of the sheet rules."""
    workbook = opened(workbook_bytes(document))
    for name, value in cells.items():
        sheet, _, ref = name.rpartition("_")
        workbook[sheet][ref] = value
    return saved(workbook)


def opened(content: bytes) -> Workbook:
    """A workbook to change by hand."""
    return load_workbook(BytesIO(content))


def saved(workbook: Workbook) -> bytes:
    """Its bytes."""
    buffer = BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()
