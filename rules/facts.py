"""What the database knows about one entity, as facts on a day (design.md §4; policies in
rules.engine.merge).

Two queries, for one child or for many: the current versions of the submissions, and the tiers.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from django.db.models import Q, QuerySet

from forms.instance.flatten import answers
from forms.models import Entity, Submission, SubmissionVersion
from rules.engine.merge import merge
from rules.engine.observed import Context, Facts, Observation, TierSpan
from rules.engine.rule_set import RuleSet
from rules.models import TierDecision
from rules.surroundings import surroundings_of
from server import clock
from server.prepared import Prepared

_CHANGES = [
    TierDecision.Action.AUTOMATIC,
    TierDecision.Action.CONFIRM,
    TierDecision.Action.OVERRIDE,
    TierDecision.Action.APPROVE,
]


def facts_of(entity: Entity, rule_set: RuleSet, as_of: date) -> Facts:
    """The facts about `entity` on the day `as_of` (site's zone), from what has arrived until
    now."""
    seen = observations_of(entity)
    given = surroundings_of(entity, rule_set, as_of, seen)
    context = Context(tiers=tier_spans(entity, as_of), given=given)
    return replace(merge(rule_set, seen, as_of, context), observations=tuple(seen))


def observations_of(entity: Entity) -> list[Observation]:
    """The submissions about `entity` as they stand: not deleted, not drafts, not rejected in
    review. One query."""
    return [_observation(*row) for row in _TOLD.rows(entity=entity.pk)]


def observations_of_many(
    entity_ids: Collection[int], as_of: date | None = None
) -> dict[int, list[Observation]]:
    """The same of many entities, each with a list; with `as_of` only those that speak of that day
    or before. One query, so at most some thousand entities at once."""
    seen: dict[int, list[Observation]] = {pk: [] for pk in entity_ids}
    rows = _standing(submission__subjects__entity__in=list(seen))
    if as_of is not None:
        rows = rows.filter(Q(occurred_on=None) | Q(occurred_on__lte=as_of))
    told = rows.values_list("submission__subjects__entity_id", *_COLUMNS)
    for pk, *row in told.order_by("submission_id"):
        one = _observation(*row)
        if as_of is None or one.occurred_on <= as_of:
            seen[pk].append(one)
    return seen


_COLUMNS = (
    "form__xml_form_id",
    "occurred_on",
    "data",
    "submission__instance_id",
    "submission__created_at",
    "submission__submitter__appuser__worker__display_name",
    "submission__submitter__display_name",
)


def _standing(**subject: Any) -> QuerySet[SubmissionVersion]:
    """The current versions that count: not deleted, not drafts, not rejected in review."""
    rows = SubmissionVersion.objects.filter(
        is_current=True, submission__deleted_at=None, submission__is_draft=False, **subject
    )
    return rows.exclude(submission__review_state=Submission.ReviewState.REJECTED)


def _changes(**entity: Any) -> QuerySet[TierDecision]:
    """The decisions that put a tier into force."""
    return TierDecision.objects.filter(action__in=_CHANGES, **entity)


# each evaluation asks these: building them took the ORM as long as the merging of the facts
_TOLD = Prepared(
    lambda marks: (
        _standing(submission__subjects__entity=marks.number("entity"))
        .order_by("submission_id")
        .values_list(*_COLUMNS)
    )
)
_DECIDED = Prepared(
    lambda marks: (
        _changes(entity=marks.number("entity")).order_by("id").values_list("to_tier", "at")
    )
)


def _observation(
    form: str,
    occurred_on: date | None,
    data: dict[str, Any],
    instance_id: str,
    received_at: datetime,
    worker: str | None,
    sender: str | None,
) -> Observation:
    return Observation(
        form=form,
        occurred_on=occurred_on or clock.local_day(received_at),
        answers=answers(data),
        instance_id=instance_id,
        received_at=received_at,
        worker=worker or sender or "",
    )


def tier_spans(entity: Entity, as_of: date) -> tuple[TierSpan, ...]:
    """The tiers that were in force, oldest first, by the decisions taken until the end of `as_of`.
    One query."""
    spans: list[TierSpan] = []
    for tier, at in _DECIDED.rows(entity=entity.pk):
        _go_on(spans, tier, clock.local_day(at), as_of)
    return tuple(spans)


def tier_spans_of_many(entity_ids: Collection[int], as_of: date) -> dict[int, tuple[TierSpan, ...]]:
    """The same of many entities. One query."""
    spans: dict[int, list[TierSpan]] = {pk: [] for pk in entity_ids}
    decisions = _changes(entity__in=list(spans))
    for pk, tier, at in decisions.order_by("id").values_list("entity_id", "to_tier", "at"):
        _go_on(spans[pk], tier, clock.local_day(at), as_of)
    return {pk: tuple(found) for pk, found in spans.items()}


def _go_on(spans: list[TierSpan], tier: str, day: date, as_of: date) -> None:
    """Let `tier` follow from `day`, unless that is later than `as_of` or changes nothing."""
    if day > as_of or (spans and spans[-1].tier == tier):
        return
    if spans:
        spans[-1] = TierSpan(spans[-1].tier, spans[-1].since, day)
    spans.append(TierSpan(tier, day))
