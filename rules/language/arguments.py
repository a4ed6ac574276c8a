"""What the checker knows of arguments and types, without the tree around them (design.md §6)."""

from datetime import date, datetime

from rules.language.ast import Call, Expr, FactRef, Kind, Literal, Type
from rules.language.functions import Argument
from rules.language.regexes import compile_pattern
from server.problems import Phrase, Problem
from server.problems import gettext_noop as _

NUMBER = Type(Kind.NUMBER)
INTEGER = Type(Kind.INTEGER)
TEXT = Type(Kind.TEXT)

_SPOKEN = {
    Kind.NUMBER: _("a number"),
    Kind.INTEGER: _("a whole number"),
    Kind.DATE: _("a date"),
    Kind.TIME: _("a time"),
    Kind.YES_NO: _("a condition"),
    Kind.SELECT_ONE: _("a choice"),
    Kind.SELECT_MULTIPLE: _("a multiple choice"),
    Kind.TEXT: _("a text"),
}


def spoken(kind: Kind) -> Phrase:
    """`kind` in plain English, with its article."""
    return Phrase(_SPOKEN[kind])


def argument_fault(wanted: Argument, arg: Expr) -> str:
    """Why `arg` cannot be an argument of the special sort `wanted`; '' when it can."""
    quoted = isinstance(arg, Literal) and isinstance(arg.value, str)
    match wanted:
        case "value":
            return ""
        case "fact":
            return "" if isinstance(arg, FactRef) else _("it takes one fact")
        case "digits":
            whole = isinstance(arg, Literal) and isinstance(arg.value, int) and arg.value <= 9
            return "" if whole else _("the number of digits is 0 to 9")
        case "datable" if not quoted:
            is_day = arg.type is None or arg.type.kind in (Kind.DATE, Kind.TIME)
            return "" if is_day else _("it takes a date or a quoted one")
    if not quoted or not isinstance(arg, Literal) or not isinstance(arg.value, str):
        return _("the argument must be a quoted text")
    return quoted_fault(wanted, arg.value)


def quoted_fault(wanted: Argument, text: str) -> str:
    """Why the quoted `text` does not do; '' when it does."""
    if wanted == "datable":
        return (
            ""
            if is_iso_date(text)
            else Phrase(_("'%(text)s' is not a date of the calendar"), text=text)
        )
    if wanted == "moment":
        fault = Phrase(_("'%(text)s' is not a day and hour like 2026-01-31T08:30"), text=text)
        return "" if is_iso_moment(text) else fault
    if wanted == "code" and (not text or " " in text):
        return _("it takes one code; selected-any takes several")
    if wanted == "codes" and not text.split():
        return _("no code is given")
    if wanted == "pattern":
        try:
            compile_pattern(text)
        except Problem as problem:
            reason: str = problem.tokens["reason"]
            return reason
    return ""


def is_iso_date(text: str) -> bool:
    """Whether `text` is a day written as 2026-01-31."""
    try:
        return len(text) == 10 and date.fromisoformat(text) is not None
    except ValueError:
        return False


def is_iso_moment(text: str) -> bool:
    """Whether `text` is a moment written as 2026-01-31T08:30, with or without seconds and zone."""
    try:
        return "T" in text and len(text) <= 40 and datetime.fromisoformat(text) is not None
    except ValueError:
        return False


def join(types: list[Type]) -> Type | None:
    """The one type that all `types` fit into, or None."""
    kinds = {item.kind for item in types}
    if kinds <= {Kind.INTEGER, Kind.NUMBER}:
        return NUMBER if Kind.NUMBER in kinds else INTEGER
    if len(kinds) == 1:
        codes = dict.fromkeys(code for item in types for code in item.codes)
        return Type(types[0].kind, tuple(codes))
    return TEXT if kinds == {Kind.TEXT, Kind.SELECT_ONE} else None


def results_of(node: Expr) -> list[Expr]:
    """The expressions whose value may become that of `node`, through if() and coalesce()."""
    if isinstance(node, Call) and node.name in ("if", "coalesce"):
        args = node.args[1:] if node.name == "if" else node.args
        return [leaf for arg in args for leaf in results_of(arg)]
    return [node]
