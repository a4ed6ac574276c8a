"""What rules do in practice: how often they fire, what they wait for, how often people decide
otherwise (screens §6.4, operations). Counted in the background, read from sums by day."""

from rules.services.statistics.reading import (
    LONGEST,
    FactLine,
    Report,
    RuleLine,
    rule_statistics,
)
from rules.services.statistics.tallying import tally_new

__all__ = ["LONGEST", "FactLine", "Report", "RuleLine", "rule_statistics", "tally_new"]
