"""A decision about facts or submissions that somebody made up: both engines, nothing stored
(design.md §7)."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from rules.cases import FORM_CODES, Case, earlier_tiers
from rules.engine.decision import decide
from rules.engine.merge import merge
from rules.engine.observed import Context, Observation
from rules.engine.outcome import Decision
from rules.engine.rule_set import RuleSet
from rules.engine.values import resolve
from rules.services.evaluate import judge_facts
from rules.services.second_opinion import second_opinion
from server import clock


def try_facts(
    rule_set: RuleSet, facts: Mapping[str, Any], as_of: date | None, release: int | str
) -> Decision:
    """The decision about `facts` by name (absent: unknown) on `as_of` (default: today).

    Problems: UNKNOWN_FACT, FACT_VALUE.
    """
    values = resolve(rule_set, facts, as_of or clock.today())
    decision = decide(rule_set, values, release=release)
    verdict, _ = second_opinion(rule_set, facts, values, decision.statuses)
    return decision.with_durable(verdict)


def try_submissions(
    rule_set: RuleSet,
    submissions: Iterable[Mapping[str, Any]],
    as_of: date | None,
    release: int | str,
) -> Decision:
    """The decision about `submissions` ({form, date, data}; form by id or the programme's code) on
    `as_of` (default: today)."""
    observations = tuple(
        Observation(
            form=FORM_CODES.get(one["form"].upper(), one["form"]),
            occurred_on=one["date"],
            answers=one["data"],
            instance_id=f"{number:04d}",
        )
        for number, one in enumerate(submissions)
    )
    case = Case("", as_of or clock.today(), observations, {})
    context = Context(tiers=earlier_tiers(rule_set, case))
    facts = merge(rule_set, observations, case.as_of, context)
    return judge_facts(facts, rule_set, case.as_of, release).decision
