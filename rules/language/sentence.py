"""Tree + names -> a sentence in Chinese or English from the questions' own labels (design.md §1.3).

`${caregiver_age} >= 70 and ${children_in_care} >= 3` reads 照护人年龄 ≥ 70 且 同时照护未成年人数 ≥ 3. The words
are in sentences.json, so that the Chinese stays data.
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
                return self.words["and"].join(self.within(arg, Or) for arg in args)
            case Or(args=args):
                return self.words["or"].join(self.within(arg, And) for arg in args)
            case Not(arg=arg):
                return self.put("not", self.say(arg))
            case Compare():
                return self.comparison(node)
            case Arith(op=op, left=left, right=right):
                return self.put(op, self.within(left, Arith), self.within(right, Arith))
            case Negate(arg=arg):
                return self.put("negate", self.within(arg, Arith))
            case Call():
                return self.call(node, select)

    def within(self, node: Expr, bracketed: type[Or] | type[And] | type[Arith]) -> str:
        text = self.say(node)
        if not isinstance(node, bracketed):
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

    def select_in(self, *nodes: Expr) -> Name | None:
        """The first choice fact read by `nodes`: its labels are meant by the codes beside it."""
        for node in (inner for outer in nodes for inner in walk(outer)):
            known = self.names.get(node.name) if isinstance(node, FactRef) else None
            if known and known.type and known.type.kind.is_select:
                return known
        return None

    def comparison(self, node: Compare) -> str:
        if _is_any(node) and isinstance(node.left, Call):
            return self.put("some", self.say(node.left.args[0]))
        select = self.select_in(node.left, node.right)
        left, right = self.say(node.left, select), self.say(node.right, select)
        if select is not None and node.op in ("=", "!="):
            return self.put("is" if node.op == "=" else "is-not", left, right)
        return self.put(node.op, left, right)

    def call(self, node: Call, select: Name | None) -> str:
        select = select or self.select_in(*node.args)
        if node.name in ("selected", "selected-any"):
            return self.selection(node, select)
        parts = [self.say(arg, select) for arg in node.args]
        if node.name in ("min", "max"):
            return self.put(node.name, self.words["list"].join(parts))
        if node.name == "coalesce":
            return self.default(parts)
        if node.name not in self.words:
            return f"{node.name}({', '.join(parts)})"
        return self.put(node.name, *parts)

    def default(self, parts: Iterable[str]) -> str:
        """Nested from the left: a, else b, else c."""
        text, *others = parts
        for other in others:
            text = self.put("coalesce", text, other)
        return text

    def selection(self, node: Call, select: Name | None) -> str:
        subject, codes = node.args[0], node.args[1:]
        words = [
            word
            for code in codes
            if isinstance(code, Literal)
            for word in (str(code.value).split() if node.name == "selected-any" else [code.value])
        ]
        labels = self.words["list"].join(self.literal(word, select) for word in words)
        verb = "is" if _is_single(select) else "has"
        return self.put(verb if len(words) == 1 else f"{verb}-any", self.say(subject), labels)


def _is_single(select: Name | None) -> bool:
    return select is not None and select.type is not None and select.type.kind is Kind.SELECT_ONE


def _is_any(node: Compare) -> bool:
    """Whether `node` is count-selected(x) > 0."""
    counts = isinstance(node.left, Call) and node.left.name == "count-selected"
    return counts and node.op == ">" and node.right == Literal(0)
