"""Whole days, months and years between two days, and dates as text: calendar-true (design.md §6)."""

import math
from datetime import UTC, date, datetime

from rules.engine.coerce import day_of
from server import clock

_EPOCH = date(1970, 1, 1)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def as_day(value: object) -> date | None:
    """The site's day of a date, a time or ISO text; None for anything else."""
    if isinstance(value, datetime):
        return day_of(value)
    if isinstance(value, date):
        return value
    if isinstance(value, str):
        try:
            return (
                date.fromisoformat(value)
                if len(value) == 10
                else as_day(datetime.fromisoformat(value))
            )
        except ValueError:
            return None
    return None


def as_moment(text: object) -> datetime | None:
    """The moment (UTC) that ISO text names, on the site's clock unless it names a zone; None for
    anything else."""
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
        if moment is not None and moment.tzinfo is None:
            moment = moment.replace(tzinfo=clock.site_zone())
        return moment.astimezone(UTC) if moment is not None else None
    except (ValueError, OverflowError):
        return None


def days_between(start: date, end: date) -> int:
    """Days from `start` to `end`; negative when `end` comes first."""
    return (end - start).days


def months_between(start: date, end: date) -> int:
    """Full months from `start` to `end`: 31 January to 28 February is none, to 1 March is one."""
    if end < start:
        return -months_between(end, start)
    months = (end.year - start.year) * 12 + end.month - start.month
    return months - 1 if end.day < start.day else months


def years_between(start: date, end: date) -> int:
    """Full years from `start` to `end`: an age. Who was born on 29 February is older on 1 March."""
    if end < start:
        return -years_between(end, start)
    return end.year - start.year - ((end.month, end.day) < (start.month, start.day))


def decimal_days(value: date) -> float:
    """Days since 1970-01-01, with the part of the day for a time (UTC)."""
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=clock.site_zone())
        moment = aware.astimezone(UTC)
        return math.floor(moment.timestamp() / 86400 * 1e9 + 0.5) / 1e9
    return float((value - _EPOCH).days)


def format_date(value: date, pattern: str) -> str:
    """`value` by the signs of XLSForm's format-date: %Y %y %m %n %b %d %e %a %H %h %M %S, in the
    site's zone."""
    if isinstance(value, datetime) and value.tzinfo:
        value = value.astimezone(clock.site_zone())
    at = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)
    signs = {
        "Y": f"{at.year:04}", "y": f"{at.year % 100:02}", "m": f"{at.month:02}", "n": str(at.month),
        "b": _MONTHS[at.month - 1], "d": f"{at.day:02}", "e": str(at.day),
        "a": _WEEKDAYS[at.weekday()], "H": f"{at.hour:02}", "h": str(at.hour),
        "M": f"{at.minute:02}", "S": f"{at.second:02}", "%": "%",
    }  # fmt: skip
    parts, index = [], 0
    while index < len(pattern):
        if pattern[index] == "%" and pattern[index + 1 : index + 2] in signs:
            parts.append(signs[pattern[index + 1]])
            index += 2
        else:
            parts.append(pattern[index])
            index += 1
    return "".join(parts)
