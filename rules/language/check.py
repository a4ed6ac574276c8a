"""Untyped tree + names -> typed tree + issues (design.md §6). Never raises for bad input: every
fault is an Issue.

A node whose fault is reported keeps `type is None`, and nothing above it complains again.
"""

from dataclasses import dataclass, field, replace
from typing import Any

from rules import problems
from rules.language import comparing, unknowns
from rules.language.arguments import INTEGER, NUMBER, TEXT, argument_fault, join, results_of, spoken
from rules.language.ast import (
    And,
    Arith,
    Call,
    Compare,
    Expr,
    FactRef,
    Kind,
    Literal,
    Negate,
    Not,
    Or,
    Type,
)
from rules.language.functions import FUNCTIONS, HABITS, Argument, Function
from rules.language.names import Issue, Names, as_phrase, did_you_mean
from rules.language.text import to_text
from server.problems import Kind as ProblemKind
from server.problems import Phrase
from server.problems import gettext_noop as _

YES_NO = Type(Kind.YES_NO)
DATE = Type(Kind.DATE)


def check(tree: Expr, names: Names, expected: Type | None = None) -> tuple[Expr, list[Issue]]:
    """`tree` with types, and its errors and warnings in the order of the text.

    With `expected`, the result must be of that type (an integer is a number; quoted codes become
    choices).
    """
    checker = _Checker(names)
    typed = checker.visit(tree)
    if expected is not None:
        typed = checker.expect(typed, expected)
    return typed, sorted(checker.issues, key=lambda issue: (issue.span, issue.kind.code))


@dataclass(slots=True)
class _Checker:
    """Collects issues while it rebuilds the tree from below."""

    names: Names
    issues: list[Issue] = field(default_factory=list)

    def say(self, kind: ProblemKind, node: Expr, *, warning: bool = False, **tokens: Any) -> None:
        for key in ("cure", "reason"):
            tokens[key] = as_phrase(tokens.get(key, ""))
        self.issues.append(Issue(kind, tokens, node.span, warning))

    def visit(self, node: Expr) -> Expr:
        match node:
            case Literal(value=value):
                kind = {str: TEXT, int: INTEGER, float: NUMBER}[type(value)]
                return replace(node, type=kind)
            case FactRef():
                return self.fact(node)
            case And(args=args) | Or(args=args):
                parts = tuple(self.condition(self.visit(arg)) for arg in args)
                return replace(node, args=parts, type=YES_NO)
            case Not():
                return self.negation(node)
            case Compare():
                return self.comparison(node)
            case Arith():
                return self.arithmetic(node)
            case Negate(arg=arg):
                inner = self.number(self.visit(arg))
                return replace(node, arg=inner, type=inner.type)
            case Call():
                return self.call(node)

    def fact(self, node: FactRef) -> FactRef:
        name = self.names.get(node.name)
        if name is not None:
            return replace(node, type=name.type)
        cure = did_you_mean(node.name, self.names)
        self.say(problems.UNKNOWN_FACT, node, name=node.name, cure=cure)
        return node

    def condition(self, node: Expr) -> Expr:
        """`node` must be true or false."""
        if node.type is None or node.type.kind is Kind.YES_NO:
            return node
        text, cure = to_text(node), Phrase(_("Compare it with something."))
        if node.type.kind is Kind.SELECT_ONE and "yes" in node.type.codes:
            cure = Phrase(_("Write %(text)s = 'yes'."), text=text)
        elif node.type.kind is Kind.SELECT_MULTIPLE:
            cure = Phrase(_("Write count-selected(%(text)s) > 0."), text=text)
        self.say(problems.NOT_A_CONDITION, node, text=text, type=spoken(node.type.kind), cure=cure)
        return replace(node, type=None)

    def number(self, node: Expr) -> Expr:
        """`node` must be a number."""
        if node.type is None or node.type.kind.is_numeric:
            return node
        cure = Phrase(_("Use a number, or count-selected() of a multiple choice."))
        self.say(
            problems.NOT_A_NUMBER, node, text=to_text(node), type=spoken(node.type.kind), cure=cure
        )
        return replace(node, type=None)

    def negation(self, node: Not) -> Expr:
        inner = self.condition(self.visit(node.arg))
        typed = replace(node, arg=inner, type=YES_NO)
        self.warn_if_unknown(typed, inner)
        return typed

    def warn_if_unknown(self, node: Expr, inner: Expr) -> None:
        """A negated unknown never fires: say so where unanswered is possible."""
        if any(issue.span == node.span for issue in self.issues):
            return
        if unknowns.may_be_unknown(inner, self.names):
            self.say(
                problems.NEGATED_UNKNOWN,
                node,
                warning=True,
                text=to_text(node),
                name=unknowns.first_unknown(inner, self.names),
                cure=unknowns.coalesce_cure(inner, self.names),
            )

    def comparison(self, node: Compare) -> Expr:
        left, right = self.visit(node.left), self.visit(node.right)
        left, right = self.as_code(left, right), self.as_code(right, left)
        typed = replace(node, left=left, right=right, type=YES_NO)
        if left.type is None or right.type is None:
            return typed
        if not comparing.is_allowed(node.op, left.type, right.type):
            self.say(
                problems.TYPE_MISMATCH,
                node,
                op=node.op,
                left=self.described(left),
                right=self.described(right),
                cure=comparing.cure_for(node, left.type, right.type),
            )
        elif node.op == "!=":
            self.warn_if_unknown(typed, typed)
        return typed

    def described(self, node: Expr) -> str:
        kind = spoken(node.type.kind) if node.type else ""
        return Phrase(_("`%(text)s` (%(type)s)"), text=to_text(node), type=kind)

    def as_code(self, node: Expr, other: Expr) -> Expr:
        """A quoted text beside a choice is one of its codes."""
        if not isinstance(node, Literal) or not isinstance(node.value, str):
            return node
        if other.type is None or other.type.kind is not Kind.SELECT_ONE:
            return node
        self.code(node, node.value, other)
        return comparing.coded(node, other.type)

    def code(self, place: Expr, code: str, select: Expr) -> None:
        """`code` must be in the list of `select` (any will do when the list is not known)."""
        codes = select.type.codes if select.type else ()
        if codes and code not in codes:
            name = select.name if isinstance(select, FactRef) else to_text(select)
            cure = did_you_mean(code, codes, "'{}'")
            self.say(problems.UNKNOWN_CODE, place, code=code, name=name, cure=cure)

    def arithmetic(self, node: Arith) -> Expr:
        left, right = self.visit(node.left), self.visit(node.right)
        day = self.day_arithmetic(node.op, left, right)
        if day is not None:
            return replace(node, left=left, right=right, type=day)
        left, right = self.number(left), self.number(right)
        result: Type | None = None
        if left.type and right.type:
            whole = left.type.kind is right.type.kind is Kind.INTEGER and node.op != "div"
            result = INTEGER if whole else NUMBER
        return replace(node, left=left, right=right, type=result)

    def day_arithmetic(self, op: str, left: Expr, right: Expr) -> Type | None:
        """date - date is days; date + or - a whole number is a date."""
        one = left.type.kind if left.type else None
        other = right.type.kind if right.type else None
        if op == "-" and one is other is Kind.DATE:
            return INTEGER
        if op in ("+", "-") and one is Kind.DATE and other is Kind.INTEGER:
            return DATE
        return None

    def call(self, node: Call) -> Expr:
        function = FUNCTIONS.get(node.name)
        args = tuple(self.visit(arg) for arg in node.args)
        typed = replace(node, args=args)
        if function is None:
            cure = self.function_meant(node.name)
            self.say(problems.UNKNOWN_FUNCTION, node, name=node.name, cure=cure)
            return typed
        if not function.accepts(len(args)):
            self.misuse(typed, function, Phrase(_("it has %(count)s arguments"), count=len(args)))
            return typed
        args = tuple(
            self.argument(typed, function.argument(index), arg) for index, arg in enumerate(args)
        )
        if function.result is not None:
            return replace(node, args=args, type=Type(function.result))
        return self.joined(replace(node, args=args), function)

    def function_meant(self, name: str) -> Phrase:
        if name in HABITS:
            return Phrase(_("Write %(usage)s."), usage=HABITS[name])
        return did_you_mean(name, [*FUNCTIONS, "not"], "`{}`")

    def misuse(self, node: Call, function: Function, reason: str, at: Expr | None = None) -> None:
        usage = function.usage
        self.say(problems.ARGUMENTS, at or node, name=node.name, reason=reason, usage=usage)

    def argument(self, node: Call, wanted: Argument, arg: Expr) -> Expr:
        function = FUNCTIONS[node.name]
        if isinstance(wanted, frozenset):
            if arg.type is not None and arg.type.kind not in wanted:
                if wanted == {Kind.YES_NO}:
                    return self.condition(arg)
                reason = Phrase(
                    _("`%(text)s` is %(type)s"), text=to_text(arg), type=spoken(arg.type.kind)
                )
                self.misuse(node, function, reason, arg)
            return arg
        fault = argument_fault(wanted, arg)
        if fault:
            self.misuse(node, function, fault, arg)
        elif wanted in ("code", "codes") and isinstance(arg, Literal):
            codes = str(arg.value).split() if wanted == "codes" else [str(arg.value)]
            for code in codes:
                self.code(arg, code, node.args[0])
        return arg

    def joined(self, node: Call, function: Function) -> Expr:
        """The common type of the values of if(), coalesce(), min(), max(), abs()."""
        start = 1 if node.name == "if" else 0
        values = node.args[start:]
        if any(value.type is None for value in values):
            return node
        select = next((v for v in values if v.type and v.type.kind is Kind.SELECT_ONE), None)
        if select is not None:
            values = tuple(self.as_code(value, select) for value in values)
        result = join([value.type for value in values if value.type])
        if result is None:
            kinds = dict.fromkeys(value.type.kind for value in values if value.type)
            one, other = [spoken(kind) for kind in kinds][:2]
            types = Phrase(_("%(one)s and %(other)s"), one=one, other=other)
            self.say(problems.MIXED_TYPES, node, name=node.name, types=types)
        return replace(node, args=node.args[:start] + values, type=result)

    def expect(self, node: Expr, expected: Type) -> Expr:
        """Report when `node` does not give the declared type; give quoted results their codes."""
        if node.type is None:
            return node
        if expected.kind is Kind.YES_NO:
            return self.condition(node)
        if expected.kind is Kind.SELECT_ONE and node.type.kind in (Kind.TEXT, Kind.SELECT_ONE):
            for leaf in results_of(node):
                if isinstance(leaf, Literal):
                    self.code(leaf, str(leaf.value), FactRef("…", type=expected))
            return replace(node, type=expected)
        if expected.kind is Kind.TEXT:
            fits = node.type.kind in (Kind.TEXT, Kind.SELECT_ONE)
        else:
            fits = join([node.type, expected]) == expected
        if not fits:
            found, wanted = spoken(node.type.kind), spoken(expected.kind)
            self.say(problems.WRONG_RESULT, node, found=found, expected=wanted)
        return node
