"""Around a record: what people say about it, what was done to it, and the trash."""

from datetime import date

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from forms.models import Form, Submission
from forms.pages.form_detail import find_form, frame
from forms.pages.submission_sides import note_of
from forms.pages.submissions import find_submission, may_review, rows_of
from forms.services.comments import add_comment
from forms.services.purging import KEPT_FOR
from forms.services.submissions import delete_submission, restore_submission
from forms.services.visibility import submissions_within, verb_to_read
from server import clock
from server.people.access import require
from server.people.models import User
from server.people.roles import Verb
from server.people.web import me
from server.problems import FORBIDDEN, NOT_FOUND, Problem
from server.shell.paging import page_of


@login_required
@require_POST
def comment(request: HttpRequest, submission_id: int) -> HttpResponse:
    """Say something about a record, for everybody who may read it."""
    user = me(request)
    submission = find_submission(user, submission_id)
    _require_review(user, submission)
    add_comment(submission, request.POST.get("body", ""), actor=user)
    return redirect(f"/submissions/{submission.pk}#comments")


@login_required
@require_POST
def remove(request: HttpRequest, submission_id: int) -> HttpResponse:
    """Put a record into the trash."""
    user = me(request)
    submission = find_submission(user, submission_id)
    _require_review(user, submission)
    delete_submission(submission, actor=user, notes=note_of(request))
    messages.success(request, _("The record is in the trash; for 30 days it can be restored."))
    return redirect("submissions", form_id=submission.form_id)


@login_required
@require_POST
def restore(request: HttpRequest, submission_id: int) -> HttpResponse:
    """Take a record out of the trash."""
    user = me(request)
    gone = Submission.objects.exclude(deleted_at=None).select_related("form__project")
    submission = gone.filter(pk=submission_id, is_draft=False, form__deleted_at=None).first()
    if submission is None or not in_trash(user, submission.form).filter(pk=submission.pk).exists():
        raise Problem(NOT_FOUND)
    restore_submission(submission, actor=user)
    messages.success(request, _("The record is back among the others."))
    return redirect("submission", submission_id=submission.pk)


@login_required
@require_GET
def trash(request: HttpRequest, form_id: int) -> HttpResponse:
    """The deleted records of a form that `user` may restore, until they are purged."""
    user = me(request)
    form = find_form(user, form_id)
    require(user, Verb.SUBMISSION_UPDATE, verb_to_read(form))
    page = page_of(in_trash(user, form).select_related("submitter"), request.GET)
    rows = [(row, _end_of(row.submission)) for row in rows_of(page.rows)]
    context = {"page": page, "rows": rows}
    return render(
        request, "forms/submission_trash.html", frame(request, form, "submissions") | context
    )


def in_trash(user: User, form: Form) -> QuerySet[Submission]:
    """The deleted records of `form` that `user` may both read and change."""
    gone = Submission.objects.filter(form=form, is_draft=False).exclude(deleted_at=None)
    for verb in (Verb.SUBMISSION_UPDATE, verb_to_read(form)):
        gone = gone.filter(submissions_within(user, verb))
    return gone


def _require_review(user: User, submission: Submission) -> None:
    if not may_review(user, submission):
        raise Problem(FORBIDDEN)


def _end_of(submission: Submission) -> date | None:
    end = submission.deleted_at + KEPT_FOR if submission.deleted_at else None
    return end.astimezone(clock.site_zone()).date() if end else None
