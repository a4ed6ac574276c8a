"""Which expressions can be unknown, and the default that would make them certain (design.md §6,
value semantics)."""

from rules.language.ast import Call, Expr, FactRef, Kind, Literal, Type, children, walk
from rules.language.names import Names
from server.problems import Phrase
from server.problems import gettext_noop as _

_ALWAYS_KNOWN = frozenset({"known", "unknown", "true", "false", "today"})


def may_be_unknown(tree: Expr, names: Names) -> bool:
    """Whether `tree` is unknown for some answers. `and`/`or` count as unknown when any part may be."""
    match tree:
        case Literal():
            return False
        case FactRef(name=name):
            return name not in names or names[name].may_be_unknown
        case Call(name=name) if name in _ALWAYS_KNOWN:
            return False
        case Call(name="coalesce", args=args):
            return all(may_be_unknown(arg, names) for arg in args)
        case Call(name="mod" | "div"):
            return True
    return any(may_be_unknown(child, names) for child in children(tree))


def first_unknown(tree: Expr, names: Names) -> str:
    """The first fact in `tree` that may be unanswered, or ''."""
    for node in walk(tree):
        if isinstance(node, FactRef) and may_be_unknown(node, names):
            return node.name
    return ""


def default_for(kind: Type | None) -> str:
    """The text of a plausible answer for 'nobody said': what the cure of a warning proposes."""
    match kind:
        case Type(kind=Kind.YES_NO):
            return "false()"
        case Type(kind=Kind.NUMBER | Kind.INTEGER):
            return "0"
        case Type(kind=Kind.SELECT_ONE, codes=codes):
            usual: list[str] = [code for code in ("no", "none", "unknown") if code in codes]
            return f"'{(usual or [*codes, 'no'])[0]}'"
        case _:
            return "..."


def coalesce_cure(tree: Expr, names: Names) -> str:
    """Advice that names the fact to give a default, written out."""
    name = first_unknown(tree, names)
    default = default_for(names[name].type if name in names else None)
    return Phrase(
        _(
            "If unanswered shall count as an answer, write coalesce(${%(name)s}, %(default)s)"
            " instead of ${%(name)s}."
        ),
        name=name,
        default=default,
    )
