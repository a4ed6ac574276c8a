"""One value of a document <-> one cell of a workbook.

A cell is written the way people type it, and only if reading it gives back the very same value; what
has no such form is written as `json: ...`, so that no document loses anything. Blank means absent,
`-` means null, `[]` an empty list.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, NoReturn

from server.problems import Phrase
from server.problems import gettext_noop as _

Cell = str | int | float | bool | date | datetime | time | None

MAX_TEXT = 15_000  # characters in a cell: Excel ends at 32,767 UTF-16 units
_JSON = "json: "
_MORE = re.compile(r"more: [0-9]+")  # where a text goes on in the sheet `more`
_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")  # Excel reads `_x000D_` as a character
_OUTSIDE_XML = re.compile(r"[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {
    0x3000: " ", 0xA0: " ", ord("、"): ",", ord("。"): ".", ord("→"): "->", ord("－"): "-",
}  # fmt: skip


class Unfit(Exception):
    """The value has no form that a person could type in such a cell."""


class Misread(Exception):
    """The cell does not hold what the column needs: the reason, and what to do."""

    def __init__(self, reason: str, cure: str = "") -> None:
        super().__init__(str(reason))
        self.reason = reason
        self.cure = cure


@dataclass(frozen=True, slots=True)
class Codec:
    """How one kind of value is written (raises Unfit) and read (raises Misread; never blank)."""

    name: str
    encode: Callable[[Any], Cell]
    decode: Callable[[Any], Any]


def misread(reason: str, cure: str = "", **tokens: Any) -> NoReturn:
    """Raise Misread with translatable texts; `tokens` fill both."""
    raise Misread(Phrase(reason, **tokens), Phrase(cure, **tokens) if cure else "")


def same(one: object, other: object) -> bool:
    """Whether two plain values are one and the same in JSON: 1 is neither 1.0 nor true."""
    return dumps(one) == dumps(other)


def dumps(value: object) -> str:
    """The one JSON text of a plain value."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def narrow(text: str) -> str:
    """Full-width letters, digits and punctuation as half-width ones."""
    return text.translate(_WIDE)


def survives(text: str) -> bool:
    """Whether a workbook gives this text back as it is, blanks at the ends included."""
    is_clean = text == text.strip() and "\r" not in text and not _OUTSIDE_XML.search(text)
    return bool(text) and is_clean and not _ESCAPED.search(text)


def to_cell(codec: Codec, value: object) -> Cell:
    """The cell for `value`: as people type it where that reads back, else `json: ...`."""
    cell: Cell = "-"
    if value is not None:
        try:
            cell = codec.encode(value)
        except Unfit:
            return json_cell(value)
    return cell if _reads_back(codec, cell, value) else json_cell(value)


def _reads_back(codec: Codec, cell: Cell, value: object) -> bool:
    if cell is None or (isinstance(cell, str) and not is_plain(cell)):
        return False
    try:
        return same(from_cell(codec, cell), value)
    except Misread:
        return False


def is_plain(text: str) -> bool:
    """Whether a cell may hold this text as it is."""
    return len(text) <= MAX_TEXT and survives(text) and not _MORE.fullmatch(text)


def json_cell(value: object) -> str:
    """The cell that holds any plain value; the reader knows it by its beginning."""
    text = dumps(value)
    if not survives(text):
        text = json.dumps(value, sort_keys=True)
    return _JSON + _ESCAPED.sub(r"\\u005f", text)


def from_cell(codec: Codec, cell: Cell) -> Any:
    """The value of a cell that is not blank. Raises Misread."""
    if isinstance(cell, str):
        if cell.startswith(_JSON.strip()) and cell[len(_JSON) - 1 :].strip():
            return _from_json(cell[len(_JSON) - 1 :])
        if cell == "-":
            return None
    return codec.decode(cell)


def is_json(cell: Cell) -> bool:
    """Whether the cell holds a value as JSON."""
    return isinstance(cell, str) and cell.startswith(_JSON.strip())


def _from_json(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as fault:
        cure = _("Mend it, or write the cell in the way of the sheet `help`.")
        misread(_("after `json:` stands no JSON (%(fault)s)"), cure, fault=str(fault)[:80])


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)
