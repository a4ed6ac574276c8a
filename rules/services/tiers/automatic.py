"""What an evaluation does to a tier by itself (domain report, section 4.1).

Up is at once, down is a person's decision: the first tier and every rise are in force immediately
and wait in the queue to be confirmed; a fall is only proposed, and not again while nothing has
changed since a person refused it. What a person has set below the rules stands until its last day,
until things get worse than they were, or until a rule fires that was not known then.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from rules.engine.rule_set import RuleSet, Tier
from rules.models import Evaluation, TierDecision, TierState
from rules.services.tiers.holding import is_unchanged, news_above, true_rules
from server import clock

Review = TierState.Review


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an evaluation says about the tier; doubtful: the second engine disagrees or is
    silent."""

    tier: str
    possible: str
    is_insufficient: bool
    is_doubtful: bool


def apply_outcome(
    state: TierState, rule_set: RuleSet, evaluation: Evaluation, outcome: Outcome
) -> TierDecision | None:
    """Let an evaluation act on the tier; answers the decision if the tier rose. `state` is
    locked."""
    ranks = {tier.id: tier.rank for tier in rule_set.tiers}
    before, new = ranks.get(state.tier, -1), ranks[outcome.tier]
    decision = None
    if new > before and not _is_excepted(state, rule_set, evaluation, ranks, new):
        decision = _rise(state, evaluation, outcome.tier)
    proposed = _proposal(state, rule_set, evaluation, outcome)
    if state.requested_tier and (
        decision or not _request_stands(state, rule_set, evaluation, ranks, new)
    ):
        state.requested_tier, state.requested_by = "", None
    state.proposed = state.requested_tier or proposed
    _queue(state, outcome, rose=decision is not None)
    waits_last = state.review == Review.INSUFFICIENT
    state.rank = -1 if waits_last else ranks.get(state.proposed or state.tier, 0)
    state.evaluation = evaluation
    state.updated_at = clock.now()
    state.save()
    return decision


def _is_excepted(
    state: TierState, rule_set: RuleSet, evaluation: Evaluation, ranks: dict[str, int], new: int
) -> bool:
    """A person put the tier below what the rules say: until that ends, things get worse, or a rule
    fires that the person did not know of."""
    lasts = state.overridden_until is not None and state.overridden_until >= clock.today()
    if not lasts or state.tier not in ranks or new > ranks.get(state.override_floor, -1):
        return False
    told = _decisions(state).exclude(until=None).first()
    return told is None or not news_above(rule_set, told, evaluation, ranks[state.tier])


def _request_stands(
    state: TierState, rule_set: RuleSet, evaluation: Evaluation, ranks: dict[str, int], new: int
) -> bool:
    """Whether what speaks against lowering was known when it was asked for."""
    wanted = ranks.get(state.requested_tier, -1)
    asked = _decisions(state).filter(action=TierDecision.Action.REQUEST).first()
    if wanted < 0 or asked is None or asked.evaluation is None:
        return False
    is_worse = new > wanted >= ranks.get(asked.evaluation.tier, -1)
    return not is_worse and not news_above(rule_set, asked, evaluation, wanted)


def _decisions(state: TierState) -> QuerySet[TierDecision]:
    """The decisions about this child, the newest first, with what they were made from."""
    known = TierDecision.objects.filter(entity_id=state.entity_id)
    return known.select_related("evaluation").order_by("-id")


def _rise(state: TierState, evaluation: Evaluation, tier: str) -> TierDecision:
    decision = TierDecision.objects.create(
        entity_id=state.entity_id,
        action=TierDecision.Action.AUTOMATIC,
        from_tier=state.tier,
        to_tier=tier,
        evaluation=evaluation,
        rules=true_rules(evaluation.decision),
    )
    state.overridden_until, state.override_floor = None, ""
    move(state, tier, decision.at)
    return decision


def move(state: TierState, tier: str, at: datetime) -> None:
    """Put `tier` into force; the same tier again leaves its beginning as it was."""
    if tier != state.tier:
        state.previous, state.tier, state.since = state.tier, tier, at


def _proposal(state: TierState, rule_set: RuleSet, evaluation: Evaluation, outcome: Outcome) -> str:
    """The lower tier that the rules propose; "" for none, in doubt, under an override, and while
    nothing has changed since a person refused to lower it."""
    if not state.tier or state.overridden_until is not None or outcome.is_doubtful:
        return ""
    current, computed = rule_set.tier(state.tier), rule_set.tier(outcome.tier)
    if computed.rank >= current.rank or _is_refused(state, rule_set, evaluation):
        return ""
    return lowest_step(rule_set, current, computed).id


def _is_refused(state: TierState, rule_set: RuleSet, evaluation: Evaluation) -> bool:
    newest = _decisions(state).first()
    if newest is None or newest.action != TierDecision.Action.REFUSE:
        return False
    seen = newest.evaluation
    return seen is not None and is_unchanged(rule_set, seen, evaluation)


def lowest_step(rule_set: RuleSet, current: Tier, wanted: Tier) -> Tier:
    """How far down at once: one tier from one of two approvals, else as far as wanted."""
    if current.downgrade_approvals > 1 and wanted.rank < current.rank - 1:
        return rule_set.tiers[current.rank - 1]
    return wanted


def _queue(state: TierState, outcome: Outcome, *, rose: bool) -> None:
    """Set why the child waits for a person; what waits already keeps its place."""
    before = state.review
    state.review = _review(state, outcome, rose)
    if not state.review:
        state.waiting_since = None
    elif before in (Review.NONE, Review.INSUFFICIENT) or state.waiting_since is None:
        state.waiting_since = clock.now()


def _review(state: TierState, outcome: Outcome, rose: bool) -> Review:
    if outcome.is_doubtful:
        return Review.MISMATCH
    if rose:
        return Review.UP if state.previous else Review.NEW
    if state.requested_tier:
        return Review.SECOND
    if state.proposed:
        return Review.DOWN
    if state.review in (Review.NEW, Review.UP):
        return Review(state.review)
    if state.review == Review.MISMATCH and _is_unconfirmed(state):
        return Review.UP if state.previous else Review.NEW
    if outcome.is_insufficient and not _was_seen(state, outcome):
        return Review.INSUFFICIENT
    return Review.NONE


def _was_seen(state: TierState, outcome: Outcome) -> bool:
    """A person has decided with this gap before them: it is not put before them again."""
    seen = state.evaluation
    return (
        state.review == Review.NONE
        and seen is not None
        and seen.is_insufficient
        and seen.possible_tier == outcome.possible
    )


def _is_unconfirmed(state: TierState) -> bool:
    """The tier in force came by itself, and no person has decided about it since."""
    newest = TierDecision.objects.filter(entity_id=state.entity_id).order_by("-id").first()
    return newest is not None and newest.action == TierDecision.Action.AUTOMATIC
