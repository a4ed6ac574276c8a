"""When what happens to a child: the forms known beforehand; later visits and tasks follow from what the rules say."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random

from rules.programme.sample.chance import chance
from rules.programme.sample.children import Child
from rules.programme.sample.stories import (
    ASSESSMENT,
    ENUMERATION,
    INCIDENT,
    RED,
    RED_PAST,
    SCHOOL,
    VISIT,
)
from server import clock

SEASONS = (3, 9)  # months in which everybody is assessed (domain report, section 4.1)
FEEDBACK, ACCEPT = "task_feedback", "accept"


@dataclass(frozen=True, slots=True, order=True)
class Event:
    """Something that happens `at` a moment and arrives at `received`; `detail`: kind of visit and the like."""

    received: datetime
    number: int  # of the child, or of the task: the order of what arrives together
    form: str
    at: datetime = field(compare=False)
    detail: str = field(default="", compare=False)


def events_of(child: Child, seed: int, last: date) -> Iterator[Event]:
    """The planned events of `child` up to the day `last`, in no order."""
    draw = chance(seed, "plan", child.number)
    for day, form, detail in _days(child, draw, last):
        planned = event(child.number, form, day, draw, detail)
        if planned.received.date() <= last:
            yield planned


def event(number: int, form: str, day: date, draw: Random, detail: str = "") -> Event:
    """`form` on `day` at some hour of the day; it arrives soon after, or, without a network, later."""
    hour = 9 + draw.random() * 7
    at = _moment(day, hour)
    late = draw.random()
    hours = 0.4 if late < 0.75 else 18.5 - hour if late < 0.95 else 24.0 * draw.randint(1, 2)
    urgent = form == INCIDENT or detail == "urgent"
    return Event(at + timedelta(hours=0.3 if urgent else hours), number, form, at, detail)


def _moment(day: date, hour: float) -> datetime:
    zone = clock.site_zone()
    return datetime.combine(day, time(), zone) + timedelta(seconds=round(hour * 3600))


def evening_of(day: date) -> datetime:
    """When the office has everything of the day."""
    return _moment(day, 19)


def _days(child: Child, draw: Random, last: date) -> Iterator[tuple[date, str, str]]:
    enrolled = child.enrolled_on
    yield enrolled, ENUMERATION, ""
    yield enrolled + timedelta(days=draw.randint(1, 8)), VISIT, "first"
    yield from ((day, ASSESSMENT, "") for day in _assessments(child, draw, last))
    if child.schooling.is_pupil:
        yield from ((day, SCHOOL, "") for day in _checks(draw, enrolled, last))
    yield from _story(child, draw)


def _checks(draw: Random, enrolled: date, last: date) -> Iterator[date]:
    """The school's checks of a pupil: one soon after the enumeration, and one lately, for answers older than 90 days
    no longer count for mood and behaviour."""
    first = enrolled + timedelta(days=draw.randint(4, 25))
    yield first
    latest = last - timedelta(days=draw.randint(3, 95))
    if latest > first + timedelta(days=45):
        yield latest


def _assessments(child: Child, draw: Random, last: date) -> Iterator[date]:
    """The first assessment of a newcomer, then some of those that are due in March and September."""
    newest = child.enrolled_on
    if draw.random() < 0.92:
        newest += timedelta(days=draw.randint(8, 30))
        yield newest
    for year in range(newest.year, last.year + 1):
        for month in SEASONS:
            day = date(year, month, draw.randint(2, 29))
            if day > newest + timedelta(days=60) and draw.random() < 0.2:
                newest = day
                yield day


def _story(child: Child, draw: Random) -> Iterator[tuple[date, str, str]]:
    story, begins = child.story, child.begins_on
    is_red = story in RED or story in RED_PAST
    if begins is not None:
        for step, form in enumerate(story.reveal):
            yield begins + timedelta(days=step), form, "urgent" if is_red else "routine"
        if story.name == "not_seen":
            yield begins + timedelta(days=3), VISIT, "task_followup"
        if is_red:
            yield begins + timedelta(days=1 + len(story.reveal)), VISIT, "urgent"
        if is_red and story.name not in ("flagged", "urgent_medical"):
            yield begins + timedelta(days=2 + len(story.reveal)), ASSESSMENT, "紧急事项评估"
    if child.ends_on is not None:
        if story.incident:
            yield child.ends_on, INCIDENT, "closed"
        yield child.ends_on, VISIT, "task_followup"
        if is_red:
            yield child.ends_on + timedelta(days=draw.randint(1, 4)), ASSESSMENT, "解除红色评估"
            yield (
                child.ends_on + timedelta(days=5),
                SCHOOL if child.schooling.is_pupil else VISIT,
                "",
            )
