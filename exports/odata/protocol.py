"""What an OData request says besides its address, and what every OData answer looks like."""

import base64
import binascii
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from xml.sax.saxutils import escape

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

from exports.edge import own_url, reading, told
from exports.problems import EXPAND, FORMAT, NOT_SUPPORTED, SELECT_EXPAND, SKIPTOKEN
from exports.writers.text import begun, in_chunks
from server.problems import NOT_FOUND, UNEXPECTED, Problem

JSON = "application/json; charset=utf-8; odata.metadata=minimal"
XML = "application/xml; charset=utf-8"
WHOLE = 1000  # up to so many rows are answered in one piece
_OPTIONS = frozenset(
    [
        "$format",
        "$count",
        "$skip",
        "$top",
        "$filter",
        "$wkt",
        "$expand",
        "$select",
        "$skiptoken",
        "$orderby",
        "$search",
    ]
)
_IS_JSON = re.compile(r"(^|,)\s*(application/json|json)\s*($|;|,)", re.IGNORECASE)
_IS_XML = re.compile(r"(^|,)\s*(application/(atom(svc)?\+)?xml|atom|xml)\s*($|;|,)", re.IGNORECASE)
_TOKEN_VERSION = "01"  # noqa: S105  of the scheme, as Central writes it
_LARGEST = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Query:
    """The query options. `token`: where the page before ended."""

    top: int | None = None
    skip: int = 0
    token: dict[str, str] | None = None
    count: bool = False
    filter: str | None = None
    orderby: str = ""
    select: str = ""
    search: str = ""
    expand: bool = False
    wkt: bool = False


def query_of(request: HttpRequest) -> Query:
    """The options of a request. Problems: 400.8, 400.35, NOT_SUPPORTED (order with a token)."""
    get = request.GET.get
    token = get("$skiptoken")
    orderby = (get("$orderby") or "").strip()
    if orderby and token:
        raise Problem(NOT_SUPPORTED, feature="$orderby with $skiptoken")
    select = (get("$select") or "").strip()
    return Query(
        top=_number(request, "$top"),
        skip=0 if token else _number(request, "$skip") or 0,
        token=_read_token(token) if token else None,
        count=(get("$count") or "").lower() == "true",
        filter=get("$filter"),
        orderby=orderby,
        select="" if select == "*" else select,
        search=(get("$search") or "").strip(),
        expand=bool(get("$expand")),
        wkt=(get("$wkt") or "").lower() == "true",
    )


def check_json(request: HttpRequest) -> None:
    """Refuse what this service cannot do. Problems: 406.1, 404.1, 501.1, 501.6, 501.11."""
    _check(request, _IS_JSON, _IS_XML, "application/json")


def check_xml(request: HttpRequest) -> None:
    """The same for the metadata document."""
    _check(request, _IS_XML, _IS_JSON, "application/xml")


def _check(
    request: HttpRequest, wanted: re.Pattern[str], other: re.Pattern[str], allowed: str
) -> None:
    asked = request.GET.get("$format") or request.headers.get("Accept", "")
    if other.search(asked) and not wanted.search(asked) and "*/*" not in asked:
        raise Problem(FORMAT, allowed=allowed)
    newest = request.headers.get("OData-MaxVersion", "").strip()
    if re.fullmatch(r"[0-3](\.\d+)?", newest):
        raise Problem(NOT_FOUND)
    for name in request.GET:
        if name not in _OPTIONS:
            raise Problem(NOT_SUPPORTED, feature=name[:80])
    expand = request.GET.get("$expand")
    if expand and expand != "*":
        raise Problem(EXPAND, text=expand[:80])
    if expand and request.GET.get("$select"):
        raise Problem(SELECT_EXPAND)


def refuse_xml(problem: Problem) -> HttpResponse:
    """A problem as the metadata document's readers expect it."""
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<error code="{escape(problem.kind.code)}">\n'
        f"  <message>{escape(told(problem))}</message>\n  <details></details>\n</error>"
    )
    return HttpResponse(body, status=problem.kind.status, content_type=XML)


json_service = reading(check_json)
xml_service = reading(check_xml, refuse_xml)


def answer_json(body: dict[str, Any]) -> HttpResponse:
    """A small document."""
    return _marked(HttpResponse(json.dumps(body, ensure_ascii=False), content_type=JSON))


def answer_xml(text: str) -> HttpResponse:
    """A metadata document."""
    return _marked(HttpResponse(text, content_type=XML))


def answer_rows(
    request: HttpRequest, table: str, rows: Iterator[str], query: Query, tail: "Tail"
) -> HttpResponseBase:
    """The rows of a table as a data document, streamed where there may be many."""
    chunks = begun(in_chunks(_document(request, table, rows, tail)))
    if query.top is not None and query.top <= WHOLE:
        return _marked(HttpResponse(b"".join(chunks), content_type=JSON))
    return _marked(StreamingHttpResponse(chunks, content_type=JSON))


@dataclass(slots=True)
class Tail:
    """What stands behind the rows and is known only then."""

    count: int | None = None
    next_link: str = ""

    def closing(self, context: str) -> str:
        """The rest of the document."""
        parts = [f'"@odata.context":{json.dumps(context)}']
        if self.next_link:
            parts.append(f'"@odata.nextLink":{json.dumps(self.next_link)}')
        if self.count is not None:
            parts.append(f'"@odata.count":{self.count}')
        return f"],{','.join(parts)}}}"


def _document(request: HttpRequest, table: str, rows: Iterator[str], tail: Tail) -> Iterator[str]:
    yield '{"value":['
    first = next(rows, None)
    if first is not None:
        yield first
        for row in rows:
            yield ","
            yield row
    yield tail.closing(f"{service_url(request)}/$metadata#{table}")


def service_url(request: HttpRequest) -> str:
    """The address of the service: up to `.svc`."""
    return own_url(request, request.path[: request.path.rindex(".svc") + len(".svc")])


def next_link(request: HttpRequest, query: Query, last: dict[str, str]) -> str:
    """Where the next page is: behind `last`, or by number where the order is the reader's own."""
    kept = [
        (name, value) for name, value in request.GET.items() if name not in ("$skip", "$skiptoken")
    ]
    if query.orderby:
        kept.append(("$skip", str(query.skip + (query.top or 0))))
    else:
        kept.append(("$skiptoken", write_token(last)))
    return f"{own_url(request)}?{urlencode(kept)}"


def write_token(place: dict[str, str]) -> str:
    """A token that `query_of` reads."""
    text = json.dumps(place, separators=(",", ":"))
    return _TOKEN_VERSION + base64.b64encode(text.encode()).decode()


def _read_token(token: str) -> dict[str, str]:
    try:
        if not token.startswith(_TOKEN_VERSION) or len(token) > 4000:
            raise ValueError("another scheme")
        place = json.loads(base64.b64decode(token[2:], validate=True))
    except (ValueError, binascii.Error, RecursionError) as error:
        raise Problem(SKIPTOKEN) from error
    if not isinstance(place, dict) or not all(
        isinstance(one, str) and one.isprintable() for one in place.values()
    ):
        raise Problem(SKIPTOKEN)
    return place


def _number(request: HttpRequest, name: str) -> int | None:
    text = (request.GET.get(name) or "").strip()
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or int(text[:20]) > _LARGEST:
        raise Problem(UNEXPECTED, field=name, value=text[:40], reason="a whole number is expected")
    return int(text)


def _marked(response: Any) -> Any:
    response["OData-Version"] = "4.0"
    return response
