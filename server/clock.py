"""What time it is. Everything that acts on time asks here, so that tests and the sample county can move it.

Django-free. Times are aware UTC; days are those of the site's zone (`TIME_ZONE` in the environment, default
Asia/Shanghai).
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

_fixed: ContextVar[datetime | None] = ContextVar("anhu_clock", default=None)


def site_zone() -> ZoneInfo:
    """The zone in which days begin, ages count and deadlines fall."""
    return ZoneInfo(os.environ.get("TIME_ZONE", "Asia/Shanghai"))


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return _fixed.get() or datetime.now(UTC)


def today() -> date:
    """The present day in the site's zone."""
    return local_day(now())


def local_day(moment: datetime) -> date:
    """The day of the site on which `moment` (aware) falls."""
    return moment.astimezone(site_zone()).date()


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Within the block the clock stands at `moment` (aware)."""
    if moment.tzinfo is None:
        raise ValueError("clock.at needs an aware moment")
    token = _fixed.set(moment.astimezone(UTC))
    try:
        yield
    finally:
        _fixed.reset(token)
