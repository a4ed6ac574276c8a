"""`left op right` on known values: exact for checked trees, forgiving for raw answers of a
submission."""

import operator
from collections.abc import Callable
from typing import Any

OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def loosely(op: str) -> Callable[[Any, Any], bool | None]:
    """The operator for values of unknown types: text beside a number is read as one; what does not
    fit is unknown."""
    apply = OPERATORS[op]

    def compare(left: Any, right: Any) -> bool | None:
        left, right = _same(left, right), _same(right, left)
        if op in ("=", "!="):
            return apply(left, right)
        try:
            return apply(left, right)
        except TypeError:
            return None

    return compare


def _same(value: Any, other: Any) -> Any:
    """`value` in the terms of `other`, where that is possible."""
    if isinstance(value, bool):
        value = "yes" if value else "no"
    if isinstance(value, tuple):
        value = " ".join(map(str, value))
    if isinstance(value, str) and isinstance(other, int | float) and not isinstance(other, bool):
        try:
            return float(value)
        except ValueError:
            return value
    if hasattr(value, "isoformat") and not isinstance(other, type(value)):
        return value.isoformat()
    return value
