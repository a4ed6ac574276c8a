"""The calendar of a rule set, compiled: periods of the year, and items that ask for work on a date or
after an event (domain report, section 4.3). Values only.

Imports nothing of `rules.engine.parts`: a RuleSet holds these.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from rules.engine.limits import TaskUse
from rules.language.ast import Expr
from rules.language.names import Bilingual

MonthDay = tuple[int, int]

# What each kind of trigger needs, and what else it may name; the rest of its columns mean nothing there.
NEEDS: dict[str, tuple[str, ...]] = {
    "yearly": ("dates",),
    "monthly": ("day",),
    "before_period": ("periods", "days"),
    "after_submission": ("form", "days"),
    "before_answer": ("form", "question", "days"),
    "birthday": ("age",),
    "age_months": ("months",),
    "tier_entered": ("tier",),
    "area_changed": ("level",),
    "visits": ("form",),
    "manual": ("role",),
    "cluster": ("days", "count", "tiers", "within"),
}
MAY: dict[str, tuple[str, ...]] = {
    "yearly": ("for_days",),
    "monthly": ("for_days",),
    "before_period": ("for_days",),
    "after_submission": ("unanswered", "answers"),
    "before_answer": (),
    "birthday": ("days_before", "born", "for_days"),
    "age_months": ("born", "for_days"),
    "tier_entered": (),
    "area_changed": ("of",),
    "visits": ("answers", "first"),
    "manual": (),
    "cluster": (),
}
ACTION_NEEDS: dict[str, tuple[str, ...]] = {
    "notice": ("roles",),
    "report": ("report", "roles"),
    "expect_form": ("form", "role"),
}
ACTION_MAY: dict[str, tuple[str, ...]] = {
    "notice": ("text",),
    "report": (),
    "expect_form": ("escalate_to", "after_days"),
}
# Triggers that belong to no child, or that a person pulls: no condition over one child's facts decides when.
BY_DATE = frozenset({"yearly", "monthly", "before_period"})
BY_BIRTH = frozenset({"birthday", "age_months"})
BY_SUBMISSION = frozenset({"after_submission", "before_answer"})


@dataclass(frozen=True, slots=True)
class Span:
    """Days from `start` to `end`, both included."""

    start: date
    end: date


@dataclass(frozen=True, slots=True)
class Period:
    """A part of the year: the same days each year (`yearly`: from, to), or listed (`dates`)."""

    id: str
    title: Bilingual
    yearly: tuple[MonthDay, MonthDay] | None = None
    dates: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Trigger:
    """When an item asks: `kind` says which of the other fields count (`NEEDS`, `MAY`)."""

    kind: str
    dates: tuple[MonthDay, ...] = ()
    day: int = 0
    periods: tuple[str, ...] = ()
    days: int = 0
    form: str = ""
    question: str = ""
    unanswered: tuple[str, ...] = ()
    answers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    age: int = 0
    days_before: int = 0
    months: tuple[int, ...] = ()
    born: str = "dob"  # the fact that is the date of birth
    tier: str = ""
    level: str = ""  # kind of area: county, town, village
    of: tuple[str, ...] = ("home",)  # home, school
    first: str = ""  # the task that stands for the first visit
    role: str = ""
    count: int = 0
    tiers: tuple[str, ...] = ()
    within: tuple[str, ...] = ()
    for_days: int | None = None  # how long after its day it may still be opened


@dataclass(frozen=True, slots=True)
class Action:
    """What an item does besides opening tasks: notice, report or expect_form."""

    kind: str
    roles: tuple[str, ...] = ()
    text: Bilingual = field(default_factory=dict)
    report: str = ""
    form: str = ""
    role: str = ""
    escalate_to: str = ""
    after_days: int = 3


@dataclass(frozen=True, slots=True)
class CalendarItem:
    """One line of the calendar; `when` is a condition over the child's facts (None: every child)."""

    id: str
    title: Bilingual
    trigger: Trigger
    when: Expr | None = None
    tasks: tuple[TaskUse, ...] = ()
    actions: tuple[Action, ...] = ()
    source: str = ""
    is_on: bool = True
    starts_on: date | None = None
    ends_on: date | None = None

    def in_force(self, day: date) -> bool:
        """Whether the item counts on `day`."""
        begun = self.starts_on is None or self.starts_on <= day
        return self.is_on and begun and (self.ends_on is None or day <= self.ends_on)
