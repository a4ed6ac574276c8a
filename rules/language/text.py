"""Tree -> canonical text, with the fewest brackets: `parse(to_text(tree)) == tree` for every parsed
tree."""

from decimal import Decimal

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
)

_ARITH = {"+": 4, "-": 4, "*": 5, "div": 5, "mod": 5}


def to_text(tree: Expr) -> str:
    """The canonical text of `tree` (single quotes unless the text has one; one blank around
    operators)."""
    match tree:
        case Literal(value=value):
            return literal_text(value)
        case FactRef(name=name):
            return f"${{{name}}}"
        case Not(arg=arg):
            return f"not({to_text(arg)})"
        case Call(name=name, args=args):
            return f"{name}({', '.join(map(to_text, args))})"
        case And(args=args):
            return " and ".join(_inside(arg, 3) for arg in args)
        case Or(args=args):
            return " or ".join(_inside(arg, 2) for arg in args)
        case Compare(op=op, left=left, right=right):
            return f"{_inside(left, 4)} {op} {_inside(right, 4)}"
        case Arith(op=op, left=left, right=right):
            strength = _ARITH[op]
            return f"{_inside(left, strength)} {op} {_inside(right, strength + 1)}"
        case Negate(arg=arg):
            return f"-{_inside(arg, 6)}"


def literal_text(value: str | int | float) -> str:
    """A literal as it is typed: floats without exponent, so that the lexer reads them back."""
    if isinstance(value, str):
        return f'"{value}"' if "'" in value else f"'{value}'"
    if isinstance(value, float):
        plain = format(Decimal(repr(value)), "f")
        return plain if "." in plain else f"{plain}.0"
    return str(value)


def _strength(node: Expr) -> int:
    match node:
        case Or():
            return 1
        case And():
            return 2
        case Compare():
            return 3
        case Arith(op=op):
            return _ARITH[op]
        case Negate():
            return 6
        case _:
            return 7


def _inside(node: Expr, needed: int) -> str:
    text = to_text(node)
    return text if _strength(node) >= needed else f"({text})"
