"""What the calendar asks for on a day: of everybody, and of one child. PURE: no clock, no database.

An *opening* is one item on one occasion; its `key` tells occasions of an item apart for ever (the database keeps each
once for a child). It may be opened from its day until `until`: so a night that was missed is made up for by the next
one, a child who is registered late in March is still assessed in March, and nothing is opened that is over.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from rules.engine.calendar.parts import BY_DATE, CalendarItem, MonthDay, Period, Trigger
from rules.engine.observed import Observation
from rules.engine.parts import RuleSet

LEAST_DAYS = 30  # how long after its day an item may be opened, where nothing else ends it
_YEAR = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Opening:
    """One occasion of an item: open it from `opens_on` until `until` (both included)."""

    item: CalendarItem
    key: str
    opens_on: date
    until: date
    instance_id: str | None = None  # the submission that it follows

    def is_open(self, today: date) -> bool:
        """Whether it may be opened on `today`."""
        return self.opens_on <= today <= self.until


@dataclass(frozen=True, slots=True)
class Move:
    """A change of home or school: area codes from the county down, before and after."""

    what: str  # home | school
    before: tuple[str, ...]
    after: tuple[str, ...]
    key: str
    on: date


@dataclass(frozen=True, slots=True)
class ChildView:
    """What the calendar reads of one child: values by name, submissions oldest first, the tier in force and since
    when, and recent moves with the kinds of the areas that they name."""

    env: Mapping[str, Any]
    events: Sequence[Observation] = ()
    tier: str = ""
    since: datetime | None = None
    since_on: date | None = None
    moves: Sequence[Move] = ()


def openings_by_date(rule_set: RuleSet, today: date) -> tuple[Opening, ...]:
    """The occasions of the year's calendar (yearly, monthly, before a period) that are open on `today`."""
    found = []
    for item in rule_set.calendar:
        if item.trigger.kind in BY_DATE and item.in_force(today):
            found += [one for one in _by_date(item, rule_set.periods, today) if one.is_open(today)]
    return tuple(found)


def openings_of_child(rule_set: RuleSet, view: ChildView, today: date) -> Iterator[Opening]:
    """The occasions of this child's own (birth, submissions, tier, moves) that are open on `today`."""
    for item in rule_set.calendar:
        finder = _OF_CHILD.get(item.trigger.kind)
        if finder is not None and item.in_force(today):
            yield from (one for one in finder(item, view, today) if one.is_open(today))


def _by_date(item: CalendarItem, periods: Mapping[str, Period], today: date) -> Iterator[Opening]:
    trigger = item.trigger
    if trigger.kind == "before_period":
        for name in trigger.periods:
            if name in periods:
                yield from _before(item, periods[name], today)
        return
    days = sorted(_days(trigger, today))
    for day, following in pairwise(days):
        until = min(following - timedelta(days=1), day + timedelta(days=_lasts(item)))
        yield Opening(item, day.isoformat(), day, until)


def _days(trigger: Trigger, today: date) -> Iterable[date]:
    """The days of a yearly or monthly trigger around `today`, one too many at the end."""
    if trigger.kind == "monthly":
        months = (divmod(today.year * 12 + today.month - 1 + step, 12) for step in range(-2, 3))
        return [_clipped(year, month + 1, trigger.day) for year, month in months]
    years = range(today.year - 1, today.year + 3)
    return [_day_of(year, day) for year in years for day in trigger.dates]


def _day_of(year: int, day: MonthDay) -> date:
    """That day of the year; 29 February of other years is 1 March, as birthdays are."""
    is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return date(year, 3, 1) if day == (2, 29) and not is_leap else date(year, *day)


def _clipped(year: int, month: int, day: int) -> date:
    """That day of the month, the last one of a shorter month."""
    first_of_next = date(year + month // 12, month % 12 + 1, 1)
    return min(date(year, month, 28) + timedelta(days=day - 28), first_of_next - timedelta(days=1))


def _lasts(item: CalendarItem) -> int:
    """How many days after its own an item may be opened: as it says, else as long as its work takes, at least 30."""
    if item.trigger.for_days is not None:
        return item.trigger.for_days
    limits = [use.due.hours / 24 for use in item.tasks if use.due is not None]
    return max(LEAST_DAYS, *(int(days) for days in limits)) if limits else LEAST_DAYS


def _before(item: CalendarItem, period: Period, today: date) -> Iterator[Opening]:
    """`days` before a period, until the period ends."""
    trigger = item.trigger
    for key, start, end in _spans(period, today):
        until = end
        opens_on = start - timedelta(days=trigger.days)
        if trigger.for_days is not None:
            until = min(end, opens_on + timedelta(days=trigger.for_days))
        yield Opening(item, f"{period.id}:{key}", opens_on, until)


def _spans(period: Period, today: date) -> Iterator[tuple[str, date, date]]:
    """The spans of a period around `today`, each named by the year in which it begins."""
    if period.yearly is not None:
        for year in (today.year - 1, today.year, today.year + 1):
            start, end = _day_of(year, period.yearly[0]), _day_of(year, period.yearly[1])
            if end < start:  # over the New Year
                end = _day_of(year + 1, period.yearly[1])
            yield str(year), start, end
    count: dict[int, int] = {}
    for span in period.dates:
        year = span.start.year
        count[year] = count.get(year, 0) + 1
        yield (
            (str(year) if count[year] == 1 else f"{year}.{count[year]}"),
            span.start,
            span.end,
        )


def _birthday(item: CalendarItem, view: ChildView, today: date) -> Iterator[Opening]:
    born = view.env.get(item.trigger.born)
    if isinstance(born, date):
        trigger = item.trigger
        day = months_after(born, trigger.age * 12)
        opens_on = day - timedelta(days=trigger.days_before)
        last = day if trigger.days_before else day + _YEAR  # a warning is over with the day itself
        if trigger.for_days is not None:
            last = opens_on + timedelta(days=trigger.for_days)
        yield Opening(item, day.isoformat(), opens_on, last)


def _age_months(item: CalendarItem, view: ChildView, today: date) -> Iterator[Opening]:
    born = view.env.get(item.trigger.born)
    if isinstance(born, date):
        for months in sorted(item.trigger.months):
            day = months_after(born, months)
            until = day + timedelta(days=_lasts(item))
            yield Opening(item, f"{months}:{day.isoformat()}", day, until)


def months_after(born: date, months: int) -> date:
    """The day on which `months` full months have passed: of 31 January a month is full on 1 March, of 29 February a
    year on 1 March (as `months-between` and `years-between` count)."""
    years, month = divmod(born.month - 1 + months, 12)
    year = born.year + years
    if year > 9999:
        return date.max
    try:
        return date(year, month + 1, born.day)
    except ValueError:
        return date(year, month + 2, 1)


def _after_submission(item: CalendarItem, view: ChildView, today: date) -> Iterator[Opening]:
    trigger = item.trigger
    for seen in view.events:
        if seen.form == trigger.form and asks(trigger, seen):
            opens_on = seen.occurred_on + timedelta(days=trigger.days)
            # with nothing to wait for it is an event: long ago it is over
            until = date.max if trigger.unanswered else opens_on + timedelta(days=LEAST_DAYS)
            key = f"submission:{seen.instance_id}"
            yield Opening(item, key, opens_on, until, seen.instance_id)


def asks(trigger: Trigger, seen: Observation) -> bool:
    """Whether a submission has the `answers` of the trigger, and one of its `unanswered` questions has none."""
    if not fits(trigger.answers, seen):
        return False
    return not trigger.unanswered or any(
        seen.answers.get(question) in (None, "", []) for question in trigger.unanswered
    )


def fits(answers: Mapping[str, tuple[str, ...]], seen: Observation) -> bool:
    """Whether each question has one of its codes among the answers."""
    return all(
        bool(set(codes) & _codes(seen.answers.get(question))) for question, codes in answers.items()
    )


def _codes(answer: Any) -> set[str]:
    if isinstance(answer, bool):
        return {"yes" if answer else "no"}
    if isinstance(answer, list | tuple):
        return {str(code) for code in answer}
    return set(str(answer).split()) if answer not in (None, "") else set()


def _before_answer(item: CalendarItem, view: ChildView, today: date) -> Iterator[Opening]:
    """`days` before the day that the newest submission of the form names."""
    trigger = item.trigger
    told = [seen for seen in view.events if seen.form == trigger.form]
    if not told:
        return
    newest = told[-1]
    try:
        day = date.fromisoformat(str(newest.answers.get(trigger.question) or "")[:10])
        opens_on = day - timedelta(days=trigger.days)
    except (ValueError, OverflowError):
        return
    key = f"submission:{newest.instance_id}:{day.isoformat()}"
    yield Opening(item, key, opens_on, date.max, newest.instance_id)


def _tier_entered(item: CalendarItem, view: ChildView, today: date) -> Iterator[Opening]:
    if view.tier == item.trigger.tier and view.since is not None and view.since_on is not None:
        until = view.since_on + timedelta(days=LEAST_DAYS)
        yield Opening(item, f"{view.tier}:{view.since.isoformat()}", view.since_on, until)


def _area_changed(item: CalendarItem, view: ChildView, today: date) -> Iterator[Opening]:
    """A move of home or school from one area of the level to another."""
    depth = _DEPTH[item.trigger.level]
    for move in view.moves:
        before, after = move.before[:depth], move.after[:depth]
        if move.what in item.trigger.of and before and after and before != after:
            until = move.on + timedelta(days=LEAST_DAYS)
            yield Opening(item, move.key, move.on, until)


_DEPTH = {
    "county": 1,
    "town": 2,
    "village": 3,
    "group": 4,
}  # how many codes of a path name the area
_OF_CHILD = {
    "birthday": _birthday,
    "age_months": _age_months,
    "after_submission": _after_submission,
    "before_answer": _before_answer,
    "tier_entered": _tier_entered,
    "area_changed": _area_changed,
}


def lasts(item: CalendarItem, view: ChildView, today: date, ranks: Mapping[str, int]) -> bool:
    """Whether what an item asked for is still asked: its condition apart, a calendar date stays true; a tier must be
    in force, a submission must still say so."""
    trigger = item.trigger
    match trigger.kind:
        case "tier_entered":
            return ranks.get(view.tier, -1) >= ranks.get(trigger.tier, 0)
        case "after_submission":
            return any(seen.form == trigger.form and asks(trigger, seen) for seen in view.events)
        case "before_answer":
            return any(one.opens_on <= today for one in _before_answer(item, view, today))
        case _:
            return True
