"""The compiled parts of a rule set: frozen values, conditions as typed trees (design.md §6). No
behaviour but look-ups."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from rules.engine.calendar.parts import CalendarItem, Period
from rules.engine.findings import Finding
from rules.engine.limits import Due as Due
from rules.engine.limits import TaskUse as TaskUse
from rules.engine.limits import WorkingDays
from rules.language.ast import Expr, Type, Value
from rules.language.names import Bilingual, Names


@dataclass(frozen=True, slots=True)
class Dimension:
    """One side of the score, with its cap (None: uncapped)."""

    id: str
    title: Bilingual
    cap: float | None


@dataclass(frozen=True, slots=True)
class Tier:
    """One tier; `rank` 0 is the lowest; `min_score` None: never reached by score alone."""

    id: str
    title: Bilingual
    rank: int
    min_score: float | None
    color: str = ""
    acts_at_once: bool = False
    visit_days: int | None = None
    first_contact_hours: int | None = None
    lead_role: str | None = None
    review_days: int | None = None
    downgrade_roles: tuple[str, ...] = ()
    downgrade_approvals: int = 1
    verify_tasks: bool = False  # work that its rules ask for is confirmed by another person


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value with a start date each; `values` by rising date."""

    name: str
    type: Type
    values: tuple[tuple[date, Value], ...]
    title: Bilingual = field(default_factory=dict)

    def on(self, day: date) -> Value | None:
        """The value in force on `day`; None (unknown) before the first."""
        found: Value | None = None
        for start, value in self.values:
            if start <= day:
                found = value
        return found


@dataclass(frozen=True, slots=True)
class Clearing:
    """A submission of `form` that meets `when` (over its own answers; None: any) clears a sticky or
    alarm fact."""

    form: str
    when: Expr | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """A question that answers a fact; `codes` translates its codes (absent code: not an answer)."""

    question: str
    forms: tuple[str, ...]
    codes: Mapping[str, str | None] | None = None


@dataclass(frozen=True, slots=True)
class History:
    """A fact computed from past submissions or tiers: streak, count, days_since, exists,
    prior_tier, prior_form."""

    kind: str
    forms: tuple[str, ...] = ()
    question: str = ""
    equals: Value | None = None
    tier: str = ""
    window_days: int | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact from answers (`sources`), from `history`, or given by the server (`external`)."""

    name: str
    type: Type
    title: Bilingual
    labels: Mapping[str, Bilingual]
    sources: tuple[Source, ...] = ()
    merge: str = "latest"
    order: tuple[str, ...] = ()
    positive: tuple[str, ...] = ()
    cleared_by: tuple[Clearing, ...] = ()
    window_days: int | None = None
    applies: Expr | None = None
    otherwise: Value | None = None
    history: History | None = None
    external: str = ""

    @property
    def question(self) -> str:
        """The first question that answers it; '' for one that nobody is asked."""
        return self.sources[0].question if self.sources else ""

    @property
    def forms(self) -> tuple[str, ...]:
        """Every form that asks for it, once each."""
        return tuple(dict.fromkeys(form for source in self.sources for form in source.forms))


@dataclass(frozen=True, slots=True)
class Derived:
    """A fact computed from others."""

    name: str
    type: Type
    title: Bilingual
    labels: Mapping[str, Bilingual]
    expr: Expr


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; counted when `is_on` and the day lies within [starts_on, ends_on]."""

    id: str
    dimension: str
    title: Bilingual
    when: Expr
    score: float
    floor: str | None
    tasks: tuple[TaskUse, ...]
    source: str = ""
    because: Bilingual = field(default_factory=dict)
    is_on: bool = True
    starts_on: date | None = None
    ends_on: date | None = None

    def in_force(self, day: date) -> bool:
        """Whether the rule counts on `day`."""
        begun = self.starts_on is None or self.starts_on <= day
        return self.is_on and begun and (self.ends_on is None or day <= self.ends_on)


@dataclass(frozen=True, slots=True)
class Closing:
    """A submission of `form` whose own answers meet `when` (untyped names; None: any) closes a
    task."""

    form: str
    when: Expr | None = None


@dataclass(frozen=True, slots=True)
class Escalation:
    """Whom a task goes to when it is not done `after` its opening, or its due time (`start` 'due')."""

    after: Due
    to: str
    start: str = "opening"


@dataclass(frozen=True, slots=True)
class Task:
    """A kind of work; `due` by default, `due_by_tier` where the tier decides; no `closes` and not
    manual: never closes."""

    id: str
    title: Bilingual
    assignee: str
    dimension: str = ""
    helpers: tuple[str, ...] = ()
    due: Due | None = None
    due_by_tier: Mapping[str, Due] = field(default_factory=dict)
    escalation: tuple[Escalation, ...] = ()
    closes: tuple[Closing, ...] = ()
    is_manual: bool = False
    evidence: Bilingual = field(default_factory=dict)
    verify: bool | None = None  # None: where the tier of its rules says so
    priority: int = 0

    def due_in(self, tier: str) -> Due | None:
        """The time limit for a child in `tier`."""
        return self.due_by_tier.get(tier, self.due)


@dataclass(frozen=True, slots=True)
class Group:
    """A population class or a tag."""

    id: str
    title: Bilingual
    when: Expr


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class RuleSet:
    """A checked rule set. Compared and cached by identity; `sha256` tells two apart.

    `steps` are the names that need computing (derived facts, and facts with `applies` or
    `otherwise`), each after what it reads. `names` is everything an expression may refer to.
    """

    name: str
    title: Bilingual
    subject: str
    sha256: str
    document: Mapping[str, Any]
    dimensions: tuple[Dimension, ...]
    tiers: tuple[Tier, ...]
    parameters: Mapping[str, Parameter]
    facts: Mapping[str, Fact]
    derived: tuple[Derived, ...]
    steps: tuple[str, ...]
    populations: tuple[Group, ...]
    tags: tuple[Group, ...]
    rules: tuple[Rule, ...]
    tasks: Mapping[str, Task]
    names: Names
    roles: Mapping[str, Bilingual] = field(default_factory=dict)
    neutral_codes: frozenset[str] = frozenset()
    policy: str = ""
    ask_for_facts: str | None = None
    conference_score: float | None = None
    holidays: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()
    calendar: tuple[CalendarItem, ...] = ()
    periods: Mapping[str, Period] = field(default_factory=dict)
    warnings: tuple[Finding, ...] = ()

    @property
    def working_days(self) -> WorkingDays:
        """The county's calendar of offices."""
        return WorkingDays(self.holidays, self.workdays)

    def item(self, item_id: str) -> CalendarItem | None:
        """The item of the calendar of that id."""
        return next((item for item in self.calendar if item.id == item_id), None)

    def tier(self, tier_id: str) -> Tier:
        """The tier of that id; KeyError when there is none."""
        for tier in self.tiers:
            if tier.id == tier_id:
                return tier
        raise KeyError(tier_id)
