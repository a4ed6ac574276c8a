"""No address may hold NUL: PostgreSQL keeps no text with it, and nothing here is called so."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext_lazy as _

from server.problems import UNPARSEABLE, Problem
from server.shell.problems import problem_json, problem_page

REASON = _("it holds a NUL character")


def no_nul(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware that answers such an address with 400 before anybody looks something up by it."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if "\0" not in request.path_info and "%00" not in request.META.get("QUERY_STRING", ""):
            return get_response(request)
        problem = Problem(UNPARSEABLE, format="address", reason=str(REASON))
        if request.path_info.startswith("/v1/"):
            return JsonResponse(problem_json(problem), status=problem.kind.status)
        return problem_page(request, problem)

    return middleware
