"""`/v1/key/<key>/...` is the same address as `/v1/...`, asked by the phone that holds the key (the
contract's app users).
"""

import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

_WITH_KEY = re.compile(r"/v1/key/([^/]+)(/.*)")


def app_user_path(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware that takes the key out of the path and leaves it on the request for
    `authentication.actor_of`.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        found = _WITH_KEY.fullmatch(request.path_info)
        if found:
            request.app_user_key = found.group(1)  # type: ignore[attr-defined]
            request.path_info = f"/v1{found.group(2)}"
        return get_response(request)

    return middleware


def link_prefix(request: HttpRequest) -> str:
    """What the path of a link to the API begins with, so that a phone stays with its key."""
    key = getattr(request, "app_user_key", None)
    return f"/v1/key/{key}" if key else "/v1"
