"""Values as durable-rules' own JSON reader takes them without loss, and the names it can tell apart."""

import json
import math
from collections.abc import Iterable
from decimal import Decimal

LARGEST_INTEGER = 2**53  # above it the engine compares as doubles, where 2**53 + 1 equals 2**53
LONGEST_TEXT = 200
LONGEST_NUMBER = 60
_ENGINE_NAMES = ("id", "sid", "kind", "$forward", "$s", "$time", "$i", "$m")


class Unencodable(ValueError):
    """A value that the engine would misread."""


def literal(value: bool | float | str) -> str:
    """The JSON text of `value`: decimals without exponent (the engine fails on 1e-07), texts plain."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        if not is_plain(value):
            raise Unencodable("a text with signs that the engine reads differently")
        return json.dumps(value, ensure_ascii=False)
    return decimal(float(value))


def decimal(value: float) -> str:
    """A number with a point and no exponent; reading it back gives the same double."""
    if not math.isfinite(value) or abs(value) > LARGEST_INTEGER:
        raise Unencodable("a number out of range")
    text = repr(value)
    if "e" in text:
        text = format(Decimal(text), "f")
    if len(text) > LONGEST_NUMBER:
        raise Unencodable("a number with too many digits")
    return text if "." in text else f"{text}.0"


def is_plain(text: str) -> bool:
    """Whether the engine compares `text` byte by byte: short, printable, without its own signs."""
    return len(text) <= LONGEST_TEXT and text.isprintable() and not set(text) & set('"\\')


def hash_of(name: str) -> int:
    """The 32-bit FNV-1a hash by which alone the engine tells names and ids apart (signed bytes)."""
    result = 0x811C9DC5
    for byte in name.encode():
        result = ((result ^ (byte if byte < 128 else byte | 0xFFFFFF00)) * 16777619) & 0xFFFFFFFF
    return result


def are_distinct(names: Iterable[str]) -> bool:
    """Whether the engine can tell `names` apart from each other and from its own."""
    every = {*names, *_ENGINE_NAMES}
    return len({hash_of(name) for name in every}) == len(every)
