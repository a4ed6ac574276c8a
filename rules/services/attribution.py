"""Why an outcome is another than before: told apart by the facts of now under the rules of then (issue: a jump caused
by rules is told apart from one caused by life). Reads only."""

from datetime import date
from typing import Any, TypeAlias

from forms.models import Entity
from rules.engine.merge import merge
from rules.engine.observed import Context, Facts, Observation
from rules.engine.outcome import Decision, json_value
from rules.engine.parts import RuleSet
from rules.engine.standing import Standing, standing_of
from rules.engine.values import resolve
from rules.facts import facts_of, observations_of, tier_spans
from rules.models import Evaluation, Release
from rules.services.in_force import compiled
from rules.surroundings import surroundings_of
from server import clock

Change = Evaluation.Change
Outcome: TypeAlias = tuple[str, str, int, int]  # tier, possible tier, score, possible score


def change_between(
    entity: Entity, before: Evaluation | None, release: Release, decision: Decision
) -> str:
    """An Evaluation.Change: what leads from `before` (the newest stored evaluation) to `decision` under `release`.

    Outcomes are equal when tier, possible tier and both scores are. FIRST without `before`.
    """
    if before is None:
        return Change.FIRST
    old, new = _stored(before), _reached(decision)
    if old == new:
        return Change.NONE
    if before.release_id == release.pk:
        return _life_or_time(entity, before, compiled(release), decision.as_of, new)
    then = compiled(Release.objects.defer("document").get(pk=before.release_id))
    between = _under(then, facts_of(entity, then, decision.as_of), decision.as_of)
    if between == old:
        return Change.RULES
    if between == new:
        return _life_or_time(entity, before, then, decision.as_of, new)
    return Change.BOTH


def _stored(evaluation: Evaluation) -> Outcome:
    low, high = evaluation.score, evaluation.score_possible
    return evaluation.tier, evaluation.possible_tier, low, high


def _reached(found: Decision | Standing) -> Outcome:
    return found.tier, found.possible_tier, round(found.score), round(found.possible_score)


def _under(rule_set: RuleSet, facts: Facts, day: date) -> Outcome:
    return _reached(standing_of(rule_set, resolve(rule_set, facts.values, day)))


def _life_or_time(
    entity: Entity, before: Evaluation, rule_set: RuleSet, day: date, new: Outcome
) -> str:
    """TIME when the submissions of then, unchanged, come to the new outcome today; else LIFE: something was sent,
    edited, deleted or rejected since, or changed around the child."""
    known = [one for one in observations_of(entity) if one.received_at <= before.created_at]
    then = clock.local_day(before.as_of)
    if _plain(_facts(entity, rule_set, known, then)) != _told(before):
        return Change.LIFE
    aged = _facts(entity, rule_set, known, day)
    return Change.TIME if _under(rule_set, aged, day) == new else Change.LIFE


def _facts(entity: Entity, rule_set: RuleSet, known: list[Observation], day: date) -> Facts:
    given = surroundings_of(entity, rule_set, day, known)
    return merge(rule_set, known, day, Context(tiers=tier_spans(entity, day), given=given))


def _plain(facts: Facts) -> dict[str, Any]:
    return {name: json_value(value) for name, value in facts.values.items()}


def _told(evaluation: Evaluation) -> dict[str, Any]:
    return {name: fact["value"] for name, fact in evaluation.facts.items()}
