"""Turning encryption on for a project: what it ends, and the passphrase that nobody can recover."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from forms.models import Form, Project
from forms.services.encryption import LEAST_PASSPHRASE, encrypt_project, writers_of
from forms.services.offers import project_for
from server.people.access import can, projects_with, stand_at
from server.people.models import User
from server.people.roles import Verb
from server.people.web import me

LONGEST = 500


@login_required
@require_http_methods(["GET", "POST"])
def encryption(request: HttpRequest, project_id: int) -> HttpResponse:
    """How the project stands, and the door to encryption; it opens in one direction only."""
    user = me(request)
    stand_at(user, project_id)
    project = project_for(user, project_id, Verb.PROJECT_UPDATE)
    if request.method != "POST":
        return _page(request, project, "")
    complaint = _complaint(request)
    if complaint:
        return _page(request, project, complaint, status=400)
    hint = request.POST.get("hint", "").strip()[:LONGEST]
    encrypt_project(project, request.POST["passphrase"], hint, actor=user)
    messages.success(
        request,
        _(
            "“%(project)s” is encrypted from now on. Phones fetch its forms at their next connection."
        )
        % {"project": project.name},
    )
    return redirect("encryption", project_id=project.pk)


def encryptable_projects(user: User) -> QuerySet[Project]:
    """The projects whose encryption `user` may turn on."""
    rows = Project.objects.alive().select_related("key").order_by("pk")
    if can(user, Verb.PROJECT_UPDATE):
        return rows
    return rows.filter(pk__in=projects_with(user, Verb.PROJECT_UPDATE))


def _complaint(request: HttpRequest) -> str:
    passphrase = request.POST.get("passphrase", "")
    if len(passphrase) < LEAST_PASSPHRASE or not passphrase.strip():
        told = _("The passphrase must have at least %(least)s characters.")
        return told % {"least": LEAST_PASSPHRASE}
    if len(passphrase) > LONGEST:
        return _("The passphrase is too long.")
    if passphrase != request.POST.get("again", ""):
        return _("The two passphrases are not the same.")
    if not request.POST.get("understood"):
        return _("Confirm that you have read what encryption ends.")
    return ""


def _page(
    request: HttpRequest, project: Project, complaint: str, status: int = 200
) -> HttpResponse:
    context = {
        "project": project,
        "complaint": complaint,
        "hint": request.POST.get("hint", ""),
        "least": LEAST_PASSPHRASE,
        "forms": Form.objects.published().filter(project=project).count(),
        "writers": [] if project.key_id else writers_of(project),
    }
    return render(request, "forms/encryption.html", context, status=status)
