"""Failures that never reach a view: no such address, a fault of ours, a stale form, too many wrong passwords."""

from typing import Any

from axes.helpers import get_cool_off
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from server.problems import NOT_FOUND, Kind, Problem, gettext_noop
from server.shell.problems import problem_json, problem_page

FAULT = Kind(
    "500.1",
    500,
    gettext_noop("Something went wrong on the server; it is not your fault, and it was noted."),
    gettext_noop("Try again, and tell your administrator if it happens twice."),
)
STALE_FORM = Kind(
    "403.2",
    403,
    gettext_noop("This page was open for too long, so it was not sent."),
    gettext_noop("Go back, load the page anew and send it again."),
)
LOCKED_OUT = Kind(
    "429.2",
    429,
    gettext_noop("Too many wrong passwords. Logging in is locked for %(minutes)s minutes."),
    gettext_noop("Wait, then try again, or ask your administrator for a new password."),
)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """No such address."""
    return _answer(request, Problem(NOT_FOUND))


def server_error(request: HttpRequest) -> HttpResponse:
    """A fault of ours. Drawn without menu or user, because the database may be what is missing."""
    problem = Problem(FAULT)
    if request.path.startswith("/v1/"):
        return JsonResponse(problem_json(problem), status=500)
    return render(None, "shell/fault.html", {"kind": FAULT}, status=500)  # type: ignore[arg-type]


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The CSRF token is missing or old."""
    return _answer(request, Problem(STALE_FORM))


def locked_out(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    """axes has counted too many failures."""
    rest = get_cool_off(request)
    return _answer(
        request, Problem(LOCKED_OUT, minutes=int(rest.total_seconds() // 60) if rest else 15)
    )


def _answer(request: HttpRequest, problem: Problem) -> HttpResponse:
    if request.path.startswith("/v1/"):
        return JsonResponse(problem_json(problem), status=problem.kind.status)
    return problem_page(request, problem)
