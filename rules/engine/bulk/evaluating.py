"""Facts in columns -> statuses, tiers, scores and tasks of all children (design.md §6)."""

from collections.abc import Iterable
from datetime import date

import polars as pl

from rules.engine.bulk.gaps import idle_column
from rules.engine.bulk.plan import ASKED, Plan, add_layers, plan_of
from rules.engine.bulk.result import BulkResult
from rules.engine.bulk.tallying import ROW
from rules.engine.parts import RuleSet


def evaluate_frame(rule_set: RuleSet, facts: pl.DataFrame, as_of: date) -> BulkResult:
    """What `rule_set` says on `as_of` (site's day) of the children of `facts` (of `frame_of` for
    this rule set). Pure, total, deterministic: equal to `decide` for each child."""
    if facts.columns != list(rule_set.facts):
        raise ValueError("the columns are not the facts of this rule set")
    plan = plan_of(rule_set, as_of)
    frame = add_layers(facts, plan.layers)
    # `ROW` keeps the frame as long as it is where no rule is in force, or none reads a fact
    statuses = frame.select(pl.int_range(pl.len()).alias(ROW), *plan.statuses)
    outcome = plan.tallying.outcome(statuses)
    return BulkResult(
        statuses=statuses.drop(ROW),
        outcome=outcome,
        tasks=_tasks(plan, frame, statuses, outcome["insufficient"]),
        derived=frame.select(item.name for item in rule_set.derived),
        unknown=_unknown(rule_set, plan, frame),
    )


def _unknown(rule_set: RuleSet, plan: Plan, frame: pl.DataFrame) -> dict[str, int]:
    """How many children lack each fact that applies to them."""
    missing = frame.select(list(rule_set.facts)).null_count().row(0, named=True)
    idle = frame.select(pl.col(idle_column(name)).sum().alias(name) for name in plan.idle)
    for name, count in idle.row(0, named=True).items() if plan.idle else ():
        missing[name] -= count
    return missing


def _tasks(
    plan: Plan, frame: pl.DataFrame, statuses: pl.DataFrame, insufficient: pl.Series
) -> pl.DataFrame:
    """Which tasks are asked for: those of the rules that fire, and the one to ask for facts."""
    asked = _asked(plan, frame, statuses, insufficient).alias(ASKED)
    return statuses.with_columns(asked).select(ROW, *plan.tasks).drop(ROW)


def _asked(
    plan: Plan, frame: pl.DataFrame, statuses: pl.DataFrame, insufficient: pl.Series
) -> pl.Series:
    """Where the tier may be higher and there is an answer to ask for."""
    asked = _some(statuses, (pl.col(rule).is_null() for rule in plan.sure_gaps)) & insufficient
    open_ = insufficient & ~asked
    if not plan.other_gaps or not open_.any():
        return asked
    found = _some(add_layers(frame.filter(open_), plan.gap_layers), plan.other_gaps)
    return asked.scatter(open_.arg_true(), found)


def _some(frame: pl.DataFrame, conditions: Iterable[pl.Expr]) -> pl.Series:
    """Where one of `conditions` holds."""
    never = pl.int_range(pl.len()) < 0  # as long as the frame
    return frame.select(pl.any_horizontal(never, *conditions)).to_series()
