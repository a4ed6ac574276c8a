"""Two results over the same children -> a Comparison."""

import polars as pl

from rules.engine.bulk.comparison import Comparison
from rules.engine.bulk.result import BulkResult
from rules.engine.parts import RuleSet


def compare_results(
    old: BulkResult | None,
    new: BulkResult,
    old_rules: RuleSet | None,
    new_rules: RuleSet,
    groups: pl.DataFrame | None = None,
) -> Comparison:
    """What changes for the children of `new` (and `old`, row by row the same; None: nothing was in
    force, their old tier is `NO_TIER`). `groups`: columns of text, row by row, such as area, sex and
    age group; each is counted by itself."""
    raise NotImplementedError
