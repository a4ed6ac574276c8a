"""Who asks: Bearer session tokens, Basic over https, app-user keys in the path, the web session's
cookie.

Order and refusals follow the contract: a credential that is offered and fails never falls back to
another or to nobody.
"""

import base64
import binascii
import json
import secrets
from typing import Any
from urllib.parse import parse_qs

from django.conf import settings
from django.contrib.auth import authenticate
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare
from django.utils.module_loading import import_string
from rest_framework.authentication import BaseAuthentication, CSRFCheck
from rest_framework.request import Request

from server import clock
from server.people.access import all_grants_of, stand_at
from server.people.models import Actor, ApiSession, AppUser, User, new_token, token_digest
from server.prepared import Prepared, partial
from server.problems import FORBIDDEN, UNAUTHENTICATED, Kind, Problem, gettext_noop

# Central's: over https it opens reading, and writing only beside the session's csrf, which no other site knows
SESSION_COOKIE = "__Host-session"
CSRF_BODY = 1_000_000  # bytes; whoever sends more names it in the header
WRONG_PASSWORD = Kind("401.2", 401, gettext_noop("The email or the password is wrong."))
BASIC_NEEDS_HTTPS = Kind("401.3", 401, gettext_noop("A password may only be sent over https."))


class CentralAuthentication(BaseAuthentication):
    """DRF's hook for `actor_of`; cookie logins must carry the CSRF token on writes."""

    def authenticate(self, request: Request) -> tuple[Actor, str] | None:
        actor, how = actor_of(request._request)
        if actor is None:
            return None
        if how == "cookie":
            _check_csrf(request._request)
        return actor, how

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def actor_of(request: HttpRequest) -> tuple[Actor | None, str]:
    """The actor and how it showed itself: "key", "bearer", "basic", "cookie" or "". They stand at the project
    and form of the address, so that roles held there count. Problems: 401.2, 401.3, 403.1."""
    actor, how = _shown(request)
    match = request.resolver_match
    project_id = match.kwargs.get("project_id") if match else None
    if isinstance(project_id, int):
        stand_on(actor, project_id, match.kwargs.get("xml_form_id"))  # type: ignore[union-attr]
    return actor, how


def stand_on(user: Actor | None, project_id: int, xml_form_id: str | None) -> None:
    """Ask about this form from now on (`access.stand_at`), for people; its key is looked up only for who holds a role
    on a form there.
    """
    if not isinstance(user, User):
        return
    on_forms = any(
        one.project_id == project_id and one.form_id is not None for one in all_grants_of(user)
    )
    form_id = None
    if xml_form_id is not None and on_forms:
        form_id = import_string(settings.FORM_KEY)(project_id, xml_form_id)
    stand_at(user, project_id, form_id)


def _shown(request: HttpRequest) -> tuple[Actor | None, str]:
    key = request.GET.get("st") or getattr(request, "app_user_key", None)
    if key:
        return key_holder(key), "key"
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return _user_of_token(value.strip()), "bearer"
    if scheme.lower() == "basic":
        return _user_of_basic(request, value.strip()), "basic"
    user: Any = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        return user, "cookie"
    token = request.COOKIES.get(SESSION_COOKIE, "")
    if (
        token
        and request.is_secure()
        and (request.method in ("GET", "HEAD") or _knows_csrf(request, token))
    ):
        return _user_of_token(token), "bearer"
    return None, ""


def _knows_csrf(request: HttpRequest, token: str) -> bool:
    """Whether a write comes with the csrf that `POST /v1/sessions` told: in the body as Central's `__csrf` (of a form,
    or of a small JSON object), or as the header X-CSRF-Token.
    """
    said = request.headers.get("X-CSRF-Token", "")
    length = request.headers.get("Content-Length", "")
    if not said and length.isdigit() and int(length) <= CSRF_BODY:
        said = _csrf_in(request)
    kept = ApiSession.objects.filter(digest=token_digest(token)).values_list("csrf", flat=True)
    return bool(said) and any(constant_time_compare(said, one) for one in kept)


def _csrf_in(request: HttpRequest) -> str:
    if request.content_type == "application/x-www-form-urlencoded":
        return parse_qs(request.body.decode("utf-8", "replace")).get("__csrf", [""])[0]
    try:
        body = json.loads(request.body) if request.content_type == "application/json" else {}
    except ValueError:  # the view says what is wrong with it
        return ""
    said = body.get("__csrf", "") if isinstance(body, dict) else ""
    return said if isinstance(said, str) else ""


_KEY_COLUMNS = ("pk", "display_name", "worker_id", "worker__is_active", "worker__deleted_at")
_by_key = Prepared(
    lambda marks: AppUser.objects.filter(
        key=marks.text("key"), revoked_at=None, deleted_at=None
    ).values_list(*_KEY_COLUMNS)
)


def key_holder(key: str) -> Actor:
    """The app user or the public link that this key opens. Problem 403.1 (Central's answer)."""
    found = app_user_of(key)
    if found is not None:
        return found
    link: Actor = import_string(settings.PUBLIC_LINK_OF)(key)
    return link


def app_user_of(key: str) -> AppUser | None:
    """The app user whose key this is, with its worker; None for an unknown or revoked key."""
    row = _by_key.first(key=key)
    if row is None:
        return None
    pk, display_name, worker_id, is_active, deleted_at = row
    found = partial(
        AppUser,
        id=pk,
        actor_ptr_id=pk,
        type=AppUser.Type.FIELD_KEY,
        display_name=display_name,
        key=key,
        worker_id=worker_id,
    )
    if worker_id is not None:
        active = bool(is_active) and deleted_at is None
        found.worker = partial(
            User, id=worker_id, actor_ptr_id=worker_id, is_active=active, deleted_at=None
        )
    return found


_USER_COLUMNS = tuple(one.attname for one in User._meta.concrete_fields)
_by_token = Prepared(
    lambda marks: ApiSession.objects.filter(
        digest=marks.text("digest"), user__is_active=True, user__deleted_at=None
    ).values_list("expires_at", *(f"user__{name}" for name in _USER_COLUMNS))
)


def _user_of_token(token: str) -> User:
    row = _by_token.first(digest=token_digest(token))
    if row is None or row[0] <= clock.now():
        raise Problem(UNAUTHENTICATED)
    return partial(User, **dict(zip(_USER_COLUMNS, row[1:], strict=True)))


def _user_of_basic(request: HttpRequest, value: str) -> User:
    if not request.is_secure() and request.META.get("REMOTE_ADDR") not in ("127.0.0.1", "::1"):
        raise Problem(BASIC_NEEDS_HTTPS)
    try:
        email, _, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise Problem(UNAUTHENTICATED) from error
    return check_password(request, email, password)


def check_password(request: HttpRequest, email: str, password: str) -> User:
    """The user with this email and password. Problem 401.2; repeated failures are locked out by
    axes.
    """
    user = authenticate(request, username=email.strip().lower(), password=password)
    if not isinstance(user, User) or user.deleted_at is not None:
        raise Problem(WRONG_PASSWORD)
    return user


def open_session(user: User) -> tuple[ApiSession, str]:
    """A new API session and its token, which is shown once."""
    token = new_token()
    return ApiSession.objects.create(
        user=user, digest=token_digest(token), csrf=secrets.token_urlsafe(48)
    ), token


def _check_csrf(request: HttpRequest) -> None:
    check = CSRFCheck(lambda _: None)  # type: ignore[arg-type]
    check.process_request(request)
    if check.process_view(request, None, (), {}):  # type: ignore[arg-type]
        raise Problem(FORBIDDEN)
