"""Two results over the same children -> a Comparison."""

import polars as pl

from rules.engine.bulk.comparison import MOVED, NO_TIER, Comparison, Counts, Matrix
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
    if old is not None and old.height != new.height:
        raise ValueError("the two results are not of the same children")
    before = _tiers(old, old_rules, new.height)
    tiers = pl.DataFrame([before.alias("old"), _tiers(new, new_rules, new.height).alias("new")])
    return Comparison(
        total=new.height,
        matrix=_matrix(tiers),
        insufficient=(_insufficient(old), _insufficient(new)),
        tasks=_tasks(old, new),
        unknown=dict(new.unknown),
        hits=_hits(old, new),
        groups=_groups(tiers, groups),
        moved=_moved(tiers, old, new),
    )


def _tiers(result: BulkResult | None, rules: RuleSet | None, height: int) -> pl.Series:
    """The tier ids of one side."""
    if result is None or rules is None:
        return pl.Series([NO_TIER], dtype=pl.String).new_from_index(0, height)
    ids = pl.Series([tier.id for tier in rules.tiers], dtype=pl.String)
    return ids.gather(result.outcome["tier"].cast(pl.UInt32))


def _matrix(tiers: pl.DataFrame) -> Matrix:
    counted = tiers.group_by("old", "new").len().sort("old", "new")
    return {(old, new): count for old, new, count in counted.iter_rows()}


def _groups(tiers: pl.DataFrame, groups: pl.DataFrame | None) -> dict[str, dict[str, Matrix]]:
    found: dict[str, dict[str, Matrix]] = {}
    for column in groups if groups is not None else ():
        table = tiers.with_columns(column.cast(pl.String).fill_null("").alias("value"))
        counted = table.group_by("value", "old", "new").len().sort("value", "old", "new")
        matrices: dict[str, dict[tuple[str, str], int]] = {}
        for value, old, new, count in counted.iter_rows():
            matrices.setdefault(value, {})[old, new] = count
        found[column.name] = dict(matrices)
    return found


def _insufficient(result: BulkResult | None) -> int:
    return int(result.outcome["insufficient"].sum()) if result is not None else 0


def _tasks(old: BulkResult | None, new: BulkResult) -> dict[str, Counts]:
    """Task -> asked before, asked now, opened (now and not before), cancelled (before and not now)."""
    before = old.tasks if old is not None else pl.DataFrame()
    found: dict[str, Counts] = {}
    for name in dict.fromkeys([*before.columns, *new.tasks.columns]):
        there, here = _count(before, name), _count(new.tasks, name)
        both = 0
        if name in before.columns and name in new.tasks.columns:
            both = int((before[name] & new.tasks[name]).sum())
        found[name] = (there, here, here - both, there - both)
    return found


def _hits(old: BulkResult | None, new: BulkResult) -> dict[str, Counts]:
    """Rule -> fired before, fires now, unknown now."""
    before = old.statuses if old is not None else pl.DataFrame()
    found: dict[str, Counts] = {}
    for name in dict.fromkeys([*before.columns, *new.statuses.columns]):
        unknown = new.statuses[name].null_count() if name in new.statuses.columns else 0
        found[name] = (_count(before, name), _count(new.statuses, name), unknown)
    return found


def _count(table: pl.DataFrame, name: str) -> int:
    return int(table[name].sum()) if name in table.columns else 0


def _moved(tiers: pl.DataFrame, old: BulkResult | None, new: BulkResult) -> pl.DataFrame:
    if old is None:
        return pl.DataFrame(schema=MOVED)
    rows = (tiers["old"] != tiers["new"]).arg_true()
    return pl.DataFrame({
        "row": rows.cast(pl.Int64),
        "old": old.outcome["tier"].gather(rows),
        "new": new.outcome["tier"].gather(rows),
    })  # fmt: skip
