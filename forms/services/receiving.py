"""A submission in, a durable record out (design.md section 5.3; collect-checklist section 7).

XML, files, typed data, journal entry and Reactions are committed before `receive_submission`
returns: what is acknowledged is kept. The same record again is fine (phones repeat after a lost
answer); the same ID with other content is refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import IntegrityError

from forms import problems
from forms.blobs import Readable, store_file
from forms.form_cache import meaning_of
from forms.instance.parse import open_submission
from forms.models import (
    Form,
    FormVersion,
    Project,
    PublicLink,
    Submission,
    SubmissionVersion,
)
from forms.services.gate import is_known, version_for
from forms.services.phones import phone_may_use
from forms.services.public_links import take_turn
from forms.services.readouts import note_files, write_readout
from forms.services.storing import (
    Parcel,
    Work,
    digest_of,
    new_record,
    readout_of,
    store_new,
    version_of,
)
from forms.services.submission_files import carry_files, merge_files
from forms.services.visibility import visible_submissions
from server import clock
from server.journal.services import record
from server.people.access import person_of, require
from server.people.authentication import stand_on
from server.people.models import Actor, AppUser
from server.people.roles import Verb
from server.prepared import insert
from server.problems import FORBIDDEN, UNAUTHENTICATED, Problem
from server.turns import write_turn


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a submission: its record and version, and whether this call stored it (False:
    it was there).
    """

    submission: Submission
    version: SubmissionVersion
    is_new: bool
    is_edit: bool = False


def receive_submission(
    project: Project | int,
    xml: bytes,
    files: Mapping[str, bytes | Readable] | None = None,
    *,
    actor: Actor | None,
    device_id: str = "",
    user_agent: str = "",
    is_incomplete: bool = False,
    xml_form_id: str = "",
    draft: FormVersion | None = None,
) -> Receipt:
    """Store a submission (or more files of one) of `project`, sent by `actor` (an app user or a
    user).

    `files` maps names to content; `is_incomplete`: more parts follow. `xml_form_id` pins the form
    (REST), `draft` the draft version under test, which needs no actor. Problems: those of
    `read_envelope`, 401.2, 403.1, FORM_UNKNOWN, VERSION_UNKNOWN, FORM_CLOSED, XML_DIFFERS,
    SUBMISSION_DELETED, ORIGINAL_MISSING, ORIGINAL_REPLACED; nothing is stored then.
    """
    project_id = project if isinstance(project, int) else project.pk
    opened = open_submission(xml)
    envelope = opened.envelope
    if xml_form_id and envelope.form_id != xml_form_id:
        raise Problem(problems.FORM_ID_DIFFERS, found=envelope.form_id, expected=xml_form_id)
    form_version = draft or _version_for(project_id, envelope.form_id, envelope.version, actor)
    meaning = meaning_of(form_version.pk, form_version.sha256)
    instance = meaning.reader.read_opened(opened)
    _check_open(form_version, is_draft=draft is not None)
    stored = {name: store_file(content, name) for name, content in (files or {}).items()}
    parcel = Parcel(xml, stored, device_id[:255], user_agent[:255], is_incomplete)
    work = Work(form_version, meaning, instance, parcel, actor, draft is not None)
    try:
        with write_turn():
            return _receive(work)
    except IntegrityError:  # the same record came in at the same moment and won: now it is a repeat
        with write_turn():
            return _receive(work)


def _version_for(project_id: int, form_id: str, version: str, actor: Actor | None) -> FormVersion:
    """The published version that the record names, if `actor` may send records of the form. One
    query when all is well.
    """
    stand_on(actor, project_id, form_id)
    check_sender(actor)
    found = version_for(project_id, form_id, version, actor)
    if found is None:
        _explain_unknown(project_id, form_id, version, actor)
    assert found is not None  # noqa: S101  _explain_unknown always raises
    return found


def check_sender(actor: Actor | None) -> None:
    """Whether somebody may send records at all. Problems: 401.2 for nobody, 403.1."""
    if actor is None:
        raise Problem(UNAUTHENTICATED)
    if isinstance(actor, PublicLink):
        return  # whoever holds its token; it is checked where the token is
    if not isinstance(actor, AppUser):
        require(actor, Verb.SUBMISSION_CREATE)
    elif actor.worker_id and person_of(actor) is None:
        raise Problem(FORBIDDEN)  # the worker left: so does the phone


def _explain_unknown(project_id: int, form_id: str, version: str, actor: Actor | None) -> None:
    forms = Form.objects.published().filter(
        project_id=project_id, project__deleted_at=None, xml_form_id=form_id
    )
    if isinstance(actor, AppUser):
        forms = forms.filter(phone_may_use(actor.pk, "project_id", "id"))
    if forms.exists():
        raise Problem(problems.VERSION_UNKNOWN, form=form_id, version=version)
    raise Problem(problems.FORM_UNKNOWN, form=form_id)


def _check_open(form_version: FormVersion, is_draft: bool) -> None:
    if not is_draft and form_version.form.state == Form.State.CLOSED:
        raise Problem(problems.FORM_CLOSED, form=form_version.form.xml_form_id)


def _receive(work: Work) -> Receipt:
    envelope = work.instance.envelope
    if is_known(work.form_version.form_id, envelope.instance_id, work.is_draft):
        return _receive_again(work, _known_version(work))
    if envelope.deprecated_id:
        return _receive_edit(work)
    if isinstance(work.actor, PublicLink) and not work.is_draft:
        take_turn(work.actor, work.parcel.device_id)
    found = new_record(work)
    store_new([found])
    if found.submission.pk is None:
        raise IntegrityError("the same record came in at the same moment")
    return Receipt(found.submission, found.version, is_new=True)


def _known_version(work: Work) -> SubmissionVersion:
    return (
        SubmissionVersion.objects.select_related("submission")
        .defer("xml", "data", "entities", "oddities")
        .get(
            form_id=work.form_version.form_id,
            instance_id=work.instance.envelope.instance_id,
            is_draft=work.is_draft,
        )
    )


def _receive_again(work: Work, known: SubmissionVersion) -> Receipt:
    """The record is here already: more of its files, or a repeat after a lost answer."""
    if known.submission.deleted_at is not None:
        raise Problem(problems.SUBMISSION_DELETED)
    if known.xml_sha256 != digest_of(work.parcel.xml):
        raise Problem(problems.XML_DIFFERS)
    if work.parcel.files:
        merge_files(known, work.instance.files, work.parcel.files, work.actor)
        note_files(known.submission_id)
    if not known.is_complete and not work.parcel.is_incomplete:
        SubmissionVersion.objects.filter(pk=known.pk).update(is_complete=True)
        known.is_complete = True
    return Receipt(known.submission, known, is_new=False)


def _receive_edit(work: Work) -> Receipt:
    """A new version of a record that is here; of two edits of the same version the second is
    refused.
    """
    replaced = (
        SubmissionVersion.objects.select_related("submission")
        .defer("xml", "data", "oddities")
        .filter(
            form_id=work.form_version.form_id,
            instance_id=work.instance.envelope.deprecated_id,
            is_draft=work.is_draft,
        )
        .first()
    )
    if replaced is None:
        raise Problem(problems.ORIGINAL_MISSING)
    if replaced.submission.deleted_at is not None:
        raise Problem(problems.SUBMISSION_DELETED)
    _check_editor(work, replaced.submission)
    # One changed row is the lock: whoever changes it first has won
    if not SubmissionVersion.objects.filter(pk=replaced.pk, is_current=True).update(
        is_current=False
    ):
        raise Problem(problems.ORIGINAL_REPLACED)
    submission = replaced.submission
    version = _add_version(work, submission)
    carry_files(replaced, version, work.instance.files)
    merge_files(version, work.instance.files, work.parcel.files, work.actor, is_first=True)
    submission.review_state = Submission.ReviewState.EDITED
    submission.updated_at = clock.now()
    submission.save(update_fields=["review_state", "updated_at"])
    _announce_edit(work, version)
    return Receipt(submission, version, is_new=True, is_edit=True)


def _check_editor(work: Work, submission: Submission) -> None:
    """A phone edits what it, or its worker, has sent; a person needs the right to change records. A public link
    edits nothing: whoever holds it is not the one who sent before.
    """
    sender_id = submission.submitter_id
    if isinstance(work.actor, PublicLink) and not work.is_draft:
        raise Problem(FORBIDDEN)
    if work.is_draft or (work.actor is not None and sender_id == work.actor.pk):
        return
    if not isinstance(work.actor, AppUser):
        require(work.actor, Verb.SUBMISSION_UPDATE)
        _check_reach(work.actor, submission)
        return
    worker_id = work.actor.worker_id
    others = AppUser.objects.filter(worker_id=worker_id).values_list("pk", flat=True)
    if worker_id is None or sender_id not in {worker_id, *others}:
        raise Problem(FORBIDDEN)


def _check_reach(actor: Actor | None, submission: Submission) -> None:
    """The right to change records holds in the editor's own areas only. Problem 403.1."""
    form = submission.form
    if actor is None or not (
        visible_submissions(actor, form, Verb.SUBMISSION_UPDATE).filter(pk=submission.pk).exists()
    ):
        raise Problem(FORBIDDEN)


def _add_version(work: Work, submission: Submission) -> SubmissionVersion:
    version = version_of(work)
    version.submission = submission
    insert(version)
    readout = readout_of(work, submission, version)
    readout.submission_id, readout.version_id = submission.pk, version.pk
    write_readout(readout)
    return version


def _announce_edit(work: Work, version: SubmissionVersion) -> None:
    """Journal entry and Reactions. Drafts are tests and encrypted records are sealed: neither is
    registered. Any other is: the version before may have been of a form that speaks of entities.
    """
    silent = work.is_draft or work.instance.envelope.is_encrypted
    record(
        "submission.update.version",
        actor=work.actor,
        subject=f"submission:{version.instance_id}",
        project_id=work.form_version.form.project_id,
        details={"instanceId": version.instance_id, "submissionId": version.submission_id},
        event=None if silent else "submission.updated",
        payload={"version_id": version.pk},
    )
