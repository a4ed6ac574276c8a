"""An independent reading of the domain report's condition shorthand: Python's own parser, closed-world comparisons.

An unanswered fact makes any comparison with it false, as the report says; nothing here is shared with the engine.
"""

import ast
from collections.abc import Mapping
from functools import cache
from types import CodeType
from typing import Any

NEUTRAL = {"none", "stable", "healthy"}


class Unanswered:
    """Compares false with everything and is false itself."""

    def __bool__(self) -> bool:
        return False

    def _no(self, other: object) -> bool:
        return False

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _no  # type: ignore[assignment]
    __hash__ = None  # type: ignore[assignment]


class _Facts(dict[str, Any]):
    def __missing__(self, name: str) -> Any:
        return UNANSWERED


UNANSWERED = Unanswered()


def _codes(value: Any) -> set[str]:
    if isinstance(value, Unanswered):
        return set()
    return set(value) if isinstance(value, tuple | list) else {value}


def _has(value: Any, *codes: str) -> bool:
    return bool(_codes(value) & set(codes))


def _count(value: Any) -> int:
    return len(_codes(value) - NEUTRAL)


FUNCTIONS = {"has": _has, "one": _has, "anyof": lambda value: _count(value) > 0, "count": _count}


@cache
def _compiled(condition: str) -> CodeType:
    return compile(ast.parse(condition, mode="eval"), "<shorthand>", "eval")


def shorthand_is_true(condition: str, facts: Mapping[str, Any]) -> bool:
    """Whether `condition` of the report holds for `facts` (absent = unanswered)."""
    # the fixture's 70 conditions are our own; a mapping with __missing__ must be the locals
    return bool(eval(_compiled(condition), {"__builtins__": {}}, _Facts({**facts, **FUNCTIONS})))  # noqa: S307
