"""Submissions about one child -> its facts on a day, each with its sources (design.md §4 and §6).

What counts is the day a form speaks of, then the moment of its receipt: a late arrival takes its
place in the past. Policies (domain report, section 3): `latest`; `worst_of` and `union` over the
newest answer of each form in the window; `sticky` and `alarm`: a positive answer stands, outside
any window too, until a submission named in `cleared_by` takes it back:

- without `when`: a later submission of that form answers the same question without the code;
- with `when`: that submission or a later one meets the condition (a report closes its own case).

A cleared answer counts no more; what was answered beside it does. Codes like `unknown` are answers
that match no rule, as the domain report has it; where such an answer must not push aside an
earlier one, the source's `map` leaves it out, and it says nothing.
"""

from collections.abc import Iterable, Sequence
from datetime import date

from rules.engine.clearing import uncleared
from rules.engine.history import history_of
from rules.engine.observed import (
    Answer,
    Context,
    Facts,
    Found,
    Observation,
    Source,
    codes_of,
    is_within,
)
from rules.engine.reading import Readings, answer_in, asked_in, readings_of, stands
from rules.engine.rule_set import Fact, RuleSet
from rules.language.ast import Kind, Value


def merge(
    rule_set: RuleSet,
    observations: Iterable[Observation],
    as_of: date,
    context: Context | None = None,
    *,
    with_sources: bool = True,
) -> Facts:
    """The facts on the day `as_of` (site's zone), from submissions that speak of that day or before.

    Pure and total: an answer that does not fit says nothing. `with_sources=False` leaves out where
    each value was answered, for bulk work.
    """
    context = context or Context()
    events = sorted(
        (seen for seen in observations if seen.occurred_on <= as_of),
        key=lambda seen: (seen.occurred_on, seen.received_at, seen.instance_id),
    )
    readings = readings_of(rule_set)
    newest = _newest(readings, events)
    gathered = _gathered(readings, events)
    values: dict[str, Value] = {}
    provenance: dict[str, tuple[Source, ...]] = {}
    for name, fact in rule_set.facts.items():
        value: Value | None
        answers: Sequence[Answer] = ()
        if name in context.given:
            value = context.given[name]
        elif fact.history is not None:
            value, answers = history_of(fact.history, events, as_of, context)
        elif name in newest:
            value, answers = newest[name].value, (newest[name],)
        elif name in gathered:
            value, answers = _merged(rule_set, fact, gathered[name], events, as_of)
        else:
            continue
        if value is not None:
            values[name] = value
            if with_sources:
                provenance[name] = tuple(_source(answer) for answer in reversed(answers))
    return Facts(values, provenance)


def _source(answer: Answer) -> Source:
    at = answer.at
    return Source(answer.value, at.form, at.occurred_on, at.instance_id, at.worker)


def _newest(readings: Readings, events: Sequence[Observation]) -> dict[str, Answer]:
    """The newest answer to each fact of which nothing older matters: most facts."""
    found: dict[str, Answer] = {}
    for index in range(len(events) - 1, -1, -1):
        seen = events[index]
        for name, questions in asked_in(readings.newest, seen.form).items():
            if name not in found:
                value = answer_in(questions, seen.answers)
                if value is not None:
                    found[name] = Answer(index, seen, value)
    return found


def _gathered(readings: Readings, events: Sequence[Observation]) -> dict[str, list[Answer]]:
    """All answers to each of the other facts, oldest first."""
    found: dict[str, list[Answer]] = {}
    for index, seen in enumerate(events):
        for name, questions in asked_in(readings.gathered, seen.form).items():
            value = answer_in(questions, seen.answers)
            if value is not None:
                found.setdefault(name, []).append(Answer(index, seen, value))
    return found


def _merged(
    rule_set: RuleSet,
    fact: Fact,
    answers: list[Answer],
    events: Sequence[Observation],
    as_of: date,
) -> Found:
    answers = uncleared(rule_set, fact, answers, events, as_of)
    standing = [answer for answer in answers if answer.positive]
    recent = [answer for answer in answers if is_within(answer.at, as_of, fact.window_days)]
    recent = recent[-1:] if stands(fact) else _newest_of_each_form(recent)
    if fact.type.kind is Kind.SELECT_MULTIPLE:
        return _union(rule_set, fact, recent, standing)
    if standing and stands(fact):
        recent = []  # what stands is not pushed aside by somebody's later answer
    return _single(fact, recent, standing)


def _newest_of_each_form(answers: Sequence[Answer]) -> list[Answer]:
    newest = {answer.at.form: answer for answer in answers}
    return sorted(newest.values(), key=lambda answer: answer.place)


def _union(
    rule_set: RuleSet, fact: Fact, recent: Sequence[Answer], standing: Sequence[Answer]
) -> Found:
    """The codes of `recent` and those that stand; neutral ones only where nothing else is."""
    used = {answer.place: answer for answer in (*standing, *recent)}
    if not used:
        return None, ()
    codes = {code for answer in recent for code in codes_of(answer.value)}
    codes |= {code for answer in standing for code in answer.positive}
    told = {str(code) for code in codes if code not in rule_set.neutral_codes} or codes
    listed = {code: place for place, code in enumerate(fact.type.codes)}
    value = sorted(map(str, told), key=lambda code: (listed.get(code, len(listed)), code))
    return tuple(value), [used[index] for index in sorted(used)]


def _single(fact: Fact, recent: Sequence[Answer], standing: Sequence[Answer]) -> Found:
    """The worst answer where an order is known, else the newest."""
    answers = sorted({a.place: a for a in (*recent, *standing)}.values(), key=lambda a: a.place)
    if not answers:
        return None, ()
    chosen = answers[-1]
    if len(answers) > 1 and (fact.order or fact.merge == "worst_of"):
        chosen = max(answers, key=lambda answer: (_badness(fact, answer.value), answer.place))
    return chosen.value, [chosen]


def _badness(fact: Fact, value: Value) -> float:
    """The place of a code in `order` (else in its list); a number is as bad as it is large."""
    if isinstance(value, int | float):
        return float(value)
    order = fact.order or fact.type.codes
    return float(order.index(value)) if value in order else -1.0
