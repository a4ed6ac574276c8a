"""One child, from its submissions to a stored decision and everything that follows (design.md
§5.5).

Facts -> both engines -> Evaluation -> tier -> tasks -> phone -> notices, in one transaction with
the child locked: killed in the middle
nothing has happened, run twice nothing happens twice.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction

from forms.models import Entity, SubmissionVersion
from rules.engine.decision import decide
from rules.engine.observed import Facts, Source
from rules.engine.outcome import Decision, json_value
from rules.engine.rule_set import RuleSet
from rules.engine.values import resolve
from rules.facts import facts_of
from rules.models import Evaluation, Release, TierDecision, TierState
from rules.services import phone, releases
from rules.services.notices import notify_role
from rules.services.second_opinion import MISMATCH, OK, UNAVAILABLE, second_opinion
from rules.services.tasks import Synced, close_tasks, sync_tasks, unsettled_rules, wanted_tasks
from rules.services.tiers import Outcome, apply_outcome
from server import clock
from server.journal.services import record
from server.people.roles import Role

SWEEP = (
    "sweep"  # the cause of evaluations by the calendar: stored only when something comes of them
)


@dataclass(frozen=True, slots=True)
class Judged:
    """Facts on a day with the decision about them, and what the engines differ about."""

    facts: Facts
    decision: Decision
    differing: tuple[str, ...] = ()


@transaction.atomic
def evaluate_entity(entity_id: int, cause: str, cause_subject: str = "") -> Evaluation | None:
    """Evaluate one entity now; answers the newest Evaluation (the same outcome is not stored
    twice), None where no rule
    set in force classifies it. A Reaction's job. `cause_subject` is "submission:<instanceId>" or
    empty."""
    entity = (
        Entity.objects.select_for_update(of=("self",))
        .select_related("dataset", "area")
        .filter(pk=entity_id, deleted_at=None)
        .first()
    )
    release = releases.active_release(entity.dataset) if entity is not None else None
    if entity is None or release is None:
        return None
    rule_set = releases.compiled(release)
    judged = judge(entity, rule_set, clock.today(), release.number)
    state = _locked_state(entity)
    evaluation = _store(entity, release, judged, state, (cause, cause_subject))
    rise = apply_outcome(state, rule_set, evaluation, _outcome(judged.decision))
    synced = _sync(entity, rule_set, judged.decision, cause_subject)
    phone.show_child(entity, state, rule_set)
    _tell(entity, rule_set, judged, rise)
    _journal(entity, evaluation, rise, synced, cause)
    return evaluation


def judge(entity: Entity, rule_set: RuleSet, as_of: date, release: int | str) -> Judged:
    """The decision about `entity` on a day, by both engines. Reads only."""
    return judge_facts(facts_of(entity, rule_set, as_of), rule_set, as_of, release)


def judge_facts(facts: Facts, rule_set: RuleSet, as_of: date, release: int | str) -> Judged:
    """The decision about `facts`, by both engines."""
    values = resolve(rule_set, facts.values, as_of)
    decision = decide(rule_set, values, facts.provenance, release=release)
    verdict, differing = second_opinion(rule_set, facts.values, values)
    return Judged(facts, decision.with_durable(verdict), differing)


def _locked_state(entity: Entity) -> TierState:
    state, _ = (
        TierState.objects.select_for_update(of=("self",))
        .select_related("evaluation", "requested_by")
        .get_or_create(entity=entity)
    )
    return state


def _store(
    entity: Entity, release: Release, judged: Judged, state: TierState, cause: tuple[str, str]
) -> Evaluation:
    """The newest evaluation, stored unless the last one says the same."""
    decision, last = judged.decision, state.evaluation
    body, facts = decision.to_json(), facts_json(judged.facts)
    if judged.differing:
        body["engines"]["differing"] = list(judged.differing)
    digest = digest_of(release.sha256, facts, body)
    if last is not None and last.release_id == release.pk:
        by_calendar = cause[0] == SWEEP and _outcome_json(last.decision) == _outcome_json(body)
        if by_calendar or last.digest == digest:
            return last
    return Evaluation.objects.create(
        entity=entity,
        release=release,
        as_of=clock.now(),
        cause=cause[0][:60],
        cause_subject=cause[1][:120],
        facts=facts,
        decision=body,
        digest=digest,
        tier=decision.tier,
        possible_tier=decision.possible_tier,
        score=round(decision.score),
        score_possible=round(decision.possible_score),
        is_insufficient=decision.insufficient,
        engine_state=decision.durable,
    )


def digest_of(release: str, facts: dict[str, Any], decision: dict[str, Any]) -> str:
    """SHA-256 of what was decided from what; the day it was asked for is left out."""
    said = [release, facts, {key: value for key, value in decision.items() if key != "asOf"}]
    text = json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _outcome_json(decision: dict[str, Any]) -> list[Any]:
    """What comes of a decision, without the values behind it: days pass without a change of
    this."""
    rules = [(rule["id"], rule["status"]) for rule in decision["rules"]]
    kept = ("tier", "possibleTier", "scoreRange", "population", "engines")
    tasks = [task["id"] for task in decision["tasks"]]
    return [rules, tasks, *(decision.get(key) for key in kept)]


def facts_json(facts: Facts) -> dict[str, Any]:
    """Facts as stored: name -> value, form, date, instanceId, worker, and `more` where several
    answers make it."""
    return {
        name: _fact_json(value, facts.provenance.get(name, ()))
        for name, value in sorted(facts.values.items())
    }


def _fact_json(value: Any, sources: Sequence[Source]) -> dict[str, Any]:
    body: dict[str, Any] = {"value": json_value(value)}
    if sources:
        first = sources[0]
        body |= {
            "form": first.form,
            "date": first.date.isoformat(),
            "instanceId": first.instance_id,
            "worker": first.worker,
        }
    if len(sources) > 1:
        body["more"] = [source.instance_id for source in sources[1:]]
    return body


def _outcome(decision: Decision) -> Outcome:
    return Outcome(
        tier=decision.tier,
        possible=decision.possible_tier,
        is_insufficient=decision.insufficient,
        is_doubtful=decision.durable != OK,
    )


def _sync(entity: Entity, rule_set: RuleSet, decision: Decision, cause_subject: str) -> Synced:
    instance_id = cause_subject.removeprefix("submission:") if cause_subject else None
    synced = sync_tasks(
        entity,
        rule_set,
        wanted_tasks(rule_set, decision),
        unsettled_rules(decision),
        may_end=decision.durable != MISMATCH,
        instance_id=instance_id,
    )
    if synced.opened and instance_id:
        _settle_at_once(entity, synced, instance_id)
    return synced


def _settle_at_once(entity: Entity, synced: Synced, instance_id: str) -> None:
    """What the submission itself reports as done (police told) is opened and closed by it, for the
    history."""
    version = (
        SubmissionVersion.objects.select_related(
            "submission__submitter__user", "submission__submitter__appuser__worker", "form"
        )
        .defer("xml")
        .filter(
            submission__instance_id=instance_id,
            submission__subjects__entity=entity,
            is_current=True,
            is_draft=False,
        )
        .first()
    )
    if version is not None:
        close_tasks(version, synced.opened, only_by_answers=True)


def _tell(entity: Entity, rule_set: RuleSet, judged: Judged, rise: TierDecision | None) -> None:
    decision = judged.decision
    if rise is not None and rule_set.tier(rise.to_tier).acts_at_once:
        tier = rule_set.tier(rise.to_tier)
        text = {
            "zh": f"{entity.label} 进入{tier.title['zh']}，请立即处理",
            "en": f"{entity.label}: now {tier.title['en']}, act at once",
        }
        for role in dict.fromkeys(filter(None, (tier.lead_role, *tier.downgrade_roles))):
            notify_role(entity, role, "tier", text)
    if decision.durable == MISMATCH:
        names = ", ".join(judged.differing[:5])
        text = {
            "zh": f"两个规则引擎结论不一致（{names}），请人工核定",
            "en": f"The two rule engines differ ({names}): please decide",
        }
        notify_role(entity, Role.COUNTY_CIVIL.value, "mismatch", text)
    elif decision.durable == UNAVAILABLE:
        text = {
            "zh": "第二规则引擎未应答，本次分级请人工核定",
            "en": "The second rule engine did not answer: please check this tier",
        }
        notify_role(entity, Role.COUNTY_CIVIL.value, "mismatch", text)


def _journal(
    entity: Entity, evaluation: Evaluation, rise: TierDecision | None, synced: Synced, cause: str
) -> None:
    """One entry for all that an evaluation changed; none when it changed nothing."""
    if rise is None and not synced.opened and not synced.cancelled:
        return
    record(
        "entity.evaluate",
        subject=f"entity:{entity.uuid}",
        project_id=entity.dataset.project_id,
        details={
            "evaluation": evaluation.pk,
            "cause": cause,
            "tier": evaluation.tier,
            "from": rise.from_tier if rise else None,
            "opened": [task.code for task in synced.opened],
            "cancelled": list(synced.cancelled),
        },
    )
