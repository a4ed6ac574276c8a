"""Which positive answers submissions take back (`cleared_by`; the policy stands in merge.py)."""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from datetime import date

from rules.engine.kleene import holds
from rules.engine.observed import Answer, Observation, codes_of
from rules.engine.rule_set import Clearing, Fact, RuleSet
from rules.language.ast import Value

TakesBack = Callable[[int, Value], bool]  # (index of the answer, its positive code)


def uncleared(
    rule_set: RuleSet,
    fact: Fact,
    answers: list[Answer],
    events: Sequence[Observation],
    as_of: date,
) -> list[Answer]:
    """`answers` without what was taken back, the positive codes that stand marked in each."""
    positive = frozenset(fact.positive)
    if not positive or not any(_touches(answer.value, positive) for answer in answers):
        return answers
    clearings = [
        _meeting(rule_set, clearing, events, as_of)
        if clearing.when
        else _denying(clearing, answers)
        for clearing in fact.cleared_by
    ]
    left = []
    for answer in answers:
        codes = codes_of(answer.value) & positive
        cleared = {code for code in codes if any(back(answer.place, code) for back in clearings)}
        value = _without(answer.value, cleared)
        if value is not None:
            left.append(Answer(answer.place, answer.at, value, codes - cleared))
    return left


def _touches(value: Value, codes: frozenset[Value]) -> bool:
    return value in codes if not isinstance(value, tuple) else not codes.isdisjoint(value)


def _meeting(
    rule_set: RuleSet, clearing: Clearing, events: Sequence[Observation], as_of: date
) -> TakesBack:
    """Submissions of the form that meet `when`; also the answer's own (a report that closes its case)."""
    at = [
        index
        for index, seen in enumerate(events)
        if seen.form == clearing.form
        and clearing.when is not None
        and holds(clearing.when, seen.answers, as_of, rule_set.neutral_codes)
    ]
    return lambda index, code: bisect_left(at, index) < len(at)


def _denying(clearing: Clearing, answers: Sequence[Answer]) -> TakesBack:
    """Later answers in the form, without the code."""
    told = [
        (answer.place, codes_of(answer.value))
        for answer in answers
        if answer.at.form == clearing.form
    ]
    return lambda index, code: any(later > index and code not in codes for later, codes in told)


def _without(value: Value, cleared: set[Value]) -> Value | None:
    """What is left of an answer; None when nothing is."""
    if not cleared:
        return value
    if isinstance(value, tuple):
        return tuple(code for code in value if code not in cleared) or None
    return None
