"""When what happens to a child: the forms known beforehand; later visits and tasks follow from what the rules say."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random

from rules.programme.sample.chance import chance, weighted
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
    for day, form, detail in _days(child, seed, draw, last):
        planned = event(child.number, form, day, draw, detail)
        if planned.received.date() <= last:
            yield planned
            if form == ENUMERATION:
                yield from _same_walk(planned, _walk(child, seed))


def _walk(child: Child, seed: int) -> int:
    """How many forms follow the enumeration on the same walk: none, the first visit, the first assessment too (the
    supervisor came along)."""
    return weighted(chance(seed, "walk", child.number), ((0, 0.4), (1, 0.2), (2, 0.4)))


def _same_walk(enumeration: Event, count: int) -> Iterator[Event]:
    forms = ((VISIT, "first", 25), (ASSESSMENT, "联合入户评估", 50))
    return (_right_after(enumeration, *form) for form in forms[:count])


def _right_after(enumeration: Event, form: str, detail: str, minutes: int) -> Event:
    """Another form on the same walk, sent with it: phones know the child before the server does."""
    at = enumeration.at + timedelta(minutes=minutes)
    received = max(enumeration.received, at + timedelta(minutes=20)) + timedelta(seconds=minutes)
    return Event(received, enumeration.number, form, at, detail)


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


def _days(child: Child, seed: int, draw: Random, last: date) -> Iterator[tuple[date, str, str]]:
    enrolled = child.enrolled_on
    yield enrolled, ENUMERATION, ""
    walk = _walk(child, seed)
    if walk == 0:
        yield enrolled + timedelta(days=draw.randint(1, 8)), VISIT, "first"
    yield from ((day, ASSESSMENT, "") for day in _assessments(child, draw, last, walk < 2))
    if child.schooling.is_pupil:
        yield from ((day, SCHOOL, "") for day in _checks(draw, enrolled, last))
    yield from _story(child, draw)


def _checks(draw: Random, enrolled: date, last: date) -> Iterator[date]:
    """The school's checks of a pupil: one soon after the enumeration, or one lately if that was long ago, for answers
    older than 90 days no longer count for mood and behaviour; some have both."""
    first = enrolled + timedelta(days=draw.randint(4, 25))
    latest = last - timedelta(days=draw.randint(3, 95))
    is_long_ago = latest > first + timedelta(days=80)
    if not is_long_ago or draw.random() < 0.2:
        yield first
    if is_long_ago:
        yield latest


def _assessments(child: Child, draw: Random, last: date, is_new: bool) -> Iterator[date]:
    """The first assessment unless there was one (`is_new`), then some of those that are due in March and September."""
    newest = child.enrolled_on
    if is_new and draw.random() < 0.9:
        newest += timedelta(days=draw.randint(8, 30))
        yield newest
    for year in range(newest.year, last.year + 1):
        for month in SEASONS:
            day = date(year, month, draw.randint(2, 29))
            if day > newest + timedelta(days=60) and draw.random() < 0.15:
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
