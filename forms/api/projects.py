"""Projects."""

from collections.abc import Iterator
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from forms.api.dataset_shapes import dataset_json
from forms.api.requests import (
    asked,
    asker,
    body_of,
    flag_of,
    is_extended,
    person,
    success,
    text_of,
)
from forms.api.shapes import form_json, project_json
from forms.models import Dataset, Form, Project
from forms.services.deep_update import replace_project, wanted_forms
from forms.services.offers import project_for
from forms.services.project_summaries import project_summaries
from forms.services.projects import create_project, delete_project, update_project
from forms.services.summaries import dataset_summaries, form_summaries
from forms.services.visibility import visible_in_lists
from server.people.access import all_grants_of, can, forms_with, projects_with, stand_at, verbs_held
from server.people.central import central_verbs
from server.people.models import User
from server.people.roles import Verb
from server.problems import UNEXPECTED, Problem

Json = dict[str, Any]
NAME, DESCRIPTION = 200, 20_000  # characters


class Projects(APIView):
    """`/v1/projects`"""

    def get(self, request: Request) -> Response:
        user = asker(request)
        if not isinstance(user, User):
            return Response([])  # the contract: whoever may see none gets an empty list
        rows = Project.objects.alive().order_by("archived", "name", "id")
        if not can(user, Verb.PROJECT_READ):
            rows = rows.filter(pk__in=projects_with(user, Verb.PROJECT_READ))
        shapes: dict[int, Json] = {}
        for some in _asked_together(user, list(rows)):
            shapes |= _shapes(user, some, request)
        return Response([shapes[one.pk] for one in rows])

    def post(self, request: Request) -> Response:
        user = person(request, Verb.PROJECT_CREATE)
        body = body_of(request)
        name = text_of(body, "name", limit=NAME)
        made = create_project(name, description=_description(body), actor=user)
        return Response(project_json(made))


class OneProject(APIView):
    """`/v1/projects/{id}`"""

    def get(self, request: Request, project_id: int) -> Response:
        user = person(request)
        project = project_for(user, project_id)
        if not is_extended(request):
            return Response(project_json(project))
        summary = project_summaries([project], visible_in_lists(user))[project.pk]
        return Response(project_json(project, summary) | {"verbs": central_verbs(verbs_held(user))})

    def patch(self, request: Request, project_id: int) -> Response:
        user = person(request, Verb.PROJECT_UPDATE)
        project, body = project_for(user, project_id), body_of(request)
        changes: Json = {}
        if "name" in body:
            changes["name"] = text_of(body, "name", limit=NAME).strip()
        if "description" in body:
            changes["description"] = _description(body)
        if "archived" in body:
            changes["archived"] = flag_of(body, "archived", False)
        return Response(project_json(update_project(project, actor=user, **changes)))

    def put(self, request: Request, project_id: int) -> Response:
        user = person(request, Verb.PROJECT_UPDATE, Verb.FORM_UPDATE)
        project, body = project_for(user, project_id), body_of(request)
        changed = replace_project(
            project,
            actor=user,
            name=text_of(body, "name", limit=NAME),
            description=_description(body),
            archived=flag_of(body, "archived", False),
            forms=wanted_forms(body.get("forms")),
        )
        return Response(project_json(changed))

    def delete(self, request: Request, project_id: int) -> Response:
        user = person(request, Verb.PROJECT_UPDATE)
        delete_project(project_for(user, project_id), actor=user)
        return success()


def _description(body: Json) -> str:
    value = body.get("description") or ""
    if not isinstance(value, str) or len(value) > DESCRIPTION:
        reason = f"a text of at most {DESCRIPTION} characters is expected"
        raise Problem(UNEXPECTED, field="description", value=str(value)[:80], reason=reason)
    return value


def _asked_together(user: User, projects: list[Project]) -> Iterator[list[Project]]:
    """All at once for who sees the same everywhere; one by one, with the roles held there, for others."""
    if all(grant.project_id is None for grant in all_grants_of(user)):
        yield projects
        return
    for one in projects:
        stand_at(user, one.pk)
        yield [one]


def _shapes(user: User, projects: list[Project], request: Request) -> dict[int, Json]:
    summaries = project_summaries(projects, visible_in_lists(user)) if is_extended(request) else {}
    shapes = {one.pk: project_json(one, summaries.get(one.pk)) for one in projects}
    if asked(request, "forms"):
        _add_forms(user, projects, shapes)
    if asked(request, "datasets"):
        _add_datasets(user, projects, shapes)
    return shapes


def _add_forms(user: User, projects: list[Project], shapes: dict[int, Json]) -> None:
    """`formList`: the published forms that the person may read, with extended metadata."""
    readable = {one.pk: forms_with(user, one.pk, Verb.FORM_READ) for one in projects}
    for shape in shapes.values():
        shape["formList"] = []
    rows = Form.objects.published().filter(project__in=projects)
    columns = rows.select_related("current__sheet", "created_by").defer(
        "current__xml", "current__fields"
    )
    forms = [
        one
        for one in columns.order_by("xml_form_id")
        if (only := readable[one.project_id]) is None or one.pk in only
    ]
    summaries = form_summaries(forms, visible_in_lists(user))
    for one in forms:
        if one.current:
            shape = form_json(one, one.current, summaries[one.pk])
            shapes[one.project_id]["formList"].append(shape)


def _add_datasets(user: User, projects: list[Project], shapes: dict[int, Json]) -> None:
    """`datasetList`: the lists that the person may read, with extended metadata."""
    for shape in shapes.values():
        shape["datasetList"] = []
    if not can(user, Verb.ENTITY_READ):
        return
    rows = Dataset.objects.filter(project__in=projects).exclude(published_at=None)
    datasets = list(rows.order_by("name"))
    summaries = dataset_summaries(datasets)
    for one in datasets:
        shapes[one.project_id]["datasetList"].append(dataset_json(one, summaries[one.pk]))
