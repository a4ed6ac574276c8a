"""A rule set over many children at once, in columns: the third compilation of the rule document
(design.md §4, §6).

`frame_of` (merged facts -> columns), `evaluate_frame` (columns -> statuses, tiers, tasks),
`compare_results` (two rule sets over the same children -> sums), `deciding_rules` (why a child
moves). The answers equal those of kleene.py and decision.py, value by value; a property test holds
them together.
"""

from rules.engine.bulk.comparing import compare_results
from rules.engine.bulk.comparison import NO_TIER, Comparison
from rules.engine.bulk.deciding import Deciding, deciding_rules
from rules.engine.bulk.evaluating import evaluate_frame
from rules.engine.bulk.frame import frame_of
from rules.engine.bulk.result import BulkResult

__all__ = [
    "NO_TIER",
    "BulkResult",
    "Comparison",
    "Deciding",
    "compare_results",
    "deciding_rules",
    "evaluate_frame",
    "frame_of",
]
