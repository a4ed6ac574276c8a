"""App users (phones), and the properties that they may carry."""

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from forms.api.requests import body_of, is_extended, person, success, text_of
from forms.api.shapes import app_user_json
from forms.services import create_app_user, revoke_app_user
from forms.services.offers import project_for
from forms.services.phone_scope import phone_for, readable_phones, workers_for
from forms.services.phones import delete_app_user
from forms.services.public_links import links_for
from server.accounts.properties import (
    checked_properties,
    names_of,
    register_property,
    set_properties,
)
from server.people.access import scope_of
from server.people.models import AppUser, User
from server.people.roles import Verb
from server.problems import FORBIDDEN, UNEXPECTED, Problem


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
        name = text_of(body, "displayName", limit=100)
        checked_properties(project.pk, body.get("properties"))
        # Without a worker it is Central's app user: no form until assigned, then all rows of its
        # lists
        phone = create_app_user(
            project,
            name,
            worker,
            actor=user,
            all_forms=worker is not None,
            sees_all_entities=worker is None,
        )
        set_properties(phone, project.pk, body.get("properties"), actor=user)
        return Response(app_user_json(phone, project.pk))


class OneAppUser(APIView):
    """`/v1/projects/{projectId}/app-users/{id}`"""

    def get(self, request: Request, project_id: int, app_user_id: int) -> Response:
        user = person(request, Verb.FIELD_KEY_CREATE)
        project = project_for(user, project_id)
        phone = phone_for(user, project.pk, app_user_id)
        return Response(app_user_json(phone, project.pk, extended=is_extended(request)))

    def patch(self, request: Request, project_id: int, app_user_id: int) -> Response:
        user = person(request, Verb.FIELD_KEY_CREATE)
        phone = phone_for(user, project_for(user, project_id).pk, app_user_id)
        set_properties(phone, project_id, body_of(request).get("properties"), actor=user)
        return Response(app_user_json(phone, project_id, extended=True))

    def delete(self, request: Request, project_id: int, app_user_id: int) -> Response:
        user = person(request, Verb.FIELD_KEY_CREATE)
        phone = phone_for(user, project_for(user, project_id).pk, app_user_id)
        revoke_app_user(phone, actor=user)
        delete_app_user(phone, actor=user)
        return success()


class ActorProperties(APIView):
    """`/v1/projects/{projectId}/actor-properties`"""

    def get(self, request: Request, project_id: int) -> Response:
        user = person(request, Verb.FIELD_KEY_CREATE)
        names = names_of(project_for(user, project_id).pk)
        if not is_extended(request):
            return Response([{"name": name} for name in names])
        used = [
            *_phones(user, project_id).filter(deleted_at=None).values_list("properties", flat=True),
            *links_for(user).filter(form__project=project_id).values_list("properties", flat=True),
        ]
        return Response(
            [
                {"name": name, "values": sorted({one[name] for one in used if name in one})}
                for name in names
            ]
        )

    def post(self, request: Request, project_id: int) -> Response:
        user = person(request, Verb.PROJECT_UPDATE)
        name = text_of(body_of(request), "name", limit=128)
        register_property(project_for(user, project_id).pk, name, actor=user)
        return success()


def _phones(user: User, project_id: int) -> QuerySet[AppUser]:
    """The project's phones that `user` may hand out: the answer shows their keys."""
    links = readable_phones(user).filter(project_id=project_id)
    return AppUser.objects.filter(project_link__in=links).select_related("created_by")


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
