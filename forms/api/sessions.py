"""Logging in and out, and who one is."""

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from forms.api.requests import body_of, person, success, text_of
from forms.models import ProjectAppUser, PublicLink
from forms.services import revoke_app_user
from forms.services.phone_scope import readable_phones
from forms.services.public_links import links_for, revoke_link
from server.journal.services import record
from server.people.access import api_time, require, stand_at
from server.people.authentication import SESSION_COOKIE, check_password, open_session
from server.people.models import ApiSession, User, token_digest
from server.people.roles import Verb
from server.problems import NOT_FOUND, Problem


class Sessions(APIView):
    """`/v1/sessions`"""

    authentication_classes = []  # an old token beside the password must not spoil the login

    def post(self, request: Request) -> Response:
        body = body_of(request)
        email, password = text_of(body, "email"), text_of(body, "password", limit=1000)
        user = check_password(request._request, email, password)
        session, token = open_session(user)
        details = {"userAgent": request.headers.get("User-Agent", "")[:300]}
        record("user.session.create", actor=user, subject=f"actor:{user.pk}", details=details)
        answer = Response(
            {
                "token": token,
                "csrf": session.csrf,
                "createdAt": api_time(session.created_at),
                "expiresAt": api_time(session.expires_at),
            }
        )
        if request.is_secure():
            answer.set_cookie(
                SESSION_COOKIE, token, expires=session.expires_at, secure=True, httponly=True, samesite="Strict"
            )  # fmt: skip
        return answer


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
        answer = success()
        answer.delete_cookie(SESSION_COOKIE, samesite="Strict")
        return answer


class OneSession(APIView):
    """`/v1/sessions/{token}`: one's own session, the key of a phone, or a public link."""

    def delete(self, request: Request, token: str) -> Response:
        user = person(request)
        session = ApiSession.objects.filter(digest=token_digest(token)).first()
        if session is not None:
            if session.user_id != user.pk:
                require(user, Verb.USER_CREATE)
            session.delete()
            return success()
        if not _end_link(user, token):
            _end_phone(user, token)
        return success()


def _end_link(user: User, token: str) -> bool:
    """End the public link with this token, if it is one. Problems: 403.1, 404.1."""
    link = PublicLink.objects.alive().filter(token=token).select_related("form").first()
    if link is None:
        return False
    stand_at(user, link.form.project_id, link.form_id)  # a manager of that project may
    require(user, Verb.FIELD_KEY_CREATE)
    found = links_for(user).filter(pk=link.pk, revoked_at=None).first()
    if found is None:
        raise Problem(NOT_FOUND)
    revoke_link(found, actor=user)
    return True


def _end_phone(user: User, token: str) -> None:
    """End the phone with this key. Problems: 403.1, 404.1."""
    link = ProjectAppUser.objects.filter(app_user__key=token).first()
    if link is not None:
        stand_at(user, link.project_id)  # a manager of that project may
    require(user, Verb.FIELD_KEY_CREATE)
    link = readable_phones(user).filter(app_user__key=token, app_user__revoked_at=None).first()
    if link is None:
        raise Problem(NOT_FOUND)
    revoke_app_user(link.app_user, actor=user)


def _session(request: Request) -> ApiSession | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    return ApiSession.objects.filter(digest=token_digest(token.strip())).first()
