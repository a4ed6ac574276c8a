"""The tier of a child: what evaluations do to it by themselves, and what people decide."""

from rules.services.tiers.automatic import Outcome, apply_outcome
from rules.services.tiers.case import covers, person_id, require_cover
from rules.services.tiers.conditions import (
    ASSESSMENT_FORM,
    LEAST_REASON,
    LONGEST_EXCEPTION,
    REASONS,
)
from rules.services.tiers.deciding import (
    approve_downgrade,
    confirm_tier,
    override_tier,
    refuse_downgrade,
    request_downgrade,
)
from rules.services.tiers.expiring import expire_override
from rules.services.tiers.holding import true_rules

__all__ = [
    "ASSESSMENT_FORM",
    "LEAST_REASON",
    "LONGEST_EXCEPTION",
    "REASONS",
    "Outcome",
    "apply_outcome",
    "approve_downgrade",
    "confirm_tier",
    "covers",
    "expire_override",
    "override_tier",
    "person_id",
    "refuse_downgrade",
    "request_downgrade",
    "require_cover",
    "true_rules",
]
