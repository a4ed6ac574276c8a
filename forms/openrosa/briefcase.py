"""ODK Briefcase's pull: `view/submissionList` and `view/downloadSubmission`, by its description of
Aggregate's interface.

The cursor looks like Aggregate's, because Briefcase reads the date in it; we go by the key beside it.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from urllib.parse import quote
from xml.sax.saxutils import escape

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.dateparse import parse_datetime
from lxml import etree

from forms.edge import XML, base_url, known_actor, openrosa
from forms.instance.hardened import child, parse_xml
from forms.instance.parse import MAX_XML
from forms.models import Form, Submission, SubmissionAttachment, SubmissionVersion
from forms.services.briefcase import MOST_ENTRIES, Start, entry_of, form_to_copy, next_entries
from server.journal.services import record
from server.people.access import api_time
from server.problems import MISSING, UNEXPECTED, Problem

_NAMESPACE = "http://opendatakit.org/submissions"
_CURSOR = "http://www.opendatakit.org/cursor"
_USUAL = 100
_LONGEST_CURSOR = 2000
# a form's id may hold brackets itself, so the last "[@version" counts
_KEY = re.compile(r"(?P<form>.+)\[@version=[^\]]*\]/[^\[\]/]+\[@key=(?P<key>[^\]]+)\]", re.DOTALL)
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


@openrosa("GET", "HEAD")
def submission_list(request: HttpRequest, project_id: int) -> HttpResponseBase:
    """The next portion of a form's instance IDs, and where to go on."""
    actor, form_id = known_actor(request), _asked(request, "formId")
    start, size = _start(request.GET.get("cursor", "")), _size(request)
    user, form = form_to_copy(actor, project_id, form_id)
    incomplete = request.GET.get("includeIncomplete", "").lower() == "true"
    rows = next_entries(user, form, start, size, with_incomplete=incomplete)
    record("submission.list", actor=user, subject=f"form:{form_id}", project_id=project_id)
    return _xml(_id_chunk(rows, request.GET.get("cursor", "")))


@openrosa("GET", "HEAD")
def download_submission(request: HttpRequest, project_id: int) -> HttpResponseBase:
    """One record as it was sent, with what the server knows of it, and its files."""
    actor = known_actor(request)
    form_id, instance_id = _parts(_asked(request, "formId"))
    user, form = form_to_copy(actor, project_id, form_id)
    version = entry_of(user, form, instance_id)
    files = version.attachments.filter(blob__isnull=False).select_related("blob")
    record(
        "submission.read", actor=user, subject=f"submission:{instance_id}", project_id=project_id
    )
    return _xml(_submission(version, files, _address(request, form, version.submission)))


def _xml(text: str) -> HttpResponse:
    return HttpResponse((_HEAD + text).encode(), content_type=XML)


def _asked(request: HttpRequest, name: str) -> str:
    value = request.GET.get(name, "").strip()
    if not value:
        raise Problem(MISSING, field=name)
    return value


def _size(request: HttpRequest) -> int:
    text = request.GET.get("numEntries", "").strip() or str(_USUAL)
    if not (text.isascii() and text.isdigit() and len(text) < 9 and int(text)):
        reason = "a whole number above 0 is expected"
        raise Problem(UNEXPECTED, field="numEntries", value=text[:40], reason=reason)
    return min(int(text), MOST_ENTRIES)


def _start(cursor: str) -> Start:
    """A cursor of ours, or one that Briefcase has made of a date to begin with. Problem: UNEXPECTED."""
    if cursor.strip() in ("", "0"):
        return Start()
    try:
        root = parse_xml(cursor.encode(), _LONGEST_CURSOR)
    except Problem as problem:
        raise _not_a_cursor(cursor) from problem
    key, at = (_text(root, name) for name in ("uriLastReturnedValue", "attributeValue"))
    if key.isascii() and key.isdigit() and len(key) < 19:
        return Start(after=int(key))
    try:
        since = parse_datetime(at)
        if since is not None:
            since = since.astimezone(UTC) if since.tzinfo else since.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise _not_a_cursor(cursor) from error
    if since is None:
        raise _not_a_cursor(cursor)
    return Start(since=since)


def _not_a_cursor(cursor: str) -> Problem:
    reason = "it is no resumptionCursor of this server"
    return Problem(UNEXPECTED, field="cursor", value=cursor[:80], reason=reason)


def _text(root: etree._Element, name: str) -> str:
    found = child(root, name)
    return (found.text or "").strip() if found is not None else ""


def _id_chunk(rows: Sequence[Submission], before: str) -> str:
    """The portion; where nothing is left, the cursor stays as it came, and Briefcase ends."""
    ids = "".join(f"<id>{escape(one.instance_id)}</id>" for one in rows)
    cursor = _cursor(rows[-1].pk, rows[-1].created_at) if rows else before
    return (
        f'<idChunk xmlns="{_NAMESPACE}"><idList>{ids}</idList>'
        f"<resumptionCursor>{escape(cursor)}</resumptionCursor></idChunk>"
    )


def _cursor(key: int, at: datetime) -> str:
    return (
        f'<cursor xmlns="{_CURSOR}"><attributeName>_LAST_UPDATE_DATE</attributeName>'
        f"<attributeValue>{api_time(at)}</attributeValue>"
        f"<uriLastReturnedValue>{key}</uriLastReturnedValue>"
        "<isForwardCursor>true</isForwardCursor></cursor>"
    )


def _parts(text: str) -> tuple[str, str]:
    """Form and instance ID in `form[@version=null and @uiVersion=null]/data[@key=uuid:...]`. Problem:
    UNEXPECTED.
    """
    found = _KEY.fullmatch(text)
    if found is None:
        reason = "form[@version=null and @uiVersion=null]/root[@key=instanceID] is expected"
        raise Problem(UNEXPECTED, field="formId", value=text[:80], reason=reason)
    return found["form"], found["key"].strip("'\"")


def _submission(
    version: SubmissionVersion, files: Iterable[SubmissionAttachment], address: str
) -> str:
    media = "".join(_media(one, address) for one in files)
    return (
        f'<submission xmlns="{_NAMESPACE}" xmlns:orx="http://openrosa.org/xforms">'
        f"<data>{_data(version)}</data>{media}</submission>"
    )


def _data(version: SubmissionVersion) -> str:
    """The record's root element, with what the server knows as attributes."""
    submission = version.submission
    root = parse_xml(bytes(version.xml), MAX_XML)
    root.set("instanceID", submission.instance_id)
    root.set("submissionDate", str(api_time(submission.created_at)))
    root.set("isComplete", "true" if version.is_complete else "false")
    if version.is_complete:
        root.set("markedAsCompleteDate", str(api_time(version.created_at)))
    text = etree.tostring(root, encoding="unicode", with_tail=False)
    if None in root.nsmap:
        return text
    # or its answers would fall into the namespace of the frame, which means "encrypted"
    return re.sub(r"^<([^\s/>]+)", r'<\1 xmlns=""', text, count=1)


def _media(file: SubmissionAttachment, address: str) -> str:
    assert file.blob is not None  # noqa: S101  filtered
    return (
        f"<mediaFile><filename>{escape(file.name)}</filename><hash>md5:{file.blob.md5}</hash>"
        f"<downloadUrl>{escape(address + quote(file.name, safe=''))}</downloadUrl></mediaFile>"
    )


def _address(request: HttpRequest, form: Form, submission: Submission) -> str:
    names = (quote(one, safe="") for one in (form.xml_form_id, submission.instance_id))
    form_id, instance_id = names
    return (
        f"{base_url(request)}/projects/{form.project_id}/forms/{form_id}"
        f"/submissions/{instance_id}/attachments/"
    )
