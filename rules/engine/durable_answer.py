"""What parent and child of the second engine say to each other: one JSON line each way for one evaluation."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

_LETTERS = {"true": "T", "false": "F", "unknown": "U"}
_WORDS = {letter: word for word, letter in _LETTERS.items()}

OK = "ok"
UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class DurableAnswer:
    """The second opinion on one child. `state` 'ok': `statuses` by rule id and `derived` by yes/no derived fact, each
    'true', 'false' or 'unknown'. 'unavailable': there is none, and `reason` says why in a word for the log."""

    state: str
    statuses: Mapping[str, str] = field(default_factory=dict)
    derived: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""


def unavailable(reason: str) -> DurableAnswer:
    """No second opinion this time."""
    return DurableAnswer(UNAVAILABLE, reason=reason)


def request_line(facts: Mapping[str, Any], as_of: date, **extra: str) -> bytes:
    """The line that asks for one evaluation; TypeError or ValueError when a fact is no plain value."""
    body = {"facts": dict(facts), "as_of": as_of.isoformat(), **extra}
    return json.dumps(body, default=_plain, allow_nan=False, sort_keys=True).encode() + b"\n"


def _plain(value: object) -> object:
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, set | frozenset):
        return sorted(value)
    raise TypeError(type(value).__name__)


def letters_of(names: Iterable[str], statuses: Mapping[str, str]) -> str:
    """Statuses in the order of `names`, one letter each."""
    return "".join(_LETTERS[statuses[name]] for name in names)


def words_of(names: tuple[str, ...], letters: str) -> dict[str, str]:
    """The statuses behind `letters`; ValueError when they are not those of `names`."""
    if len(letters) != len(names) or not set(letters) <= set(_WORDS):
        raise ValueError("letters of other names")
    return {name: _WORDS[letter] for name, letter in zip(names, letters, strict=True)}
