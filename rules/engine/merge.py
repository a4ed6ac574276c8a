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

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from rules.engine.answers import read_answer, translate
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
from rules.engine.rule_set import Fact, RuleSet
from rules.engine.rule_set import Source as Asked
from rules.language.ast import Kind, Value

_STANDS = ("latest", "sticky", "alarm")  # one answer decides; the others gather


def merge(
    rule_set: RuleSet,
    observations: Iterable[Observation],
    as_of: date,
    context: Context | None = None,
) -> Facts:
    """The facts on the day `as_of` (site's zone), from submissions that speak of that day or before.

    Pure and total: an answer that does not fit says nothing.
    """
    context = context or Context()
    events = sorted(
        (seen for seen in observations if seen.occurred_on <= as_of),
        key=lambda seen: (seen.occurred_on, seen.received_at, seen.instance_id),
    )
    by_question = _by_question(events)
    values: dict[str, Value] = {}
    provenance: dict[str, tuple[Source, ...]] = {}
    for fact in rule_set.facts.values():
        value, answers = _merged(rule_set, fact, events, by_question, as_of, context)
        if value is not None:
            values[fact.name] = value
            provenance[fact.name] = tuple(_source(answer) for answer in reversed(answers))
    return Facts(values, provenance)


def _source(answer: Answer) -> Source:
    at = answer.at
    return Source(answer.value, at.form, at.occurred_on, at.instance_id, at.worker)


def _by_question(events: Sequence[Observation]) -> dict[str, list[int]]:
    """Question -> the events that answered it: most facts look at few submissions."""
    found: dict[str, list[int]] = {}
    for index, seen in enumerate(events):
        for question in seen.answers:
            found.setdefault(question, []).append(index)
    return found


def _merged(
    rule_set: RuleSet,
    fact: Fact,
    events: Sequence[Observation],
    by_question: Mapping[str, list[int]],
    as_of: date,
    context: Context,
) -> Found:
    if fact.name in context.given:
        return context.given[fact.name], ()
    if fact.history is not None:
        return history_of(fact.history, events, as_of, context)
    found = _answers(fact, events, by_question)
    if not fact.positive and not fact.window_days and fact.merge in _STANDS:
        newest = next(found, None)  # most facts: nothing older matters
        return (newest.value, (newest,)) if newest else (None, ())
    answers = uncleared(rule_set, fact, list(found)[::-1], events, as_of)
    standing = [answer for answer in answers if answer.positive]
    recent = [answer for answer in answers if is_within(answer.at, as_of, fact.window_days)]
    recent = recent[-1:] if fact.merge in _STANDS else _newest_of_each_form(recent)
    if fact.type.kind is Kind.SELECT_MULTIPLE:
        return _union(rule_set, fact, recent, standing)
    if standing and fact.merge in _STANDS:
        recent = []  # what stands is not pushed aside by somebody's later answer
    return _single(fact, recent, standing)


def _answers(
    fact: Fact, events: Sequence[Observation], by_question: Mapping[str, list[int]]
) -> Iterator[Answer]:
    """The answers, newest first; in one submission, of the first source answered."""
    sources = fact.sources
    if len(sources) == 1:
        indexes = by_question.get(sources[0].question, [])[::-1]
    else:
        every = {index for source in sources for index in by_question.get(source.question, ())}
        indexes = sorted(every, reverse=True)
    for index in indexes:
        value = _answer(fact, sources, events[index])
        if value is not None:
            yield Answer(index, events[index], value)


def _answer(fact: Fact, sources: Sequence[Asked], seen: Observation) -> Value | None:
    for source in sources:
        if source.forms and seen.form not in source.forms:
            continue
        raw = seen.answers.get(source.question)
        value = read_answer(fact.type, translate(source.codes, raw) if source.codes else raw)
        if value is not None:
            return value
    return None


def _newest_of_each_form(answers: Sequence[Answer]) -> list[Answer]:
    newest = {answer.at.form: answer for answer in answers}
    return sorted(newest.values(), key=lambda answer: answer.index)


def _union(
    rule_set: RuleSet, fact: Fact, recent: Sequence[Answer], standing: Sequence[Answer]
) -> Found:
    """The codes of `recent` and those that stand; neutral ones only where nothing else is."""
    used = {answer.index: answer for answer in (*standing, *recent)}
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
    answers = sorted({a.index: a for a in (*recent, *standing)}.values(), key=lambda a: a.index)
    if not answers:
        return None, ()
    chosen = answers[-1]
    if len(answers) > 1 and (fact.order or fact.merge == "worst_of"):
        chosen = max(answers, key=lambda answer: (_badness(fact, answer.value), answer.index))
    return chosen.value, [chosen]


def _badness(fact: Fact, value: Value) -> float:
    """The place of a code in `order` (else in its list); a number is as bad as it is large."""
    if isinstance(value, int | float):
        return float(value)
    order = fact.order or fact.type.codes
    return float(order.index(value)) if value in order else -1.0
