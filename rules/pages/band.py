"""The strip over a child's page: tiers as a coloured band over time, the score above it, a dot for each submission
(screens §6.2). Places are percentages from the left, so that the drawing fits any width."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from forms.models import Entity, Subject
from rules.engine.rule_set import RuleSet
from rules.models import Evaluation, TierDecision
from rules.pages.tiers import Chip, chip_of
from rules.services.words import change_words
from server import clock

MOST = 400  # evaluations and submissions drawn: the newest
LEAST_SPAN = timedelta(days=30)
_IN_FORCE = ("automatic", "confirm", "override", "approve")


@dataclass(frozen=True, slots=True)
class Span:
    """One stretch of a tier."""

    tier: Chip | None
    since: date
    until: date
    x: float
    width: float

    @property
    def shows_name(self) -> bool:
        """Whether its name fits in."""
        return self.width > 9


@dataclass(frozen=True, slots=True)
class Dot:
    """Something that happened on a day."""

    x: float
    on: date
    text: str


@dataclass(frozen=True, slots=True)
class Band:
    """The drawing; `line` are the points of the score in a box of 100 by 100."""

    spans: tuple[Span, ...]
    visits: tuple[Dot, ...]
    overrides: tuple[Dot, ...]
    releases: tuple[Dot, ...]
    ticks: tuple[Dot, ...]
    line: str
    highest: int


def band_of(child: Entity, rule_set: RuleSet) -> Band | None:
    """The band of `child` until now; None before its first tier. Three queries."""
    decisions = list(
        TierDecision.objects.filter(entity=child)
        .order_by("id")
        .values_list("action", "to_tier", "at", "until")
    )
    changes = [(to, at) for action, to, at, _ in decisions if action in _IN_FORCE]
    if not changes:
        return None
    visits = visits_of(child)
    scores = list(
        Evaluation.objects.filter(entity=child)
        .values_list("as_of", "score", "release__number", "change")
        .order_by("-id")[:MOST]
    )[::-1]
    scale = _Scale(changes[0][1], visits)
    locks = [(at, until) for action, _, at, until in decisions if action == "override"]
    return Band(
        spans=tuple(_spans(changes, scale, rule_set)),
        visits=tuple(Dot(scale.of_day(on), on, title) for on, title in visits),
        overrides=tuple(
            Dot(scale.x(at), clock.local_day(at), str(until or "")) for at, until in locks
        ),
        releases=tuple(_releases(scores, scale)),
        ticks=tuple(scale.ticks()),
        line=_line([(at, score) for at, score, *_ in scores], scale),
        highest=max((score for _, score, *_ in scores), default=0),
    )


def visits_of(child: Entity) -> list[tuple[date, str]]:
    """The days and titles of the submissions about `child`, oldest first. One query."""
    rows = Subject.objects.filter(
        entity=child, submission__deleted_at=None, submission__is_draft=False,
        submission__versions__is_current=True,
    ).values_list(
        "submission__versions__occurred_on", "submission__created_at", "submission__form__current__title"
    )  # fmt: skip
    found = [
        (on or clock.local_day(at), title or "")
        for on, at, title in rows.order_by("-submission_id")[:MOST]
    ]
    return sorted(found)


class _Scale:
    """Time to percent: from the first thing known (at least a month ago) to now."""

    def __init__(self, first: datetime, visits: Sequence[tuple[date, str]]) -> None:
        self.end = clock.now()
        zone = clock.site_zone()
        starts = [first] + [
            datetime(on.year, on.month, on.day, tzinfo=zone) for on, _ in visits[:1]
        ]
        self.start = min([*starts, self.end - LEAST_SPAN])
        self.length = (self.end - self.start).total_seconds()

    def x(self, moment: datetime) -> float:
        return round(
            min(100.0, max(0.0, 100 * (moment - self.start).total_seconds() / self.length)), 2
        )

    def of_day(self, on: date) -> float:
        return self.x(datetime(on.year, on.month, on.day, 12, tzinfo=clock.site_zone()))

    def ticks(self) -> Iterable[Dot]:
        """The first days of months, so few that they do not touch."""
        day = clock.local_day(self.start).replace(day=1)
        months = []
        while day <= clock.local_day(self.end):
            months.append(day)
            day = (day + timedelta(days=32)).replace(day=1)
        step = max(1, len(months) // 6 + (len(months) % 6 > 0))
        for on in months[::step]:
            x = self.of_day(on)
            if 0 < x < 96:
                yield Dot(x, on, "")


def _spans(
    changes: Sequence[tuple[str, datetime]], scale: _Scale, rule_set: RuleSet
) -> Iterable[Span]:
    named = {tier.id: tier for tier in rule_set.tiers}
    merged = [changes[0]]
    for tier, at in changes[1:]:
        if tier != merged[-1][0]:
            merged.append((tier, at))
    ends = [at for _, at in merged[1:]] + [scale.end]
    for (tier, since), until in zip(merged, ends, strict=True):
        x = scale.x(since)
        width = max(0.6, round(scale.x(until) - x, 2))
        yield Span(
            chip_of(named.get(tier)),
            clock.local_day(since),
            clock.local_day(until),
            min(x, 99.4),
            width,
        )


def _releases(scores: Sequence[tuple[datetime, int, int, str]], scale: _Scale) -> Iterable[Dot]:
    """Where a new release of the rules was first used, and what made the outcome jump there, if it did."""
    for (_, _, before, _), (at, _, number, change) in pairwise(scores):
        if number != before:
            words = change_words(change)
            text = f"{number} ({words})" if words else str(number)
            yield Dot(scale.x(at), clock.local_day(at), text)


def _line(scores: Sequence[tuple[datetime, int]], scale: _Scale) -> str:
    """The score as steps; its highest point touches the top."""
    top = max((score for _, score in scores), default=0) or 1
    points: list[str] = []
    for index, (at, score) in enumerate(scores):
        y = round(100 - 96 * score / top, 1)
        end = scale.x(scores[index + 1][0]) if index + 1 < len(scores) else 100
        points += [f"{scale.x(at)},{y}", f"{end},{y}"]
    return " ".join(points)
