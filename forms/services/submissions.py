"""Changes to received submissions by people: review, deletion, files. The record itself only
changes by an edit.
"""

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from forms import problems
from forms.blobs import Readable, blob_of, store_file
from forms.models import Submission, SubmissionAttachment, SubmissionVersion
from forms.registry import announce_submission, register_approval
from forms.registry.tallies import note_gone
from forms.services import client_audits
from forms.services.readouts import note_files
from forms.services.submission_files import note_file
from server import clock
from server.journal.services import record
from server.people.models import Actor
from server.problems import Problem


@transaction.atomic
def set_review_state(
    submission: Submission, state: str | None, *, actor: Actor | None, notes: str = ""
) -> Submission:
    """Set the review state; approving makes the entities that waited for it, rejecting takes the
    answers out of the facts.
    """
    submission.review_state = Submission.ReviewState(state) if state else None
    submission.updated_at = clock.now()
    submission.save(update_fields=["review_state", "updated_at"])
    _journal("submission.update", submission, actor, {"reviewState": state}, notes)
    if submission.review_state == Submission.ReviewState.APPROVED:
        register_approval(submission)
    announce_submission(submission, "submission.reviewed")
    return submission


@transaction.atomic
def delete_submission(submission: Submission, *, actor: Actor | None, notes: str = "") -> None:
    """Put the submission into the trash; whom it is about is evaluated without it."""
    if submission.deleted_at is None:
        submission.deleted_at = clock.now()
        submission.save(update_fields=["deleted_at"])
        note_gone(submission)
        _journal("submission.delete", submission, actor, {}, notes)
        announce_submission(submission, "submission.deleted")


@transaction.atomic
def restore_submission(submission: Submission, *, actor: Actor | None) -> None:
    """Take the submission out of the trash."""
    if submission.deleted_at is not None:
        submission.deleted_at = None
        submission.save(update_fields=["deleted_at"])
        note_gone(submission, +1)
        _journal("submission.restore", submission, actor, {})
        announce_submission(submission, "submission.restored")


def submitters_of(rows: QuerySet[Submission]) -> QuerySet[Actor]:
    """Everybody who has sent one of `rows`, each once."""
    sent = rows.filter(submitter=OuterRef("pk"))
    return Actor.objects.filter(Exists(sent)).order_by("pk")


def fill_file(
    version: SubmissionVersion,
    name: str,
    content: bytes | Readable,
    content_type: str,
    *,
    actor: Actor | None,
) -> None:
    """Put a file into the place that the XML names. Problem: FILE_NOT_EXPECTED."""
    stored = store_file(content, name, content_type)
    with transaction.atomic():
        place = _place(version, name)
        before, place.blob, place.updated_at = place.blob_id, blob_of(stored), clock.now()
        place.save(update_fields=["blob", "updated_at"])
        note_files(version.submission_id)
        note_file(version, name, before, stored.sha256, actor)
        if name == client_audits.FILE:
            client_audits.announce_audit(stored.sha256)


@transaction.atomic
def empty_file(version: SubmissionVersion, name: str, *, actor: Actor | None) -> None:
    """Clear the place; the journal keeps the hash, storage the file. Problem: FILE_NOT_EXPECTED."""
    place = _place(version, name)
    before, place.blob, place.updated_at = place.blob_id, None, clock.now()
    place.save(update_fields=["blob", "updated_at"])
    note_file(version, name, before, None, actor)


def _place(version: SubmissionVersion, name: str) -> SubmissionAttachment:
    found = version.attachments.filter(name=name).first()
    if found is None:
        raise Problem(problems.FILE_NOT_EXPECTED, name=name)
    return found


def _journal(
    action: str,
    submission: Submission,
    actor: Actor | None,
    data: dict[str, object],
    notes: str = "",
) -> None:
    record(
        action,
        actor=actor,
        notes=notes,
        subject=f"submission:{submission.instance_id}",
        project_id=submission.form.project_id,
        details={
            "instanceId": submission.instance_id,
            "submissionId": submission.pk,
            **data,
        },
    )
