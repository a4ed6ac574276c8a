"""Facts in columns -> statuses, tiers, scores and tasks of all children (design.md §6)."""

from collections.abc import Iterable, Sequence
from datetime import date

import polars as pl

from rules.engine.bulk.gaps import idle_column
from rules.engine.bulk.plan import Plan, plan_of, with_helpers
from rules.engine.bulk.result import BulkResult
from rules.engine.bulk.tallying import outcome_of
from rules.engine.parts import RuleSet
from rules.engine.program import program_of

_ROW = "~row"


def evaluate_frame(rule_set: RuleSet, facts: pl.DataFrame, as_of: date) -> BulkResult:
    """What `rule_set` says on `as_of` (site's day) of the children of `facts` (of `frame_of` for
    this rule set). Pure, total, deterministic: equal to `decide` for each child."""
    if facts.columns != list(rule_set.facts):
        raise ValueError("the columns are not the facts of this rule set")
    plan = plan_of(rule_set, as_of)
    frame = facts
    for stage in plan.stages:
        frame = stage.add_to(frame)
    frame = with_helpers(frame, plan.helpers)
    # a condition without facts is one value: beside a column it is as long as the others
    statuses = frame.select(pl.int_range(pl.len()).alias(_ROW), *plan.statuses).drop(_ROW)
    outcome = outcome_of(program_of(rule_set), plan.rules, statuses, frame.height)
    return BulkResult(
        statuses=statuses,
        outcome=outcome,
        tasks=_tasks(rule_set, plan, frame, statuses, outcome),
        derived=frame.select(item.name for item in rule_set.derived),
        unknown=_unknown(rule_set, plan, frame),
    )


def _unknown(rule_set: RuleSet, plan: Plan, frame: pl.DataFrame) -> dict[str, int]:
    """How many children lack each fact that applies to them."""
    found = {name: frame[name].null_count() for name in rule_set.facts}
    for name in plan.idle:
        found[name] -= int(frame[idle_column(name)].sum())
    return found


def _tasks(
    rule_set: RuleSet,
    plan: Plan,
    frame: pl.DataFrame,
    statuses: pl.DataFrame,
    outcome: pl.DataFrame,
) -> pl.DataFrame:
    """Which tasks are asked for: those of the rules that fire, and the one to ask for facts."""
    users: dict[str, list[str]] = {}
    for item in plan.rules:
        for use in item.rule.tasks:
            users.setdefault(use.id, []).append(item.rule.id)
    columns = {name: _any(statuses, rules, frame.height) for name, rules in users.items()}
    ask = rule_set.ask_for_facts
    if ask:
        asked = _asked(plan, frame, statuses, outcome["insufficient"])
        columns[ask] = columns[ask] | asked if ask in columns else asked
    return pl.DataFrame([column.alias(name) for name, column in columns.items()])


def _any(statuses: pl.DataFrame, rules: Sequence[str], height: int) -> pl.Series:
    found = statuses.select(pl.any_horizontal(pl.col(rules).fill_null(False)))
    return found.to_series()


def _asked(
    plan: Plan, frame: pl.DataFrame, statuses: pl.DataFrame, insufficient: pl.Series
) -> pl.Series:
    """Where the tier may be higher and there is an answer to ask for."""
    asked = _some(statuses, (pl.col(rule).is_null() for rule in plan.sure_gaps)) & insufficient
    if not plan.other_gaps:
        return asked
    open_ = insufficient & ~asked
    rows = open_.arg_true()
    if rows.is_empty():
        return asked
    found = _some(with_helpers(frame.filter(open_), plan.gap_helpers), plan.other_gaps)
    return asked.scatter(rows, found)


def _some(frame: pl.DataFrame, conditions: Iterable[pl.Expr]) -> pl.Series:
    """Where one of `conditions` holds."""
    row = pl.int_range(pl.len()) < 0  # as long as the frame, and never true
    return frame.select(pl.any_horizontal(row, *conditions)).to_series()
