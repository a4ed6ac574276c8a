"""What is known of a child: submissions as observations, their answers, the merged facts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, NamedTuple, TypeAlias

from rules.language.ast import Value

_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Observation:
    """One submission about the child: `answers` by question name; `worker` is who sent it."""

    form: str
    occurred_on: date
    answers: Mapping[str, Any]
    instance_id: str = ""
    received_at: datetime = _LONG_AGO
    worker: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value was answered."""

    value: Value
    form: str
    date: date
    instance_id: str
    worker: str = ""


@dataclass(frozen=True, slots=True)
class TierSpan:
    """A tier that was in force from `since` to `until` (None: still)."""

    tier: str
    since: date
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """What submissions do not say: earlier tiers, and the external facts that the server gives by
    name."""

    tiers: tuple[TierSpan, ...] = ()
    given: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Facts:
    """Known facts only; an absent name is unknown. Sources are newest first. `observations`: the submissions that they
    were read from, where whoever read them keeps them for the calendar."""

    values: dict[str, Value]
    provenance: dict[str, tuple[Source, ...]]
    observations: tuple[Observation, ...] = ()


class Answer(NamedTuple):  # made by the dozen for every child: a dataclass takes twice the time
    """One answer to a fact, at `place` in the order of events; `positive` holds its uncleared
    positive codes."""

    place: int
    at: Observation
    value: Value
    positive: frozenset[Value] = frozenset()


# a value and the answers behind it, oldest first
Found: TypeAlias = tuple[Value | None, Sequence[Answer]]


def codes_of(value: Value) -> frozenset[Value]:
    """The codes of a multiple choice, or the one value."""
    return frozenset(value) if isinstance(value, tuple) else frozenset((value,))


def is_within(seen: Observation, as_of: date, window_days: int | None) -> bool:
    """Whether `seen` lies at most `window_days` before `as_of` (None: however long)."""
    return window_days is None or (as_of - seen.occurred_on).days <= window_days
