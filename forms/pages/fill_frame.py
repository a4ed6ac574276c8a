"""What the pages on which a form is filled have in common: the document, what its script is told, and answers to it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.csrf import csrf_exempt

from forms import problems
from forms.files import attachment_response
from forms.instance.parse import open_submission
from forms.models import FormVersion
from forms.pages.fill_words import words
from forms.parcels import Arrival, read_arrival
from forms.services.web_forms import Audience, web_form_of
from server.people.models import User
from server.problems import UNAUTHENTICATED, Problem
from server.shell.failures import STALE_FORM
from server.shell.problems import as_problem, problem_json

POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; connect-src 'self' blob: data:; "
    "style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
DEVICE = "enketo"

View = Callable[..., HttpResponseBase]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One form on its page. `mode`: fill, edit, preview or link. `place`: under which name the browser keeps drafts;
    `files`: the address below which the form's files are; `back`: where the reader came from, "" for nowhere.
    """

    mode: str
    owner: str
    place: str
    files: str
    send: str = ""
    session: str = ""
    back: str = ""
    next: str = ""
    instance: str = ""
    attached: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)


def fill_page(request: HttpRequest, version: FormVersion, sheet: Sheet) -> HttpResponse:
    """The document with the form in it. It is kept by no cache: a record, or somebody's lists, may be inside."""
    context = {"data": page_data(version, sheet), "title": version.title, "sheet": sheet}
    response = render(request, "forms/fill/page.html", context)
    response["Content-Security-Policy"] = POLICY
    response["Cache-Control"] = "no-store, private"
    return response


def page_data(version: FormVersion, sheet: Sheet) -> dict[str, Any]:
    """What the page's script reads."""
    web = web_form_of(version)
    form, model = web.at(sheet.files)
    lists = [
        {"id": one.id, "name": one.name, "url": sheet.files + quote(one.name)} for one in web.lists
    ]
    return {
        "mode": sheet.mode, "owner": sheet.owner, "place": sheet.place, "title": version.title,
        "form": form, "model": model, "instance": sheet.instance or None, "lists": lists,
        "files": dict(sheet.attached), "send": sheet.send, "session": sheet.session,
        "next": sheet.next, "login": f"{settings.LOGIN_URL}?next={quote(sheet.back or '/')}",
        "language": (get_language() or "zh")[:2], "sessionValues": {"deviceid": DEVICE, **sheet.values},
        "maxFile": settings.MAX_ATTACHMENT_BYTES, "maxRequest": settings.MAX_REQUEST_BYTES,
        "texts": words(),
    }  # fmt: skip


def form_file(
    request: HttpRequest, version: FormVersion, name: str, audience: Audience
) -> HttpResponseBase:
    """A picture or list of the form as this reader gets it; the browser asks again each time. Problem 404.1."""
    response = attachment_response(request, version, name, audience.reach, audience.places)
    response["Cache-Control"] = "no-cache, private"
    return response


def sending(view: View) -> View:
    """A view that the page's script posts a record to: it reads the body itself, and refusals are JSON in the reader's
    language. Whoever comes by a cookie must carry the CSRF token (`check_token`).
    """

    @csrf_exempt
    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method != "POST":
            return view(request, *args, **kwargs)
        try:
            return view(request, *args, **kwargs)
        except Exception as error:
            problem = (
                Problem(problems.SERVER_BUSY)
                if isinstance(error, OperationalError)
                else as_problem(error)
            )
            if problem is None:
                raise
            return JsonResponse(problem_json(problem), status=problem.kind.status)

    return wrapped


@dataclass(frozen=True, slots=True)
class Sent:
    """What the script posted, and which record it replaces ("" for a new one)."""

    arrival: Arrival
    replaces: str


def read_sent(request: HttpRequest) -> Sent:
    """Problems: those of `read_arrival` and `open_submission`."""
    arrival = read_arrival(request)
    return Sent(arrival, open_submission(arrival.xml).envelope.deprecated_id)


class _TokenCheck(CsrfViewMiddleware):
    def _reject(self, request: HttpRequest, reason: str) -> Any:
        return reason


def check_token(request: HttpRequest) -> None:
    """After the body was read. Problem STALE_FORM without the token of the session's cookie."""
    check = _TokenCheck(lambda _request: HttpResponse())
    check.process_request(request)
    if check.process_view(request, None, (), {}):  # type: ignore[arg-type]
        raise Problem(STALE_FORM)


def sender(request: HttpRequest) -> User:
    """The person whose session this is. Problem 401.2 once it has ended."""
    user = request.user
    if not isinstance(user, User) or not user.is_active:
        raise Problem(UNAUTHENTICATED)
    return user


def owner_of(user: User) -> str:
    """Under which name the browser keeps what `user` has not sent."""
    return f"user:{user.pk}"


def values_of(user: User) -> dict[str, str]:
    """What forms ask the device about its user."""
    return {"username": user.display_name, "email": user.email, "phonenumber": user.phone}
