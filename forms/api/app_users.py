"""App users (phones) and which forms they may use."""

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from forms.api.forms import form_of
from forms.api.requests import body_of, is_extended, person, success, text_of
from forms.api.shapes import app_user_json
from forms.models import Form, ProjectAppUser
from forms.services import create_app_user, revoke_app_user
from forms.services.offers import project_for
from forms.services.phone_scope import readable_phones, workers_for
from forms.services.phones import allow_form, delete_app_user, forbid_form
from server.people.access import actor_json, scope_of
from server.people.models import AppUser, User
from server.people.roles import Verb
from server.problems import FORBIDDEN, NOT_FOUND, UNEXPECTED, Problem

# The roles that Central has on forms; the numbers are ours, clients ask for them or use the names
ROLES = {"app-user": 4}


class AppUsers(APIView):
    """`/v1/projects/{projectId}/app-users`"""

    def get(self, request: Request, project_id: int) -> Response:
        user = person(request, Verb.FIELD_KEY_CREATE)
        project = project_for(user, project_id)
        extended = is_extended(request)
        rows = _phones(user, project.pk).order_by("-id")
        return Response([app_user_json(one, project.pk, extended=extended) for one in rows])

    def post(self, request: Request, project_id: int) -> Response:
        user = person(request, Verb.FIELD_KEY_CREATE)
        project, body = project_for(user, project_id), body_of(request)
        worker = _worker(user, body.get("workerId"))
        # Without a worker it is Central's app user: no form until assigned, then all rows of its
        # lists
        phone = create_app_user(
            project,
            text_of(body, "displayName", limit=100),
            worker,
            actor=user,
            all_forms=worker is not None,
            sees_all_entities=worker is None,
        )
        return Response(app_user_json(phone, project.pk))


class OneAppUser(APIView):
    """`/v1/projects/{projectId}/app-users/{id}`"""

    def get(self, request: Request, project_id: int, app_user_id: int) -> Response:
        user = person(request, Verb.FIELD_KEY_CREATE)
        project = project_for(user, project_id)
        phone = _phone(user, project.pk, app_user_id)
        return Response(app_user_json(phone, project.pk, extended=is_extended(request)))

    def delete(self, request: Request, project_id: int, app_user_id: int) -> Response:
        user = person(request, Verb.FIELD_KEY_CREATE)
        phone = _phone(user, project_for(user, project_id).pk, app_user_id)
        revoke_app_user(phone, actor=user)
        delete_app_user(phone, actor=user)
        return success()


class FormAssignments(APIView):
    """`/v1/projects/{projectId}/forms/{xmlFormId}/assignments` and `.../{roleId}`"""

    def get(self, request: Request, project_id: int, xml_form_id: str, role: str = "") -> Response:
        form = form_of(person(request, Verb.FIELD_KEY_CREATE), project_id, xml_form_id)
        phones = _assigned(form)
        if role:
            _check_role(role)
            return Response([actor_json(one) for one in phones])
        if is_extended(request):
            return Response(
                [{"actor": actor_json(one), "roleId": ROLES["app-user"]} for one in phones]
            )
        return Response([{"actorId": one.pk, "roleId": ROLES["app-user"]} for one in phones])


class OneFormAssignment(APIView):
    """`/v1/projects/{projectId}/forms/{xmlFormId}/assignments/{roleId}/{actorId}`"""

    def post(
        self, request: Request, project_id: int, xml_form_id: str, role: str, actor_id: int
    ) -> Response:
        user = person(request, Verb.FIELD_KEY_CREATE)
        _check_role(role)
        form = form_of(user, project_id, xml_form_id)
        allow_form(_phone(user, project_id, actor_id), form, actor=user)
        return success()

    def delete(
        self, request: Request, project_id: int, xml_form_id: str, role: str, actor_id: int
    ) -> Response:
        user = person(request, Verb.FIELD_KEY_CREATE)
        _check_role(role)
        form = form_of(user, project_id, xml_form_id)
        forbid_form(_phone(user, project_id, actor_id), form, actor=user)
        return success()


def _phones(user: User, project_id: int) -> QuerySet[AppUser]:
    """The project's phones that `user` may hand out: the answer shows their keys."""
    links = readable_phones(user).filter(project_id=project_id)
    return AppUser.objects.filter(project_link__in=links).select_related("created_by")


def _phone(user: User, project_id: int, app_user_id: int) -> AppUser:
    found = _phones(user, project_id).filter(pk=app_user_id).first()
    if found is None:
        raise Problem(NOT_FOUND)
    return found


def _assigned(form: Form) -> list[AppUser]:
    links = ProjectAppUser.objects.filter(project_id=form.project_id, app_user__deleted_at=None)
    mine = links.filter(forms=form) | links.filter(all_forms=True)
    return [
        one.app_user for one in mine.distinct().select_related("app_user").order_by("app_user_id")
    ]


def _check_role(role: str) -> None:
    if role not in ROLES and role not in map(str, ROLES.values()):
        raise Problem(NOT_FOUND)


def _worker(user: User, value: object) -> User | None:
    """Ours: the worker whose phone it is. None only for who holds the right everywhere. Problems: 403.1, UNEXPECTED."""
    if value is None:
        if not scope_of(user, Verb.FIELD_KEY_CREATE).everywhere:
            raise Problem(FORBIDDEN)
        return None
    found = workers_for(user).filter(pk=value).first() if isinstance(value, int) else None
    if found is None:
        reason = "there is no such user"
        raise Problem(UNEXPECTED, field="workerId", value=str(value)[:40], reason=reason)
    return found
