"""Tree + names -> a sentence in Chinese or English from the questions' own labels (design.md §1.3).

`${caregiver_age} >= 70 and ${children_in_care} >= 3` reads 照护人年龄 ≥ 70 且 同时照护未成年人数 ≥ 3. The words
are in sentences.json, so that the Chinese stays data. A negation is said where people say it: 不是,
不包含, < for not(... >= ...); these mean the same for unanswered questions too.
"""

import json
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Literal as OneOf

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
    walk,
)
from rules.language.names import Name, Names
from rules.language.text import literal_text

Language = OneOf["zh", "en"]

# How tightly a part holds together: what is looser than its surroundings stands in brackets.
_IF, _OR, _AND, _CONDITION, _SUM, _PRODUCT, _SIGNED, _WHOLE = range(8)
_ARITH = {"+": _SUM, "-": _SUM, "*": _PRODUCT, "div": _PRODUCT, "mod": _PRODUCT}
_OPPOSITE = {"=": "!=", "!=": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_TURNED = {"=": "=", "!=": "!=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}
_NEGATED = {"known": "unknown", "unknown": "known", "true": "false", "false": "true"}
_TEXT_TESTS = ("contains", "starts-with", "regex")
# count-selected() compared with a number: is anything selected, or nothing?
_SOME = {(">", 0), (">=", 1), ("!=", 0)}
_NOTHING = {("=", 0), ("<", 1), ("<=", 0)}


def to_sentence(tree: Expr, names: Names, language: Language) -> str:
    """The sentence for `tree`; a name that is not in `names` reads as itself."""
    return _Speaker(names, language, _words()[language]).say(tree)


@cache
def _words() -> dict[str, dict[str, str]]:
    text = files("rules.language").joinpath("sentences.json").read_text("utf-8")
    words: dict[str, dict[str, str]] = json.loads(text)
    return words


class _Speaker:
    def __init__(self, names: Names, language: Language, words: dict[str, str]) -> None:
        self.names = names
        self.language = language
        self.words = words

    def put(self, key: str, *parts: str) -> str:
        """The pattern `key` with `parts` in it; labels may hold braces, so they are no part of the
        pattern."""
        return self.words[key].format(*parts)

    def say(self, node: Expr, select: Name | None = None) -> str:
        """`node` in words; `select` gives quoted codes their labels."""
        match node:
            case Literal(value=value):
                return self.literal(value, select)
            case FactRef(name=name):
                return self.title(name)
            case And(args=args):
                return self.words["and"].join(self.part(arg, _CONDITION) for arg in args)
            case Or(args=args):
                return self.words["or"].join(self.part(arg, _CONDITION) for arg in args)
            case Not(arg=arg):
                return self.negation(arg)
            case Compare(op=op, left=left, right=right):
                return self.comparison(op, left, right)
            case Arith():
                return self.arithmetic(node)
            case Negate(arg=arg):
                return self.put("negate", self.part(arg, _SIGNED))
            case Call():
                return self.call(node, select)

    def part(self, node: Expr, needed: int, select: Name | None = None) -> str:
        """`node` inside something that needs parts at least so tight."""
        text = self.say(node, select)
        if _tightness(node) >= needed:
            return text
        return f"{self.words['open']}{text}{self.words['close']}"

    def title(self, name: str) -> str:
        known = self.names.get(name)
        return known.title.get(self.language, name) if known else name

    def literal(self, value: str | int | float, select: Name | None) -> str:
        if not isinstance(value, str):
            return literal_text(value)
        label = select.labels.get(value, {}).get(self.language, value) if select else value
        return self.put("quote", label)

    def negation(self, node: Expr) -> str:
        """What not(`node`) says."""
        match node:
            case Not(arg=arg):
                return self.say(arg)
            case FactRef(name=name):
                return self.put("not-fact", self.title(name))
            case Compare(op=op, left=left, right=right):
                return self.comparison(_OPPOSITE[op], left, right)
            case Call(name=name) if name in _NEGATED:
                return self.put(_NEGATED[name], *map(self.say, node.args))
            case Call(name="selected" | "selected-any"):
                return self.selection(node, is_negated=True)
            case Call(name="coalesce", args=(FactRef() as fact, *others)):
                return self.default([self.negation(fact), *map(self.say, others)])
            case Call(name=name, args=args) if name in _TEXT_TESTS:
                select = self.select_in(*args)
                return self.put(f"not-{name}", *(self.say(arg, select) for arg in args))
        return self.put("not", self.say(node))

    def select_in(self, *nodes: Expr) -> Name | None:
        """The first choice fact read by `nodes`: its labels are meant by the codes beside it."""
        for node in (inner for outer in nodes for inner in walk(outer)):
            known = self.names.get(node.name) if isinstance(node, FactRef) else None
            if known and known.type and known.type.kind.is_select:
                return known
        return None

    def comparison(self, op: str, left: Expr, right: Expr) -> str:
        if isinstance(left, Literal) and not isinstance(right, Literal):
            op, left, right = _TURNED[op], right, left  # 'yes' = ${x} is said of x
        if op in ("=", "!=") and isinstance(right, Call) and right.name in ("true", "false"):
            is_true = (op == "=") == (right.name == "true")
            return self.say(left) if is_true else self.negation(left)
        counted = self.counted(op, left, right)
        if counted:
            return counted
        select = self.select_in(left, right)
        one, other = self.part(left, _SUM, select), self.part(right, _SUM, select)
        if select is not None and op in ("=", "!="):
            return self.put("is" if op == "=" else "is-not", one, other)
        return self.put(op, one, other)

    def counted(self, op: str, left: Expr, right: Expr) -> str:
        """Whether anything is selected at all, when that is what is asked; else ""."""
        if not isinstance(left, Call) or left.name != "count-selected":
            return ""
        if not isinstance(right, Literal):
            return ""
        asked = (op, right.value)
        key = "some" if asked in _SOME else "nothing" if asked in _NOTHING else ""
        return self.put(key, self.say(left.args[0])) if key else ""

    def arithmetic(self, node: Arith) -> str:
        first, second = self.kind(node.left), self.kind(node.right)
        if node.op == "-" and first is second is Kind.DATE:
            return self.put("days-between", self.say(node.right), self.say(node.left))
        if first is Kind.DATE and node.op in ("+", "-"):
            key = "days-after" if node.op == "+" else "days-before"
            return self.put(key, self.say(node.left), self.part(node.right, _SIGNED))
        tightness = _ARITH[node.op]
        left, right = self.part(node.left, tightness), self.part(node.right, tightness + 1)
        return self.put(node.op, left, right)

    def kind(self, node: Expr) -> Kind | None:
        """The kind of a part, checked or not."""
        if node.type is not None:
            return node.type.kind
        known = self.names.get(node.name) if isinstance(node, FactRef) else None
        return known.type.kind if known and known.type else None

    def call(self, node: Call, select: Name | None) -> str:
        select = select or self.select_in(*node.args)
        if node.name in ("selected", "selected-any"):
            return self.selection(node)
        if node.name in ("date", "date-time") and isinstance(node.args[0], Literal):
            return str(node.args[0].value).replace("T", " ")
        if node.name == "date":
            return self.put("day-of", self.say(node.args[0]))
        if node.name == "if":
            return self.put("if", *(self.part(arg, _OR, select) for arg in node.args))
        parts = [self.say(arg, select) for arg in node.args]
        if node.name in ("min", "max"):
            return self.put(node.name, self.words["list"].join(parts))
        if node.name == "coalesce":
            return self.default(parts)
        if node.name == "round" and len(parts) > 1:
            return self.put("round-digits", *parts)
        if node.name not in self.words:
            return f"{node.name}({', '.join(parts)})"
        return self.put(node.name, *parts)

    def default(self, parts: Iterable[str]) -> str:
        """Nested from the left: a, else b, else c."""
        text, *others = parts
        for other in others:
            text = self.put("coalesce", text, other)
        return text

    def selection(self, node: Call, *, is_negated: bool = False) -> str:
        select = self.select_in(*node.args)
        subject, codes = node.args[0], node.args[1:]
        words = [
            word
            for code in codes
            if isinstance(code, Literal)
            for word in (str(code.value).split() if node.name == "selected-any" else [code.value])
        ]
        labels = self.words["list"].join(self.literal(word, select) for word in words)
        verb = "is" if _is_single(select) else "has"
        key = verb if len(words) == 1 else f"{verb}-any"
        if is_negated:
            key = "is-not" if key == "is" else f"not-{key}"
        return self.put(key, self.say(subject), labels)


def _tightness(node: Expr) -> int:
    match node:
        case Call(name="if"):
            return _IF
        case Or():
            return _OR
        case And():
            return _AND
        case Not(arg=arg) if isinstance(arg, Not):
            return _tightness(arg.arg)
        case Compare() | Not():
            return _CONDITION
        case Arith(op=op):
            return _ARITH[op]
        case Negate():
            return _SIGNED
    return _WHOLE


def _is_single(select: Name | None) -> bool:
    return select is not None and select.type is not None and select.type.kind is Kind.SELECT_ONE
