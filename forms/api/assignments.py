"""Who holds which of Central's roles on the site, on a project, on its forms. Phones hold "app-user"."""

from collections.abc import Iterable
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from forms.api.forms import form_of
from forms.api.requests import is_extended, person, success
from forms.api.users import administrator
from forms.models import Form
from forms.services.offers import project_for
from forms.services.phone_scope import phone_for
from forms.services.phones import (
    allow_form,
    allow_project,
    forbid_form,
    forbid_project,
    phones_on_form,
    phones_on_forms,
    phones_on_project,
)
from server.accounts.assignments import give_role, grants_on, grants_on_forms, strip_role
from server.people.access import actor_json, can, scope_of
from server.people.central import APP_USER, CentralRole, role_named
from server.people.models import Actor, User
from server.people.roles import Verb
from server.problems import FORBIDDEN, Problem

Held = tuple[Actor, int]  # who, and the number of the role


class SiteAssignments(APIView):
    """`/v1/assignments` and `/v1/assignments/{roleId}`"""

    def get(self, request: Request, role: str = "") -> Response:
        administrator(request)
        return _answer(request, _people(None), role)


class OneSiteAssignment(APIView):
    """`/v1/assignments/{roleId}/{actorId}`"""

    def post(self, request: Request, role: str, actor_id: int) -> Response:
        give_role(administrator(request), role_named(role), actor_id, None)
        return success()

    def delete(self, request: Request, role: str, actor_id: int) -> Response:
        strip_role(administrator(request), role_named(role), actor_id, None)
        return success()


class ProjectAssignments(APIView):
    """`/v1/projects/{projectId}/assignments` and `.../{roleId}`"""

    def get(self, request: Request, project_id: int, role: str = "") -> Response:
        user = person(request, Verb.ASSIGNMENT_CREATE)
        project = project_for(user, project_id)
        _check_whole(user)
        phones = [(one, APP_USER.id) for one in phones_on_project(project)]
        return _answer(request, [*_people(project.pk), *phones], role)


class OneProjectAssignment(APIView):
    """`/v1/projects/{projectId}/assignments/{roleId}/{actorId}`"""

    def post(self, request: Request, project_id: int, role: str, actor_id: int) -> Response:
        user, wanted = person(request), role_named(role)
        project = project_for(user, project_id, _verb_for(wanted))
        if wanted == APP_USER:
            allow_project(phone_for(user, project.pk, actor_id), actor=user)
        else:
            give_role(user, wanted, actor_id, project.pk)
        return success()

    def delete(self, request: Request, project_id: int, role: str, actor_id: int) -> Response:
        user, wanted = person(request), role_named(role)
        project = project_for(user, project_id, _verb_for(wanted))
        if wanted == APP_USER:
            forbid_project(phone_for(user, project.pk, actor_id), actor=user)
        else:
            strip_role(user, wanted, actor_id, project.pk)
        return success()


class AllFormAssignments(APIView):
    """`/v1/projects/{projectId}/assignments/forms` and `.../{roleId}`"""

    def get(self, request: Request, project_id: int, role: str = "") -> Response:
        user = person(request, Verb.ASSIGNMENT_CREATE)
        project = project_for(user, project_id)
        _check_whole(user)
        names = dict(Form.objects.alive().filter(project=project).values_list("pk", "xml_form_id"))
        held: list[tuple[Actor, int, int | None]] = [
            (one.user, _number(one.role), one.form_id) for one in grants_on_forms(project.pk)
        ]
        held += [(phone, APP_USER.id, form) for phone, form in phones_on_forms(project)]
        wanted = role_named(role).id if role else None
        return Response(
            [
                _named(request, actor, number) | {"xmlFormId": names[form_id]}
                for actor, number, form_id in held
                if form_id in names and wanted in (None, number)
            ]
        )


class FormAssignments(APIView):
    """`/v1/projects/{projectId}/forms/{xmlFormId}/assignments` and `.../{roleId}`"""

    def get(self, request: Request, project_id: int, xml_form_id: str, role: str = "") -> Response:
        user = person(request, Verb.FIELD_KEY_CREATE)
        form = form_of(user, project_id, xml_form_id)
        held: list[Held] = [(one, APP_USER.id) for one in phones_on_form(form)]
        if scope_of(user, Verb.ASSIGNMENT_CREATE).everywhere:
            held = [*_people(project_id, form.pk), *held]
        return _answer(request, held, role)


class OneFormAssignment(APIView):
    """`/v1/projects/{projectId}/forms/{xmlFormId}/assignments/{roleId}/{actorId}`"""

    def post(
        self, request: Request, project_id: int, xml_form_id: str, role: str, actor_id: int
    ) -> Response:
        wanted = role_named(role)
        user = person(request, _verb_for(wanted))
        form = form_of(user, project_id, xml_form_id)
        if wanted == APP_USER:
            allow_form(phone_for(user, project_id, actor_id), form, actor=user)
        else:
            give_role(user, wanted, actor_id, project_id, form.pk)
        return success()

    def delete(
        self, request: Request, project_id: int, xml_form_id: str, role: str, actor_id: int
    ) -> Response:
        wanted = role_named(role)
        user = person(request, _verb_for(wanted))
        form = form_of(user, project_id, xml_form_id)
        if wanted == APP_USER:
            forbid_form(phone_for(user, project_id, actor_id), form, actor=user)
        else:
            strip_role(user, wanted, actor_id, project_id, form.pk)
        return success()


def _people(project_id: int | None, form_id: int | None = None) -> list[Held]:
    return [(grant.user, _number(grant.role)) for grant in grants_on(project_id, form_id)]


def _number(system: str) -> int:
    return role_named(system).id


def _verb_for(role: CentralRole) -> Verb:
    return Verb.FIELD_KEY_CREATE if role == APP_USER else Verb.ASSIGNMENT_CREATE


def _check_whole(user: User) -> None:
    """Who works here in an area of their own only does not see who holds the whole. Problem 403.1."""
    if not (
        can(user, Verb.ASSIGNMENT_CREATE) and scope_of(user, Verb.ASSIGNMENT_CREATE).everywhere
    ):
        raise Problem(FORBIDDEN)


def _answer(request: Request, held: Iterable[Held], role: str) -> Response:
    """Pairs of actor and role; with `role` the actors alone."""
    if role:
        wanted = role_named(role).id
        return Response([actor_json(actor) for actor, number in held if number == wanted])
    return Response([_named(request, actor, number) for actor, number in held])


def _named(request: Request, actor: Actor, number: int) -> dict[str, Any]:
    if is_extended(request):
        return {"actor": actor_json(actor), "roleId": number}
    return {"actorId": actor.pk, "roleId": number}
