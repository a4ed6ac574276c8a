"""When a task is due and when it goes up: hours by the clock, days on the calendar, working days by the calendar of
the county's offices (weekends, holidays, and weekends that are worked instead)."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from rules.engine.limits import EVERY_WEEKDAY, WorkingDays
from rules.engine.rule_set import Due, Task
from server import clock

DEFAULT_DUE = Due("days", 30)  # a kind of task that names no limit
_MOST_DAYS_OFF = 366  # in a row: a calendar that names no working day for a year is not waited for


def due_at(start: datetime, due: Due, days: WorkingDays = EVERY_WEEKDAY) -> datetime:
    """The moment `due` after `start` (aware); days end at the same time of the site's day."""
    match due.unit:
        case "minutes":
            return start + timedelta(minutes=due.amount)
        case "hours":
            return start + timedelta(hours=due.amount)
        case "days":
            return start + timedelta(days=due.amount)
    local = start.astimezone(clock.site_zone())
    for _ in range(due.amount):
        local = _next_working_day(local, days)
    return local.astimezone(start.tzinfo)


def _next_working_day(local: datetime, days: WorkingDays) -> datetime:
    for step in range(1, _MOST_DAYS_OFF + 1):
        following = local + timedelta(days=step)
        if days.has(following.date()):
            return following
    return local + timedelta(days=1)


def escalations(
    kind: Task, opened_at: datetime, due: datetime, days: WorkingDays = EVERY_WEEKDAY
) -> list[dict[str, Any]]:
    """Who is told when the task is still open then: [{"at": ISO, "to": role}], earliest first."""
    steps = (
        (due_at(due if step.start == "due" else opened_at, step.after, days), step.to)
        for step in kind.escalation
    )
    return [{"at": at.isoformat(), "to": role} for at, role in sorted(steps)]


def first_escalation(steps: Iterable[dict[str, Any]]) -> datetime | None:
    """The moment of the earliest step, None when nothing is to come."""
    moments = [datetime.fromisoformat(step["at"]) for step in steps]
    return min(moments, default=None)
