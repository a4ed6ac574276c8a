"""The text of an OData `$filter` -> a syntax tree. PURE.

The part of the language that ODK Central documents: comparisons, and, or, not, parentheses, fields,
literals, and the functions now, year, month, day, hour, minute, second. Anything else of OData is
told apart from nonsense: 501.4, not 400.18.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from exports.problems import FILTER_FEATURE, FILTER_SYNTAX
from server.problems import Problem

COMPARISONS = ("eq", "ne", "lt", "le", "gt", "ge")
PARTS = ("year", "month", "day", "hour", "minute", "second")
LONGEST = 8_000
DEEPEST = 50
_OTHER_OPERATORS = ("add", "sub", "mul", "div", "divby", "mod", "has", "in")
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<text>'(?:[^']|'')*')
    | (?P<moment>\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,12})?)?(?:Z|[+-]\d{2}:?\d{2})?)?)
    | (?P<number>[+-]?\d{1,30}(?:\.\d{1,30})?)
    | (?P<word>[$_A-Za-z][\w.$]*(?:/[$_A-Za-z@][\w.$]*)*)
    | (?P<sign>[(),])
    )""",
    re.VERBOSE | re.ASCII,
)

Constant = str | Decimal | datetime | bool | None


@dataclass(frozen=True, slots=True)
class Field:
    """A property by its path, "__system/submissionDate"."""

    path: str
    at: int


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant; moments are aware, a day is its midnight in UTC."""

    value: Constant
    text: str
    at: int


@dataclass(frozen=True, slots=True)
class Call:
    """`now()`, or a part of a moment."""

    name: str
    argument: "Node | None"
    at: int


@dataclass(frozen=True, slots=True)
class Compare:
    """Two operands and one of `COMPARISONS` between them."""

    operator: str
    left: "Node"
    right: "Node"
    at: int


@dataclass(frozen=True, slots=True)
class Join:
    """Two conditions with "and" or "or" between them."""

    operator: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Not:
    """The contrary."""

    inner: "Node"


Node = Field | Literal | Call | Compare | Join | Not


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


def parse_filter(text: str) -> Node:
    """The tree of a filter. Problems: FILTER_SYNTAX with the character (from 0), FILTER_FEATURE."""
    if len(text) > LONGEST:
        raise _fault(LONGEST, f"it is longer than {LONGEST} characters")
    return _Parser(list(_tokens(text))).whole()


def fields_in(node: Node | None) -> Iterator[str]:
    """The paths of the fields that a filter reads."""
    if isinstance(node, Field):
        yield node.path
    elif isinstance(node, Call):
        yield from fields_in(node.argument)
    elif isinstance(node, Not):
        yield from fields_in(node.inner)
    elif isinstance(node, Compare | Join):
        yield from fields_in(node.left)
        yield from fields_in(node.right)


def read_moment(text: str) -> datetime | None:
    """An ISO date or date and time as an aware moment (UTC where no zone is said), None if it is
    none.
    """
    try:
        if len(text) == len("2020-01-01"):
            day = date.fromisoformat(text)
            return datetime(day.year, day.month, day.day, tzinfo=UTC)
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _tokens(text: str) -> Iterator[_Token]:
    at, end = 0, len(text.rstrip())
    while at < end:
        found = _TOKEN.match(text, at)
        if found is None or found.lastgroup is None:
            raise _fault(at, f"unexpected '{text[at:].strip()[:20]}'")
        yield _Token(found.lastgroup, found.group(found.lastgroup), found.start(found.lastgroup))
        at = found.end()
    yield _Token("end", "", end)


class _Parser:
    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._next = 0
        self._depth = 0

    def whole(self) -> Node:
        node = self._either()
        if self._here.kind != "end":
            raise self._unexpected()
        return node

    @property
    def _here(self) -> _Token:
        return self._tokens[self._next]

    def _take(self) -> _Token:
        token = self._here
        self._next += token.kind != "end"
        return token

    def _took(self, text: str) -> bool:
        if self._here.text != text or self._here.kind not in ("word", "sign"):
            return False
        self._next += 1
        return True

    def _expect(self, sign: str) -> None:
        if not self._took(sign):
            raise self._unexpected()

    def _unexpected(self) -> Problem:
        here = self._here
        if here.kind == "word" and here.text in _OTHER_OPERATORS:
            return Problem(FILTER_FEATURE, text=here.text, at=here.at)
        return _fault(
            here.at, f"unexpected '{here.text[:20]}'" if here.text else "it ends too soon"
        )

    def _either(self) -> Node:
        self._depth += 1
        if self._depth > DEEPEST:
            raise _fault(self._here.at, f"it is nested deeper than {DEEPEST}")
        node = self._both()
        while self._took("or"):
            node = Join("or", node, self._both())
        self._depth -= 1
        return node

    def _both(self) -> Node:
        node = self._condition()
        while self._took("and"):
            node = Join("and", node, self._condition())
        return node

    def _condition(self) -> Node:
        turned = 0
        while self._took("not"):
            turned += 1
        node = self._comparison()
        return Not(node) if turned % 2 else node

    def _comparison(self) -> Node:
        left = self._operand()
        here = self._here
        if here.kind != "word" or here.text not in COMPARISONS:
            return left
        self._take()
        return Compare(here.text, left, self._operand(), here.at)

    def _operand(self) -> Node:
        if self._took("("):
            node = self._either()
            self._expect(")")
            return node
        token = self._take()
        if token.kind == "word":
            return self._word(token)
        if token.kind in ("text", "moment", "number"):
            return Literal(_value(token), token.text, token.at)
        self._next -= token.kind != "end"
        raise self._unexpected()

    def _word(self, token: _Token) -> Node:
        if token.text in ("null", "true", "false"):
            value = {"null": None, "true": True, "false": False}[token.text]
            return Literal(value, token.text, token.at)
        if token.text in (*COMPARISONS, "and", "or", "not"):
            raise _fault(token.at, f"unexpected '{token.text}'")
        return self._call(token) if self._took("(") else Field(token.text, token.at)

    def _call(self, token: _Token) -> Node:
        if token.text not in (*PARTS, "now"):
            raise Problem(FILTER_FEATURE, text=token.text[:80], at=token.at)
        argument = None if token.text == "now" else self._either()
        self._expect(")")
        return Call(token.text, argument, token.at)


def _value(token: _Token) -> Constant:
    if token.kind == "number":
        return Decimal(token.text)
    if token.kind == "moment":
        moment = read_moment(token.text)
        if moment is None:
            raise _fault(token.at, f"'{token.text}' is no date")
        return moment
    text = token.text[1:-1].replace("''", "'")
    if not text.isprintable():
        raise _fault(token.at, "the text holds invisible characters")
    return text


def _fault(at: int, reason: str) -> Problem:
    return Problem(FILTER_SYNTAX, at=at, reason=reason)
