"""The functions of the language: arguments, result and usage (design.md §6). A table; meaning is in
engine/functions.py and engine/closures.py.

An argument is a set of kinds, or one of the words below. `not(x)` is grammar, not a function.

How dates are told apart: `${b} - ${a}` and `days-between(${a}, ${b})` are days, `months-between`
full months (31 January to 28 February is none), `years-between` full years: an age. Each is
negative when the second day comes first. `${a} + 30` is a day 30 days later. `date('2026-01-31')`
is a day, `date(${t})` the site's day of a time, `date-time('2026-01-31T08:30')` a moment, on the
site's clock unless the text names a zone. `x div 0` and `x mod 0` are unknown.
"""

from dataclasses import dataclass
from typing import Literal as OneOf

from rules.language.ast import Kind

# Words for arguments that are more than a type: a quoted choice code, quoted codes with blanks
# between, a quoted
# pattern, any quoted text, a plain ${fact}, a value of the call's own type, text-or-date for
# date(), and a quoted day and hour for date-time().
Word = OneOf["code", "codes", "pattern", "quoted", "fact", "value", "datable", "moment", "digits"]
Argument = frozenset[Kind] | Word

_NUMBER = frozenset({Kind.NUMBER, Kind.INTEGER})
_DAY = frozenset({Kind.DATE, Kind.TIME})
_TEXT = frozenset({Kind.TEXT, Kind.SELECT_ONE})
_SELECT = frozenset({Kind.SELECT_ONE, Kind.SELECT_MULTIPLE})
_MULTIPLE = frozenset({Kind.SELECT_MULTIPLE})
_CONDITION = frozenset({Kind.YES_NO})


@dataclass(frozen=True, slots=True)
class Function:
    """One function: required `arguments`, `optional` ones, a repeated last one, `result` (None:
    that of its values)."""

    arguments: tuple[Argument, ...]
    result: Kind | None
    usage: str
    optional: tuple[Argument, ...] = ()
    repeats: bool = False

    def argument(self, index: int) -> Argument:
        """What the argument at `index` must be."""
        every = self.arguments + self.optional
        return every[min(index, len(every) - 1)]

    def accepts(self, count: int) -> bool:
        """Whether a call may have `count` arguments."""
        most = 50 if self.repeats else len(self.arguments) + len(self.optional)
        return len(self.arguments) <= count <= most


def _f(
    usage: str,
    result: Kind | None,
    *arguments: Argument,
    optional: tuple[Argument, ...] = (),
    repeats: bool = False,
) -> tuple[str, Function]:
    return usage.split("(")[0], Function(arguments, result, usage, optional, repeats)


FUNCTIONS: dict[str, Function] = dict(
    [
        _f("selected(${x}, 'a')", Kind.YES_NO, _SELECT, "code"),
        _f("selected-any(${x}, 'a b')", Kind.YES_NO, _SELECT, "codes"),
        _f("count-selected(${x})", Kind.INTEGER, _MULTIPLE),
        _f("if(condition, a, b)", None, _CONDITION, "value", "value"),
        _f("coalesce(${x}, 'default')", None, "value", "value", repeats=True),
        _f("known(${x})", Kind.YES_NO, "fact"),
        _f("unknown(${x})", Kind.YES_NO, "fact"),
        _f("true()", Kind.YES_NO),
        _f("false()", Kind.YES_NO),
        _f("today()", Kind.DATE),
        _f("date('2026-01-31')", Kind.DATE, "datable"),
        _f("date-time('2026-01-31T08:30')", Kind.TIME, "moment"),
        _f("decimal-date-time(${d})", Kind.NUMBER, _DAY),
        _f("format-date(${d}, '%Y-%m')", Kind.TEXT, _DAY, "quoted"),
        _f("days-between(${from}, ${to})", Kind.INTEGER, _DAY, _DAY),
        _f("months-between(${from}, ${to})", Kind.INTEGER, _DAY, _DAY),
        _f("years-between(${from}, ${to})", Kind.INTEGER, _DAY, _DAY),
        _f("int(${n})", Kind.INTEGER, _NUMBER),
        _f("round(${n}, 1)", Kind.NUMBER, _NUMBER, optional=("digits",)),
        _f("abs(${n})", None, _NUMBER),
        _f("min(${a}, ${b})", None, _NUMBER, repeats=True),
        _f("max(${a}, ${b})", None, _NUMBER, repeats=True),
        _f("string-length(${t})", Kind.INTEGER, _TEXT),
        _f("contains(${t}, 'a')", Kind.YES_NO, _TEXT, _TEXT),
        _f("starts-with(${t}, 'a')", Kind.YES_NO, _TEXT, _TEXT),
        _f("regex(${t}, '[0-9]+')", Kind.YES_NO, _TEXT, "pattern"),
    ]
)

# What other dialects have, and what to write here.
HABITS: dict[str, str] = {
    "now": "today()",
    "count": "count-selected(${x})",
    "sum": "${a} + ${b}",
    "is-null": "unknown(${x})",
    "empty": "unknown(${x})",
    "isset": "known(${x})",
    "has": "selected-any(${x}, 'a b')",
    "in": "selected-any(${x}, 'a b')",
    "one": "selected-any(${x}, 'a b')",
    "missing": "unknown(${x})",
    "floor": "int(${n})",
    "len": "string-length(${t})",
    "length": "string-length(${t})",
    "datediff": "days-between(${from}, ${to})",
    "datetime": "date-time('2026-01-31T08:30')",
}
