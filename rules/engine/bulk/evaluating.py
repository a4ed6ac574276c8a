"""Facts in columns -> statuses, tiers, scores and tasks of all children (design.md §6)."""

from datetime import date

import polars as pl

from rules.engine.bulk.result import BulkResult
from rules.engine.parts import RuleSet


def evaluate_frame(rule_set: RuleSet, facts: pl.DataFrame, as_of: date) -> BulkResult:
    """What `rule_set` says on `as_of` (site's day) of the children of `facts` (of `frame_of` for
    this rule set). Pure, total, deterministic: equal to `decide` for each child."""
    raise NotImplementedError
