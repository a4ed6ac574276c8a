"""The sums of a span of days, rule by rule and fact by fact (screens §6.4)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Max, Sum

from rules.engine.rule_set import RuleSet as Compiled
from rules.language.names import Bilingual
from rules.models import Evaluation, RuleSet, Tally, TallyMark
from rules.services.in_force import compiled
from rules.services.statistics.tallying import SUMS
from server.problems import UNEXPECTED, Problem

LONGEST = timedelta(days=366)
MOST_PENDING = 1000
_NOTHING = dict.fromkeys(SUMS, 0)


@dataclass(frozen=True, slots=True)
class RuleLine:
    """What one rule did: `hits` evaluations in which it was true of `seen`, `begun` of them new;
    `agreed`, `raised`, `lowered`: what people decided while it was true."""

    id: str
    title: Bilingual
    floor: str | None
    is_in_force: bool
    seen: int
    hits: int
    begun: int
    unknown: int
    last_hit_at: datetime | None  # ever, not only in the span
    agreed: int
    raised: int
    lowered: int

    @property
    def unknown_rate(self) -> float:
        """The share of evaluations in which it was unknown, in percent."""
        return rate(self.unknown, self.seen)

    @property
    def override_rate(self) -> float:
        """The share of people's decisions that were others than the rules', in percent."""
        differing = self.raised + self.lowered
        return rate(differing, differing + self.agreed)


@dataclass(frozen=True, slots=True)
class FactLine:
    """How often one fact was unknown where it applies, and how often a rule waited for it."""

    name: str
    title: Bilingual
    question: str
    seen: int
    unknown: int
    needed: int

    @property
    def unknown_rate(self) -> float:
        """In percent of the evaluations that it concerns."""
        return rate(self.unknown, self.seen)


@dataclass(frozen=True, slots=True)
class Report:
    """Everything about a rule set from `since` to `until` (days of the site, both included);
    `pending` evaluations are not counted yet (at most 1,000 are counted as pending)."""

    since: date
    until: date
    evaluations: int
    insufficient: int
    mismatched: int
    silent: int
    agreed: int
    raised: int
    lowered: int
    rules: tuple[RuleLine, ...]
    facts: tuple[FactLine, ...]
    pending: int

    @property
    def never(self) -> tuple[RuleLine, ...]:
        """The rules in force that were true for nobody in the span."""
        return tuple(rule for rule in self.rules if rule.is_in_force and not rule.hits)

    @property
    def agreement(self) -> float:
        """The share of people's decisions that were what the rules said, in percent."""
        return rate(self.agreed, self.agreed + self.raised + self.lowered)


def rate(part: int, whole: int) -> float:
    """`part` of `whole` in percent, one decimal; 0 of nothing."""
    return round(100 * part / whole, 1) if whole else 0.0


def rule_statistics(rule_set: RuleSet, since: date, until: date) -> Report:
    """What the rules of `rule_set` did from `since` to `until`. Four queries whatever the size of
    the county; they read the sums of at most 366 days. Problem UNEXPECTED for another span."""
    if not timedelta(0) <= until - since <= LONGEST:
        reason = f"from ≤ to, {LONGEST.days} days at most"
        raise Problem(UNEXPECTED, field="from", value=since.isoformat(), reason=reason)
    sums = _sums(rule_set, since, until)
    every = sums.get((Tally.Kind.ALL.value, ""), _NOTHING)
    rules = compiled(rule_set.active) if rule_set.active else None
    last = _last_hits(rule_set)
    return Report(
        since=since,
        until=until,
        evaluations=every["seen"],
        insufficient=every["unknown"],
        mismatched=every["mismatched"],
        silent=every["silent"],
        agreed=every["agreed"],
        raised=every["raised"],
        lowered=every["lowered"],
        rules=tuple(_rule_lines(rules, sums, last)),
        facts=tuple(sorted(_fact_lines(rules, sums), key=lambda one: -one.unknown_rate)),
        pending=_pending(rule_set),
    )


Sums = dict[tuple[str, str], dict[str, int]]


def _sums(rule_set: RuleSet, since: date, until: date) -> Sums:
    rows = Tally.objects.filter(rule_set=rule_set, day__gte=since, day__lte=until)
    fields = {f"sum_{name}": Sum(name) for name in SUMS}
    added = rows.values("kind", "key").annotate(**fields).values_list("kind", "key", *fields)
    return {(kind, key): dict(zip(SUMS, sums, strict=True)) for kind, key, *sums in added}


def _last_hits(rule_set: RuleSet) -> dict[str, datetime]:
    rows = Tally.objects.filter(
        rule_set=rule_set, kind=Tally.Kind.RULE, last_at__isnull=False
    ).values_list("key")
    return dict(rows.annotate(last=Max("last_at")).values_list("key", "last"))


def _pending(rule_set: RuleSet) -> int:
    mark = TallyMark.objects.filter(pk=1).values_list("evaluation", flat=True).first() or 0
    rows = Evaluation.objects.filter(pk__gt=mark, release__rule_set=rule_set)
    return rows[:MOST_PENDING].count()


def _rule_lines(
    rules: Compiled | None, sums: Sums, last: dict[str, datetime]
) -> Iterable[RuleLine]:
    """The rules in force in their order, then those that are no longer there."""
    known = {rule.id: rule for rule in rules.rules} if rules else {}
    gone = sorted({key for kind, key in sums if kind == Tally.Kind.RULE} - known.keys())
    for name in [*known, *gone]:
        counts, rule = sums.get((Tally.Kind.RULE.value, name), _NOTHING), known.get(name)
        yield RuleLine(
            id=name,
            title=rule.title if rule else {"zh": name, "en": name},
            floor=rule.floor if rule else None,
            is_in_force=rule is not None and rule.is_on,
            seen=counts["seen"],
            hits=counts["hits"],
            begun=counts["begun"],
            unknown=counts["unknown"],
            last_hit_at=last.get(name),
            agreed=counts["agreed"],
            raised=counts["raised"],
            lowered=counts["lowered"],
        )


def _fact_lines(rules: Compiled | None, sums: Sums) -> Iterable[FactLine]:
    for name, fact in rules.facts.items() if rules else ():
        counts = sums.get((Tally.Kind.FACT.value, name), _NOTHING)
        yield FactLine(
            name=name,
            title=fact.title,
            question=fact.question,
            seen=counts["seen"],
            unknown=counts["unknown"],
            needed=counts["needed"],
        )
