"""Where a rule set reads a form: questions by name with the type they are read as, conditions over one
submission's answers, and forms by name alone."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rules.engine.findings import place_of
from rules.engine.parts import Clearing, Closing, Fact, RuleSet
from rules.language.ast import Expr, Kind, Type
from server.problems import Place


@dataclass(frozen=True, slots=True)
class Use:
    """A question read on behalf of `name`. `type` None: whether it is answered is all that counts, and
    whether by one of `wants`. `codes` translates its codes; those without translation are meant to
    say nothing."""

    place: Place
    name: str
    form: str
    question: str
    type: Type | None
    codes: Mapping[str, str | None] | None = None
    wants: tuple[str, ...] = ()


def uses_of(rule_set: RuleSet) -> Iterator[Use]:
    """Every question that facts and the calendar read."""
    for index, fact in enumerate(rule_set.facts.values()):
        yield from _of_fact(index, fact)
    place_by_id = _calendar_rows(rule_set)
    for item in rule_set.calendar:
        trigger = item.trigger
        if not trigger.form:
            continue
        place = place_of("calendar", place_by_id.get(item.id, 0), "trigger")
        if trigger.question:
            yield Use(place, item.id, trigger.form, trigger.question, Type(Kind.DATE))
        for question in trigger.unanswered:
            yield Use(place, item.id, trigger.form, question, None)
        for question, codes in trigger.answers.items():
            yield Use(place, item.id, trigger.form, question, None, wants=codes)


def _of_fact(index: int, fact: Fact) -> Iterator[Use]:
    place = place_of("facts", index, "question")
    for source in fact.sources:
        for form in source.forms:
            yield Use(place, fact.name, form, source.question, fact.type, source.codes)
    if fact.history and fact.history.question:
        place = place_of("facts", index, "history")
        wanted = fact.history.equals
        codes = wanted if isinstance(wanted, tuple) else (wanted,)
        wants = tuple(code for code in codes if isinstance(code, str))
        for form in fact.history.forms:
            yield Use(place, fact.name, form, fact.history.question, None, wants=wants)


def conditions_on(rule_set: RuleSet) -> Iterator[tuple[Place, str, str, Expr]]:
    """Place, name, form and condition wherever one submission's answers close or clear something."""
    for place, name, closing in _closings(rule_set):
        if closing.when is not None:
            yield place, name, closing.form, closing.when


def _closings(rule_set: RuleSet) -> Iterator[tuple[Place, str, Closing | Clearing]]:
    for index, fact in enumerate(rule_set.facts.values()):
        for clearing in fact.cleared_by:
            yield place_of("facts", index, "cleared_by"), fact.name, clearing
    for index, task in enumerate(rule_set.tasks.values()):
        for closing in task.closes:
            yield place_of("tasks", index, "close"), task.id, closing


def form_names(rule_set: RuleSet) -> Iterator[tuple[str, str, Place]]:
    """Every form that is named, by what, and where."""
    for index, fact in enumerate(rule_set.facts.values()):
        for form in fact.forms:
            yield form, fact.name, place_of("facts", index, "forms")
        for form in fact.history.forms if fact.history else ():
            yield form, fact.name, place_of("facts", index, "history")
    for place, name, closing in _closings(rule_set):
        yield closing.form, name, place
    rows = _calendar_rows(rule_set)
    for item in rule_set.calendar:
        place = place_of("calendar", rows.get(item.id, 0), "trigger")
        for form in (item.trigger.form, *(action.form for action in item.actions)):
            if form:
                yield form, item.id, place


def _calendar_rows(rule_set: RuleSet) -> dict[str, int]:
    rows = rule_set.document.get("calendar") or []
    return {str(row.get("id")): index for index, row in enumerate(rows)}
