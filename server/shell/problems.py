"""Problems at the edges: JSON for the API, OpenRosa XML where the view asks for it, a page for people."""

import logging
from collections.abc import Callable
from typing import Any

from django.core.exceptions import (
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFilesSent,
)
from django.db import DataError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext
from rest_framework import exceptions

from server.problems import (
    FORBIDDEN,
    NOT_FOUND,
    TOO_LARGE,
    UNAUTHENTICATED,
    UNPARSEABLE,
    Kind,
    Problem,
    gettext_noop,
    told_in,
)

logger = logging.getLogger("server.shell")
METHOD = Kind("405.1", 405, gettext_noop("This address does not take this method."))
MEDIA_TYPE = Kind("415.1", 415, gettext_noop("This content type is not taken here."))
THROTTLED = Kind(
    "429.1", 429, gettext_noop("Too many requests."), gettext_noop("Wait a minute and try again.")
)


def problem_json(problem: Problem) -> dict[str, Any]:
    """Central's problem body: message, code, and details where there are any."""
    details = told_in(problem.details, gettext)
    if problem.places:
        details["places"] = [place.as_dict() for place in problem.places]
    body: dict[str, Any] = {"message": problem.message_in(gettext), "code": problem.kind.code}
    return body | {"details": details} if details else body


def as_problem(error: Exception) -> Problem | None:
    """The Problem that an exception of Django or DRF stands for; None if it is a fault of ours."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, Http404 | exceptions.NotFound):
        return Problem(NOT_FOUND)
    if isinstance(error, RequestDataTooBig | TooManyFilesSent):
        return Problem(TOO_LARGE, limit="12 MB")
    if isinstance(error, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
        return Problem(UNAUTHENTICATED)
    if isinstance(error, PermissionDenied | exceptions.PermissionDenied):
        return Problem(FORBIDDEN)
    for kind, types in (
        (METHOD, exceptions.MethodNotAllowed),
        (MEDIA_TYPE, exceptions.UnsupportedMediaType),
        (THROTTLED, exceptions.Throttled),
    ):
        if isinstance(error, types):
            return Problem(kind)
    # NUL in a text, a number beyond the column: what was sent. SQLite's driver raises the second
    if isinstance(error, DataError) or (
        isinstance(error, OverflowError) and "SQLite INTEGER" in str(error)
    ):
        logger.warning("the database refused a value: %s", error)
        return Problem(UNPARSEABLE, format="request", reason="a value cannot be stored")
    if isinstance(
        error,
        exceptions.ParseError
        | exceptions.ValidationError
        | SuspiciousOperation
        | UnicodeDecodeError,
    ):
        return Problem(UNPARSEABLE, format="request", reason=str(error)[:300])
    return None


def json_problem(error: Exception, context: Any) -> HttpResponse | None:
    """DRF's exception handler."""
    problem = as_problem(error)
    return JsonResponse(problem_json(problem), status=problem.kind.status) if problem else None


def problem_pages(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware that renders a Problem which left a view: JSON under /v1/, else a page."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return get_response(request)

    def process_exception(request: HttpRequest, error: Exception) -> HttpResponse | None:
        problem = as_problem(error)
        if problem is None:
            return None
        if request.path.startswith("/v1/"):
            return JsonResponse(problem_json(problem), status=problem.kind.status)
        return problem_page(request, problem)

    middleware.process_exception = process_exception  # type: ignore[attr-defined]
    return middleware


def problem_page(request: HttpRequest, problem: Problem) -> HttpResponse:
    """The page (or, for htmx, the fragment) that tells a person what went wrong."""
    template = (
        "shell/problem_fragment.html" if request.headers.get("HX-Request") else "shell/problem.html"
    )
    user = getattr(request, "user", None)
    known = user is not None and user.is_authenticated
    context = {
        "problem": problem,
        "message": gettext(problem.kind.message) % problem.tokens,
        "cure": gettext(problem.kind.cure) % problem.tokens if problem.kind.cure else "",
        "places": [p.as_dict() for p in problem.places],
        "layout": "shell/base.html" if known else "shell/document.html",
    }
    return render(request, template, context, status=problem.kind.status)
