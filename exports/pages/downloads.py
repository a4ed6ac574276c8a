"""Files for people: the child roster and each form's submissions, as a spreadsheet or CSV."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from exports.answers import csv_answer, note_export, xlsx_answer
from exports.pages.encrypted import is_opened_with_passphrase
from exports.tables.roster import readable_children, roster_table
from exports.tables.submissions import submissions_table
from exports.writers.table import Table
from forms.models import Form, Project
from server import clock
from server.people.access import can, require
from server.people.roles import Verb
from server.people.web import me
from server.problems import NOT_FOUND, Problem


@login_required
@require_GET
def downloads(request: HttpRequest) -> HttpResponse:
    """What this person may take away."""
    require(me(request), Verb.EXPORT_READ)
    forms = (
        Form.objects.published()
        .filter(project__deleted_at=None)
        .select_related("current", "project")
        .annotate(is_sealed=is_opened_with_passphrase())
    )
    if not can(me(request), Verb.SUBMISSION_RESTRICTED):
        forms = forms.exclude(sensitivity=Form.Sensitivity.RESTRICTED)
    projects = [
        (project, readable_children(project.pk, me(request)).count())
        for project in Project.objects.alive().filter(rule_sets__isnull=False).distinct()
    ]
    return render(request, "exports/downloads.html", {"projects": projects, "forms": forms})


@login_required
@require_GET
def roster(request: HttpRequest, project_id: int, extension: str) -> HttpResponseBase:
    """The child roster of the reader's scope."""
    require(me(request), Verb.EXPORT_READ)
    get_object_or_404(Project.objects.alive(), pk=project_id)
    note_export(me(request), "roster", project_id)
    return _file(roster_table(project_id, me(request)), _("Roster"), extension)


@login_required
@require_GET
def submissions(request: HttpRequest, form_id: int, extension: str) -> HttpResponseBase:
    """One form's submissions in the reader's scope."""
    require(me(request), Verb.EXPORT_READ)
    form = Form.objects.published().select_related("current").filter(pk=form_id).first()
    if form is None or form.current is None:
        raise Problem(NOT_FOUND)
    note_export(me(request), f"form:{form.xml_form_id}", form.project_id)
    return _file(
        submissions_table(form, me(request), group_paths=False), form.current.title, extension
    )


def _file(table: Table, title: str, extension: str) -> HttpResponseBase:
    name = f"{title} {clock.today():%Y%m%d}.{extension}"
    return (
        xlsx_answer(table, name)
        if extension == "xlsx"
        else csv_answer(table, name, for_people=True)
    )
