"""What was received: the list of a form's submissions, one submission with its history, and its files."""

from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q, QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from forms.blobs import open_blob
from forms.models import Submission, SubmissionAttachment, SubmissionVersion
from forms.pages.answers import lines_of
from forms.pages.form_detail import find_form, frame
from forms.pages.scope import readable_submissions, verb_to_read
from forms.pages.submission_sides import comments_of, history_of, note_of, phone_log
from forms.services.readouts import is_sealed
from forms.services.submission_history import entries_of
from forms.services.submissions import set_review_state
from forms.services.visibility import submissions_within
from forms.services.web_forms import may_edit
from server.journal.services import record
from server.people.access import can, require
from server.people.models import User
from server.people.roles import Verb
from server.people.web import me
from server.problems import FORBIDDEN, NOT_FOUND, UNEXPECTED, Problem
from server.shell.downloads import disposition
from server.shell.paging import page_of

MOST_STEPS = 100
INLINE = frozenset(("image/jpeg", "image/png", "image/webp", "image/gif"))


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list."""

    submission: Submission
    version: SubmissionVersion
    missing: int
    edits: int


@login_required
@require_GET
def submission_list(request: HttpRequest, form_id: int) -> HttpResponse:
    """The form's submissions in the reader's scope, newest first."""
    user = me(request)
    form = find_form(user, form_id)
    require(user, verb_to_read(form))
    asked = {name: request.GET.get(name, "").strip() for name in ("q", "state")}
    found = narrowed(readable_submissions(form, user), **asked)
    page = page_of(found.select_related("submitter", "area", "school"), request.GET)
    context = {
        "page": page,
        "rows": rows_of(page.rows),
        "asked": asked,
        "states": Submission.ReviewState,
        "may_restore": can(user, Verb.SUBMISSION_UPDATE),
    }
    return render(request, "forms/submissions.html", frame(request, form, "submissions") | context)


def narrowed(found: QuerySet[Submission], *, q: str, state: str) -> QuerySet[Submission]:
    """By part of the record's or the sender's name, and by review state."""
    if q:
        named = SubmissionVersion.objects.filter(is_current=True, instance_name__icontains=q)
        found = found.filter(
            Q(pk__in=named.values("submission_id")) | Q(submitter__display_name__icontains=q)
        )
    if state in Submission.ReviewState.values:
        wanted = Q(review_state=state)
        if state == Submission.ReviewState.RECEIVED:
            wanted |= Q(review_state=None)
        found = found.filter(wanted)
    return found


def rows_of(submissions: list[Submission]) -> list[Row]:
    """Each with its current version, missing files and number of edits; two queries for all."""
    ids = [one.pk for one in submissions]
    versions = SubmissionVersion.objects.filter(submission__in=ids).defer(
        "xml", "data", "entities", "oddities"
    )
    current = versions.filter(is_current=True).annotate(
        missing=Count(
            "attachments", filter=Q(attachments__is_expected=True, attachments__blob=None)
        )
    )
    by_id = {one.submission_id: one for one in current.select_related("form_version")}
    counts = dict(versions.order_by().values_list("submission_id").annotate(n=Count("pk")))
    return [
        Row(one, by_id[one.pk], by_id[one.pk].missing, counts[one.pk] - 1)  # type: ignore[attr-defined]
        for one in submissions
        if one.pk in by_id
    ]


@login_required
@require_GET
def submission_page(request: HttpRequest, submission_id: int) -> HttpResponse:
    """The answers with their labels, photos, what edits changed, and whom it is about. Reading it is journalled."""
    user = me(request)
    submission = find_submission(user, submission_id)
    version = _current(submission)
    lines, unanswered = lines_of(version)
    record(
        "submission.read",
        actor=user,
        subject=f"submission:{submission.instance_id}",
        project_id=submission.form.project_id,
    )
    context = {
        "submission": submission,
        "version": version,
        "lines": lines,
        "unanswered": unanswered,
        "is_sealed": is_sealed(bytes(version.xml)),
        "history": history_of(submission),
        "comments": comments_of(submission),
        "steps": entries_of(submission)[:MOST_STEPS],
        "phone_log": phone_log(version),
        "subjects": [one.entity for one in submission.subjects.select_related("entity__dataset")],
        "may_review": may_review(user, submission),
        "may_edit": may_edit(user, submission),
    }
    return render(
        request, "forms/submission.html", frame(request, submission.form, "submissions") | context
    )


@login_required
@require_POST
def review(request: HttpRequest, submission_id: int) -> HttpResponse:
    """Approve the record, mark it as having issues, or reject it (its answers then count no more)."""
    user = me(request)
    submission = find_submission(user, submission_id)
    if not may_review(user, submission):
        raise Problem(FORBIDDEN)
    state = request.POST.get("state", "")
    if state not in ("approved", "hasIssues", "rejected"):
        raise Problem(
            UNEXPECTED, field="state", value=state, reason="approved, hasIssues, rejected"
        )
    set_review_state(submission, state, actor=user, notes=note_of(request))
    messages.success(
        request,
        _("The record is now: %(state)s.") % {"state": submission.get_review_state_display()},
    )
    return redirect("submission", submission_id=submission.pk)


def may_review(user: User, submission: Submission) -> bool:
    """Whether `user` may change records where this one is placed."""
    there = submissions_within(user, Verb.SUBMISSION_UPDATE)
    return Submission.objects.filter(there, pk=submission.pk).exists()


@login_required
@require_GET
def submission_xml(
    request: HttpRequest, submission_id: int, version_id: int | None = None
) -> HttpResponseBase:
    """The XML byte for byte as the phone sent it; of the current version where none is named."""
    user = me(request)
    submission = find_submission(user, submission_id)
    version = (
        _current(submission)
        if version_id is None
        else get_object_or_404(submission.versions, pk=version_id)
    )
    record(
        "submission.download",
        actor=user,
        subject=f"submission:{submission.instance_id}",
        project_id=submission.form.project_id,
    )
    answer = HttpResponse(bytes(version.xml), content_type="application/xml; charset=utf-8")
    answer["Content-Disposition"] = disposition(f"{version.instance_id.replace(':', '_')}.xml")
    return _private(answer)


@login_required
@require_GET
def submission_file(request: HttpRequest, submission_id: int, name: str) -> HttpResponseBase:
    """A photo, shown; anything else as a download, so that nothing a phone sent runs in a browser."""
    submission = find_submission(me(request), submission_id)
    file = get_object_or_404(
        SubmissionAttachment.objects.select_related("blob"),
        version=_current(submission),
        name=name,
        blob__isnull=False,
    )
    assert file.blob is not None  # noqa: S101  filtered
    kind = file.blob.content_type
    answer = FileResponse(
        open_blob(file.blob), content_type=kind if kind in INLINE else "application/octet-stream"
    )
    if kind not in INLINE:
        answer["Content-Disposition"] = disposition(name)
    return _private(answer)


def find_submission(user: User, submission_id: int) -> Submission:
    """A submission that `user` may read. Problem 404.1 otherwise, whether it exists or not."""
    found = (
        Submission.objects.alive()
        .filter(pk=submission_id, is_draft=False)
        .select_related("form")
        .first()
    )
    if found is None or not readable_submissions(found.form, user).filter(pk=found.pk).exists():
        raise Problem(NOT_FOUND)
    return Submission.objects.select_related(
        "form__project", "form__current", "form__draft", "submitter", "area", "school"
    ).get(pk=found.pk)


def _current(submission: Submission) -> SubmissionVersion:
    return submission.versions.select_related("form_version__form", "submitter").get(
        is_current=True
    )


def _private(answer: HttpResponseBase) -> HttpResponseBase:
    answer["Cache-Control"] = "private, no-store"
    return answer
