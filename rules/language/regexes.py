"""Patterns of `regex()`: a subset matched in time linear in the text, whatever the pattern
(design.md §8).

Python's `re` backtracks, so one bad pattern could stop a worker. Here a pattern becomes a small
automaton, and all its states are followed at once. The whole text must match, as on the phone
(`java.util.regex` `matches`).
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NoReturn

from rules import problems
from rules.language.names import as_phrase
from server.problems import Phrase, Problem
from server.problems import gettext_noop as _

MAX_PATTERN = 200
MAX_STATES = 400
MAX_NESTING = 20
MAX_TEXT = 2_000

Test = Callable[[str], bool]
_CLASSES: dict[str, Test] = {
    "d": lambda c: "0" <= c <= "9",
    "w": lambda c: c == "_" or (c.isascii() and c.isalnum()),
    "s": lambda c: c in " \t\n\r\f\v",
}
_COUNT = re.compile(r"\{(\d{1,3})(?:(,)(\d{1,3})?)?\}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern: `steps[state]` are (test, next) pairs, a `None` test being free."""

    steps: tuple[tuple[tuple[Test | None, int], ...], ...]
    start: int
    end: int

    def matches(self, text: str) -> bool | None:
        """Whether the whole of `text` matches; None (unknown) when it has over 2,000 characters."""
        if len(text) > MAX_TEXT:
            return None
        states = self._closure([self.start])
        # the same states before the same character lead to the same states: most texts go round
        seen: dict[tuple[frozenset[int], str], frozenset[int]] = {}
        for char in text:
            following = seen.get((states, char))
            if following is None:
                following = seen[states, char] = self._after(states, char)
            states = following
            if not states:
                return False
        return self.end in states

    def _after(self, states: frozenset[int], char: str) -> frozenset[int]:
        return self._closure(
            target
            for state in states
            for test, target in self.steps[state]
            if test is not None and test(char)
        )

    def _closure(self, states: Iterable[int]) -> frozenset[int]:
        seen = set(states)
        todo = list(seen)
        while todo:
            for test, target in self.steps[todo.pop()]:
                if test is None and target not in seen:
                    seen.add(target)
                    todo.append(target)
        return frozenset(seen)


@lru_cache(maxsize=256)
def compile_pattern(pattern: str) -> Pattern:
    """The automaton of `pattern`; Problem(PATTERN) when it is too long or outside the subset."""
    if len(pattern) > MAX_PATTERN:
        _refuse(pattern, Phrase(_("it is longer than %(limit)s characters"), limit=MAX_PATTERN))
    builder = _Builder(pattern, pattern.removeprefix("^"))
    start, end = builder.choice(0)
    if builder.at < len(builder.rest):
        _refuse(pattern, _("a bracket is closed that was not opened"))
    return Pattern(tuple(tuple(step) for step in builder.steps), start, end)


def _refuse(pattern: str, reason: str) -> NoReturn:
    raise Problem(problems.PATTERN, pattern=pattern[:60], reason=as_phrase(reason))


Part = tuple[int, int]  # first and last state


@dataclass(slots=True)
class _Builder:
    """Thompson's construction; `at` is the cursor in `rest`."""

    pattern: str
    rest: str
    at: int = 0
    steps: list[list[tuple[Test | None, int]]] = field(default_factory=list)

    def state(self) -> int:
        if len(self.steps) >= MAX_STATES:
            _refuse(self.pattern, _("its counts make it too large"))
        self.steps.append([])
        return len(self.steps) - 1

    def link(self, source: int, target: int, test: Test | None = None) -> None:
        self.steps[source].append((test, target))

    def peek(self) -> str:
        return self.rest[self.at : self.at + 1]

    def choice(self, nesting: int) -> Part:
        """Alternatives joined by |."""
        if nesting > MAX_NESTING:
            _refuse(self.pattern, _("its brackets are nested too deep"))
        start, end = self.state(), self.state()
        while True:
            first, last = self.sequence(nesting)
            self.link(start, first)
            self.link(last, end)
            if self.peek() != "|":
                return start, end
            self.at += 1

    def sequence(self, nesting: int) -> Part:
        first = last = self.state()
        while (char := self.peek()) and char not in "|)":
            if char == "$" and self.at == len(self.rest) - 1:
                self.at += 1
                break
            begin = self.at
            part = self.atom(nesting)
            part = self.repeated(part, begin, nesting)
            self.link(last, part[0])
            last = part[1]
        return first, last

    def repeated(self, part: Part, begin: int, nesting: int) -> Part:
        """Apply a count after an atom, copying the atom (re-read from `begin`) as often as needed."""
        after, (low, high) = self.at, (1, 1)
        match self.peek():
            case "*":
                low, high, after = 0, -1, self.at + 1
            case "+":
                low, high, after = 1, -1, self.at + 1
            case "?":
                low, high, after = 0, 1, self.at + 1
            case "{":
                low, high, after = self.count()
        if (low, high) == (1, 1):
            self.at = after
            return part
        if self.rest[after : after + 1] in ("*", "+", "?", "{"):
            _refuse(self.pattern, _("a count is followed by another count"))
        result = self.copies(begin, low, high, nesting)
        self.at = after
        return result

    def count(self) -> tuple[int, int, int]:
        match = _COUNT.match(self.rest, self.at)
        if match is None:
            _refuse(self.pattern, _("a count is written {2}, {2,} or {2,5}"))
        low = int(match[1])
        high = low if match[2] is None else int(match[3]) if match[3] else -1
        if high != -1 and high < low:
            _refuse(self.pattern, _("a count ends below its beginning"))
        return low, high, match.end()

    def copies(self, begin: int, low: int, high: int, nesting: int) -> Part:
        first = last = self.state()
        end = self.state()
        for index in range(max(low, high, 1) if high != -1 else low + 1):
            self.at = begin
            part = self.atom(nesting)
            if index >= low:
                self.link(last, end)
            self.link(last, part[0])
            last = part[1]
            if high == -1 and index == low:
                loop = self.state()
                self.link(last, loop)
                self.link(loop, part[0])
                last = loop
        if high == 0:
            return first, self.joined(first, end)
        self.link(last, end)
        return first, end

    def joined(self, first: int, end: int) -> int:
        self.steps[first] = []
        self.link(first, end)
        return end

    def atom(self, nesting: int) -> Part:
        char = self.peek()
        self.at += 1
        if char == "(":
            return self.group(nesting)
        test = self.test(char)
        start, end = self.state(), self.state()
        self.link(start, end, test)
        return start, end

    def group(self, nesting: int) -> Part:
        if self.peek() == "?":
            if self.rest[self.at : self.at + 2] != "?:":
                _refuse(self.pattern, _("look-ahead, look-behind and named groups are not allowed"))
            self.at += 2
        part = self.choice(nesting + 1)
        if self.peek() != ")":
            _refuse(self.pattern, _("a bracket is not closed"))
        self.at += 1
        return part

    def test(self, char: str) -> Test:
        """The test of one character for an atom that begins with `char` (already read)."""
        if char == ".":
            return lambda c: c != "\n"
        if char == "\\":
            return self.escape()
        if char == "[":
            return self.members()
        if char in "*+?{}^$":
            _refuse(self.pattern, Phrase(_("'%(char)s' stands where it means nothing"), char=char))
        return lambda c: c == char

    def escape(self) -> Test:
        char = self.peek()
        self.at += 1
        if char.lower() in _CLASSES:
            inside = _CLASSES[char.lower()]
            return inside if char.islower() else lambda c: not inside(c)
        if not char or char.isalnum():
            _refuse(self.pattern, _("only \\d \\w \\s and escaped signs are allowed after \\"))
        return lambda c: c == char

    def members(self) -> Test:
        """A [class], the bracket already read."""
        negated = self.peek() == "^"
        self.at += negated
        tests: list[Test] = []
        while (char := self.peek()) != "]" or not tests:
            if not char:
                _refuse(self.pattern, _("a [ is not closed"))
            self.at += 1
            tests.append(self.escape() if char == "\\" else self.span(char))
        self.at += 1
        return lambda c: any(test(c) for test in tests) != negated

    def span(self, low: str) -> Test:
        """One character of a class, or a range a-z."""
        if self.peek() != "-" or self.rest[self.at + 1 : self.at + 2] in ("]", ""):
            return lambda c: c == low
        high = self.rest[self.at + 1]
        if high in "\\[" or high < low:
            _refuse(self.pattern, _("a range ends below its beginning"))
        self.at += 2
        return lambda c: low <= c <= high
