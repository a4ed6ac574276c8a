"""One child, from its submissions to a stored decision and everything that follows (design.md
§5.5).

Facts -> both engines -> Evaluation -> tier -> tasks -> phone -> notices, in one transaction with
the child locked: killed in the middle
nothing has happened, run twice nothing happens twice.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime

from django.db import transaction

from forms.models import Entity, SubmissionVersion
from rules.engine.decision import decide
from rules.engine.observed import Facts
from rules.engine.outcome import Decision
from rules.engine.rule_set import RuleSet
from rules.engine.values import resolve
from rules.facts import facts_of
from rules.models import Evaluation, Release, TierDecision, TierState
from rules.services import in_force, phone, shadow
from rules.services.attribution import change_between
from rules.services.calendar import look, open_due
from rules.services.evaluations import (
    SWEEP,
    Cause,
    Judged,
    Record,
    record_of,
    store_evaluation,
)
from rules.services.notices import notify_role
from rules.services.second_opinion import MISMATCH, OK, UNAVAILABLE, second_opinion
from rules.services.surroundings import follow_surroundings, tell_children_near
from rules.services.tasks import Synced, close_tasks, sync_tasks, unsettled_rules, wanted_tasks
from rules.services.tiers import Outcome, apply_outcome
from server import clock
from server.journal.services import by_itself, record
from server.people.roles import Role
from server.turns import write_turn

__all__ = [
    "SWEEP",
    "Acted",
    "Prepared",
    "act",
    "evaluate_entity",
    "evaluate_touched",
    "judge",
    "judge_facts",
    "prepare",
]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A child judged outside of any transaction, to be acted on in a short one.

    `seen`: the evaluation and the moment at which its state stood then."""

    entity: Entity
    release: Release
    judged: Judged
    record: Record
    seen: tuple[int | None, datetime | None]


@dataclass(frozen=True, slots=True)
class Acted:
    """What came of an evaluation; `before` is the one that counted until then."""

    before: Evaluation | None
    evaluation: Evaluation
    rise: TierDecision | None
    synced: Synced


@transaction.atomic
def evaluate_entity(entity_id: int, cause: str, cause_subject: str = "") -> Evaluation | None:
    """Evaluate one entity now; answers the newest Evaluation (the same outcome is not stored
    twice), None where no rule
    set in force classifies it, all in one transaction. `cause_subject` is "submission:<instanceId>",
    "entity:<uuid>" or empty."""
    entity = _entity(entity_id, is_locked=True)
    release = in_force.active_release(entity.dataset) if entity is not None else None
    if entity is None or release is None:
        if entity is not None:
            tell_children_near(entity)  # a hazard site
        return None
    state = _locked_state(entity)
    prepared = _judged(entity, release, state)
    return _act(prepared, state, Cause(cause, cause_subject)).evaluation


@by_itself
def evaluate_touched(entity_id: int, cause: str, cause_subject: str = "") -> None:
    """A Reaction's job: as `evaluate_entity`, but thinking happens before anything is held, so that uploads wait for a
    short transaction only. Safe to run twice."""
    prepared = prepare(entity_id)
    if prepared is None:
        evaluate_entity(entity_id, cause, cause_subject)
        return
    with write_turn():
        act(prepared, Cause(cause, cause_subject))


def prepare(entity_id: int) -> Prepared | None:
    """Judge one entity without writing or holding anything; None where nothing classifies it. For `act`."""
    entity = _entity(entity_id)
    release = in_force.active_release(entity.dataset) if entity is not None else None
    if entity is None or release is None:
        return None
    known = TierState.objects.select_related("evaluation").filter(entity=entity)
    return _judged(entity, release, known.first())


def act(prepared: Prepared, cause: Cause) -> Acted | None:
    """Let what was prepared act, in the caller's transaction; it is judged again if the child has been evaluated or
    another release come into force since. What has been sent since asks for its own evaluation. None where the child
    is gone or nothing classifies it any more."""
    entity = _entity(prepared.entity.pk, is_locked=True)
    release = in_force.active_release(entity.dataset) if entity is not None else None
    if entity is None or release is None:
        return None
    state = _locked_state(entity)
    if _seen(state) != prepared.seen or release.pk != prepared.release.pk:
        return _act(_judged(entity, release, state), state, cause)
    return _act(replace(prepared, entity=entity), state, cause)


def _entity(entity_id: int, *, is_locked: bool = False) -> Entity | None:
    rows = Entity.objects.select_related("dataset", "area").filter(pk=entity_id, deleted_at=None)
    return (rows.select_for_update(of=("self",)) if is_locked else rows).first()


def _judged(entity: Entity, release: Release, state: TierState | None) -> Prepared:
    judged = judge(entity, in_force.compiled(release), clock.today(), release.number)
    before = state.evaluation if state is not None else None
    change = change_between(entity, before, release, judged.decision)
    return Prepared(entity, release, judged, record_of(release, judged, change), _seen(state))


def _seen(state: TierState | None) -> tuple[int | None, datetime | None]:
    if state is None or state.evaluation_id is None:
        return None, None
    return state.evaluation_id, state.updated_at


def _act(prepared: Prepared, state: TierState, cause: Cause) -> Acted:
    entity, judged = prepared.entity, prepared.judged
    rule_set, before = in_force.compiled(prepared.release), state.evaluation
    evaluation = store_evaluation(
        entity, prepared.release, judged.decision, prepared.record, before, cause
    )
    rise = apply_outcome(state, rule_set, evaluation, _outcome(judged.decision))
    synced = _sync(entity, rule_set, judged, state, cause.instance_id)
    follow_surroundings(entity, rule_set, judged.facts, rise)
    phone.show_child(entity, state, rule_set)
    _tell(entity, rule_set, judged, rise)
    _journal(entity, evaluation, rise, synced, cause.event)
    shadow.look_beside(prepared.release.rule_set, evaluation)
    return Acted(before, evaluation, rise, synced)


def judge(entity: Entity, rule_set: RuleSet, as_of: date, release: int | str) -> Judged:
    """The decision about `entity` on a day, by both engines. Reads only."""
    return judge_facts(facts_of(entity, rule_set, as_of), rule_set, as_of, release)


def judge_facts(facts: Facts, rule_set: RuleSet, as_of: date, release: int | str) -> Judged:
    """The decision about `facts`, by both engines."""
    values = resolve(rule_set, facts.values, as_of)
    decision = decide(rule_set, values, facts.provenance, release=release)
    verdict, differing = second_opinion(rule_set, facts.values, values, decision.statuses)
    return Judged(facts, decision.with_durable(verdict), differing)


def _locked_state(entity: Entity) -> TierState:
    state, _ = (
        TierState.objects.select_for_update(of=("self",))
        .select_related("evaluation", "requested_by")
        .get_or_create(entity=entity)
    )
    return state


def _outcome(decision: Decision) -> Outcome:
    return Outcome(
        tier=decision.tier,
        possible=decision.possible_tier,
        is_insufficient=decision.insufficient,
        is_doubtful=decision.durable != OK,
    )


def _sync(
    entity: Entity, rule_set: RuleSet, judged: Judged, state: TierState, instance_id: str | None
) -> Synced:
    """The tasks of the decision, then what the calendar asks of this child: its next visit, what its tier, age and
    submissions ask for."""
    decision = judged.decision
    seen = look(entity, rule_set, state, judged.facts)
    synced = sync_tasks(
        entity,
        rule_set,
        wanted_tasks(rule_set, decision),
        unsettled_rules(decision),
        may_end=decision.durable != MISMATCH,
        instance_id=instance_id,
        lasting=seen.lasting,
    )
    if synced.opened and instance_id:
        _settle_at_once(entity, synced, instance_id)
    more = open_due(entity, rule_set, seen, newest=synced.newest)
    return replace(synced, opened=(*synced.opened, *more))


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
