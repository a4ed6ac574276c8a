"""The end of an override: recorded, and the rules may speak again."""

from rules.models import TierDecision, TierState
from rules.services.tiers.holding import true_rules
from server import clock
from server.journal.services import record


def expire_override(entity_id: int) -> bool:
    """End the override of this child if its last day has passed; answers whether it did.

    Call in a transaction, and evaluate the child after it: what the rules say acts from then on.
    """
    state = (
        TierState.objects.select_for_update(of=("self",))
        .select_related("entity__dataset", "evaluation")
        .filter(entity_id=entity_id, overridden_until__lt=clock.today())
        .first()
    )
    if state is None:
        return False
    TierDecision.objects.create(
        entity=state.entity,
        action=TierDecision.Action.EXPIRE,
        from_tier=state.tier,
        to_tier=state.tier,
        evaluation=state.evaluation,
        until=state.overridden_until,
        rules=true_rules(state.evaluation.decision) if state.evaluation else [],
    )
    state.overridden_until, state.override_floor = None, ""
    state.save(update_fields=["overridden_until", "override_floor"])
    record(
        "tier.expire",
        subject=f"entity:{state.entity.uuid}",
        project_id=state.entity.dataset.project_id,
        details={"tier": state.tier},
    )
    return True
