"""Accounts of people (the contract's Users), and passwords that were forgotten."""

from typing import Any

from django.db.models import Case, Q, QuerySet, Value, When
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from forms.api.requests import anybody, asked, body_of, is_extended, person, success, text_of
from server.accounts.mail import ask_for_reset
from server.accounts.users import (
    create_account,
    delete_account,
    invalidate_password,
    set_password,
    update_account,
    user_of_token,
)
from server.people.access import actor_json, scope_of, verbs_held
from server.people.authentication import WRONG_PASSWORD
from server.people.central import central_verbs
from server.people.models import User, token_digest
from server.people.roles import Verb
from server.problems import FORBIDDEN, NOT_FOUND, UNAUTHENTICATED, Problem

NAMES = {"displayName": ("display_name", 100), "email": ("email", 254)}


class Users(APIView):
    """`/v1/users`"""

    def get(self, request: Request) -> Response:
        user, wanted = person(request), request.GET.get("q", "").strip()
        rows = User.objects.filter(deleted_at=None)
        if not administers(user):  # the contract: an exact address is answered to everybody
            rows = rows.filter(email=wanted.lower()) if wanted else rows.none()
        elif wanted:
            rows = _best_first(rows, wanted)
        else:
            rows = rows.order_by("email")
        return Response([user_json(one) for one in rows])

    def post(self, request: Request) -> Response:
        admin, body = administrator(request), body_of(request)
        password = None
        if body.get("password") is not None:
            password = text_of(body, "password", limit=1000)
        name = text_of(body, "displayName", limit=100) if body.get("displayName") else ""
        email = text_of(body, "email", limit=254)
        user = create_account(email, actor=admin, password=password, display_name=name)
        return Response(user_json(user))


class OneUser(APIView):
    """`/v1/users/{actorId}`"""

    def get(self, request: Request, user_id: int) -> Response:
        return Response(user_json(_self_or_administered(request, user_id)))

    def patch(self, request: Request, user_id: int) -> Response:
        user, body = _self_or_administered(request, user_id), body_of(request)
        changes = {
            field: text_of(body, name, limit=limit)
            for name, (field, limit) in NAMES.items()
            if name in body
        }
        return Response(user_json(update_account(user, actor=person(request), **changes)))

    def delete(self, request: Request, user_id: int) -> Response:
        admin = administrator(request)
        delete_account(_living(user_id), actor=admin)
        return success()


class Password(APIView):
    """`/v1/users/{actorId}/password`: who changes it proves that they know the old one."""

    def put(self, request: Request, user_id: int) -> Response:
        user, body = _self_or_administered(request, user_id), body_of(request)
        old, new = text_of(body, "old", limit=1000), text_of(body, "new", limit=1000)
        if not user.check_password(old):
            raise Problem(WRONG_PASSWORD)
        set_password(user, new, actor=person(request))
        return success()


class ResetInitiate(APIView):
    """`/v1/users/reset/initiate`: anybody may ask, and learns nothing from the answer."""

    def post(self, request: Request) -> Response:
        email = text_of(body_of(request), "email", limit=254).strip().lower()
        if asked(request, "invalidate"):
            admin = administrator(request)
            user = User.objects.filter(email=email, deleted_at=None).first()
            if user is not None:
                invalidate_password(user, actor=admin)
        ask_for_reset(email)
        return success()


class ResetVerify(APIView):
    """`/v1/users/reset/verify`: a new password with the token of the mail as Bearer."""

    authentication_classes = []  # the token is no session

    def post(self, request: Request) -> Response:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        user = user_of_token(token_digest(token.strip())) if scheme.lower() == "bearer" else None
        if user is None:
            raise Problem(UNAUTHENTICATED)
        set_password(user, text_of(body_of(request), "new", limit=1000), actor=user)
        return success()


class CurrentUser(APIView):
    """`/v1/users/current`"""

    def get(self, request: Request) -> Response:
        actor = anybody(request)
        if not isinstance(actor, User):
            raise Problem(FORBIDDEN)
        shape = user_json(actor)
        if is_extended(request):
            verbs = central_verbs(verbs_held(actor))
            shape |= {"verbs": verbs, "preferences": _preferences(actor)}
        return Response(shape)


def user_json(user: User) -> dict[str, Any]:
    """The contract's User."""
    return actor_json(user) | {"email": user.former_email or user.email}


def administers(user: User) -> bool:
    """Whether this person manages the accounts of the whole site."""
    return scope_of(user, Verb.USER_CREATE).everywhere


def administrator(request: Request) -> User:
    """The administrator who asks. Problems: 401.2, 403.1."""
    user = person(request, Verb.USER_CREATE)
    if not administers(user):
        raise Problem(FORBIDDEN)
    return user


def _self_or_administered(request: Request, user_id: int) -> User:
    """One's own account, or any for an administrator; whether others exist is told to nobody else."""
    user = person(request)
    if user.pk == user_id:
        return user
    administrator(request)
    return _living(user_id)


def _living(user_id: int) -> User:
    found = User.objects.filter(pk=user_id, deleted_at=None).first()
    if found is None:
        raise Problem(NOT_FOUND)
    return found


def _best_first(rows: QuerySet[User], wanted: str) -> QuerySet[User]:
    match = Q(email__icontains=wanted) | Q(display_name__icontains=wanted)
    exact = Q(email__iexact=wanted) | Q(display_name__iexact=wanted)
    start = Q(email__istartswith=wanted) | Q(display_name__istartswith=wanted)
    rank = Case(When(exact, then=Value(0)), When(start, then=Value(1)), default=Value(2))
    return rows.filter(match).annotate(rank=rank).order_by("rank", "email")


def _preferences(user: User) -> dict[str, Any]:
    shape: dict[str, Any] = {"site": {}, "projects": {}}
    for one in user.preferences.order_by("project_id", "name"):
        if one.project_id is None:
            shape["site"][one.name] = one.value
        else:
            shape["projects"].setdefault(str(one.project_id), {})[one.name] = one.value
    return shape
