"""What every answer of this floor has in common: which form somebody may read out, the journal, and
refusals with the challenge that office programs wait for.
"""

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from functools import wraps
from typing import Any

from django.conf import settings
from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils.encoding import escape_uri_path
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt
from rest_framework.request import Request

from forms.api.requests import asker
from forms.models import Form, FormVersion
from forms.problems import SERVER_BUSY
from forms.services.offers import own_draft
from server.journal.services import record
from server.people.access import person_of, require
from server.people.authentication import actor_of
from server.people.models import Actor, AppUser, User
from server.people.roles import Verb
from server.prepared import Prepared, partial
from server.problems import FORBIDDEN, NOT_FOUND, UNAUTHENTICATED, Problem
from server.shell.problems import METHOD, as_problem, problem_json
from server.turns import write_turn

View = Callable[..., HttpResponseBase]
Refuse = Callable[[Problem], HttpResponse]


def refuse_json(problem: Problem) -> HttpResponse:
    """The contract's problem body."""
    return JsonResponse(problem_json(problem), status=problem.kind.status)


def reading(
    prepare: Callable[[HttpRequest], None] | None = None, refuse: Refuse = refuse_json
) -> Callable[[View], View]:
    """A view that answers GET and HEAD; `prepare` checks the request first. A 401 says how to log in,
    or Excel and Power BI would not ask for the password.
    """

    def decorate(view: View) -> View:
        @csrf_exempt
        @wraps(view)
        def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            try:
                if request.method not in ("GET", "HEAD"):
                    raise Problem(METHOD)
                if prepare:
                    prepare(request)
                response = view(request, *args, **kwargs)
            except Exception as error:
                response = refuse(_problem(error))
                if response.status_code == 401:
                    response["WWW-Authenticate"] = 'Basic realm="Anhu", charset="UTF-8"'
            response["Cache-Control"] = "private, no-cache"
            return response

        return wrapped

    return decorate


def _problem(error: Exception) -> Problem:
    if isinstance(error, OperationalError):
        return Problem(SERVER_BUSY)
    problem = as_problem(error)
    if problem is None:
        raise error
    return problem


def reader_of(request: HttpRequest | Request, *verbs: Verb) -> User:
    """The person who asks, if they may do all of `verbs`; phones read nothing out. Problems: 401.2,
    403.1.
    """
    actor = asker(request) if isinstance(request, Request) else actor_of(request)[0]
    if actor is None:
        raise Problem(UNAUTHENTICATED)
    if isinstance(actor, AppUser):
        raise Problem(FORBIDDEN)
    require(actor, *verbs)
    person = person_of(actor)
    if person is None:
        raise Problem(UNAUTHENTICATED)
    return person


_COLUMNS = ("pk", "sensitivity", "current_id", "current__sha256", "current__version")
_published = Prepared(
    lambda marks: (
        Form.objects.published()
        .filter(
            project_id=marks.number("project"),
            project__deleted_at=None,
            xml_form_id=marks.text("form"),
        )
        .values_list(*_COLUMNS)
    )
)


def published_form(project_id: int, xml_form_id: str) -> tuple[Form, FormVersion]:
    """The form and its current version, with the columns that reading needs. Problem 404.1."""
    row = _published.first(project=project_id, form=xml_form_id)
    if row is None:
        raise Problem(NOT_FOUND)
    pk, sensitivity, version_id, sha256, name = row
    form = partial(
        Form,
        id=pk,
        project_id=project_id,
        xml_form_id=xml_form_id,
        sensitivity=sensitivity,
        current_id=version_id,
    )
    return form, partial(FormVersion, id=version_id, form_id=pk, sha256=sha256, version=name)


def form_to_read(
    request: HttpRequest | Request, project_id: int, xml_form_id: str, *, is_draft: bool = False
) -> tuple[User, Form, FormVersion]:
    """Who asks, and the form that they may read out; a draft is for whoever may change the form.
    Problems: 401.2, 403.1, 404.1.
    """
    if is_draft:
        reader = reader_of(request, Verb.FORM_UPDATE)
        draft = own_draft(reader, project_id, xml_form_id)
        return reader, draft.form, draft
    reader = reader_of(request, Verb.SUBMISSION_READ)
    return reader, *published_form(project_id, xml_form_id)


def note_export(
    reader: Actor, what: str, project_id: int, details: Mapping[str, Any] | None = None
) -> None:
    """Say in the journal that personal data left the system."""
    # one statement, so only SQLite's writers need to take turns
    turn = write_turn() if connection.vendor == "sqlite" else nullcontext()
    with turn:
        record(
            "export.download", actor=reader, subject=what, project_id=project_id, details=details
        )


def own_url(request: HttpRequest, path: str = "") -> str:
    """The absolute, encoded address of this request, or of `path`."""
    host = settings.BASE_URL or f"{request.scheme}://{request.get_host()}"
    return f"{host}{escape_uri_path(path or request.path)}"


def told(problem: Problem) -> str:
    """What went wrong, in the reader's language."""
    return problem.message_in(gettext)
