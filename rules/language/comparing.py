"""May these two be compared by this operator? The table behind `check`, with a cure for each way to
get it wrong."""

from dataclasses import replace

from rules.language.ast import Compare, Expr, Kind, Literal, Type
from rules.language.text import to_text
from server.problems import Phrase
from server.problems import gettext_noop as _

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
    return _("Compare values of one type.")


def _cure(op: str, subject: Expr, other: Expr, kind: Kind, against: Kind) -> str:
    text, operand = to_text(subject), to_text(other)
    match kind, against:
        case Kind.SELECT_MULTIPLE, _:
            code = operand if isinstance(other, Literal) else "..."
            return Phrase(_("Write selected(%(text)s, %(code)s)."), text=text, code=code)
        case Kind.YES_NO, _ if isinstance(other, Literal):
            alone = text if other.value in ("yes", "true", 1) else f"not({text})"
            return Phrase(
                _("`%(text)s` is a condition by itself: write %(alone)s."), text=text, alone=alone
            )
        case Kind.TIME, Kind.TEXT if isinstance(other, Literal):
            return Phrase(_("Write date-time(%(text)s), with the hour: '…T08:30'."), text=operand)
        case Kind.DATE, Kind.TEXT if isinstance(other, Literal):
            return Phrase(_("Write date(%(text)s)."), text=operand)
        case Kind.TIME, Kind.DATE:
            return Phrase(_("Write date(%(text)s) to compare days."), text=text)
        case ((Kind.NUMBER | Kind.INTEGER), Kind.TEXT) if isinstance(other, Literal):
            return Phrase(
                _("Write %(text)s without quotation marks, if it is a number."), text=other.value
            )
        case Kind.SELECT_ONE, (Kind.NUMBER | Kind.INTEGER):
            return Phrase(_("A choice is compared with a quoted code: '%(code)s'."), code=operand)
        case Kind.SELECT_ONE, _ if op not in ("=", "!="):
            return Phrase(
                _(
                    "Choices have no order: write selected-any(%(text)s, 'a b') with the codes meant."
                ),
                text=text,
            )
    return ""


def coded(tree: Expr, type_: Type) -> Expr:
    """`tree` with a quoted text retyped as a choice of `type_`."""
    return replace(tree, type=Type(Kind.SELECT_ONE, type_.codes))
