"""The list of forms, and the door through which a workbook comes in."""

from pathlib import PurePath

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from forms import problems
from forms.models import Form, FormVersion, Project
from forms.pages.counting import with_counts
from forms.pages.encryption import encryptable_projects
from forms.pages.people import chosen_project
from forms.pages.scope import readable_forms
from forms.services import set_draft, upload_form
from server.people.access import can, projects_with, require
from server.people.models import User
from server.people.roles import Verb
from server.people.web import me
from server.problems import MISSING, Problem
from server.shell.problems import problem_page

TYPES = {
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".xls": "application/vnd.ms-excel",
    ".csv": "text/csv",
    ".md": "text/markdown",
    ".xml": "application/xml",
}


@login_required
@require_GET
def form_list(request: HttpRequest) -> HttpResponse:
    """Every form with its version, state and what was received of it in the reader's scope."""
    user = me(request)
    if not projects_with(user, Verb.FORM_READ):
        require(user, Verb.FORM_READ)
    forms = with_counts(readable_forms(user), user).select_related("current", "draft", "project")
    projects = Project.objects.alive().order_by("pk") if can(user, Verb.FORM_UPDATE) else []
    context = {
        "forms": forms.order_by("project_id", "xml_form_id"),
        "projects": projects,
        "encryptable": encryptable_projects(user),
    }
    return render(request, "forms/form_list.html", context)


@login_required
@require_POST
def upload(request: HttpRequest, form_id: int | None = None) -> HttpResponse:
    """A workbook dropped on the list (a new form, or a draft of the form that has this id) or on a form's page."""
    user = me(request)
    require(user, Verb.FORM_UPDATE)
    form = get_object_or_404(readable_forms(user), pk=form_id) if form_id else None
    project = form.project if form else chosen_project(request)
    try:
        draft = take_workbook(project, request.FILES.get("file"), user, form)
    except Problem as problem:
        return refusal(request, problem, form)
    messages.success(
        request,
        _("“%(title)s” was read. Look through the draft, then publish it.")
        % {"title": draft.title},
    )
    return redirect("form_draft", form_id=draft.form_id)


def take_workbook(
    project: Project, file: UploadedFile | None, actor: User, form: Form | None = None
) -> FormVersion:
    """The draft made of an uploaded file; a form of that id that exists already gets it as its next draft.

    Warnings do not stop a draft: its page shows them before it is published.
    """
    if file is None or not file.size:
        raise Problem(MISSING, field=_("File"))
    name = file.name or ""
    kind = TYPES.get(PurePath(name).suffix.lower())
    if kind is None:
        raise Problem(problems.WORKBOOK_UNREADABLE)
    content = file.read()
    if form is None:
        try:
            return upload_form(
                project, content, kind, actor=actor, filename=name, fallback_form_id=PurePath(name).stem,
                ignore_warnings=True,
            )  # fmt: skip
        except Problem as problem:
            if problem.kind is not problems.FORM_EXISTS:
                raise
            form = Form.objects.alive().get(project=project, xml_form_id=problem.tokens["form"])
    return set_draft(form, content, kind, actor=actor, filename=name, ignore_warnings=True)


def refusal(request: HttpRequest, problem: Problem, form: Form | None) -> HttpResponse:
    """What is wrong with the workbook, where, and what to do: the faults as a table."""
    if problem.kind.code not in ("400.15", "400.17", "400.25", "400.1", "413.1", "400.8", "400.2"):
        return problem_page(request, problem)
    file = request.FILES.get("file")
    context = {
        "form": form,
        "filename": file.name if file else "",
        "message": _(problem.kind.message) % problem.tokens,
        "cure": _(problem.kind.cure) % problem.tokens if problem.kind.cure else "",
        "places": [place.as_dict() for place in problem.places] or [{}],
        "raw": problem.details.get("error", ""),
        "projects": Project.objects.alive().order_by("pk"),
    }
    return render(request, "forms/refused.html", context, status=problem.kind.status)
