"""What the API's views need of a request: who asks, the body checked for its shape, the contract's
headers.
"""

from typing import Any, cast

from django.conf import settings
from django.http import HttpRequest
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from server.people.access import require
from server.people.models import Actor, User
from server.people.roles import Verb
from server.problems import (
    FORBIDDEN,
    MISSING,
    TOO_LARGE,
    UNAUTHENTICATED,
    UNEXPECTED,
    UNPARSEABLE,
    Problem,
)

SUCCESS = {"success": True}


class RawParser(BaseParser):
    """The body as it came, whatever its type; up to what one file may have."""

    media_type = "*/*"

    def parse(  # type: ignore[override]
        self, stream: Any, media_type: str | None = None, parser_context: Any = None
    ) -> bytes:
        content: bytes = stream.read(settings.MAX_ATTACHMENT_BYTES + 1)
        if len(content) > settings.MAX_ATTACHMENT_BYTES:
            raise Problem(TOO_LARGE, limit=f"{settings.MAX_ATTACHMENT_BYTES // 1_000_000} MB")
        return content


def person(request: Request, *verbs: Verb) -> User:
    """The user who asks, if they may do all of `verbs`. The key of a phone or public link opens nothing here. Problems:
    401.2, 403.1.
    """
    actor = asker(request)
    if actor is not None and not isinstance(actor, User):
        raise Problem(FORBIDDEN)
    require(actor, *verbs)
    assert isinstance(actor, User)  # noqa: S101  `require` refuses everybody else
    return actor


def anybody(request: Request) -> Actor:
    """The user or phone that asks. Problem 401.2 for nobody."""
    actor = asker(request)
    if actor is None:
        raise Problem(UNAUTHENTICATED)
    return actor


def asker(request: Request) -> Actor | None:
    """The user or phone that asks, None for nobody."""
    return cast("Actor | None", request.user)


def body_of(request: Request) -> dict[str, Any]:
    """The JSON object that was sent. Problem 400.1 for anything else."""
    if not isinstance(request.data, dict):
        raise Problem(UNPARSEABLE, format="JSON", reason="an object is expected")
    return {name: value for name, value in request.data.items() if name != "__csrf"}


def text_of(body: dict[str, Any], name: str, *, limit: int = 200) -> str:
    """A text that must be there and not be blank. Problems: 400.2, 400.8."""
    value = body.get(name)
    if value is None:
        raise Problem(MISSING, field=name)
    if not isinstance(value, str) or not value.strip():
        raise Problem(UNEXPECTED, field=name, value=str(value)[:80], reason="a text is expected")
    if len(value) > limit:
        raise Problem(
            UNEXPECTED, field=name, value=f"{value[:40]}…", reason=f"at most {limit} characters"
        )
    return value


def flag_of(body: dict[str, Any], name: str, default: bool) -> bool:
    """A boolean, null counting as false. Problem 400.8."""
    value = body.get(name, default)
    if value is not None and not isinstance(value, bool):
        raise Problem(
            UNEXPECTED, field=name, value=str(value)[:80], reason="true or false is expected"
        )
    return bool(value)


def asked(request: Request | HttpRequest, name: str) -> bool:
    """Whether a query flag is set (`?publish=true`)."""
    return request.GET.get(name, "").lower() == "true"


def is_extended(request: Request) -> bool:
    """Whether extended metadata is wanted."""
    return bool(request.headers.get("X-Extended-Metadata", "").lower() == "true")


def success() -> Response:
    """The contract's answer where there is nothing to say."""
    return Response(SUCCESS)
