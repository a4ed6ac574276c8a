"""A syntax tree -> one Python function of the facts, in strong Kleene logic (design.md §6, value
semantics).

The function takes a mapping of names to values (absent or None: unknown; `TODAY` holds the day) and
gives a value, or None for unknown. No user text is ever run: every node becomes a closure written
here. With `loose`, the names hold raw answers of a submission instead of checked values, and what
does not fit a use is unknown.
"""

import math
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

from rules.engine import functions
from rules.engine.compare import OPERATORS, loosely
from rules.language.ast import (
    And,
    Arith,
    Call,
    Compare,
    Expr,
    FactRef,
    Literal,
    Negate,
    Not,
    Or,
    Value,
)

TODAY = "today()"  # no fact can have this name
LARGEST = (
    10**15
)  # a result beyond it is unknown: floats are not exact there, and integers would grow without end

Env = Mapping[str, Any]
Run = Callable[[Env], Any]


def compile_tree(tree: Expr, neutral: frozenset[str] = frozenset(), *, loose: bool = False) -> Run:
    """The function that evaluates `tree`; `neutral` codes are not counted by count-selected()."""
    return _Compiler(neutral, loose).run(tree)


class _Compiler:
    def __init__(self, neutral: frozenset[str], loose: bool) -> None:
        self.neutral = neutral
        self.loose = loose

    def run(self, node: Expr) -> Run:
        match node:
            case Literal(value=value):
                return lambda env: value
            case FactRef(name=name):
                return lambda env: env.get(name)
            case And(args=args):
                return _all([self.run(arg) for arg in args])
            case Or(args=args):
                return _any([self.run(arg) for arg in args])
            case Not(arg=arg):
                return _not(self.run(arg))
            case Compare():
                return self.compare(node)
            case Arith(op=op, left=left, right=right):
                return _guarded(_binary(ARITHMETIC[op], self.run(left), self.run(right)))
            case Negate(arg=arg):
                return _guarded(_unary(lambda value: -value, self.run(arg)))
            case Call():
                return self.call(node)

    def compare(self, node: Compare) -> Run:
        if self.loose:
            return _binary(loosely(node.op), self.run(node.left), self.run(node.right))
        apply = OPERATORS[node.op]
        match node:
            case Compare(left=FactRef(name=name), right=Literal(value=value)):
                return _fact_against(name, apply, value)
            case _:
                return _binary(apply, self.run(node.left), self.run(node.right))

    def call(self, node: Call) -> Run:
        args = [self.run(arg) for arg in node.args]
        match node.name:
            case "if":
                return _if(*args)
            case "coalesce":
                return _coalesce(args)
            case "known":
                return lambda env: args[0](env) is not None
            case "unknown":
                return lambda env: args[0](env) is None
            case "today":
                return lambda env: env[TODAY]
            case "true" | "false":
                result = node.name == "true"
                return lambda env: result
        function = functions.build(node, self.neutral)
        if node.name in ("date", "date-time") and isinstance(node.args[0], Literal):
            day = function(node.args[0].value)
            return lambda env: day
        if self.loose:
            function = _forgiving(function)
        if len(args) == 1 or node.name in functions.CONSTANT_REST:
            return _unary(function, args[0])
        return _guarded(_many(function, args))


def _all(parts: list[Run]) -> Run:
    def run(env: Env) -> bool | None:
        result: bool | None = True
        for part in parts:
            value = part(env)
            if value is None:
                result = None
            elif value is not True:
                return False
        return result

    return run


def _any(parts: list[Run]) -> Run:
    def run(env: Env) -> bool | None:
        result: bool | None = False
        for part in parts:
            value = part(env)
            if value is None:
                result = None
            elif value is True:
                return True
        return result

    return run


def _not(part: Run) -> Run:
    def run(env: Env) -> bool | None:
        value = part(env)
        return None if value is None else value is not True

    return run


def _fact_against(name: str, apply: Callable[[Any, Any], bool], constant: Any) -> Run:
    def run(env: Env) -> bool | None:
        value = env.get(name)
        return None if value is None else apply(value, constant)

    return run


def _unary(apply: Callable[[Any], Any], part: Run) -> Run:
    def run(env: Env) -> Any:
        value = part(env)
        return None if value is None else apply(value)

    return run


def _binary(apply: Callable[[Any, Any], Any], left: Run, right: Run) -> Run:
    def run(env: Env) -> Any:
        one = left(env)
        if one is None:
            return None
        other = right(env)
        return None if other is None else apply(one, other)

    return run


def _many(apply: Callable[..., Any], parts: list[Run]) -> Run:
    def run(env: Env) -> Any:
        values = [part(env) for part in parts]
        return None if None in values else apply(*values)

    return run


def _if(condition: Run, then: Run, otherwise: Run) -> Run:
    def run(env: Env) -> Any:
        value = condition(env)
        if value is None:
            one, other = then(env), otherwise(env)
            return one if one == other else None
        return then(env) if value is True else otherwise(env)

    return run


def _coalesce(parts: list[Run]) -> Run:
    def run(env: Env) -> Any:
        for part in parts:
            value = part(env)
            if value is not None:
                return value
        return None

    return run


def _guarded(run: Run) -> Run:
    """What no column could hold (too large, not a number, outside the calendar) is unknown."""

    def guarded(env: Env) -> Any:
        try:
            value = run(env)
        except (OverflowError, ZeroDivisionError, TypeError, ValueError):
            return None
        if isinstance(value, int | float) and not -LARGEST <= value <= LARGEST:
            return None
        return value

    return guarded


def _forgiving(apply: Callable[..., Any]) -> Callable[..., Any]:
    def forgiving(*values: Any) -> Any:
        try:
            return apply(*values)
        except (TypeError, ValueError, AttributeError, OverflowError):
            return None

    return forgiving


def _plus(left: Any, right: Any) -> Value:
    if isinstance(left, date):
        return left + timedelta(days=right)
    result: Value = left + right
    return result


def _minus(left: Any, right: Any) -> Value:
    if isinstance(left, date):
        return (left - right).days if isinstance(right, date) else left - timedelta(days=right)
    result: Value = left - right
    return result


def _divide(left: Any, right: Any) -> float | None:
    return None if right == 0 else left / right


def _modulo(left: Any, right: Any) -> int | float | None:
    """The remainder with the sign of the dividend, as in XPath."""
    if right == 0:
        return None
    if isinstance(left, int) and isinstance(right, int):
        rest = abs(left) % abs(right)
        return rest if left >= 0 else -rest
    return math.fmod(left, right)


ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": _plus,
    "-": _minus,
    "*": lambda left, right: left * right,
    "div": _divide,
    "mod": _modulo,
}
