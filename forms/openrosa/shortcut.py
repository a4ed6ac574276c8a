"""A phone's plain new record past Django: no middleware, no routing, nothing to read but the record. It is most of what
a server of forms does, and what all phones do at the same hour.

WSGI middleware. Only what is ordinary in every respect is answered here, and only with 201; all else goes on as it
came, and is answered, or refused, by the view (`forms.openrosa.views.submission`).
"""

import logging
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl

from django.conf import settings
from django.db import close_old_connections, connection
from django.http import HttpRequest
from django.http.request import split_domain_port, validate_host
from django.utils import translation
from django.utils.http import http_date
from django.utils.translation import gettext as _

from forms.edge import XML, message_response
from forms.services.intake import take_in
from server import clock
from server.problems import Problem
from server.shell.csp import POLICY

logger = logging.getLogger("forms.openrosa")
Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

MAX_BODY = 64 * 1024  # larger ones hold files, or take longer to read than to get here
_ADDRESS = re.compile(r"/v1/key/([\w-]{1,100})/projects/(\d{1,9})/submission/?", re.ASCII)
_TYPE = re.compile(r'multipart/form-data; *boundary="?([\w\'()+,./:=?-]{1,70})"?', re.ASCII | re.I)
_HEAD = re.compile(
    rb'Content-Disposition: form-data; name="xml_submission_file"; filename="[^"\r\n]{1,255}"'
    rb"(\r\nContent-(Type|Length): [^\r\n]{1,100})*",
    re.I,
)
# each of them means something to the middleware that is passed by
_MARKS = ("HTTP_COOKIE", "HTTP_AUTHORIZATION", "HTTP_X_ACTION_NOTES", "SCRIPT_NAME", "HTTP_RANGE")


class Shortcut:
    """The middleware around `application`, which is Django's."""

    def __init__(self, application: Application) -> None:
        self._application = application

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """201 for a plain new record, else the application's answer."""
        if not _is_stored(environ):
            return self._application(environ, start_response)
        body, language = _thanks(environ.get("HTTP_ACCEPT_LANGUAGE", ""))
        start_response("201 Created", _headers(len(body), language, _is_secure(environ)))
        return [body]


def _is_stored(environ: Environ) -> bool:
    if environ["REQUEST_METHOD"] != "POST":
        return False
    address = _ADDRESS.fullmatch(environ.get("PATH_INFO", ""))
    kind = _TYPE.fullmatch(environ.get("CONTENT_TYPE", ""))
    if address is None or kind is None or not _is_ordinary(environ):
        return False
    length = environ.get("CONTENT_LENGTH") or ""
    if not length.isdecimal() or not 0 < int(length) <= MAX_BODY:
        return False
    body = environ["wsgi.input"].read(int(length))
    environ["wsgi.input"] = BytesIO(body)  # for the view, should it come to that
    xml = only_record(body, kind[1].encode())
    asked = dict(parse_qsl(environ.get("QUERY_STRING", "")))
    if xml is None or asked.keys() - {"deviceID"}:
        return False
    device_id, user_agent = asked.get("deviceID", ""), environ.get("HTTP_USER_AGENT", "")
    return _taken_in(address[1], int(address[2]), xml, device_id, user_agent)


def _taken_in(key: str, project_id: int, xml: bytes, device_id: str, user_agent: str) -> bool:
    try:
        return take_in(key, project_id, xml, device_id, user_agent)
    except Problem:
        return False  # the view says it in the phone's language
    except Exception as error:  # the view meets it again, and knows what to answer
        logger.warning("a record goes the long way: %s: %s", type(error).__name__, error)
        return False
    finally:
        if connection.connection is not None and not connection.in_atomic_block:
            close_old_connections()


def _is_ordinary(environ: Environ) -> bool:
    """Whether the middleware that is passed by would let the request through unchanged."""
    if any(environ.get(one) for one in _MARKS):
        return False
    if settings.SECURE_SSL_REDIRECT and not _is_secure(environ):
        return False
    forwarded = environ.get("HTTP_X_FORWARDED_HOST") if settings.USE_X_FORWARDED_HOST else None
    return _is_known_host(forwarded or environ.get("HTTP_HOST", ""))


def _is_secure(environ: Environ) -> bool:
    trusted = settings.SECURE_PROXY_SSL_HEADER
    if trusted and (told := environ.get(trusted[0])) is not None:
        return bool(told.split(",")[0].strip() == trusted[1])
    return bool(environ.get("wsgi.url_scheme") == "https")


@lru_cache(maxsize=64)
def _is_known_host(host: str) -> bool:
    domain, _port = split_domain_port(host)
    return bool(domain) and validate_host(domain, settings.ALLOWED_HOSTS)


def only_record(body: bytes, boundary: bytes) -> bytes | None:
    """The XML of a multipart body that holds nothing else; None for any other body."""
    start, end = b"--" + boundary + b"\r\n", b"\r\n--" + boundary + b"--"
    closing = body.find(b"\r\n--" + boundary, len(start))
    if not body.startswith(start) or closing < 0 or not body.startswith(end, closing):
        return None
    if body[closing + len(end) :].strip():
        return None
    head, parted, xml = body[len(start) : closing].partition(b"\r\n\r\n")
    return xml if parted and _HEAD.fullmatch(head) else None


@lru_cache(maxsize=256)
def _thanks(accepted: str) -> tuple[bytes, str]:
    """The answer in the phone's language, as `LocaleMiddleware` finds it, and that language."""
    request = HttpRequest()
    request.META["HTTP_ACCEPT_LANGUAGE"] = accepted
    language = translation.get_language_from_request(request)
    with translation.override(language):
        return message_response(_("The record has arrived and is stored."), 201).content, language


def _headers(length: int, language: str, is_secure: bool) -> list[tuple[str, str]]:
    """What the view and the middleware would have set."""
    found = [
        ("Content-Type", XML),
        ("X-OpenRosa-Version", "1.0"),
        ("Date", http_date(clock.now().timestamp())),
        ("Cache-Control", "no-cache, private"),
        ("Content-Language", language),
        ("Vary", "Accept-Language"),
        ("Content-Length", str(length)),
        ("Content-Security-Policy", POLICY),
        ("X-Frame-Options", settings.X_FRAME_OPTIONS),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", settings.SECURE_REFERRER_POLICY),
        ("Cross-Origin-Opener-Policy", settings.SECURE_CROSS_ORIGIN_OPENER_POLICY),
    ]
    if is_secure and settings.SECURE_HSTS_SECONDS:
        found.append(("Strict-Transport-Security", f"max-age={settings.SECURE_HSTS_SECONDS}"))
    return found
