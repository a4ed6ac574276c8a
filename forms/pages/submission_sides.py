"""What stands beside a record's answers: its versions, what people say, what the phone logged."""

from dataclasses import dataclass

from django.db.models import QuerySet
from django.http import HttpRequest

from forms.instance.diff import diff_instances
from forms.models import ClientAudit, Comment, Submission, SubmissionVersion
from forms.pages.answers import value_text
from forms.pages.questions import fields_of
from forms.pages.words import in_language
from forms.services.client_audits import audit_of
from server.journal.notes import LIMIT


@dataclass(frozen=True, slots=True)
class Edit:
    """One version of a submission and what it changed: (question, before, after)."""

    version: SubmissionVersion
    changes: tuple[tuple[str, str, str], ...]


def history_of(submission: Submission) -> list[Edit]:
    """All versions, newest first, each compared with the one before; empty when nothing was ever edited."""
    versions = list(
        submission.versions.select_related("submitter", "form_version").defer("xml").order_by("pk")
    )
    if len(versions) < 2:
        return []
    pairs = zip([None, *versions], versions, strict=False)
    return [Edit(new, _changes(old, new) if old else ()) for old, new in pairs][::-1]


def _changes(old: SubmissionVersion, new: SubmissionVersion) -> tuple[tuple[str, str, str], ...]:
    fields = fields_of(new.form_version)
    by_path = {tuple(one.path.strip("/").split("/")): one for one in fields}
    found = []
    for change in diff_instances(old.data, new.data, fields):
        path = tuple(step if isinstance(step, str) else step[0] for step in change.path)
        one = by_path.get(path)
        if path[0] == "meta" or (one is not None and one.kind in ("start", "end", "audit")):
            continue
        label = (in_language(one.labels) if one else "") or path[-1]
        found.append((label, value_text(change.old, one), value_text(change.new, one)))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class PhoneLog:
    """The audit file of a record: how many steps it tells, and what is wrong with it."""

    name: str
    steps: int
    fault: str
    line: int | None


def phone_log(version: SubmissionVersion) -> PhoneLog | None:
    """What the phone logged while the record was filled in; None where it logs nothing."""
    for file in version.attachments.filter(name="audit.csv").select_related("blob"):
        audit = audit_of(file)
        if audit is not None:
            fault = str(ClientAudit.Fault(audit.fault).label) if audit.fault else ""
            return PhoneLog(file.name, len(audit.rows), fault, audit.fault_line)
    return None


def comments_of(submission: Submission) -> QuerySet[Comment]:
    """What people have said, newest first."""
    return submission.comments.select_related("actor")


def note_of(request: HttpRequest) -> str:
    """The reason that somebody gives for what they do."""
    return request.POST.get("note", "").replace("\0", "").strip()[:LIMIT]
