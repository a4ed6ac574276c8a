"""A case made of a child, without what would tell who it is (design.md §6).

What remains: forms, and of their answers only those that the rules read, and of these only codes,
numbers and days; all days are moved by the same number of days, which is not kept. Nothing that
somebody typed, no name, id, phone, address, place or key of a record. A case is only given out when
the rules decide about it exactly as they do about the child.
"""

import random
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from rules import problems
from rules.cases.comparing import decide_case
from rules.cases.reading import cases_of
from rules.cases.readings import Reading, readings_of
from rules.engine.decision import decide
from rules.engine.observed import Context, Facts, Observation, TierSpan
from rules.engine.outcome import Decision, json_value
from rules.engine.rule_set import RuleSet
from rules.engine.values import resolve
from server.problems import Problem

Offered = Mapping[tuple[str, str], Sequence[str]]  # codes that forms offer, by form and question

LARGEST = 10**9  # a longer number may be a phone or an identity card
TRIES = 40
NEAREST, FARTHEST = 30, 400  # days into the past


def make_case(
    rule_set: RuleSet, facts: Facts, context: Context, as_of: date, offered: Offered
) -> dict[str, Any]:
    """The case of a child with `facts` (observations included) on the day `as_of`, as the section
    `cases` has it; what is expected is what the rules decide now. Problem CASE_DIFFERS."""
    values = resolve(rule_set, facts.values, as_of)
    decision = decide(rule_set, values, with_nearest=False)
    readings = readings_of(rule_set, offered)
    chance = random.SystemRandom()
    telling = _distances(facts, as_of)
    hidden = [days for days in range(NEAREST, FARTHEST) if days not in telling]
    for days in chance.sample(hidden, min(TRIES, len(hidden))):
        case = _Maker(rule_set, readings, timedelta(days=-days)).case(facts, context, as_of)
        case["expected"] = expected_of(decision)
        [read] = cases_of({"cases": [case]})
        if _is_same(decide_case(rule_set, read), decision):
            return case
    raise Problem(problems.CASE_DIFFERS)


def _distances(facts: Facts, as_of: date) -> set[int]:
    """How many days lie between any two days told of the child: moved by as many, one true day would
    stand where another was."""
    told = {as_of} | {one.occurred_on for one in facts.observations}
    told |= {
        day
        for one in facts.observations
        for answer in one.answers.values()
        if isinstance(answer, str) and (day := _day(answer)) is not None
    }
    return {abs((one - other).days) for one in told for other in told}


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def expected_of(decision: Decision) -> dict[str, Any]:
    """What a case expects that shall come out like `decision`."""
    return {
        "tier": decision.tier,
        "tasks_must": [call.id for call in decision.tasks],
        "population": list(decision.population),
        "rules": {item.id: True for item in decision.rules if item.status is True},
    }


def _is_same(found: Decision, wanted: Decision) -> bool:
    def said(decision: Decision) -> tuple[Any, ...]:
        statuses = tuple((item.id, item.status) for item in decision.rules)
        tasks = tuple(call.id for call in decision.tasks)
        reach = (decision.tier, decision.possible_tier, decision.score, decision.possible_score)
        return statuses, tasks, reach, decision.population, decision.possible_population

    return said(found) == said(wanted)


class _Maker:
    def __init__(
        self, rule_set: RuleSet, readings: Mapping[str, Mapping[str, Reading]], shift: timedelta
    ) -> None:
        self.rule_set = rule_set
        self.readings = readings
        self.shift = shift

    def case(self, facts: Facts, context: Context, as_of: date) -> dict[str, Any]:
        seen = sorted(
            (one for one in facts.observations if one.occurred_on <= as_of),
            key=lambda one: (one.occurred_on, one.received_at, one.instance_id),
        )
        submissions = [found for one in seen if (found := self.submission(one)) is not None]
        case: dict[str, Any] = {
            "case_id": f"child-{secrets.token_hex(4)}",
            "as_of": self.moved(as_of),
            "submissions": submissions,
        }
        if any(
            one.history and one.history.kind == "prior_tier" for one in self.rule_set.facts.values()
        ):
            case["tiers"] = [self.span(span) for span in context.tiers]
        given = {
            name: self.given(value)
            for name, value in facts.values.items()
            if self.rule_set.facts[name].external and isinstance(value, bool | int | float | date)
        }
        return {**case, "facts": given} if given else case

    def moved(self, day: date) -> str:
        return (day + self.shift).isoformat()

    def span(self, span: TierSpan) -> dict[str, Any]:
        found = {"tier": span.tier, "since": self.moved(span.since)}
        return {**found, "until": self.moved(span.until)} if span.until else found

    def given(self, value: Any) -> Any:
        """What the server told of the surroundings: numbers and yes/no; a day is moved."""
        return json_value(value + self.shift) if isinstance(value, date) else json_value(value)

    def submission(self, seen: Observation) -> dict[str, Any] | None:
        """One submission, or None when it says nothing to the rules."""
        readings = self.readings.get(seen.form, {})
        data = {
            question: kept
            for question, reading in readings.items()
            if (kept := self.answer(seen.answers.get(question), reading)) is not None
        }
        if not data and not self.counts(seen.form):
            return None
        return {"form": seen.form, "date": self.moved(seen.occurred_on), "data": data}

    def counts(self, form: str) -> bool:
        """Whether a submission of `form` tells something by being there."""
        told = (fact.history for fact in self.rule_set.facts.values() if fact.history)
        forms = {name for one in told for name in one.forms}
        clearing = {one.form for fact in self.rule_set.facts.values() for one in fact.cleared_by}
        return form in forms | clearing

    def answer(self, raw: Any, reading: Reading) -> Any:
        """What may be kept of an answer; None for nothing."""
        if raw is None or isinstance(raw, dict):
            return None
        if isinstance(raw, bool):
            raw = "yes" if raw else "no"
        number = self.number(raw, reading) if reading.is_number else None
        if number is not None:
            return number
        day = self.day(raw) if reading.is_day else None
        if day is not None:
            return day
        words = raw if isinstance(raw, list | tuple) else str(raw).split()
        codes = list(dict.fromkeys(filter(None, (reading.code(str(one)) for one in words))))
        if not codes:
            return None
        return codes if isinstance(raw, list | tuple) or len(codes) > 1 else codes[0]

    def number(self, raw: Any, reading: Reading) -> int | float | None:
        try:
            found = float(raw) if not isinstance(raw, list | tuple) else None
        except ValueError:
            return None
        if found is None or not abs(found) < LARGEST:
            return None
        if found.is_integer():
            return int(found)
        return round(found, 2) if reading.is_fraction else None  # too coarse for a position

    def day(self, raw: Any) -> str | None:
        read: Callable[[str], date] = date.fromisoformat
        text = raw.isoformat() if isinstance(raw, date) else str(raw)
        if len(text) > 10:
            read = datetime.fromisoformat
        try:
            return (read(text) + self.shift).isoformat()
        except (ValueError, OverflowError):
            return None
