"""What calls about a draft bring with them: a document in one of three forms, the version that it was
made from; and what they get: files, differences."""

from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from rules.engine.document import Document
from rules.models import RuleSet
from rules.services.draft_files import TYPES, file_of, kind_of, read_upload
from rules.workbook import Change, count_changes
from rules.workbook.difference import Side
from server.problems import UNEXPECTED, Problem
from server.shell.downloads import disposition

Json = dict[str, Any]


def document_in(request: Request) -> Document:
    """The document in the body: XLSX, YAML or JSON by its content type and first bytes. Problems: those
    of `read_upload`."""
    content = request.data if isinstance(request.data, bytes) else b""  # nothing was sent
    return read_upload(content, kind_of(content, content_type=request.content_type or ""))


def expected_version(request: Request) -> int | None:
    """The `draft_version` in `If-Match`; None without the header, or for `*`. Problem UNEXPECTED."""
    header = request.headers.get("If-Match", "").strip()
    if header in ("", "*"):
        return None
    text = header.removeprefix("W/").strip('"')
    if not text.isdecimal() or len(text) > 9:
        reason = "the ETag of the draft is expected"
        raise Problem(UNEXPECTED, field="If-Match", value=header[:80], reason=reason)
    return int(text)


def tagged(response: HttpResponse, rule_set: RuleSet) -> HttpResponse:
    """`response` with the version of the draft as its ETag."""
    response["ETag"] = f'"{rule_set.draft_version}"'
    return response


def file_response(document: Json, kind: str, name: str) -> HttpResponse:
    """A document as a file to download."""
    response = HttpResponse(file_of(document, kind), content_type=TYPES[kind])
    response["Content-Disposition"] = disposition(f"{name}.{kind}")
    return response


def wanted_kind(request: Request) -> str:
    """The form that `Accept` asks for: xlsx, yaml or json."""
    accepted = request.headers.get("Accept", "")
    if "spreadsheetml" in accepted:
        return "xlsx"
    return "yaml" if "yaml" in accepted else "json"


def changes_json(changes: list[Change]) -> Json:
    """Differences, with the number of rows by kind."""
    counts = count_changes(changes)
    return {
        "added": counts.added,
        "removed": counts.removed,
        "changed": counts.changed,
        "moved": counts.moved,
        "changes": [change_json(change) for change in changes],
    }


def change_json(change: Change) -> Json:
    """One difference; `sentence` only for conditions."""
    return {
        "section": change.section,
        "id": change.id,
        "title": dict(change.title),
        "kind": change.kind,
        "field": change.field,
        "old": _side_json(change.old),
        "new": _side_json(change.new),
    }


def _side_json(side: Side | None) -> Json | None:
    if side is None:
        return None
    return {"text": side.text} | ({"sentence": dict(side.sentence)} if side.sentence else {})
