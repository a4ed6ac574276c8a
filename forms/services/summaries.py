"""Counts beside forms and lists (extended metadata), each in a query for all of them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, Max, Q

from forms.models import Dataset, Entity, Form, FormVersion, PublicLink, Submission


@dataclass(frozen=True, slots=True)
class ProjectSummary:
    app_users: int = 0
    forms: int = 0
    datasets: int = 0
    last_submission: datetime | None = None
    last_entity: datetime | None = None


@dataclass(slots=True)
class FormSummary:
    submissions: int = 0
    review_states: dict[str, int] = field(
        default_factory=lambda: {"received": 0, "hasIssues": 0, "edited": 0}
    )
    last_submission: datetime | None = None
    public_links: int = 0


@dataclass(frozen=True, slots=True)
class DatasetSummary:
    entities: int = 0
    conflicts: int = 0
    last_entity: datetime | None = None


def form_summaries(forms: Iterable[Form], visible: Q) -> dict[int, FormSummary]:
    """Counts by form, of the submissions that `visible` lets through."""
    found = {form.pk: FormSummary() for form in forms}
    rows = (
        Submission.objects.alive()
        .filter(visible, form__in=found, is_draft=False)
        .values("form_id", "review_state")
        .annotate(number=Count("pk"), last=Max("created_at"))
        .order_by()
    )
    for row in rows:
        summary = found[row["form_id"]]
        summary.submissions += row["number"]
        state = row["review_state"] or "received"
        if state in summary.review_states:
            summary.review_states[state] += row["number"]
        summary.last_submission = max(filter(None, (summary.last_submission, row["last"])))
    links = PublicLink.objects.usable().filter(form__in=found).values("form_id").order_by()
    for one in links.annotate(number=Count("pk")):
        found[one["form_id"]].public_links = one["number"]
    return found


def draft_summary(draft: FormVersion) -> FormSummary:
    """Counts of the records that were sent to test `draft`."""
    rows = Submission.objects.alive().filter(
        form=draft.form_id, is_draft=True, versions__form_version=draft
    )
    told = rows.aggregate(number=Count("pk", distinct=True), last=Max("created_at"))
    counts = {"received": told["number"], "hasIssues": 0, "edited": 0}
    return FormSummary(told["number"], counts, told["last"])


def dataset_summaries(datasets: Iterable[Dataset]) -> dict[int, DatasetSummary]:
    """Counts by list."""
    found = {one.pk: DatasetSummary() for one in datasets}
    rows = (
        Entity.objects.alive()
        .filter(dataset__in=found)
        .values("dataset_id")
        .annotate(
            number=Count("pk"), torn=Count("pk", filter=~Q(conflict="")), last=Max("created_at")
        )
        .order_by()
    )
    return found | {
        row["dataset_id"]: DatasetSummary(row["number"], row["torn"], row["last"]) for row in rows
    }
