"""Projects."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from forms.api.requests import asker, body_of, flag_of, is_extended, person, success, text_of
from forms.api.shapes import form_json, project_json
from forms.models import Project
from forms.services.offers import project_for
from forms.services.projects import create_project, delete_project, update_project
from forms.services.summaries import project_summary
from server.people.access import can, projects_with, verbs_held
from server.people.central import central_verbs
from server.people.models import User
from server.people.roles import Verb
from server.problems import UNEXPECTED, Problem


class Projects(APIView):
    """`/v1/projects`"""

    def get(self, request: Request) -> Response:
        actor = asker(request)
        if not isinstance(actor, User):
            return Response([])  # the contract: whoever may see none gets an empty list
        rows = Project.objects.alive().order_by("archived", "name", "id")
        if not can(actor, Verb.PROJECT_READ):
            rows = rows.filter(pk__in=projects_with(actor, Verb.PROJECT_READ))
        extended = is_extended(request)
        return Response([_shape(one, request, extended) for one in rows])

    def post(self, request: Request) -> Response:
        user = person(request, Verb.PROJECT_CREATE)
        body = body_of(request)
        name = text_of(body, "name")
        return Response(
            project_json(create_project(name, description=_description(body), actor=user))
        )


class OneProject(APIView):
    """`/v1/projects/{id}`"""

    def get(self, request: Request, project_id: int) -> Response:
        user = person(request, Verb.PROJECT_READ)
        project = project_for(user, project_id)
        if not is_extended(request):
            return Response(project_json(project))
        verbs = central_verbs(verbs_held(user))
        return Response(project_json(project, project_summary(project)) | {"verbs": verbs})

    def patch(self, request: Request, project_id: int) -> Response:
        user = person(request, Verb.PROJECT_UPDATE)
        project, body = project_for(user, project_id), body_of(request)
        changes: dict[str, Any] = {}
        if "name" in body:
            changes["name"] = text_of(body, "name")
        if "description" in body:
            changes["description"] = _description(body)
        if "archived" in body:
            changes["archived"] = flag_of(body, "archived", False)
        return Response(project_json(update_project(project, actor=user, **changes)))

    def delete(self, request: Request, project_id: int) -> Response:
        user = person(request, Verb.PROJECT_UPDATE)
        delete_project(project_for(user, project_id), actor=user)
        return success()


def _description(body: dict[str, Any]) -> str:
    value = body.get("description") or ""
    if not isinstance(value, str):
        raise Problem(
            UNEXPECTED, field="description", value=str(value)[:80], reason="a text is expected"
        )
    return value


def _shape(project: Project, request: Request, extended: bool) -> dict[str, Any]:
    shape = project_json(project, project_summary(project) if extended else None)
    if request.GET.get("forms", "").lower() == "true":
        rows = project.forms.published().select_related("current")  # type: ignore[attr-defined]
        shape["formList"] = [form_json(form, form.current) for form in rows if form.current]
    return shape
