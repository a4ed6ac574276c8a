"""The end of the trash: what was deleted thirty days ago goes for good, and with it the files that
nobody else refers to.

What a record has made stays: entities keep their versions, tasks their history; they only forget
which record it was. The journal keeps that there was a record, by its instanceID.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from django.db import IntegrityError, models
from django.db.models import Exists, ForeignObjectRel, OuterRef, Q, QuerySet

from forms.blobs import remove_stored, stored_at, stored_names
from forms.models import (
    Blob,
    ClientAudit,
    Comment,
    Form,
    FormVersion,
    HeldUpdate,
    PublicLink,
    PublicLinkUse,
    Subject,
    Submission,
    SubmissionAttachment,
    SubmissionReadout,
    SubmissionVersion,
)
from server import clock
from server.journal.services import record
from server.turns import write_turn

KEPT_FOR = timedelta(days=30)  # as in ODK Central
CHUNK = 50  # records per write transaction
LOT = 500  # files looked up at a time
# seconds: a file that was stored (or found to be there) this lately may belong to an upload on its way
FRESH = 600.0


@dataclass(frozen=True, slots=True)
class Purged:
    """How much has gone."""

    forms: int = 0
    submissions: int = 0
    blobs: int = 0


def purge(*, force: bool = False) -> Purged:
    """Purge submissions and forms that were deleted thirty days ago or, with `force`, at any time;
    then free the files. Safe to run twice at once; killed in between, the next run goes on.
    """
    before = clock.now() if force else clock.now() - KEPT_FOR
    submissions = purge_submissions(Q(deleted_at__lte=before))
    forms, with_forms = purge_forms(before)
    return Purged(forms, submissions + with_forms, free_blobs())


def purge_forms(before: datetime) -> tuple[int, int]:
    """Remove the forms that were deleted until `before`, with all they hold: versions, files, links,
    submissions. Lists of entities and what is in them stay. Answers how many forms and submissions.
    """
    forms, submissions = 0, 0
    for key in list(Form.objects.filter(deleted_at__lte=before).values_list("pk", flat=True)):
        submissions += purge_submissions(Q(form=key, form__deleted_at__lte=before))
        with write_turn():
            gone = Form.objects.select_for_update(of=("self",)).filter(
                pk=key, deleted_at__lte=before
            )
            forms += sum(_purge_form(form) for form in gone)
    return forms, submissions


def _purge_form(form: Form) -> int:
    """One form without submissions. One that has been restored meanwhile, or got a late record, stays."""
    if Submission.objects.filter(form=form).exists():
        return 0
    versions = list(form.versions.values_list("pk", flat=True))
    _forget(FormVersion, versions)
    _forget(Form, [form.pk])
    # who has used a link stays in the journal, so the actor behind it stays
    PublicLinkUse.objects.filter(link__form=form).delete()
    PublicLink.objects.filter(form=form)._raw_delete("default")  # type: ignore[attr-defined]
    form.versions.all().delete()
    record(
        "form.purge",
        subject=f"form:{form.xml_form_id}",
        project_id=form.project_id,
        details={"formId": form.pk, "xmlFormId": form.xml_form_id},
    )
    form.delete()
    return 1


def purge_submissions(which: Q) -> int:
    """Remove the submissions of `which` for good, each chunk in a transaction of its own with its
    entry in the journal. Answers how many. The caller names deleted ones, or those of a purged form.
    """
    total, last = 0, 0
    while keys := list(
        Submission.objects.filter(which, pk__gt=last)
        .order_by("pk")
        .values_list("pk", flat=True)[:CHUNK]
    ):
        last = keys[-1]
        with write_turn():
            total += _purge_chunk(which, keys)
    return total


def _purge_chunk(which: Q, keys: list[int]) -> int:
    # asked again under the lock: one may have been restored meanwhile
    rows = list(
        Submission.objects.select_for_update(of=("self",))
        .filter(which, pk__in=keys)
        .order_by("pk")
        .values_list("pk", "instance_id", "form__project_id")
    )
    gone = [pk for pk, _, _ in rows]
    if not gone:
        return 0
    versions = list(
        SubmissionVersion.objects.filter(submission__in=gone).values_list("pk", flat=True)
    )
    _forget(SubmissionVersion, versions)
    _forget(Submission, gone)
    HeldUpdate.objects.filter(source__in=versions).delete()
    SubmissionAttachment.objects.filter(version__in=versions).delete()
    for model in (Subject, Comment, SubmissionReadout, SubmissionVersion):
        model._default_manager.filter(submission__in=gone).delete()
    Submission.objects.filter(pk__in=gone).delete()
    for project_id in {project for _, _, project in rows}:
        names = [name for _, name, project in rows if project == project_id]
        details = {"submissions_deleted": len(names), "instanceIds": names}
        record("submission.purge", project_id=project_id, details=details)
    return len(gone)


def _forget(model: type[models.Model], keys: list[int]) -> None:
    """Cut what other tables, of upper floors too, may do without: entity versions, closed tasks."""
    for relation in _referrers(model):
        if relation.field.null:
            name = relation.field.name
            rows = relation.related_model._base_manager.filter(**{f"{name}__in": keys})
            rows.update(**{name: None})


def free_blobs(fresh: float = FRESH) -> int:
    """Remove the stored files to which no row refers any more; those handled less than `fresh`
    seconds ago wait for the next run. Answers how many.
    """
    total = 0
    for blob in _unused():
        touched = stored_at(blob)
        if touched is not None and time.time() - touched < fresh:
            continue
        total += _free(blob, fresh)
    return total + _free_nameless(fresh)


def _free_nameless(fresh: float) -> int:
    """Files that never got a row: their upload was refused after they were stored."""
    total, names = 0, stored_names()
    while some := list(islice(names, LOT)):
        known = set(Blob.objects.filter(pk__in=some).values_list("pk", flat=True))
        for name in some:
            if name not in known:
                total += remove_stored(Blob(sha256=name), fresh)
    return total


def _unused() -> Iterator[Blob]:
    """Blobs without a referrer, some at a time: the rows change while they are gone through."""
    rows: QuerySet[Blob] = Blob.objects.order_by("pk")
    for relation in _referrers(Blob):
        if relation.related_model is not ClientAudit:
            name = relation.field.name
            users = relation.related_model._base_manager.filter(**{name: OuterRef("pk")})
            rows = rows.exclude(Exists(users))
    last = ""
    while found := list(rows.filter(pk__gt=last)[:CHUNK]):
        yield from found
        last = found[-1].pk


def _free(blob: Blob, fresh: float) -> int:
    try:
        with write_turn():
            ClientAudit.objects.filter(blob=blob).delete()
            # not the ORM's delete: the database itself must see whether somebody refers to it by now
            Blob.objects.filter(pk=blob.pk)._raw_delete("default")  # type: ignore[attr-defined]
    except IntegrityError:  # an upload has just taken it into use
        return 0
    remove_stored(blob, fresh)
    return 1


def _referrers(model: type[models.Model]) -> list[ForeignObjectRel]:
    fields = model._meta.get_fields(include_hidden=True)
    return [
        one
        for one in fields
        if isinstance(one, ForeignObjectRel) and isinstance(one.field, models.ForeignKey)
    ]
