"""The tasks that a rule set asks for and another does not: for whom, and due in which week."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any

import polars as pl

from rules.engine.bulk import BulkResult
from rules.engine.rule_set import Due, RuleSet, Task
from rules.services.deadlines import DEFAULT_DUE, due_at
from server import clock

Counts = dict[tuple[str, str], int]  # (role, Monday as ISO) -> tasks


def work_of(
    old: BulkResult | None,
    new: BulkResult,
    old_rules: RuleSet | None,
    new_rules: RuleSet,
    as_of: date,
) -> dict[tuple[str, str], tuple[int, int]]:
    """(role, Monday of the due week) -> tasks (opened, cancelled), as if all opened at noon of
    `as_of`."""
    opened = _weeks(new, new_rules, _only(new, old), as_of)
    cancelled: Counts = {}
    if old is not None and old_rules is not None:
        cancelled = _weeks(old, old_rules, _only(old, new), as_of)
    keys = sorted({*opened, *cancelled})
    return {key: (opened.get(key, 0), cancelled.get(key, 0)) for key in keys}


def _only(one: BulkResult, other: BulkResult | None) -> dict[str, list[int]]:
    """Task -> the rows in which `one` asks for it and `other` does not."""
    found = {}
    for name in one.tasks.columns:
        asked = one.tasks[name]
        if other is not None and name in other.tasks.columns:
            asked = asked & ~other.tasks[name]
        if rows := asked.arg_true().to_list():
            found[name] = rows
    return found


def _weeks(
    result: BulkResult, rule_set: RuleSet, rows: Mapping[str, Iterable[int]], as_of: date
) -> Counts:
    tiers = result.outcome["tier"].to_list()
    uses = _uses(rule_set, result.statuses)
    noon = datetime.combine(as_of, time(12), clock.site_zone())
    week = cache(lambda due: _monday(due_at(noon, due, rule_set.working_days)))
    counts: Counts = {}
    for name, places in rows.items():
        kind = rule_set.tasks[name]
        for row in places:
            due = _due(kind, uses.get(name, ()), row, rule_set.tiers[tiers[row]].id)
            key = (kind.assignee, week(due))
            counts[key] = counts.get(key, 0) + 1
    return counts


def _uses(
    rule_set: RuleSet, statuses: pl.DataFrame
) -> dict[str, list[tuple[list[bool | None], Due | None]]]:
    """Task -> the statuses of each rule in force that opens it, and that rule's own limit."""
    found: dict[str, list[Any]] = {}
    for rule in rule_set.rules:
        if rule.tasks and rule.id in statuses.columns:
            column = statuses[rule.id].to_list()
            for use in rule.tasks:
                found.setdefault(use.id, []).append((column, use.due))
    return found


def _due(
    kind: Task, uses: Iterable[tuple[list[bool | None], Due | None]], row: int, tier: str
) -> Due:
    """The shortest limit, as `decide` chooses it; what no rule opens asks for facts."""
    firing = [own for column, own in uses if column[row] is True]
    limits = [own or kind.due_in(tier) for own in firing] or [kind.due_in(tier)]
    return min(filter(None, limits), key=lambda due: due.hours, default=DEFAULT_DUE)


def _monday(moment: datetime) -> str:
    day = clock.local_day(moment)
    return (day - timedelta(days=day.weekday())).isoformat()
