"""One form: its questions, its draft beside the published version, its versions, its state."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from forms.models import Form, FormVersion
from forms.pages.changes import LOSING, WORDS, changes_between
from forms.pages.questions import questions_of
from forms.pages.scope import readable_forms, verb_to_read
from forms.services import abandon_draft, publish_checks, publish_draft
from forms.services.web_forms import may_fill
from forms.xlsform.complaints import read_notice
from server import clock
from server.journal.services import record
from server.people.access import can, require
from server.people.models import User
from server.people.roles import Verb
from server.people.web import me
from server.problems import UNEXPECTED, Problem
from server.shell.paging import page_of


@login_required
@require_GET
def form_page(request: HttpRequest, form_id: int) -> HttpResponse:
    """The questions of the published version; a form without one shows its draft."""
    form = find_form(me(request), form_id)
    if form.current is None:
        return redirect("form_draft", form_id=form.pk)
    context = {"version": form.current, "questions": questions_of(form.current)}
    return render(request, "forms/form.html", frame(request, form, "questions") | context)


@login_required
@require_GET
def draft_page(request: HttpRequest, form_id: int) -> HttpResponse:
    """The draft: what it changes, what pyxform and the rules say about it, its questions; and how to publish it."""
    form = find_form(me(request), form_id)
    require(me(request), Verb.FORM_UPDATE)
    context = frame(request, form, "draft")
    if form.draft is not None:
        context |= draft_context(form, form.draft)
    return render(request, "forms/draft.html", context)


def draft_context(form: Form, draft: FormVersion) -> dict[str, object]:
    """All that the draft page tells."""
    changes = changes_between(form.current, draft)
    return {
        "version": draft,
        "changes": [(row, WORDS[row.sort]) for row in changes],
        "loses": sum(row.sort in LOSING for row in changes),
        "warnings": [read_notice(text) for text in draft.warnings],
        "checks": publish_checks(draft),
        "missing_files": [one for one in draft.attachments.all() if one.source == "file" and not one.blob_id],
        "questions": questions_of(draft),
        "version_taken": form.versions.filter(version=draft.version, published_at__isnull=False).exists(),
        "next_version": f"{clock.today():%Y%m%d}01",
    }  # fmt: skip


@login_required
@require_POST
def publish(request: HttpRequest, form_id: int) -> HttpResponse:
    """Make the draft what phones get."""
    user = me(request)
    form = find_form(user, form_id)
    require(user, Verb.FORM_UPDATE)
    version = publish_draft(
        form, version=request.POST.get("version", "").strip() or None, actor=user
    )
    messages.success(
        request,
        _("Version %(version)s is published. Phones fetch it at their next connection.")
        % {"version": version.version},
    )
    return redirect("form", form_id=form.pk)


@login_required
@require_POST
def abandon(request: HttpRequest, form_id: int) -> HttpResponse:
    """Put the draft aside."""
    user = me(request)
    form = find_form(user, form_id)
    require(user, Verb.FORM_UPDATE)
    abandon_draft(form, actor=user)
    messages.info(request, _("The draft was put aside. The published version is unchanged."))
    return redirect("form", form_id=form.pk)


@login_required
@require_GET
def versions_page(request: HttpRequest, form_id: int) -> HttpResponse:
    """Everything that was ever published."""
    form = find_form(me(request), form_id)
    published = form.versions.filter(published_at__isnull=False).select_related(
        "published_by", "sheet"
    )
    published = published.defer("xml", "fields", "entities")
    context = {"page": page_of(published, request.GET)}
    return render(request, "forms/versions.html", frame(request, form, "versions") | context)


@login_required
@require_GET
def version_page(request: HttpRequest, form_id: int, version_id: int) -> HttpResponse:
    """The questions of one published version, and what it changed."""
    form = find_form(me(request), form_id)
    published = form.versions.filter(published_at__isnull=False)
    version = get_object_or_404(published, pk=version_id)
    before = published.filter(pk__lt=version.pk).order_by("-pk").first()
    changes = [(row, WORDS[row.sort]) for row in changes_between(before, version)]
    context = {
        "version": version,
        "before": before,
        "changes": changes,
        "questions": questions_of(version),
    }
    return render(request, "forms/version.html", frame(request, form, "versions") | context)


@login_required
@require_POST
def set_state(request: HttpRequest, form_id: int) -> HttpResponse:
    """Open, closing (takes what phones still have) or closed."""
    user = me(request)
    form = find_form(user, form_id)
    require(user, Verb.FORM_UPDATE)
    change_state(form, request.POST.get("state", ""), user)
    messages.success(
        request, _("The form is now: %(state)s.") % {"state": form.get_state_display()}
    )
    return redirect("form", form_id=form.pk)


def change_state(form: Form, state: str, actor: User) -> None:
    """Set the state of `form` and say so in the journal. Problem: UNEXPECTED for a state that does not exist."""
    if state not in Form.State.values:
        raise Problem(UNEXPECTED, field="state", value=state, reason=", ".join(Form.State.values))
    form.state, form.updated_at = state, clock.now()
    form.save(update_fields=["state", "updated_at"])
    record(
        "form.update",
        actor=actor,
        subject=f"form:{form.xml_form_id}",
        project_id=form.project_id,
        details={"state": state},
    )


def find_form(user: User, form_id: int) -> Form:
    """A form that `user` may open, with its versions. Http404 otherwise."""
    require(user, Verb.FORM_READ)
    return get_object_or_404(
        readable_forms(user).select_related("current", "draft", "project"), pk=form_id
    )


def frame(request: HttpRequest, form: Form, tab: str) -> dict[str, object]:
    """What the head of each page of a form shows."""
    user = me(request)
    shown = form.current or form.draft
    return {
        "form": form,
        "title": shown.title if shown else form.xml_form_id,
        "tab": tab,
        "may_change": can(user, Verb.FORM_UPDATE),
        "may_read": can(user, verb_to_read(form)),
        "may_fill": may_fill(user, form),
        "may_link": can(user, Verb.FIELD_KEY_CREATE),
    }
