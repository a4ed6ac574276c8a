"""May these two be compared by this operator? The table behind `check`, with a cure for each way to
get it wrong."""

from dataclasses import replace

from rules.language.ast import Compare, Expr, Kind, Literal, Type
from rules.language.text import to_text

ORDERED = frozenset({Kind.NUMBER, Kind.INTEGER, Kind.DATE, Kind.TIME})
_WORDS = frozenset({Kind.TEXT, Kind.SELECT_ONE})


def is_allowed(op: str, left: Type, right: Type) -> bool:
    """Whether the language gives `left op right` a meaning."""
    one, other = left.kind, right.kind
    if op not in ("=", "!="):
        return one in ORDERED and _same_family(one, other)
    return _same_family(one, other) and Kind.SELECT_MULTIPLE not in (one, other)


def _same_family(one: Kind, other: Kind) -> bool:
    if one.is_numeric and other.is_numeric:
        return True
    return one == other or {one, other} <= _WORDS


def cure_for(node: Compare, left: Type, right: Type) -> str:
    """What to write instead of `node`."""
    for subject, other, kind, against in (
        (node.left, node.right, left.kind, right.kind),
        (node.right, node.left, right.kind, left.kind),
    ):
        cure = _cure(node.op, subject, other, kind, against)
        if cure:
            return cure
    return "Compare values of one type."


def _cure(op: str, subject: Expr, other: Expr, kind: Kind, against: Kind) -> str:
    text, operand = to_text(subject), to_text(other)
    match kind, against:
        case Kind.SELECT_MULTIPLE, _:
            return f"Write selected({text}, {operand if isinstance(other, Literal) else '...'})."
        case Kind.YES_NO, _ if isinstance(other, Literal):
            alone = text if other.value in ("yes", "true", 1) else f"not({text})"
            return f"`{text}` is a condition by itself: write {alone}."
        case ((Kind.DATE | Kind.TIME), Kind.TEXT) if isinstance(other, Literal):
            return f"Write date({operand})."
        case Kind.TIME, Kind.DATE:
            return f"Write date({text}) to compare days."
        case ((Kind.NUMBER | Kind.INTEGER), Kind.TEXT) if isinstance(other, Literal):
            return f"Write {other.value} without quotation marks, if it is a number."
        case Kind.SELECT_ONE, (Kind.NUMBER | Kind.INTEGER):
            return f"A choice is compared with a quoted code: '{operand}'."
        case Kind.SELECT_ONE, _ if op not in ("=", "!="):
            return f"Choices have no order: write selected-any({text}, 'a b') with the codes meant."
    return ""


def coded(tree: Expr, type_: Type) -> Expr:
    """`tree` with a quoted text retyped as a choice of `type_`."""
    return replace(tree, type=Type(Kind.SELECT_ONE, type_.codes))
