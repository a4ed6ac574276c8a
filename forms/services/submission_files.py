"""The files of a submission: expected by its XML or sent along, merged over as many requests as the
phone needs.

Files that the XML does not name (a retaken photo's first take, say) are kept too, marked as not
expected: refusing them would make a phone repeat the upload for ever (collect-checklist section 7).
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from forms.blobs import StoredFile, blob_of
from forms.models import Blob, SubmissionAttachment, SubmissionVersion
from forms.services import client_audits
from server import clock
from server.journal.services import record
from server.people.models import Actor


def merge_files(
    version: SubmissionVersion,
    expected: Iterable[str],
    sent: Mapping[str, StoredFile],
    actor: Actor | None,
    *,
    is_first: bool = False,
) -> None:
    """Add `sent` to the version's files; on the first call also the empty places of what the XML
    names.
    """
    wanted = set(expected)
    if is_first and not wanted and not sent:
        return
    known = {one.name: one for one in version.attachments.all()}
    names = [*dict.fromkeys([*wanted, *sent])] if is_first else list(sent)
    fresh = [
        SubmissionAttachment(
            version=version,
            name=name,
            is_expected=name in wanted,
            blob=_blob(sent.get(name)),
            updated_at=_when(sent.get(name)),
        )
        for name in names
        if name not in known
    ]
    SubmissionAttachment.objects.bulk_create(fresh)
    for name in names:
        if name in known and name in sent:
            _replace(version, known[name], sent[name], actor)
    if client_audits.FILE in sent:
        client_audits.announce_audit(sent[client_audits.FILE].sha256)


def carry_files(old: SubmissionVersion, new: SubmissionVersion, expected: Iterable[str]) -> None:
    """Files of the old version that the new XML still names; what is sent anew comes over them."""
    wanted = set(expected)
    kept = [one for one in old.attachments.all() if one.name in wanted and one.blob_id]
    SubmissionAttachment.objects.bulk_create(
        [
            SubmissionAttachment(
                version=new, name=one.name, blob_id=one.blob_id, updated_at=clock.now()
            )
            for one in kept
        ]
    )


def _blob(stored: StoredFile | None) -> Blob | None:
    return blob_of(stored) if stored else None


def _when(stored: StoredFile | None) -> datetime | None:
    return clock.now() if stored else None


def _replace(
    version: SubmissionVersion, place: SubmissionAttachment, stored: StoredFile, actor: Actor | None
) -> None:
    """Fill an empty place, or put another file into a filled one; the journal keeps the hash of the
    one before.
    """
    if place.blob_id == stored.sha256:
        return
    before = place.blob_id
    place.blob = blob_of(stored)
    place.updated_at = clock.now()
    place.save(update_fields=["blob", "updated_at"])
    if before:
        note_file(version, place.name, before, stored.sha256, actor)


def note_file(
    version: SubmissionVersion,
    name: str,
    before: str | None,
    after: str | None,
    actor: Actor | None,
) -> None:
    """Say in the journal that another file (or none) stands in a place of the record."""
    record(
        "submission.attachment.update",
        actor=actor,
        subject=f"submission:{version.instance_id}",
        project_id=version.form.project_id,
        details={
            "instanceId": version.instance_id,
            "submissionId": version.submission_id,
            "name": name,
            "oldBlobId": before,
            "newBlobId": after,
        },
    )
