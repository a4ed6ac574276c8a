"""What stands beside projects in lists (extended metadata): each number in one query for all of them."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Count, Model, OuterRef, Q, QuerySet, Subquery

from forms.models import Dataset, Entity, Form, Project, ProjectAppUser, Submission
from forms.services.summaries import ProjectSummary


def project_summaries(projects: Iterable[Project], visible: Q) -> dict[int, ProjectSummary]:
    """By the keys of `projects`; the last submission is the last of those that `visible` lets through."""
    keys = [one.pk for one in projects]
    phones = ProjectAppUser.objects.filter(app_user__deleted_at=None)
    app_users, forms = _counted(phones, keys), _counted(Form.objects.alive(), keys)
    datasets = _counted(Dataset.objects.exclude(published_at=None), keys)
    submitted, registered = _last_submissions(keys, visible), _last_entities(keys)
    return {
        key: ProjectSummary(
            app_users=app_users.get(key, 0),
            forms=forms.get(key, 0),
            datasets=datasets.get(key, 0),
            last_submission=submitted.get(key),
            last_entity=registered.get(key),
        )
        for key in keys
    }


def _counted(rows: QuerySet[Model], keys: list[int]) -> dict[int, int]:
    grouped = rows.filter(project__in=keys).values("project_id").order_by()
    return {row["project_id"]: row["number"] for row in grouped.annotate(number=Count("pk"))}


def _last_submissions(keys: list[int], visible: Q) -> dict[int, datetime]:
    """One step back into the index of each form: the table may be long."""
    rows = Submission.objects.alive().filter(visible, form=OuterRef("pk"), is_draft=False)
    newest = Subquery(rows.order_by("-id").values("created_at")[:1])
    return _latest(Form.objects.alive().filter(project__in=keys).annotate(last=newest))


def _last_entities(keys: list[int]) -> dict[int, datetime]:
    rows = Entity.objects.alive().filter(dataset=OuterRef("pk"))
    newest = Subquery(rows.order_by("-id").values("created_at")[:1])
    return _latest(Dataset.objects.filter(project__in=keys).annotate(last=newest))


def _latest(rows: QuerySet[Model]) -> dict[int, datetime]:
    found: dict[int, datetime] = {}
    for project, last in rows.order_by().values_list("project_id", "last"):
        if last is not None and (project not in found or found[project] < last):
            found[project] = last
    return found
