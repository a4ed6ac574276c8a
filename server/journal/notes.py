"""`X-Action-Notes`: what the caller says about a request goes into every entry that it writes (the contract)."""

from collections.abc import Callable
from contextvars import ContextVar
from urllib.parse import unquote

from django.http import HttpRequest, HttpResponse

LIMIT = 2000  # characters; more is cut, for the change itself is what matters
_notes: ContextVar[str] = ContextVar("anhu_action_notes", default="")


def notes_of_request() -> str:
    """The notes of the request that is being answered, "" without any."""
    return _notes.get()


def action_notes(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware that keeps the header for `record`. Percent-encoded, as Central has it: headers are ASCII."""

    def middleware(request: HttpRequest) -> HttpResponse:
        said = unquote(request.headers.get("X-Action-Notes", "")).replace("\0", "")[:LIMIT]
        token = _notes.set(said)
        try:
            return get_response(request)
        finally:
            _notes.reset(token)

    return middleware
