"""Deciding an objection: by a person who did not decide the tier, in writing, through the same
service as every other decision about a tier."""

from datetime import date

from django.db import transaction

from rules import problems
from rules.models import Appeal, TierState
from rules.services.appeals.answering import completed_answer, own_words
from rules.services.appeals.opening import last_decision, note, tier_of
from rules.services.releases import compiled
from rules.services.tiers import (
    LEAST_REASON,
    approve_downgrade,
    confirm_tier,
    covers,
    override_tier,
    person_id,
    require_cover,
)
from server import clock
from server.people.models import Actor
from server.people.roles import Verb
from server.problems import UNEXPECTED, Problem

State = Appeal.State
LONGEST = 20_000  # characters of an answer
OUTCOMES = (State.UPHELD.value, State.DISMISSED.value)


@transaction.atomic
def decide_appeal(
    appeal_id: int,
    actor: Actor,
    *,
    outcome: str,
    answer: str,
    tier: str = "",
    reason_code: str = "discretionary",
    until: date | None = None,
    evaluation_id: int | None = None,
) -> Appeal:
    """Uphold (with another `tier`) or dismiss an open objection, with a written `answer` of 20
    characters or more beyond its draft; the rules that hold and that it leaves out are added.

    Upheld is a decision about the tier under the rules of `rules.services.tiers`: what the rules
    propose is confirmed, a waiting request to lower is approved, all else is an override. Problems:
    UNEXPECTED, ANSWER_SHORT, NO_OTHER_TIER, APPEAL_CLOSED, DECIDED_BEFORE, 401.2, 403.1, 404.1,
    those of `override_tier` and `approve_downgrade`.
    """
    appeal = _locked(appeal_id)
    require_decider(appeal, actor)
    if outcome not in OUTCOMES:
        raise Problem(UNEXPECTED, field="state", value=outcome, reason=" | ".join(OUTCOMES))
    text = answer.replace("\x00", "").strip()[:LONGEST]
    length = len(own_words(appeal, text))
    if length < LEAST_REASON:
        raise Problem(problems.ANSWER_SHORT, length=length, least=LEAST_REASON)
    appeal.answer = completed_answer(appeal, text)
    if outcome == State.UPHELD:
        _uphold(appeal, actor, tier, text, reason_code, until, evaluation_id)
        appeal.decided_tier = tier
    else:
        appeal.decided_tier = _state(appeal).tier
    return _close(appeal, actor, State(outcome), "appeal.decide")


@transaction.atomic
def withdraw_appeal(appeal_id: int, actor: Actor, note_text: str = "") -> Appeal:
    """Whoever objected takes it back; noted by anybody who could have taken it down.

    Problems: APPEAL_CLOSED, 401.2, 403.1, 404.1.
    """
    appeal = _locked(appeal_id)
    require_cover(actor, Verb.SUBMISSION_CREATE, appeal.entity)
    appeal.answer = note_text.replace("\x00", "").strip()[:LONGEST]
    return _close(appeal, actor, State.WITHDRAWN, "appeal.withdraw")


def may_decide(appeal: Appeal, actor: Actor) -> bool:
    """Whether `actor` may decide this open objection."""
    try:
        require_decider(appeal, actor)
    except Problem:
        return False
    return appeal.state == State.OPEN


def require_decider(appeal: Appeal, actor: Actor) -> None:
    """Somebody who reviews this tier and had no part in it. Problems: 401.2, 403.1, 404.1,
    DECIDED_BEFORE."""
    tier = tier_of(appeal)
    is_county = tier is None or tier.downgrade_approvals > 1
    require_cover(actor, Verb.TIER_REVIEW_RED if is_county else Verb.TIER_REVIEW, appeal.entity)
    last = last_decision(appeal.entity)
    involved = {person_id(last.actor)} if last and last.actor else set()
    if appeal.by == Appeal.By.WORKER:
        involved.add(person_id(appeal.actor))
    if person_id(actor) in involved:
        raise Problem(problems.DECIDED_BEFORE)


def _locked(appeal_id: int) -> Appeal:
    appeal = (
        Appeal.objects.select_for_update(of=("self",))
        .select_related("entity__dataset", "entity__area", "actor", "evaluation__release")
        .get(pk=appeal_id)
    )
    if appeal.state != State.OPEN:
        raise Problem(problems.APPEAL_CLOSED, state=State(appeal.state).label)
    return appeal


def _state(appeal: Appeal) -> TierState:
    return TierState.objects.select_related("evaluation__release").get(entity=appeal.entity)


def _uphold(
    appeal: Appeal,
    actor: Actor,
    tier: str,
    reason: str,
    reason_code: str,
    until: date | None,
    evaluation_id: int | None,
) -> None:
    entity, state = appeal.entity, _state(appeal)
    if not tier or tier == state.tier:
        raise Problem(problems.NO_OTHER_TIER)
    if tier == state.requested_tier and covers(actor, Verb.TIER_REVIEW_RED, entity):
        approve_downgrade(entity, actor, evaluation_id=evaluation_id, reason=reason)
    elif tier == state.proposed and _is_plain(state):
        confirm_tier(entity, actor, evaluation_id=evaluation_id, reason=reason)
    else:
        override_tier(
            entity,
            actor,
            tier=tier,
            reason_code=reason_code,
            reason=reason,
            until=until,
            evaluation_id=evaluation_id,
        )


def _is_plain(state: TierState) -> bool:
    """Whether a fall that the rules propose takes one person, and so is a confirmation."""
    if state.review != TierState.Review.DOWN or state.evaluation is None:
        return False
    return compiled(state.evaluation.release).tier(state.tier).downgrade_approvals == 1


def _close(appeal: Appeal, actor: Actor, state: State, action: str) -> Appeal:
    appeal.state, appeal.decided_by, appeal.decided_at = state, actor, clock.now()
    appeal.save()
    note(action, appeal, actor, appeal.answer)
    return appeal
