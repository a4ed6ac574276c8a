"""The few values of a variable that make a difference to some conditions: one for each cell between
and on the constants that they name, and unknown (None).

Beyond what is listed there is always somewhere to go: a code that nobody names, a day before the
first, a text that nobody expects.
"""

import itertools
import math
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from rules.engine.closures import LARGEST
from rules.engine.reach.parts import OUTCOME, Part, TooLarge
from rules.engine.reach.terms import Variable
from rules.language.ast import Kind
from server import clock

OTHER = "\0"  # a code or text that no document can hold
MOST_VALUES = 4096
_SOME_DAY = date(2026, 1, 1)


def values_of(variable: Variable, atoms: Sequence[Part], neutral: frozenset[str]) -> list[Any]:
    """The values of `variable` that `atoms` (those that read it) can tell apart; TooLarge beyond
    the bound."""
    marks = list(dict.fromkeys(mark for atom in atoms for mark in atom.marks))
    match variable.type.kind:
        case Kind.YES_NO:
            found: list[Any] = [True, False]
        case Kind.INTEGER:
            found = _integers(marks, variable)
        case Kind.NUMBER:
            found = _numbers(marks, variable)
        case Kind.DATE:
            found = _days(marks)
        case Kind.TIME:
            found = _moments(marks)
        case Kind.SELECT_ONE:
            found = _codes(variable, atoms, marks)
        case Kind.SELECT_MULTIPLE:
            found = _selections(variable, atoms, neutral)
        case Kind.TEXT:
            found = [*(mark for mark in marks if isinstance(mark, str) and mark), OTHER]
    return [*found, None] if variable.may_be_unknown else found


def _figures(marks: Iterable[Any]) -> list[int | float]:
    return sorted(
        {mark for mark in marks if isinstance(mark, int | float) and not isinstance(mark, bool)}
    )


def _within(numbers: Iterable[Any], variable: Variable) -> list[Any]:
    lowest = -LARGEST if variable.is_negative else 0
    return [number for number in numbers if lowest <= number <= LARGEST]


def _integers(marks: list[Any], variable: Variable) -> list[Any]:
    around = {0}
    for mark in _figures(marks):
        around |= {math.floor(mark) - 1, math.floor(mark), math.ceil(mark), math.ceil(mark) + 1}
    return _within(sorted(around), variable)


def _numbers(marks: list[Any], variable: Variable) -> list[Any]:
    figures = _figures([0, *marks])
    between = [(one + other) / 2 for one, other in itertools.pairwise(figures)]
    return _within(sorted({figures[0] - 1, *figures, *between, figures[-1] + 1}), variable)


def _days(marks: list[Any]) -> list[Any]:
    around = {_SOME_DAY}
    for mark in marks:
        if isinstance(mark, date) and not isinstance(mark, datetime):
            for step in (-1, 0, 1):
                try:
                    around.add(mark + timedelta(days=step))
                except OverflowError:
                    continue
    return sorted(around)


def _moments(marks: list[Any]) -> list[Any]:
    around = {datetime(2026, 1, 1, tzinfo=UTC)}
    for mark in marks:
        if isinstance(mark, datetime):
            aware = mark if mark.tzinfo else mark.replace(tzinfo=clock.site_zone())
            for step in (-1, 0, 1):
                try:
                    around.add(aware + timedelta(microseconds=step))
                except OverflowError:
                    continue
    return sorted(around)


def _named(atoms: Sequence[Part]) -> list[str]:
    return list(dict.fromkeys(code for atom in atoms for group in atom.codes for code in group))


def _codes(variable: Variable, atoms: Sequence[Part], marks: list[Any]) -> list[Any]:
    """The named codes of the list, and one that nobody names, if there is one."""
    named = {*_named(atoms), *(mark for mark in marks if isinstance(mark, str))}
    listed = variable.type.codes
    if not listed:
        return [*sorted(named - {""}), OTHER]
    rest = [code for code in listed if code not in named]
    return [code for code in listed if code in named] + rest[:1]


def _selections(variable: Variable, atoms: Sequence[Part], neutral: frozenset[str]) -> list[Any]:
    """Selections that differ in which groups of like codes they touch and, where somebody counts,
    in how many codes of each they hold."""
    limit = max((atom.counts for atom in atoms), default=-1)
    most = 1 if limit < 0 else limit + 1
    groups: dict[tuple[bool, ...], list[str]] = {}
    sets = list(dict.fromkeys(group for atom in atoms for group in atom.codes))
    known = dict.fromkeys([*variable.type.codes, *_named(atoms)])
    for code in (*known, *(f"{OTHER}{number}" for number in range(most))):
        key = (limit >= 0 and code in neutral, *(code in group for group in sets))
        groups.setdefault(key, []).append(code)
    sizes = [range(min(len(group), most) + 1) for group in groups.values()]
    if math.prod(map(len, sizes)) > MOST_VALUES:
        raise TooLarge
    found = (
        tuple(code for group, size in zip(groups.values(), chosen, strict=True) for code in group[:size])
        for chosen in itertools.product(*sizes)
    )  # fmt: skip
    return [one for one in found if one or variable.may_be_empty]


def grouped(values: list[Any], atoms: Sequence[Part], name: str, *, is_needed: bool) -> list[Any]:
    """One value for each way to answer all `atoms`, which read `name` alone; unknown apart where
    another variable needs this one."""
    seen: dict[tuple[Any, ...], Any] = {}
    for value in values:
        key = tuple(judged(atom, {name: value}) for atom in atoms)
        seen.setdefault((*key, value is None and is_needed), value)
    return list(seen.values())


def judged(atom: Part, env: dict[str, Any]) -> int:
    """The outcome of an atom whose variables all have a value."""
    if atom.run is None:
        raise TypeError(f"a part of kind {atom.kind} is no atom")
    return OUTCOME[atom.run(env)]
