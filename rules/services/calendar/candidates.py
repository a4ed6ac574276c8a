"""Whom the calendar may ask something of today: one query, so that a quiet night looks at few children."""

from collections.abc import Iterable
from datetime import date, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.fields.json import KeyTextTransform, KeyTransform

from forms.models import Entity, SubmissionVersion
from rules.engine.calendar.openings import LEAST_DAYS, Opening
from rules.engine.calendar.parts import BY_BIRTH, BY_SUBMISSION, NEEDS, CalendarItem
from rules.engine.rule_set import RuleSet as Compiled
from rules.models import Occasion, RuleSet, Task

_FACTS = "tier_state__evaluation__facts"


def candidates(
    rule_set: RuleSet,
    rules: Compiled,
    by_date: Iterable[Opening],
    today: date,
    after: int = 0,
    kinds: frozenset[str] = frozenset(NEEDS),
) -> QuerySet[Entity, int]:
    """The ids above `after`, rising, of living children that have been evaluated and have something open that has not
    been opened: of `by_date`, or by their own triggers of `kinds`. Conditions are not looked at here."""
    rows: QuerySet[Entity] = Entity.objects.alive().filter(
        dataset__project_id=rule_set.project_id,
        dataset__name=rule_set.dataset,
        tier_state__evaluation__isnull=False,
        pk__gt=after,
    )
    wanted = Q(pk__in=[])
    for opening in by_date:
        if opening.item.tasks or any(one.kind != "report" for one in opening.item.actions):
            wanted |= Q(~Exists(_had(rules, opening.item.id, opening.key)))
    for item in rules.calendar:
        if item.in_force(today) and item.trigger.kind in kinds:
            rows, more = _of_item(rows, rules, item, today)
            wanted |= more
    found: QuerySet[Entity, int] = rows.filter(wanted).order_by("pk").values_list("pk", flat=True)
    return found


def _had(rules: Compiled, item: str, key: str) -> QuerySet[Occasion]:
    return Occasion.objects.filter(
        entity=OuterRef("pk"), rule_set=rules.name, item=item, key=key[:120]
    )


def _of_item(
    rows: QuerySet[Entity], rules: Compiled, item: CalendarItem, today: date
) -> tuple[QuerySet[Entity], Q]:
    """`rows` with the columns that the condition needs, and the condition."""
    kind, nobody = item.trigger.kind, Q(pk__in=[])
    if kind in BY_BIRTH:
        name = f"born_{item.trigger.born}"
        if name not in rows.query.annotations:
            born = KeyTransform(item.trigger.born, _FACTS)
            rows = rows.annotate(**{name: KeyTextTransform("value", born)})
        return rows, _born(item, name, today)
    if kind in BY_SUBMISSION:
        return rows, Q(Exists(_told(rules, item, today)))
    if kind == "tier_entered":
        recent = Q(tier_state__since__date__gte=today - timedelta(days=LEAST_DAYS + 1))
        entered = Occasion.objects.filter(
            entity=OuterRef("pk"), rule_set=rules.name, item=item.id,
            at__gte=OuterRef("tier_state__since"),
        )  # fmt: skip
        return rows, Q(~Exists(entered), recent, tier_state__tier=item.trigger.tier)
    if kind == "visits":
        live = Task.objects.filter(
            entity=OuterRef("pk"), rule_set=rules.name, code=item.tasks[0].id, state__in=Task.LIVE
        )
        return rows, Q(~Exists(live))
    return rows, nobody


def _born(item: CalendarItem, name: str, today: date) -> Q:
    """Born so that a birthday or a month of age is reached today or was lately. A few days wide: 29 February, and
    months of different lengths."""
    trigger, wanted = item.trigger, Q(pk__in=[])
    marks = trigger.months if trigger.kind == "age_months" else (trigger.age * 12,)
    lasts = 370 if trigger.kind == "birthday" and not trigger.days_before else 62
    lasts = max(lasts, (trigger.for_days or 0) + 1)
    for months in marks:
        last = _months_before(today + timedelta(days=trigger.days_before + 4), months)
        first = _months_before(today - timedelta(days=lasts), months)
        wanted |= Q(**{f"{name}__range": (first.isoformat(), last.isoformat())})
    return wanted


def _months_before(day: date, months: int) -> date:
    years, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(max(years, 1), month + 1, min(day.day, 28))


def _told(rules: Compiled, item: CalendarItem, today: date) -> QuerySet[SubmissionVersion]:
    """Submissions of the item's form from which nothing has been opened; one that waits for some days is old enough."""
    trigger = item.trigger
    rows = SubmissionVersion.objects.filter(
        is_current=True,
        is_draft=False,
        form__xml_form_id=trigger.form,
        submission__deleted_at=None,
        submission__subjects__entity=OuterRef("pk"),
    )
    if trigger.kind == "after_submission":
        rows = rows.filter(occurred_on__lte=today - timedelta(days=trigger.days))
    return rows
