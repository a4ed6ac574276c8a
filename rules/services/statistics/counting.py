"""Evaluations and decisions -> numbers by day. No database but for what is handed in."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeAlias

from rules.engine.rule_set import RuleSet
from rules.engine.values import resolve
from rules.models import Evaluation, Tally, TierDecision
from rules.services.in_force import compiled
from server import clock
from server.problems import Problem

Key: TypeAlias = tuple[int, date, str, str]  # rule set, day, kind, key
Kind = Tally.Kind


@dataclass(slots=True)
class Numbers:
    """The sums of one step, by key and field of Tally."""

    sums: defaultdict[Key, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    last: dict[Key, datetime] = field(default_factory=dict)


def count_evaluation(
    numbers: Numbers, evaluation: Evaluation, before: Mapping[str, Any] | None
) -> None:
    """Add one evaluation; `before` is the decision of the child's evaluation before it."""
    release = evaluation.release
    place = (release.rule_set_id, clock.local_day(evaluation.created_at))
    every = numbers.sums[(*place, Kind.ALL.value, "")]
    every["seen"] += 1
    every["unknown"] += evaluation.is_insufficient
    every["mismatched"] += evaluation.engine_state == "mismatch"
    every["silent"] += evaluation.engine_state == "unavailable"
    was_true = {rule["id"] for rule in (before or {}).get("rules", ()) if rule["status"] == "true"}
    for rule in evaluation.decision["rules"]:
        key = (*place, Kind.RULE.value, rule["id"])
        found = numbers.sums[key]
        found["seen"] += 1
        found["unknown"] += rule["status"] == "unknown"
        if rule["status"] == "true":
            found["hits"] += 1
            found["begun"] += rule["id"] not in was_true
            numbers.last[key] = max(
                evaluation.created_at, numbers.last.get(key, evaluation.created_at)
            )
    needed = {gap["fact"] for gap in evaluation.decision["unknown"]}
    for name, is_unknown in unknown_facts(compiled(release), evaluation):
        found = numbers.sums[(*place, Kind.FACT.value, name)]
        found["seen"] += 1
        found["unknown"] += is_unknown
        found["needed"] += name in needed


def unknown_facts(rule_set: RuleSet, evaluation: Evaluation) -> Iterable[tuple[str, bool]]:
    """Each fact that concerned the child, and whether it was unknown: one that does not apply, and
    one that counts as its default, lacks nothing."""
    known = {name: fact["value"] for name, fact in evaluation.facts.items()}
    try:
        values = resolve(rule_set, known, clock.local_day(evaluation.as_of))
    except Problem:  # an evaluation of a build that gave facts which this one does not know
        return []
    return [
        (name, values.get(name) is None)
        for name in rule_set.facts
        if name not in values.idle or name in values.defaulted
    ]


def count_decision(numbers: Numbers, decision: TierDecision) -> None:
    """Add what a person decided about a tier, against what the rules said then."""
    evaluation = decision.evaluation
    if evaluation is None:
        return
    ranks = {tier.id: tier.rank for tier in compiled(evaluation.release).tiers}
    said, wanted = ranks.get(evaluation.tier, -1), ranks.get(decision.to_tier, -1)
    way = "agreed" if wanted == said else "raised" if wanted > said else "lowered"
    place = (evaluation.release.rule_set_id, clock.local_day(decision.at))
    numbers.sums[(*place, Kind.ALL.value, "")][way] += 1
    for rule in decision.rules:
        numbers.sums[(*place, Kind.RULE.value, str(rule)[:64])][way] += 1
