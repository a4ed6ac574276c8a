"""Text of an expression -> tokens with spans (design.md §6). Raises only Problem(EXPRESSION_*)."""

import re
from dataclasses import dataclass
from typing import NoReturn

from rules import problems
from rules.language.ast import Span
from rules.language.names import as_phrase
from server.problems import Kind, Phrase, Place, Problem
from server.problems import gettext_noop as _

MAX_LENGTH = 4000
MAX_NUMBER = 18  # digits: beyond this a float or a 64-bit column would change the value

_TOKEN = re.compile(
    r"""(?P<space>\s+)
    | \$\{(?P<ref>[A-Za-z_][A-Za-z0-9_]{0,63})\}
    | (?P<number>[0-9]+(?:\.[0-9]*)?|\.[0-9]+)
    | (?P<string>'[^']*'|"[^"]*")
    | (?P<name>[A-Za-z_][A-Za-z0-9_.-]*)
    | (?P<op><=|>=|!=|[=<>(),+*-])""",
    re.VERBOSE | re.ASCII,
)
_DOUBLES = ("==", "<>")  # each half would be a token of its own
# What people type instead, and what to say about it.
_HABITS = {
    "==": _("Equality is written with a single =."),
    "&&": _("Write `and`."),
    "||": _("Write `or`."),
    "!": _("Write `not(...)` or `!=`."),
    "<>": _("Write `!=`."),
    "${": _("A fact is written ${name}, with letters, digits and _ only."),
    "'": _("Close the text with the same quotation mark."),
    '"': "Close the text with the same quotation mark.",
    ".": _("`.` belongs to constraints; name the fact as ${name}."),
    "/": _("Division is written `div`."),
    "%": _("The remainder is written `mod`."),
}
_FULL_WIDTH = "（），＝＜＞＋－＊“”‘’，。；＄｛｝！≥≤≠"


@dataclass(frozen=True, slots=True)
class Token:
    """One token; `kind` is ref, number, string, name, op or end; `text` is its content."""

    kind: str
    text: str
    span: Span


def position(text: str, offset: int) -> tuple[int, int]:
    """Line and character of `offset` in `text`, both from 1."""
    line = text.count("\n", 0, offset) + 1
    return line, offset - (text.rfind("\n", 0, offset) + 1) + 1


def fail(text: str, span: Span, reason: str, cure: str = "") -> NoReturn:
    """Raise EXPRESSION_SYNTAX at `span` of `text`."""
    line, column = position(text, span[0])
    found = text[span[0] : max(span[1], span[0] + 1)][:30] or "…"
    raise problem_at(
        problems.EXPRESSION_SYNTAX,
        span,
        found=found,
        line=line,
        column=column,
        reason=as_phrase(reason),
        cure=as_phrase(cure),
    )


def problem_at(kind: Kind, span: Span, **tokens: object) -> Problem:
    """A Problem whose place and details carry the offset, the length and what is in `tokens`."""
    details = {"offset": span[0], "length": span[1] - span[0]}
    if "line" in tokens:
        details["line"] = tokens["line"]  # type: ignore[assignment]
    return Problem(kind, places=(Place(path=f"offset {span[0]}"),), details=details, **tokens)


def tokenize(text: str) -> list[Token]:
    """Split `text` (at most 4,000 characters) into tokens, the last of kind `end`."""
    if len(text) > MAX_LENGTH:
        span = (MAX_LENGTH, len(text))
        raise problem_at(problems.EXPRESSION_TOO_LONG, span, length=len(text), limit=MAX_LENGTH)
    tokens: list[Token] = []
    offset = 0
    while offset < len(text):
        match = _TOKEN.match(text, offset)
        if match is None or text.startswith(tuple(_DOUBLES), offset):
            _complain(text, offset)
        offset = match.end()
        if match.lastgroup != "space":
            tokens.append(_token(text, match))
    return [*tokens, Token("end", "", (len(text), len(text)))]


def _token(text: str, match: re.Match[str]) -> Token:
    kind = match.lastgroup or ""
    content, span = match.group(kind), match.span()
    if kind == "number" and len(content) > MAX_NUMBER:
        cure = Phrase(_("Use at most %(limit)s digits."), limit=MAX_NUMBER)
        fail(text, span, _("the number is too long"), cure)
    return Token(kind, content[1:-1] if kind == "string" else content, span)


def _complain(text: str, offset: int) -> NoReturn:
    for wrong, cure in _HABITS.items():
        if text.startswith(wrong, offset):
            fail(text, (offset, offset + len(wrong)), _("this is not part of the language"), cure)
    is_wide = text[offset] in _FULL_WIDTH
    cure = _("Use the half-width character.") if is_wide else _("Remove it.")
    fail(text, (offset, offset + 1), _("this character is not part of the language"), cure)
