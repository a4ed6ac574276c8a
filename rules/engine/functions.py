"""What the functions of the language compute from known values (`rules.language.functions` has
their types).

`if coalesce known unknown true false today` treat unknown in their own way and live in closures.py.
"""

import math
from collections.abc import Callable
from typing import Any

from rules.engine import days
from rules.language.ast import Call, Literal
from rules.language.regexes import compile_pattern

# Their later arguments are quoted: built in, so that the function takes its first argument only.
CONSTANT_REST = frozenset({"selected", "selected-any", "format-date", "regex", "round"})

Function = Callable[..., Any]


def build(node: Call, neutral: frozenset[str]) -> Function:
    """The function of `node` on known values, its quoted arguments built in. Gives None for
    unknown."""
    constants = [arg.value for arg in node.args[1:] if isinstance(arg, Literal)]
    match node.name:
        case "selected":
            return _selected_any(frozenset({str(constants[0])}))
        case "selected-any":
            return _selected_any(frozenset(str(constants[0]).split()))
        case "count-selected":
            return lambda value: sum(1 for code in _codes(value) if code not in neutral)
        case "regex":
            return compile_pattern(str(constants[0])).matches
        case "format-date":
            return _format(str(constants[0]))
        case "round":
            return _rounded(int(constants[0]) if constants else 0)
    return _PLAIN[node.name]


def _codes(value: Any) -> tuple[str, ...]:
    if isinstance(value, tuple):
        return value
    return tuple(value.split()) if isinstance(value, str) else ()


def _selected_any(codes: frozenset[str]) -> Function:
    def selected(value: Any) -> bool:
        if isinstance(value, str):
            # raw answers may hold a selection as text with blanks
            return value in codes or (" " in value and not codes.isdisjoint(value.split()))
        return not codes.isdisjoint(value)

    return selected


def _format(pattern: str) -> Function:
    def formatted(value: Any) -> str | None:
        value = value if hasattr(value, "isoformat") else days.as_day(value)
        return None if value is None else days.format_date(value, pattern)

    return formatted


def _rounded(digits: int) -> Function:
    """Half away from zero upwards, as XPath rounds: 2.5 -> 3, -2.5 -> -2."""
    scale = 10**digits

    def rounded(value: Any) -> int | float:
        if float(value).is_integer():  # nothing to round, and a large one times `scale` is inexact
            return value if digits else int(value)
        whole: int = math.floor(value * scale + 0.5)
        return whole / scale if digits else whole

    return rounded


def _between(count: Callable[[Any, Any], int]) -> Function:
    def between(start: Any, end: Any) -> int | None:
        first, last = days.as_day(start), days.as_day(end)
        return None if first is None or last is None else count(first, last)

    return between


_PLAIN: dict[str, Function] = {
    "date": days.as_day,
    "date-time": days.as_moment,
    "decimal-date-time": days.decimal_days,
    "days-between": _between(days.days_between),
    "months-between": _between(days.months_between),
    "years-between": _between(days.years_between),
    "int": lambda value: int(value),
    "abs": abs,
    "min": lambda *values: min(values),
    "max": lambda *values: max(values),
    "string-length": len,
    "contains": lambda text, part: part in text,
    "starts-with": lambda text, part: text.startswith(part),
}
