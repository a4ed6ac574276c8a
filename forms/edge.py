"""What every OpenRosa answer has in common: headers, conditional requests, and refusals as
OpenRosaResponse.
"""

import hashlib
import logging
from collections.abc import Callable
from functools import wraps
from typing import Any
from xml.sax.saxutils import escape

from django.conf import settings
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils.http import http_date, parse_etags
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt

from forms import problems
from server import clock
from server.people.authentication import actor_of
from server.people.keys import link_prefix
from server.people.models import Actor
from server.problems import UNAUTHENTICATED, Problem
from server.shell.problems import METHOD, as_problem, problem_json

logger = logging.getLogger("forms.openrosa")
XML = "text/xml; charset=utf-8"
View = Callable[..., HttpResponseBase]


def openrosa(*methods: str) -> Callable[[View], View]:
    """A view for `methods` whose refusals are OpenRosaResponses: Collect shows their message as it
    is.
    """
    return _edge(methods, _refusal)


def download(*methods: str) -> Callable[[View], View]:
    """A view that phones and API clients share: OpenRosa's headers, but JSON problems (the
    contract's).
    """
    return _edge(methods, _json_refusal)


def _edge(
    methods: tuple[str, ...], refuse: Callable[[Problem], HttpResponse]
) -> Callable[[View], View]:
    def decorate(view: View) -> View:
        @csrf_exempt
        @wraps(view)
        def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            try:
                if request.method not in methods:
                    raise Problem(METHOD)
                response = view(request, *args, **kwargs)
            except Exception as error:
                response = refuse(_problem(error))
            return _with_headers(response)

        return wrapped

    return decorate


def _problem(error: Exception) -> Problem:
    """The Problem to answer with; a fault of ours is raised again and becomes a 500 with a report
    in the log.
    """
    if isinstance(error, OperationalError):  # locked for too long, disk full, connection lost
        logger.error("nothing stored: %s", error)
        return Problem(problems.SERVER_BUSY)
    problem = as_problem(error)
    if problem is None:
        raise error
    return problem


def _refusal(problem: Problem) -> HttpResponse:
    response = message_response(problem.message_in(gettext), problem.kind.status, "error")
    return _challenge(response)


def _json_refusal(problem: Problem) -> HttpResponse:
    return _challenge(JsonResponse(problem_json(problem), status=problem.kind.status))


def _challenge(response: HttpResponse) -> HttpResponse:
    if response.status_code == 401:
        response["WWW-Authenticate"] = 'Basic realm="Anhu", charset="UTF-8"'
    return response


def message_response(message: str, status: int, nature: str = "") -> HttpResponse:
    """An OpenRosaResponse with one unprefixed message (collect-checklist section 7)."""
    body = (
        '<OpenRosaResponse xmlns="http://openrosa.org/http/response" items="0">'
        f'<message nature="{nature}">{escape(message)}</message></OpenRosaResponse>'
    )
    return HttpResponse(body.encode(), status=status, content_type=XML)


def xml_response(request: HttpRequest, content: str | bytes) -> HttpResponseBase:
    """A document that phones ask for again and again: 304 when they have it already."""
    body = content.encode() if isinstance(content, str) else content
    return cached_response(
        request,
        hashlib.md5(body, usedforsecurity=False).hexdigest(),
        lambda: HttpResponse(body, content_type=XML),
    )


def cached_response(
    request: HttpRequest, md5: str, make: Callable[[], HttpResponseBase]
) -> HttpResponseBase:
    """`make()` with an ETag, or 304 without calling it."""
    etag = f'"{md5}"'
    asked = parse_etags(request.headers.get("If-None-Match", ""))
    is_known = "*" in asked or etag in asked or f"W/{etag}" in asked
    response = HttpResponse(status=304) if is_known else make()
    response["ETag"] = etag
    return response


def _with_headers(response: HttpResponseBase) -> HttpResponseBase:
    response["X-OpenRosa-Version"] = "1.0"
    response["Date"] = http_date(clock.now().timestamp())
    # Collect obeys max-age, so without this a phone would not see a new form for that long
    response["Cache-Control"] = "no-cache, private"
    if response.status_code == 304:
        del response["Content-Type"]
    return response


def known_actor(request: HttpRequest) -> Actor:
    """Who asks. Problems: 401.2 for nobody, 401.3, 403.1."""
    actor, _ = actor_of(request)
    if actor is None:
        raise Problem(UNAUTHENTICATED)
    return actor


def base_url(request: HttpRequest) -> str:
    """Scheme, host and the prefix that keeps a phone with its key: every link must be absolute."""
    host = settings.BASE_URL or f"{request.scheme}://{request.get_host()}"
    return f"{host}{link_prefix(request)}"
