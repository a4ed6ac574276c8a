"""Other children of the household, and how they are."""

from datetime import date

from forms.models import Entity
from rules.models import TierDecision
from rules.surroundings.neighbours import end_of
from rules.surroundings.view import Around

_CHANGES = (
    TierDecision.Action.AUTOMATIC,
    TierDecision.Action.CONFIRM,
    TierDecision.Action.OVERRIDE,
    TierDecision.Action.APPROVE,
)


def household_children(around: Around) -> int | None:
    """How many other children live in the household."""
    found = around.household
    return None if found is None else len(found)


def household_in_danger(around: Around) -> int | None:
    """How many of them are in a tier that acts at once."""
    found = around.household
    if found is None:
        return None
    urgent = {tier.id for tier in around.rule_set.tiers if tier.acts_at_once}
    return sum(tier in urgent for tier in _tiers_of(found, around.as_of))


def household_highest_tier(around: Around) -> str | None:
    """The highest tier that one of them is in; None where none has a tier."""
    ranks = {tier.id: tier.rank for tier in around.rule_set.tiers}
    tiers = [tier for tier in _tiers_of(around.household or [], around.as_of) if tier in ranks]
    return max(tiers, key=lambda tier: ranks[tier], default=None)


def _tiers_of(children: list[Entity], as_of: date) -> list[str]:
    """The tier of each that was in force at the end of `as_of`. One query."""
    decisions = TierDecision.objects.filter(
        entity__in=children, action__in=_CHANGES, at__lt=end_of(as_of)
    ).order_by("id")
    newest = dict(decisions.values_list("entity_id", "to_tier")) if children else {}
    return list(newest.values())
