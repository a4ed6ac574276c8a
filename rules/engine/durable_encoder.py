"""Resolved values of one child -> the fields of the flat fact that durable-rules sees; an unknown one is left out."""

from collections.abc import Callable, Mapping
from datetime import date, datetime

from rules.engine.durable_literal import (
    LARGEST_INTEGER,
    LONGEST_TEXT,
    Unencodable,
    is_plain,
    literal,
)
from rules.engine.durable_rails import Encoding, Field
from rules.language.ast import Expr, Value

Values = Mapping[str, Value]
Reader = Callable[[Values], Value | None]

_OTHER = f'"{"~" * (LONGEST_TEXT + 1)}"'  # stands for texts that no condition can name: longer than they may be


class Encoder:
    """Reads each term once and writes all fields that come from it."""

    def __init__(self, fields: Mapping[str, Field], reader_of: Callable[[Expr], Reader]) -> None:
        """`fields` by name; `reader_of` gives the function that evaluates a tree on resolved values."""
        by_tree: dict[Expr, list[tuple[str, Field]]] = {}
        for name, wanted in fields.items():
            by_tree.setdefault(wanted.tree, []).append((name, wanted))
        self._terms = [(reader_of(tree), each) for tree, each in by_tree.items()]

    def encode(self, values: Values) -> dict[str, str]:
        """Field name -> `,"name":value` for every field with a value. Unencodable when the engine would misread one."""
        parts = {}
        for read, fields in self._terms:
            value = read(values)
            if value is not None:
                for name, wanted in fields:
                    parts[name] = f',"{name}":{_WRITERS[wanted.encoding](value, wanted.code)}'
        return parts


def _number(value: Value, code: str) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unencodable("no number")
    if abs(value) > LARGEST_INTEGER:
        raise Unencodable("a number out of range")
    return literal(float(value))


def _day(value: Value, code: str) -> str:
    if isinstance(value, datetime) or not isinstance(value, date):
        raise Unencodable("no day")
    return f"{value.toordinal()}.0"


def _text(value: Value, code: str) -> str:
    if not isinstance(value, str):
        raise Unencodable("no text")
    return literal(value) if is_plain(value) else _OTHER


def _yes_no(value: Value, code: str) -> str:
    if not isinstance(value, bool):
        raise Unencodable("neither yes nor no")
    return "true" if value else "false"


def _code(value: Value, code: str) -> str:
    if not isinstance(value, tuple):
        raise Unencodable("no list of codes")
    return "true" if code in value else "false"


def _known(value: Value, code: str) -> str:
    return "true"


_WRITERS: Mapping[Encoding, Callable[[Value, str], str]] = {
    Encoding.NUMBER: _number,
    Encoding.DAY: _day,
    Encoding.TEXT: _text,
    Encoding.YES_NO: _yes_no,
    Encoding.CODE: _code,
    Encoding.KNOWN: _known,
}
