"""What the database knows about one entity, as facts on a day (design.md §4; policies in
rules.engine.merge).

Two queries: the current versions of its submissions, and the tiers it was in.
"""

from datetime import date

from forms.instance.flatten import answers
from forms.models import Entity, Submission, SubmissionVersion
from rules.engine.merge import merge
from rules.engine.observed import Context, Facts, Observation, TierSpan
from rules.engine.rule_set import RuleSet
from rules.models import TierDecision
from server import clock

_CHANGES = [
    TierDecision.Action.AUTOMATIC,
    TierDecision.Action.CONFIRM,
    TierDecision.Action.OVERRIDE,
    TierDecision.Action.APPROVE,
]


def facts_of(entity: Entity, rule_set: RuleSet, as_of: date) -> Facts:
    """The facts about `entity` on the day `as_of` (site's zone), from what has arrived until
    now."""
    context = Context(tiers=tier_spans(entity, as_of))
    return merge(rule_set, observations_of(entity), as_of, context)


def observations_of(entity: Entity) -> list[Observation]:
    """The submissions about `entity` as they stand: not deleted, not drafts, not rejected in
    review. One query."""
    rows = (
        SubmissionVersion.objects.filter(
            is_current=True,
            submission__subjects__entity=entity,
            submission__deleted_at=None,
            submission__is_draft=False,
        )
        .exclude(submission__review_state=Submission.ReviewState.REJECTED)
        .values_list(
            "form__xml_form_id",
            "occurred_on",
            "data",
            "submission__instance_id",
            "submission__created_at",
            "submission__submitter__appuser__worker__display_name",
            "submission__submitter__display_name",
        )
        .order_by("submission_id")
    )
    return [
        Observation(
            form=form,
            occurred_on=occurred_on or clock.local_day(received_at),
            answers=answers(data),
            instance_id=instance_id,
            received_at=received_at,
            worker=worker or sender or "",
        )
        for form, occurred_on, data, instance_id, received_at, worker, sender in rows
    ]


def tier_spans(entity: Entity, as_of: date) -> tuple[TierSpan, ...]:
    """The tiers that were in force, oldest first, by the decisions taken until the end of `as_of`.
    One query."""
    decisions = TierDecision.objects.filter(entity=entity, action__in=_CHANGES).order_by("id")
    spans: list[TierSpan] = []
    for tier, at in decisions.values_list("to_tier", "at"):
        day = clock.local_day(at)
        if day > as_of or (spans and spans[-1].tier == tier):
            continue
        if spans:
            spans[-1] = TierSpan(spans[-1].tier, spans[-1].since, day)
        spans.append(TierSpan(tier, day))
    return tuple(spans)
