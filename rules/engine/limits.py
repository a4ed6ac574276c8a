"""Time limits of tasks, and the days on which an office works. Values only (design.md §6)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

_HOURS = {"minutes": 1 / 60, "hours": 1.0, "days": 24.0, "working_days": 33.6}


@dataclass(frozen=True, slots=True)
class Due:
    """A time limit in exactly one unit, counted from the opening of a task."""

    unit: str  # minutes | hours | days | working_days
    amount: int

    @property
    def hours(self) -> float:
        """For comparing limits: a working day counts as 7/5 of a day."""
        return self.amount * _HOURS[self.unit]

    def as_json(self) -> dict[str, int]:
        """As the document writes it."""
        return {self.unit: self.amount}


@dataclass(frozen=True, slots=True)
class TaskUse:
    """A task that a rule or the calendar opens, with its own time limit if it has one."""

    id: str
    due: Due | None = None


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """The county's calendar of offices: weekdays off, and days of a weekend that are worked instead (调休)."""

    holidays: Collection[date] = frozenset()
    workdays: Collection[date] = frozenset()

    def has(self, day: date) -> bool:
        """Whether offices work on `day`; a day that is in both lists is a holiday."""
        if day in self.holidays:
            return False
        return day.weekday() < 5 or day in self.workdays


EVERY_WEEKDAY = WorkingDays()
