"""New records into the database, several at once: one statement a table, whatever their number."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from forms.blobs import StoredFile
from forms.form_cache import Meaning
from forms.instance.parse import Instance
from forms.models import FormVersion, Submission, SubmissionReadout, SubmissionVersion
from forms.registry.placing import home_of
from forms.services.occurrence import occurred_on
from forms.services.readouts import made_readout
from forms.services.submission_files import merge_files
from server.journal.models import Entry
from server.journal.notes import notes_of_request
from server.journal.services import record_many
from server.people.models import Actor
from server.prepared import insert_many


@dataclass(frozen=True, slots=True)
class Parcel:
    """Everything that arrived with one request, besides who sent it."""

    xml: bytes
    files: Mapping[str, StoredFile] = field(default_factory=dict)
    device_id: str = ""
    user_agent: str = ""
    is_incomplete: bool = False


@dataclass(frozen=True, slots=True)
class Work:
    """A parcel that has been read: of which form, by whom."""

    form_version: FormVersion
    meaning: Meaning
    instance: Instance
    parcel: Parcel
    actor: Actor | None
    is_draft: bool

    @property
    def event(self) -> str | None:
        """What a new record gives the worker to do. Drafts are tests, encrypted records are sealed, and a form that
        speaks of no entities has no subjects: none of them is registered.
        """
        silent = self.is_draft or self.instance.envelope.is_encrypted
        return None if silent or not self.meaning.speaks_of_entities else "submission.created"


@dataclass(frozen=True, slots=True)
class NewRecord:
    """All rows of a record that is new, ready but for their keys. `submission.pk` stays None where it turns out to be
    known.
    """

    work: Work
    submission: Submission
    version: SubmissionVersion
    readout: SubmissionReadout
    entry: Entry


def new_record(work: Work) -> NewRecord:
    """The rows of `work`, which reads nothing from the database."""
    submission = Submission(
        form_id=work.form_version.form_id,
        instance_id=work.instance.envelope.instance_id,
        is_draft=work.is_draft,
        submitter=work.actor,
        device_id=work.parcel.device_id,
    )
    version = version_of(work)
    entry = Entry(
        actor=work.actor,
        action="submission.create",
        subject=f"submission:{version.instance_id}",
        project_id=work.form_version.form.project_id,
        notes=notes_of_request(),
    )
    return NewRecord(work, submission, version, readout_of(work, submission, version), entry)


def store_new(records: Sequence[NewRecord]) -> None:
    """Store them; call inside a transaction. One whose ID is known is left out: its `submission.pk` is None."""
    for one in records:
        home = home_of(one.work.actor)
        one.submission.area_id, one.submission.school_id = home.area_id, home.school_id
    insert_many([one.submission for one in records], by="instance_id", skip_known=True)
    fresh = [one for one in records if one.submission.pk is not None]
    if not fresh:
        return
    for one in fresh:
        one.version.submission = one.submission
    insert_many([one.version for one in fresh], by="submission_id")
    for one in fresh:
        one.readout.submission_id, one.readout.version_id = one.submission.pk, one.version.pk
    insert_many([one.readout for one in fresh])
    for one in fresh:
        work = one.work
        merge_files(one.version, work.instance.files, work.parcel.files, work.actor, is_first=True)
    record_many([_said(one) for one in fresh])


def _said(one: NewRecord) -> tuple[Entry, str | None, dict[str, int]]:
    key = one.submission.pk
    one.entry.details = {"instanceId": one.version.instance_id, "submissionId": key}
    return one.entry, one.work.event, {"version_id": one.version.pk}


def version_of(work: Work) -> SubmissionVersion:
    """The version that the parcel holds, without its submission."""
    instance, parcel = work.instance, work.parcel
    return SubmissionVersion(
        form_version=work.form_version,
        form_id=work.form_version.form_id,
        is_draft=work.is_draft,
        instance_id=instance.envelope.instance_id,
        deprecated_id=instance.envelope.deprecated_id,
        instance_name=instance.envelope.instance_name[:500],
        xml=parcel.xml,
        xml_sha256=digest_of(parcel.xml),
        data=instance.data,
        entities=[operation.to_json() for operation in instance.entities],
        oddities=[[one.path, one.value, one.reason] for one in instance.oddities],
        occurred_on=occurred_on(instance.data, work.meaning.date_paths),
        submitter=work.actor,
        device_id=parcel.device_id or instance.meta.get("deviceid", "")[:255],
        user_agent=parcel.user_agent,
        is_complete=not parcel.is_incomplete,
    )


def readout_of(work: Work, submission: Submission, version: SubmissionVersion) -> SubmissionReadout:
    """The texts of the version."""
    envelope = work.instance.envelope
    return made_readout(
        submission,
        version,
        work.meaning.readout,
        # the version was found by its name; a draft's row is at hand whole
        form_version=work.form_version.version if work.is_draft else envelope.version,
        is_encrypted=envelope.is_encrypted,
        has_files=bool(work.instance.files or work.parcel.files),
    )


def digest_of(xml: bytes) -> str:
    """How two arrivals under one ID are told apart."""
    return hashlib.sha256(xml).hexdigest()
