"""When a child must be seen next: the interval of its tier after it was last seen (domain report, section 4.1). PURE.

Red is seen within `first_contact_hours` of becoming red, then every `visit_days`. The interval counts from the newest
of: the last visit that saw the child, the end of the last visit task (a family that refuses is asked again, no later
than the interval), and, before any visit, the day on which it got its first tier.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from rules.engine.calendar.openings import fits
from rules.engine.calendar.parts import Trigger
from rules.engine.observed import Observation
from rules.engine.parts import Tier
from server import clock

GRACE_DAYS = 14  # to make up for a visit that was never asked for


@dataclass(frozen=True, slots=True)
class LastSeen:
    """The last visit that saw the child: the day it speaks of, and when it arrived."""

    on: date
    received_at: datetime


def last_seen(trigger: Trigger, events: Sequence[Observation]) -> LastSeen | None:
    """The newest submission of the form with the answers that say that the child was seen."""
    for seen in reversed(events):
        if seen.form == trigger.form and fits(trigger.answers, seen):
            return LastSeen(seen.occurred_on, seen.received_at)
    return None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the child stands: its tier, since when (a moment and the site's day), and the day from which the interval
    counts."""

    tier: Tier
    since: datetime
    since_on: date
    base: date


def next_visit(at: Standing, seen: LastSeen | None, now: datetime, today: date) -> datetime | None:
    """When the child must be seen, not before `now`; None where the tier asks for no visits.

    A visit that would have been due already (a tier rose, years of forms were read in) is due within the interval
    from now, or GRACE_DAYS if that is shorter: a task that nobody had cannot begin overdue.
    """
    hours, days = at.tier.first_contact_hours, at.tier.visit_days
    if hours is not None and not _is_met(at, seen):
        return max(at.since + timedelta(hours=hours), now)
    if days is None:
        return None
    return regular_visit(at, seen, today) or _end_of(today + timedelta(days=min(days, GRACE_DAYS)))


def regular_visit(at: Standing, seen: LastSeen | None, today: date) -> datetime | None:
    """The end of the day on which the interval is over, None where it is over by now or another limit counts."""
    days = at.tier.visit_days
    if days is None or (at.tier.first_contact_hours is not None and not _is_met(at, seen)):
        return None
    day = at.base + timedelta(days=days)
    return _end_of(day) if day > today else None


def _end_of(day: date) -> datetime:
    return datetime.combine(day, time(23, 59), clock.site_zone()).astimezone(UTC)


def _is_met(at: Standing, seen: LastSeen | None) -> bool:
    """Whether the child was seen since it entered the tier: the visit that put it there was before."""
    return seen is not None and seen.on >= at.since_on and seen.received_at > at.since
