"""The tab of the draft: what it changes, its files, an upload that shows the difference before it
replaces the draft, a way back (ux §6.4)."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from forms.xlsform.guards import MAX_WORKBOOK, MB
from rules.models import Release, RuleSet
from rules.pages.rule_sets.changes import changes_context
from rules.pages.rule_sets.draft_faults import faults_of
from rules.pages.rule_sets.frame import find_rule_set, frame
from rules.services import drafts
from rules.services.draft_files import TYPES, file_of, kind_of
from server.people.models import User
from server.people.roles import Verb
from server.people.web import me
from server.problems import MISSING, NOT_FOUND, TOO_LARGE, UNEXPECTED, Problem
from server.shell.downloads import disposition

OFFERED = 50  # releases to begin a draft with


@login_required
@require_GET
def draft_page(request: HttpRequest, rule_set_id: int) -> HttpResponse:
    """The draft against what is in force."""
    user = me(request)
    rule_set = find_rule_set(user, rule_set_id)
    context = draft_context(request, rule_set, user)
    if rule_set.draft is not None:
        context |= changes_context(drafts.changes_in_draft(rule_set))
    return render(request, "rules/rule_sets/draft.html", context)


def draft_context(request: HttpRequest, rule_set: RuleSet, user: User) -> dict[str, Any]:
    """What the aside of the tab shows."""
    releases = rule_set.releases.exclude(status=Release.Status.REFUSED).defer("document")
    return frame(request, rule_set, "draft") | {
        "replaced": drafts.replaced_draft(rule_set),
        "upload": drafts.pending_upload(rule_set, user),
        "releases": list(releases.order_by("-number")[:OFFERED]),
    }


@login_required
@require_GET
def draft_file(request: HttpRequest, rule_set_id: int, kind: str) -> HttpResponse:
    """The draft as a file. Problem 404.1."""
    rule_set = find_rule_set(me(request), rule_set_id)
    if rule_set.draft is None:
        raise Problem(NOT_FOUND)
    return _file(rule_set.draft, kind, rule_set.name)


@login_required
@require_GET
def release_file(request: HttpRequest, rule_set_id: int, number: int, kind: str) -> HttpResponse:
    """A release as a file. Problem 404.1."""
    rule_set = find_rule_set(me(request), rule_set_id)
    release = rule_set.releases.filter(number=number).first()
    if release is None:
        raise Problem(NOT_FOUND)
    return _file(release.document, kind, f"{rule_set.name}-{number}")


def _file(document: dict[str, Any], kind: str, name: str) -> HttpResponse:
    response = HttpResponse(file_of(document, kind), content_type=TYPES[kind])
    response["Content-Disposition"] = disposition(f"{name}.{kind}")
    return response


# --- upload: difference first ----------------------------------------------------------------------


@login_required
@require_POST
def upload_draft(request: HttpRequest, rule_set_id: int) -> HttpResponse:
    """Read a file; with faults all of them are shown, else what it would change."""
    user = me(request)
    rule_set = find_rule_set(user, rule_set_id, Verb.RULES_UPDATE)
    file = request.FILES.get("file")
    try:
        content, name = _content(file)
        drafts.keep_upload(rule_set, content, kind_of(content, name), name, user)
    except Problem as problem:
        context = draft_context(request, rule_set, user) | faults_of(problem)
        context |= {"filename": file.name if file else ""}
        return render(
            request, "rules/rule_sets/draft_refused.html", context, status=problem.kind.status
        )
    return redirect("rule_set_upload", rule_set.pk)


def _content(file: UploadedFile | None) -> tuple[bytes, str]:
    if file is None or not file.size:
        raise Problem(MISSING, field=_("File"))
    if file.size > MAX_WORKBOOK:
        raise Problem(TOO_LARGE, limit=f"{MAX_WORKBOOK // MB} MB")
    return file.read(), file.name or ""


@login_required
@require_GET
def upload_page(request: HttpRequest, rule_set_id: int) -> HttpResponse:
    """What the reader's upload would change of the draft as it is now."""
    user = me(request)
    rule_set = find_rule_set(user, rule_set_id, Verb.RULES_UPDATE)
    upload = drafts.pending_upload(rule_set, user)
    if upload is None:
        return redirect("rule_set_draft", rule_set.pk)
    context = draft_context(request, rule_set, user)
    context |= changes_context(drafts.changes_to_draft(rule_set, upload.document or {}))
    context |= {"has_gone_on": upload.draft_version != rule_set.draft_version}
    return render(request, "rules/rule_sets/draft_upload.html", context)


Change = Callable[[RuleSet, User, int | None], object]


def changing(request: HttpRequest, rule_set_id: int, change: Change, said: str) -> HttpResponse:
    """Make one change of the draft that the reader saw; where somebody was faster, say so and show it."""
    user = me(request)
    rule_set = find_rule_set(user, rule_set_id, Verb.RULES_UPDATE)
    try:
        change(rule_set, user, _version(request))
    except Problem as problem:
        if problem.kind.status != 409:  # a conflict with what happened meanwhile
            raise
        messages.warning(request, problem.message_in(_))
    else:
        messages.success(request, said)
    return redirect("rule_set_draft", rule_set.pk)


def _version(request: HttpRequest) -> int | None:
    """The version of the draft that the page showed. Problem UNEXPECTED."""
    text = request.POST.get("version", "")
    if not text:
        return None
    if not text.isdecimal() or len(text) > 9:
        raise Problem(UNEXPECTED, field="version", value=text[:40], reason=_("a number is needed"))
    return int(text)


@login_required
@require_POST
def take_upload(request: HttpRequest, rule_set_id: int) -> HttpResponse:
    """Let the upload replace the draft."""

    def change(rule_set: RuleSet, user: User, version: int | None) -> object:
        return drafts.take_upload(rule_set, user, version)

    return changing(request, rule_set_id, change, _("The upload is the draft now."))


@login_required
@require_POST
def leave_upload(request: HttpRequest, rule_set_id: int) -> HttpResponse:
    """Forget the upload."""

    def change(rule_set: RuleSet, user: User, version: int | None) -> object:
        drafts.leave_upload(rule_set, user)
        return None

    return changing(request, rule_set_id, change, _("The draft stays as it was."))


@login_required
@require_POST
def discard_draft(request: HttpRequest, rule_set_id: int) -> HttpResponse:
    """Put the draft aside."""

    def change(rule_set: RuleSet, user: User, version: int | None) -> object:
        return drafts.discard_draft(rule_set, user, version)

    return changing(
        request, rule_set_id, change, _("The draft was discarded. It can be brought back.")
    )


@login_required
@require_POST
def undo_draft(request: HttpRequest, rule_set_id: int) -> HttpResponse:
    """Bring back the draft before the last change."""

    def change(rule_set: RuleSet, user: User, version: int | None) -> object:
        return drafts.restore_draft(rule_set, user, version)

    return changing(request, rule_set_id, change, _("The earlier draft is back."))


@login_required
@require_POST
def begin_draft(request: HttpRequest, rule_set_id: int) -> HttpResponse:
    """Begin a draft with a release."""
    text = request.POST.get("release", "")
    number = int(text) if text.isdecimal() and len(text) < 9 else 0

    def change(rule_set: RuleSet, user: User, version: int | None) -> object:
        return drafts.draft_from_release(rule_set, number, user, version)

    said = _("The draft is now release %(number)s.") % {"number": number}
    return changing(request, rule_set_id, change, said)


_DRAFT = "rules/<int:rule_set_id>/draft"
urlpatterns = [
    path(_DRAFT, draft_page, name="rule_set_draft"),
    path(f"{_DRAFT}.xlsx", draft_file, {"kind": "xlsx"}, name="rule_set_draft_xlsx"),
    path(f"{_DRAFT}.yaml", draft_file, {"kind": "yaml"}, name="rule_set_draft_yaml"),
    path(
        "rules/<int:rule_set_id>/releases/<int:number>.xlsx", release_file, {"kind": "xlsx"},
        name="rule_set_release_xlsx",
    ),
    path(
        "rules/<int:rule_set_id>/releases/<int:number>.yaml", release_file, {"kind": "yaml"},
        name="rule_set_release_yaml",
    ),
    path(f"{_DRAFT}/upload", upload_draft, name="rule_set_upload_draft"),
    path(f"{_DRAFT}/difference", upload_page, name="rule_set_upload"),
    path(f"{_DRAFT}/take", take_upload, name="rule_set_take_upload"),
    path(f"{_DRAFT}/leave", leave_upload, name="rule_set_leave_upload"),
    path(f"{_DRAFT}/discard", discard_draft, name="rule_set_discard_draft"),
    path(f"{_DRAFT}/undo", undo_draft, name="rule_set_undo_draft"),
    path(f"{_DRAFT}/begin", begin_draft, name="rule_set_begin_draft"),
]  # fmt: skip
