"""When a task is due and when it goes up: hours by the clock, days on the calendar, working days
without weekends and holidays."""

from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from typing import Any

from rules.engine.rule_set import Due, Task
from server import clock

DEFAULT_DUE = Due("days", 30)  # a kind of task that names no limit


def due_at(start: datetime, due: Due, holidays: Collection[date] = ()) -> datetime:
    """The moment `due` after `start` (aware); days end at the same time of the site's day."""
    match due.unit:
        case "minutes":
            return start + timedelta(minutes=due.amount)
        case "hours":
            return start + timedelta(hours=due.amount)
        case "days":
            return start + timedelta(days=due.amount)
    local = start.astimezone(clock.site_zone())
    left = due.amount
    while left > 0:
        local += timedelta(days=1)
        left -= is_working_day(local.date(), holidays)
    return local.astimezone(start.tzinfo)


def is_working_day(day: date, holidays: Collection[date] = ()) -> bool:
    """Monday to Friday, if not a holiday of the county's calendar."""
    return day.weekday() < 5 and day not in holidays


def escalations(
    kind: Task, opened_at: datetime, due: datetime, holidays: Collection[date] = ()
) -> list[dict[str, Any]]:
    """Who is told when the task is still open then: [{"at": ISO, "to": role}], earliest first."""
    steps = (
        (due_at(due if step.start == "due" else opened_at, step.after, holidays), step.to)
        for step in kind.escalation
    )
    return [{"at": at.isoformat(), "to": role} for at, role in sorted(steps)]


def first_escalation(steps: Iterable[dict[str, Any]]) -> datetime | None:
    """The moment of the earliest step, None when nothing is to come."""
    moments = [datetime.fromisoformat(step["at"]) for step in steps]
    return min(moments, default=None)
