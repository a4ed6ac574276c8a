"""Overrides whose last day has passed end by themselves."""

from django.db import transaction

from rules.models import TierState
from rules.services.evaluate import evaluate_entity
from rules.services.tiers import expire_override
from server import clock


def expire_overrides() -> int:
    """End the overrides whose last day has passed, and let the rules speak again; answers how
    many."""
    ended = TierState.objects.filter(overridden_until__lt=clock.today()).order_by("entity_id")
    return sum(map(_expire, list(ended.values_list("entity_id", flat=True))))


@transaction.atomic
def _expire(entity_id: int) -> int:
    if not expire_override(entity_id):
        return 0
    evaluate_entity(entity_id, "override.expired")
    return 1
