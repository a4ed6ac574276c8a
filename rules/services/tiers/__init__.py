"""The tier of a child: what evaluations do to it by themselves, and what people decide."""

from rules.services.tiers.automatic import Outcome, apply_outcome
from rules.services.tiers.case import require_cover
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

__all__ = [
    "ASSESSMENT_FORM",
    "LEAST_REASON",
    "LONGEST_EXCEPTION",
    "REASONS",
    "Outcome",
    "apply_outcome",
    "approve_downgrade",
    "confirm_tier",
    "override_tier",
    "refuse_downgrade",
    "request_downgrade",
    "require_cover",
]
