"""What people decide about a tier: confirm, override, ask to lower red, approve or refuse that."""

from datetime import date

from django.db import transaction

from forms.models import Entity
from rules import problems
from rules.engine.rule_set import Tier
from rules.models import TierDecision, TierState
from rules.services.tiers.automatic import Review
from rules.services.tiers.case import (
    Case,
    open_case,
    person_id,
    put_into_force,
    record_decision,
    require_cover,
    save,
)
from rules.services.tiers.conditions import (
    EXCEPTION,
    LONGEST_EXCEPTION,
    check_floor,
    check_lowering,
    check_reason,
    check_role,
    end_of,
    takes_two,
)
from rules.services.tiers.telling import tell_at_once
from rules.services.words import in_language
from server import clock
from server.people.access import person_of
from server.people.models import Actor
from server.people.roles import Verb
from server.problems import Problem

Action = TierDecision.Action


@transaction.atomic
def confirm_tier(
    entity: Entity, actor: Actor, *, evaluation_id: int | None = None, reason: str = ""
) -> TierState:
    """Confirm what the rules say: the tier in force, or the lower one that they propose.

    Where lowering takes two persons this is the request. Problems: 401.2, 403.1, 404.1,
    NOT_EVALUATED, STALE, NOTHING_TO_CONFIRM, REASON_SHORT, those of `check_lowering`.
    """
    case = open_case(entity, actor, evaluation_id)
    state = case.state
    if state.review in (Review.NONE, Review.SECOND):
        raise Problem(problems.NOTHING_TO_CONFIRM)
    if not state.proposed:
        _needs_county(case, case.tier)
        put_into_force(case, Action.CONFIRM, state.tier, reason=reason)
        return state
    wanted = case.named(state.proposed)
    if case.tier.downgrade_approvals > 1:
        check_reason("policy", reason)
        return _request(case, wanted, reason.strip(), "policy")
    check_role(case)
    check_lowering(case, wanted, "policy")
    put_into_force(case, Action.CONFIRM, wanted.id, reason=reason)
    return state


@transaction.atomic
def override_tier(
    entity: Entity,
    actor: Actor,
    *,
    tier: str,
    reason_code: str,
    reason: str,
    until: date | None = None,
    evaluation_id: int | None = None,
) -> TierState:
    """Set another tier than the rules say, until a day (default: the next visit due).

    `reason_code` is policy, discretionary or exception; `reason` has 20 characters or more. Below
    a floor that holds only as an exception of the county, which ends after 90 days at the latest;
    this is so in every direction, that an exception can neither be deepened nor made longer by
    another kind of override. Problems: UNEXPECTED, REASON_SHORT, BELOW_FLOOR, TWO_PERSONS,
    LOWERED_BY, 401.2, 403.1, 404.1, NOT_EVALUATED, STALE.
    """
    case = open_case(entity, actor, evaluation_id)
    wanted = case.named(tier)
    check_reason(reason_code, reason)
    ends = end_of(wanted, reason_code, until)
    strict = takes_two(case, wanted)
    if strict is not None:
        raise Problem(problems.TWO_PERSONS, tier=in_language(strict.title))
    if wanted.rank < case.tier.rank:
        check_role(case)
    check_floor(case, wanted, reason_code)
    is_rise, state = wanted.rank > case.tier.rank, case.state
    state.overridden_until, state.override_floor = ends, case.evaluation.tier
    why = {"reason": reason.strip(), "reason_code": reason_code, "until": ends}
    put_into_force(case, Action.OVERRIDE, wanted.id, **why)
    if is_rise and wanted.acts_at_once:
        tell_at_once(entity, wanted)
    return state


@transaction.atomic
def request_downgrade(
    entity: Entity,
    actor: Actor,
    *,
    tier: str,
    reason: str,
    reason_code: str = "policy",
    evaluation_id: int | None = None,
) -> TierState:
    """Ask to lower a tier that takes two persons, by one step.

    Problems: REASON_SHORT, those of `check_lowering`, 401.2, 403.1, 404.1, NOT_EVALUATED, STALE.
    """
    case = open_case(entity, actor, evaluation_id)
    check_reason(reason_code, reason)
    return _request(case, case.named(tier), reason.strip(), reason_code)


@transaction.atomic
def approve_downgrade(
    entity: Entity, actor: Actor, *, evaluation_id: int | None = None, reason: str = ""
) -> TierState:
    """Approve a requested lowering: another person, with the county's right.

    Its conditions are checked again, since things may have changed. What is put below the rules
    has an end: an exception after 90 days, else the next visit due. Problems: NO_REQUEST,
    SAME_PERSON, those of `check_lowering`, 401.2, 403.1, 404.1, STALE.
    """
    case = open_case(entity, actor, evaluation_id)
    asked = _asked(case)
    wanted, state = case.named(case.state.requested_tier), case.state
    check_lowering(case, wanted, asked.reason_code)
    state.overridden_until, state.override_floor = None, ""
    if wanted.rank < case.named(case.evaluation.tier).rank:
        longest = clock.today() + LONGEST_EXCEPTION if asked.reason_code == EXCEPTION else None
        state.overridden_until = end_of(wanted, asked.reason_code, longest)
        state.override_floor = case.evaluation.tier
    why = {"reason": reason, "reason_code": asked.reason_code, "until": state.overridden_until}
    put_into_force(case, Action.APPROVE, wanted.id, **why)
    return state


@transaction.atomic
def refuse_downgrade(entity: Entity, actor: Actor, *, reason: str) -> TierState:
    """Refuse a requested lowering: the child stays where it is and leaves the queue.

    Problems: NO_REQUEST, SAME_PERSON, REASON_SHORT, 401.2, 403.1, 404.1.
    """
    case = open_case(entity, actor)
    _asked(case)
    check_reason("policy", reason)
    put_into_force(case, Action.REFUSE, case.state.tier, reason=reason.strip())
    return case.state


def _needs_county(case: Case, tier: Tier) -> None:
    """Decisions about a tier of two approvals (red) are the county's."""
    if tier.downgrade_approvals > 1:
        require_cover(case.actor, Verb.TIER_REVIEW_RED, case.entity)


def _asked(case: Case) -> TierDecision:
    """The request that waits, if this person may decide about it."""
    state = case.state
    if not state.requested_tier or state.requested_by is None:
        raise Problem(problems.NO_REQUEST)
    require_cover(case.actor, Verb.TIER_REVIEW_RED, case.entity)
    if person_id(state.requested_by) == person_id(case.actor):
        raise Problem(problems.SAME_PERSON)
    return TierDecision.objects.filter(entity=case.entity, action=Action.REQUEST).order_by("-id")[0]


def _request(case: Case, wanted: Tier, reason: str, reason_code: str) -> TierState:
    check_role(case)
    check_lowering(case, wanted, reason_code)
    state = case.state
    record_decision(case, Action.REQUEST, wanted.id, reason=reason, reason_code=reason_code)
    state.requested_tier, state.requested_by = wanted.id, person_of(case.actor) or case.actor
    state.proposed, state.review = wanted.id, Review.SECOND
    state.waiting_since = state.waiting_since or clock.now()
    state.rank = case.tier.rank
    save(state)
    return state
