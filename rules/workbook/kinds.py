"""The simple kinds of cells: text, number, yes/no, day, lists of words, and the cell that may hold any
of them."""

import re
from datetime import date, datetime, time
from typing import Any

from rules.workbook.cells import Cell, Codec, Unfit, misread, narrow
from server.problems import gettext_noop as _

_MAX_WHOLE = 2**53  # beyond this a workbook's numbers are not exact
_LIST_MARKS = re.compile(r"[\s,，、;；]+")


def _encode_text(value: object) -> Cell:
    if not isinstance(value, str):
        raise Unfit
    return value


def _decode_text(cell: Cell) -> str:
    if isinstance(cell, bool) or not isinstance(cell, str | int | float):
        what = _as_shown(cell)
        cure = _("Format the cell as text and type it again.")
        misread(_("the cell holds %(what)s, and a text is needed"), cure, what=what)
    return cell if isinstance(cell, str) else str(_whole(cell))


def _as_shown(cell: Cell) -> str:
    if isinstance(cell, bool):
        return str(cell).upper()
    return cell.isoformat() if isinstance(cell, date | time) else str(cell)


def _whole(number: float) -> int | float:
    """20.0 as 20: a workbook knows no difference."""
    is_whole = isinstance(number, float) and number.is_integer() and abs(number) < _MAX_WHOLE
    return int(number) if is_whole else number


def _encode_number(value: object) -> Cell:
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) >= _MAX_WHOLE:
        raise Unfit
    if isinstance(value, float) and (float(f"{value:.15g}") != value or value.is_integer()):
        raise Unfit
    return value


def _decode_number(cell: Cell) -> int | float:
    if isinstance(cell, str):
        cell = number_in(narrow(cell).replace(",", "").strip())
    if isinstance(cell, bool) or not isinstance(cell, int | float):
        misread(_("a number is needed"), _("Type digits only, without a unit."))
    return _whole(cell)


def number_in(text: str) -> Cell:
    if re.fullmatch(r"[+-]?[0-9]{1,18}", text, re.ASCII):
        return int(text)
    if re.fullmatch(r"[+-]?[0-9]{1,18}\.[0-9]{1,18}", text, re.ASCII):
        return float(text)
    return text


_FLAGS = {
    True: ("yes", "true", "y", "on", "1", "是", "对", "√", "✓"),
    False: ("no", "false", "n", "off", "0", "否", "不", "×", "✗"),
}
_FLAG_OF = {word: value for value, words in _FLAGS.items() for word in words}


def _encode_flag(value: object) -> Cell:
    if not isinstance(value, bool):
        raise Unfit
    return "yes" if value else "no"


def _decode_flag(cell: Cell) -> bool:
    if isinstance(cell, bool):
        return cell
    word = str(_whole(cell)) if isinstance(cell, int | float) else str(cell)
    found = _FLAG_OF.get(narrow(word).strip().lower())
    if found is None:
        misread(_("yes or no is needed"), _("Type yes (是) or no (否)."))
    return found


_DAY = re.compile(r"([0-9]{4})\s*[-/.年]\s*([0-9]{1,2})\s*[-/.月]\s*([0-9]{1,2})\s*日?", re.ASCII)
_NEED_DAY = _("a date is needed")
_TYPE_DAY = _("Type it like 2026-01-31.")


def day_in(text: str) -> str | None:
    """A day as people type it (2026/1/31, 2026年1月31日) in the form 2026-01-31; None for another
    text."""
    found = _DAY.fullmatch(narrow(text).strip())
    if found is None:
        return None
    year, month, day = map(int, found.groups())
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None


def _encode_day(value: object) -> Cell:
    if not isinstance(value, str) or day_in(value) != value:
        raise Unfit
    found = date.fromisoformat(value)
    return (
        found if found.year > 1900 else value
    )  # Excel counts days from 1900, and wrongly at first


def _decode_day(cell: Cell) -> str:
    if isinstance(cell, date):
        return cell.isoformat()[:10]
    found = day_in(cell) if isinstance(cell, str) else None
    if found is None:
        misread(_NEED_DAY, _TYPE_DAY)
    return found


def _encode_moment(value: object) -> Cell:
    if not isinstance(value, str):
        raise Unfit
    return _encode_day(value) if day_in(value) == value else value


def _decode_moment(cell: Cell) -> str:
    if isinstance(cell, str) and day_in(cell) is None:
        try:
            datetime.fromisoformat(cell)
        except ValueError:
            misread(_NEED_DAY, _TYPE_DAY)
        return cell
    return _decode_day(cell)


def _encode_words(value: object) -> Cell:
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise Unfit
    return " ".join(value) or "[]"


def _decode_words(cell: Cell) -> list[str]:
    text = _decode_text(cell)
    return [] if text == "[]" else [word for word in _LIST_MARKS.split(text) if word]


def _encode_numbers(value: object) -> Cell:
    if not isinstance(value, list):
        raise Unfit
    return " ".join(str(_encode_number(item)) for item in value) or "[]"


def _decode_numbers(cell: Cell) -> list[int | float]:
    words = [str(cell)] if isinstance(cell, int | float) else _decode_words(cell)
    return [_decode_number(word) for word in words]


def _encode_value(value: object) -> Cell:
    if isinstance(value, list):
        return f"[{_encode_words(value)}]" if value else "[]"
    if isinstance(value, bool | str):
        return value
    return _encode_number(value)


def _decode_value(cell: Cell) -> Any:
    if isinstance(cell, str):
        return _decode_words(cell[1:-1] or "[]") if cell[0] + cell[-1] == "[]" else cell
    if isinstance(cell, datetime) and cell.time() != time():
        return cell.isoformat()
    if isinstance(cell, date):
        return cell.isoformat()[:10]
    if isinstance(cell, time):
        return cell.isoformat()
    return _whole(cell) if isinstance(cell, int | float) and not isinstance(cell, bool) else cell


def _encode_own(value: object) -> Cell:
    return value if isinstance(value, bool | str) else _encode_number(value)


def _decode_own(cell: Cell) -> Any:
    return cell if isinstance(cell, str) else _decode_value(cell)


TEXT = Codec("text", _encode_text, _decode_text)
NUMBER = Codec("number", _encode_number, _decode_number)
FLAG = Codec("flag", _encode_flag, _decode_flag)
DAY = Codec("day", _encode_day, _decode_day)
MOMENT = Codec("moment", _encode_moment, _decode_moment)
WORDS = Codec("words", _encode_words, _decode_words)
NUMBERS = Codec("numbers", _encode_numbers, _decode_numbers)
VALUE = Codec("value", _encode_value, _decode_value)
OWN = Codec("own", _encode_own, _decode_own)  # what is not ours: as it is, a day as text
_BY_TYPE = {
    "number": NUMBER, "integer": NUMBER, "yes_no": FLAG, "date": DAY, "select_one": TEXT,
    "select_multiple": WORDS, "text": TEXT,
}  # fmt: skip


def typed_value(type_: object) -> Codec:
    """The codec for values of a declared type; any value where the type is not known."""
    return _BY_TYPE.get(type_, VALUE) if isinstance(type_, str) else VALUE
