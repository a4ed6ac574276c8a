"""Which day a record speaks of: late arrivals count at the day of the visit, not of the upload."""

from datetime import date, datetime
from typing import Any

from server import clock


def occurred_on(data: dict[str, Any], paths: tuple[str, ...]) -> date:
    """The site's day that the record speaks of: the first readable of `paths`, else today; never
    later than today.
    """
    today = clock.today()
    for path in paths:
        value: Any = data
        for name in path.split("/")[1:]:
            value = value.get(name) if isinstance(value, dict) else None
        day = _day(value)
        if day is not None:
            return min(day, today)
    return today


def _day(value: Any) -> date | None:
    try:
        if isinstance(value, str) and "T" in value:
            return clock.local_day(datetime.fromisoformat(value))
        return date.fromisoformat(value) if isinstance(value, str) else None
    except (ValueError, OverflowError):
        return None
