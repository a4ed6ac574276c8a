"""Areas, schools, classes and units as a workbook: out, in again, a look at what would change, and then applied."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from forms import problems
from forms.services.place_workbooks import read_places, write_places
from forms.xlsform.guards import MAX_WORKBOOK, MB
from server.masterdata.applying import apply_draft, keep_draft
from server.masterdata.planning import plan
from server.people.access import require, scope_of
from server.people.roles import Verb
from server.people.web import me
from server.problems import Problem
from server.shell.problems import gettext as told

SHOWN = 500
TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@login_required
@require_GET
def export(request: HttpRequest) -> HttpResponse:
    """The workbook of the areas that this person keeps."""
    require(me(request), Verb.PLACE_UPDATE)
    response = HttpResponse(
        write_places(scope_of(me(request), Verb.PLACE_UPDATE)), content_type=TYPE
    )
    response["Content-Disposition"] = 'attachment; filename="places.xlsx"'
    return response


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """Upload a workbook and see what it would change."""
    user, file = me(request), request.FILES.get("file")
    require(user, Verb.PLACE_UPDATE)
    context: dict[str, Any] = {}
    if request.method == "POST":
        try:
            if file is None or (file.size or 0) > MAX_WORKBOOK:
                raise Problem(problems.WORKBOOK_TOO_LARGE, limit=f"{MAX_WORKBOOK // MB} MB")
            rows = read_places(file.read())
            made = plan(rows, user)
        except Problem as problem:
            context["error"] = problem.message_in(told)
        else:
            faults = [(one.places[0], one.message_in(told)) for one in made.faults[:SHOWN]]
            context |= {"plan": made, "steps": made.steps[:SHOWN], "faults": faults}
            if made.steps and not made.faults:
                context["draft"] = keep_draft(rows, user)
    return render(
        request, "forms/place_import.html", context, status=422 if "error" in context else 200
    )


@login_required
@require_POST
def apply(request: HttpRequest) -> HttpResponse:
    """Apply the workbook that was looked at."""
    user, said = me(request), request.POST.get("draft", "")
    require(user, Verb.PLACE_UPDATE)
    try:
        key = int(said) if said.isdecimal() and len(said) < 19 else 0
        made = apply_draft(key, user, request.POST.get("source", ""))
    except Problem as problem:
        context = {"error": problem.message_in(told)}
        return render(request, "forms/place_import.html", context, status=422)
    messages.success(request, _("%(number)s changes are applied.") % {"number": len(made.steps)})
    return redirect("places")
