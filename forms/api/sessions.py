"""Logging in and out, and who one is."""

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from forms.api.requests import anybody, body_of, is_extended, person, success, text_of
from forms.services import revoke_app_user
from forms.services.phone_scope import readable_phones
from server.journal.services import record
from server.people.access import actor_json, api_time, require
from server.people.authentication import check_password, open_session
from server.people.models import ApiSession, User, token_digest
from server.people.roles import CAPABILITIES, Role, Verb
from server.problems import FORBIDDEN, NOT_FOUND, Problem


class Sessions(APIView):
    """`/v1/sessions`"""

    authentication_classes = []  # an old token beside the password must not spoil the login

    def post(self, request: Request) -> Response:
        body = body_of(request)
        email, password = text_of(body, "email"), text_of(body, "password", limit=1000)
        user = check_password(request._request, email, password)
        session, token = open_session(user)
        record("user.session.create", actor=user, subject=f"user:{user.pk}")
        return Response(
            {
                "token": token,
                "csrf": session.csrf,
                "createdAt": api_time(session.created_at),
                "expiresAt": api_time(session.expires_at),
            }
        )


class Restore(APIView):
    """`/v1/sessions/restore`: the session that this request belongs to."""

    def get(self, request: Request) -> Response:
        person(request)
        session = _session(request)
        if session is None:
            raise Problem(NOT_FOUND)
        return Response(
            {
                "csrf": session.csrf,
                "createdAt": api_time(session.created_at),
                "expiresAt": api_time(session.expires_at),
            }
        )


class CurrentSession(APIView):
    """`/v1/sessions/current`"""

    def delete(self, request: Request) -> Response:
        person(request)
        session = _session(request)
        if session is not None:
            session.delete()
        return success()


class OneSession(APIView):
    """`/v1/sessions/{token}`: one's own session, or the key of a phone."""

    def delete(self, request: Request, token: str) -> Response:
        user = person(request)
        session = ApiSession.objects.filter(digest=token_digest(token)).first()
        if session is not None:
            if session.user_id != user.pk:
                require(user, Verb.USER_CREATE)
            session.delete()
            return success()
        require(user, Verb.FIELD_KEY_CREATE)
        link = readable_phones(user).filter(app_user__key=token, app_user__revoked_at=None).first()
        if link is None:
            raise Problem(NOT_FOUND)
        revoke_app_user(link.app_user, actor=user)
        return success()


class CurrentUser(APIView):
    """`/v1/users/current`"""

    def get(self, request: Request) -> Response:
        actor = anybody(request)
        if not isinstance(actor, User):
            raise Problem(FORBIDDEN)
        shape = actor_json(actor) | {"email": actor.email}
        if is_extended(request):
            roles = [Role(one) for one in actor.grants.values_list("role", flat=True)]
            verbs = sorted({str(verb) for role in roles for verb in CAPABILITIES[role]})
            shape |= {"verbs": verbs, "preferences": {"site": {}, "projects": {}}}
        return Response(shape)


def _session(request: Request) -> ApiSession | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    return ApiSession.objects.filter(digest=token_digest(token.strip())).first()
