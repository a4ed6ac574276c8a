"""The answers to a fact, ready to be read: for each fact of a rule set where to look and how to read,
worked out once (answers.py has the meaning; here are short cuts past it for what is usual).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from weakref import WeakKeyDictionary

from rules.engine.answers import read_answer, translate
from rules.engine.parts import Fact, RuleSet, Source
from rules.language.ast import Kind, Type, Value

Read = Callable[[Any], Value | None]

_STANDS = ("latest", "sticky", "alarm")  # one answer decides; the others gather
_SMALL = 10**9  # numbers that need no check


Questions = tuple[tuple[str, Read], ...]  # of one form: the first that is answered counts


@dataclass(frozen=True, slots=True)
class Readings:
    """The facts of a rule set that answers give, and by form the questions that give them:
    `newest` those of which the newest answer is all that matters, `gathered` the others."""

    newest: Mapping[str, Mapping[str, Questions]]  # form -> fact -> questions
    gathered: Mapping[str, Mapping[str, Questions]]


_EVERYWHERE = ""  # the questions that are asked in forms which no fact names
_readings: "WeakKeyDictionary[RuleSet, Readings]" = WeakKeyDictionary()


def readings_of(rule_set: RuleSet) -> Readings:
    """The readings of `rule_set`, worked out at first use."""
    found = _readings.get(rule_set)
    if found is None:
        facts = [fact for fact in rule_set.facts.values() if fact.history is None]
        newest = [fact for fact in facts if _is_newest(fact)]
        gathered = [fact for fact in facts if not _is_newest(fact)]
        found = _readings[rule_set] = Readings(_by_form(newest), _by_form(gathered))
    return found


def asked_in(readings: Mapping[str, Mapping[str, Questions]], form: str) -> Mapping[str, Questions]:
    """The facts that a submission of `form` may answer."""
    return readings.get(form) or readings[_EVERYWHERE]


def answer_in(questions: Questions, answers: Mapping[str, Any]) -> Value | None:
    """What one submission answers."""
    for question, read in questions:
        raw = answers.get(question)
        if raw is not None:
            value = read(raw)
            if value is not None:
                return value
    return None


def _is_newest(fact: Fact) -> bool:
    return not fact.positive and not fact.window_days and stands(fact)


def _by_form(facts: Sequence[Fact]) -> dict[str, dict[str, Questions]]:
    named = {form for fact in facts for form in fact.forms}
    return {form: _asked(facts, form) for form in (*named, _EVERYWHERE)}


def _asked(facts: Sequence[Fact], form: str) -> dict[str, Questions]:
    found: dict[str, Questions] = {}
    for fact in facts:
        read = reader_of(fact.type)
        questions = tuple(
            (source.question, _translated(source, read))
            for source in fact.sources
            if not source.forms or form in source.forms
        )
        if questions:
            found[fact.name] = questions
    return found


def stands(fact: Fact) -> bool:
    """Whether one answer decides the fact, not all of them together."""
    return fact.merge in _STANDS


def _translated(source: Source, read: Read) -> Read:
    codes = source.codes
    return read if codes is None else lambda raw: read(translate(codes, raw))


def reader_of(wanted: Type) -> Read:
    """`read_answer` for values of one type."""

    def read(raw: Any) -> Value | None:
        return read_answer(wanted, raw)

    quick = _QUICK.get(wanted.kind)
    return quick(wanted, read) if quick else read


def _code(wanted: Type, read: Read) -> Read:
    codes = frozenset(wanted.codes)
    return lambda raw: raw if type(raw) is str and raw in codes else read(raw)


def _codes(wanted: Type, read: Read) -> Read:
    codes, order = frozenset(wanted.codes), {code: at for at, code in enumerate(wanted.codes)}

    def read_codes(raw: Any) -> Value | None:
        told = raw.split() if type(raw) is str else raw
        if type(told) is not list or not codes.issuperset(told if _are_texts(told) else (None,)):
            return read(raw)
        return tuple(told) if len(told) == 1 else tuple(sorted(set(told), key=order.get)) or None  # type: ignore[arg-type]

    return read_codes


def _are_texts(items: list[Any]) -> bool:
    return all(type(item) is str for item in items)


def _integer(wanted: Type, read: Read) -> Read:
    return lambda raw: raw if type(raw) is int and -_SMALL < raw < _SMALL else read(raw)


def _number(wanted: Type, read: Read) -> Read:
    def read_number(raw: Any) -> Value | None:
        if (type(raw) is float or type(raw) is int) and -_SMALL < raw < _SMALL:
            number: float = raw
            return number
        return read(raw)

    return read_number


def _day(wanted: Type, read: Read) -> Read:
    def read_day(raw: Any) -> Value | None:
        if type(raw) is str and len(raw) == 10:
            try:
                return date.fromisoformat(raw)
            except ValueError:
                return None
        return read(raw)

    return read_day


def _yes_no(wanted: Type, read: Read) -> Read:
    words: Mapping[Any, bool] = {"yes": True, "no": False}
    return lambda raw: words[raw] if type(raw) is str and raw in words else read(raw)


_QUICK: dict[Kind, Callable[[Type, Read], Read]] = {
    Kind.SELECT_ONE: _code,
    Kind.SELECT_MULTIPLE: _codes,
    Kind.INTEGER: _integer,
    Kind.NUMBER: _number,
    Kind.DATE: _day,
    Kind.YES_NO: _yes_no,
}
