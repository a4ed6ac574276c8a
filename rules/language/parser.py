"""Text of an expression -> untyped tree (design.md §6), by precedence climbing.

Grammar, loosest first: or, and, one comparison (not chained), + -, * div mod, unary -, primary.
Raises only Problem(EXPRESSION_SYNTAX | EXPRESSION_TOO_LONG | EXPRESSION_TOO_DEEP), with offset and
line in `details`.
"""

from typing import NoReturn

from rules import problems
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
    children,
)
from rules.language.lexer import Token, fail, problem_at, tokenize
from server.problems import Phrase
from server.problems import gettext_noop as _

MAX_DEPTH = 64
COMPARISONS = ("=", "!=", "<=", ">=", "<", ">")
_PRECEDENCE = {
    "or": 1,
    "and": 2,
    **dict.fromkeys(COMPARISONS, 3),
    "+": 4,
    "-": 4,
    "*": 5,
    "div": 5,
    "mod": 5,
}
_UNARY = 6


def parse(text: str) -> Expr:
    """The untyped tree of `text`; spans are offsets into it. Spec: design.md §6."""
    reader = _Reader(text)
    if reader.token.kind == "end":
        fail(
            text,
            (0, len(text)),
            _("there is no expression here"),
            _("Write a condition or a value."),
        )
    tree = reader.expression(1)
    if reader.token.kind != "end":
        reader.complain()
    if depth_of(tree) > MAX_DEPTH:
        raise problem_at(problems.EXPRESSION_TOO_DEEP, (0, len(text)), limit=MAX_DEPTH)
    return tree


def depth_of(tree: Expr) -> int:
    """Levels of `tree`, counted without recursion: `1+1+…` is as deep as it is long."""
    depth, level = 0, [tree]
    while level:
        depth += 1
        level = [child for node in level for child in children(node)]
    return depth


class _Reader:
    """A cursor over the tokens of one text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokenize(text)
        self.index = 0
        self.nesting = 0

    @property
    def token(self) -> Token:
        return self.tokens[self.index]

    def advance(self) -> Token:
        token = self.token
        self.index += 1
        return token

    def is_op(self, text: str) -> bool:
        return self.token.kind == "op" and self.token.text == text

    def expect(self, text: str, reason: str, cure: str) -> Token:
        if not self.is_op(text):
            fail(self.text, self.token.span, reason, cure)
        return self.advance()

    def operator(self) -> str:
        """The binary operator at the cursor, or ''."""
        token = self.token
        return token.text if token.kind in ("op", "name") and token.text in _PRECEDENCE else ""

    def expression(self, floor: int) -> Expr:
        """An expression of operators that bind at least as tightly as `floor`."""
        left, compared = self.unary(), False
        while (operator := self.operator()) and _PRECEDENCE[operator] >= floor:
            if operator in ("and", "or"):
                left = self.joined(left, operator)
                continue
            if compared and operator in COMPARISONS:
                cure = _("Join two comparisons with `and`.")
                fail(self.text, self.token.span, _("comparisons cannot be chained"), cure)
            compared = operator in COMPARISONS
            left = self.binary(left, operator)
        return left

    def nested(self, floor: int) -> Expr:
        """`expression(floor)` one level down: the guard of Python's own stack."""
        self.nesting += 1
        if self.nesting > MAX_DEPTH:
            raise problem_at(problems.EXPRESSION_TOO_DEEP, self.token.span, limit=MAX_DEPTH)
        tree = self.expression(floor)
        self.nesting -= 1
        return tree

    def binary(self, left: Expr, operator: str) -> Expr:
        self.advance()
        right = self.nested(_PRECEDENCE[operator] + 1)
        span = (left.span[0], right.span[1])
        if operator in COMPARISONS:
            return Compare(operator, left, right, span)
        return Arith(operator, left, right, span)

    def joined(self, first: Expr, operator: str) -> Expr:
        """All operands of a run of `and` (or of `or`)."""
        args = [first]
        while self.operator() == operator:
            self.advance()
            args.append(self.nested(_PRECEDENCE[operator] + 1))
        span = (first.span[0], args[-1].span[1])
        return And(tuple(args), span) if operator == "and" else Or(tuple(args), span)

    def unary(self) -> Expr:
        if self.is_op("-"):
            start = self.advance().span[0]
            arg = self.nested(_UNARY)
            return Negate(arg, (start, arg.span[1]))
        return self.primary()

    def primary(self) -> Expr:
        token = self.advance()
        match token.kind:
            case "ref":
                return FactRef(token.text, token.span)
            case "string":
                return Literal(token.text, token.span)
            case "number":
                value = float(token.text) if "." in token.text else int(token.text)
                return Literal(value, token.span)
            case "name" if self.is_op("("):
                return self.call(token)
            case "op" if token.text == "(":
                return self.bracketed()
        self.index -= 1
        self.complain()

    def bracketed(self) -> Expr:
        inner = self.nested(1)
        self.expect(")", _("a bracket is not closed"), _("Add the missing `)`."))
        return inner

    def call(self, name: Token) -> Expr:
        self.advance()
        args: list[Expr] = []
        while not self.is_op(")"):
            if args:
                self.expect(
                    ",", _("an argument or `)` is missing"), _("Separate arguments with `,`.")
                )
            args.append(self.nested(1))
        span = (name.span[0], self.advance().span[1])
        if name.text != "not":
            return Call(name.text, tuple(args), span)
        if len(args) != 1:
            fail(self.text, span, _("`not` takes one condition"), _("Write not(condition)."))
        return Not(args[0], span)

    def complain(self) -> NoReturn:
        """Say what is wrong with the token at the cursor."""
        token = self.token
        if token.kind == "end":
            fail(
                self.text,
                token.span,
                _("the expression is not complete"),
                _("Write what is missing."),
            )
        if token.kind == "name" and token.text not in _PRECEDENCE:
            cure = Phrase(_("A fact is written ${%(word)s}, a text '%(word)s'."), word=token.text)
            fail(self.text, token.span, _("a bare word means nothing here"), cure)
        advice = _("An operator is missing before it, or it is one too many.")
        fail(self.text, token.span, _("this was not expected here"), advice)
