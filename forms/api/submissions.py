"""Submissions: listed, sent, edited, reviewed; scoped to the reader's areas, schools and classes.
`is_draft` (from the address) means the records of the draft.
"""

import json
from collections.abc import Iterator

from django.db.models import F, Prefetch, Q, QuerySet
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.utils.encoding import escape_uri_path
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from forms import problems
from forms.api.bodies import XmlBody, xml_of
from forms.api.reading import note_read
from forms.api.requests import anybody, asked, body_of, is_extended, person, success
from forms.api.submission_finding import (
    changer_of,
    current_of,
    downloader_of,
    found_in,
    moved,
    reader_of,
    records_of,
    submission_of,
)
from forms.api.submission_shapes import submission_json
from forms.edge import XML, download
from forms.instance.parse import read_envelope
from forms.models import Form, FormVersion, Submission, SubmissionVersion
from forms.services import Receipt, receive_submission
from forms.services.offers import draft_under_test, own_draft
from forms.services.submissions import (
    delete_submission,
    restore_submission,
    set_review_state,
    submitters_of,
)
from server.people.access import actor_json
from server.people.models import Actor
from server.people.roles import Verb
from server.problems import NOT_FOUND, UNEXPECTED, Problem

CHUNK = 500  # records that are read at a time


class Submissions(APIView):
    """`.../submissions` and `.../draft/submissions`, the latter also by test token."""

    parser_classes = [XmlBody]

    def get(
        self, request: Request, project_id: int, xml_form_id: str, is_draft: bool = False
    ) -> HttpResponseBase:
        user = reader_of(request, is_draft)
        _, rows = records_of(user, project_id, xml_form_id, is_draft=is_draft)
        rows = rows.filter(deleted_at__isnull=not asked(request, "deleted"))
        answer = _listing(rows, request)
        note_read(user, "submission.list", f"form:{xml_form_id}", project_id)
        return answer

    def post(
        self, request: Request, project_id: int, xml_form_id: str, is_draft: bool = False
    ) -> Response:
        if not is_draft:
            return _created(request, project_id, xml_form_id, anybody(request), None)
        user = person(request, Verb.FORM_UPDATE)
        draft = own_draft(user, project_id, xml_form_id)
        return _created(request, project_id, xml_form_id, user, draft)


class TestSubmissions(APIView):
    """`/test/{token}/.../draft/submissions`: whoever has the token may send."""

    __test__ = False  # to pytest
    parser_classes = [XmlBody]

    def post(self, request: Request, project_id: int, xml_form_id: str, token: str) -> Response:
        draft = draft_under_test(token, project_id, xml_form_id)
        return _created(request, project_id, xml_form_id, None, draft)


class OneSubmission(APIView):
    """`.../submissions/{instanceId}`"""

    def get_parsers(self) -> list[BaseParser]:
        is_xml = self.request is not None and self.request.method == "PUT"
        return [XmlBody()] if is_xml else super().get_parsers()

    def get(
        self,
        request: Request,
        project_id: int,
        xml_form_id: str,
        instance_id: str,
        is_draft: bool = False,
    ) -> HttpResponseBase:
        user = reader_of(request, is_draft)
        _, rows = records_of(user, project_id, xml_form_id, is_draft=is_draft)
        found = found_in(rows, instance_id)
        if found is None:
            return moved(request, rows, instance_id)
        note_read(user, "submission.read", f"submission:{found.instance_id}", project_id)
        return Response(_shown(found, extended=is_extended(request)))

    def put(
        self,
        request: Request,
        project_id: int,
        xml_form_id: str,
        instance_id: str,
        is_draft: bool = False,
    ) -> Response:
        user = changer_of(request, is_draft)
        verb = Verb.SUBMISSION_UPDATE
        found = submission_of(user, project_id, xml_form_id, instance_id, verb, is_draft=is_draft)
        _check_replaces(found, xml_of(request))
        draft = own_draft(user, project_id, xml_form_id) if is_draft else None
        receipt = _received(request, project_id, xml_form_id, user, draft)
        return Response(_shown(receipt.submission))

    def patch(
        self, request: Request, project_id: int, xml_form_id: str, instance_id: str
    ) -> Response:
        user = changer_of(request, is_draft=False)
        found = submission_of(user, project_id, xml_form_id, instance_id, Verb.SUBMISSION_UPDATE)
        body = body_of(request)
        if "reviewState" in body:
            set_review_state(found, _review_state(body["reviewState"]), actor=user)
        return Response(_shown(found))

    def delete(
        self, request: Request, project_id: int, xml_form_id: str, instance_id: str
    ) -> Response:
        user = changer_of(request, is_draft=False)
        found = submission_of(user, project_id, xml_form_id, instance_id, Verb.SUBMISSION_UPDATE)
        delete_submission(found, actor=user)
        return success()


class OneDraftSubmission(OneSubmission):
    """`.../draft/submissions/{instanceId}`: nobody reviews what was sent to try a draft."""

    http_method_names = ["get", "head", "put", "options"]


class RestoreSubmission(APIView):
    """`.../submissions/{instanceId}/restore`"""

    def post(
        self, request: Request, project_id: int, xml_form_id: str, instance_id: str
    ) -> Response:
        user = changer_of(request, is_draft=False)
        _, rows = records_of(user, project_id, xml_form_id, verb=Verb.SUBMISSION_UPDATE)
        found = rows.filter(instance_id=instance_id).exclude(deleted_at=None).first()
        if found is None:
            raise Problem(NOT_FOUND)
        restore_submission(found, actor=user)
        return success()


class Submitters(APIView):
    """`.../submissions/submitters`: everybody who has sent a record that the asker may see, once."""

    def get(
        self, request: Request, project_id: int, xml_form_id: str, is_draft: bool = False
    ) -> Response:
        user = reader_of(request, is_draft)
        _, rows = records_of(user, project_id, xml_form_id, is_draft=is_draft)
        return Response([actor_json(one) for one in submitters_of(rows.filter(deleted_at=None))])


class Edit(APIView):
    """`.../submissions/{instanceId}/edit`: on to the page where the record is edited."""

    def get(
        self, request: Request, project_id: int, xml_form_id: str, instance_id: str
    ) -> HttpResponseBase:
        user = changer_of(request, is_draft=False)
        found = submission_of(user, project_id, xml_form_id, instance_id, Verb.SUBMISSION_UPDATE)
        if found.form.state != Form.State.OPEN:
            raise Problem(problems.EDITING_CLOSED, form=xml_form_id)
        page = f"/projects/{project_id}/forms/{xml_form_id}/submissions/{instance_id}/edit"
        return HttpResponseRedirect(escape_uri_path(page))


@download("GET", "HEAD")
def submission_xml(
    request: HttpRequest,
    project_id: int,
    xml_form_id: str,
    instance_id: str,
    is_draft: bool = False,
) -> HttpResponseBase:
    """The current version's XML, byte for byte as it was sent."""
    user = downloader_of(request)
    _, rows = records_of(user, project_id, xml_form_id, is_draft=is_draft)
    found = found_in(rows, instance_id)
    if found is None:
        return moved(request, rows, instance_id)
    note_read(user, "submission.read", f"submission:{found.instance_id}", project_id)
    return HttpResponse(bytes(current_of(found).xml), content_type=XML)


def _shown(submission: Submission, *, extended: bool = False) -> dict[str, object]:
    current = current_of(submission)
    if current.instance_id == submission.instance_id:
        return submission_json(submission, current, extended=extended)
    first = submission.versions.only("user_agent").order_by("pk").first()
    return submission_json(submission, current, first, extended=extended)


def _listing(rows: QuerySet[Submission], request: Request) -> HttpResponseBase:
    """All of them, or what limit and offset ask for, newest first; more than some are streamed."""
    limit, offset = _number(request, "limit"), _number(request, "offset") or 0
    parts = _parts(rows, limit, offset, extended=is_extended(request))
    first = next(parts, [])
    if len(first) < CHUNK:
        return Response(first)
    return StreamingHttpResponse(_streamed(first, parts), content_type="application/json")


def _parts(
    rows: QuerySet[Submission], limit: int | None, offset: int, *, extended: bool
) -> Iterator[list[dict[str, object]]]:
    """Two queries for each part, or three, however many records there are."""
    versions = (
        SubmissionVersion.objects.filter(
            Q(is_current=True) | Q(instance_id=F("submission__instance_id"))
        )
        .select_related("submitter")
        .defer("xml", "data", "entities", "oddities")
    )
    here = Prefetch("versions", queryset=versions, to_attr="first_and_current")
    full = rows.select_related("submitter").prefetch_related(here).order_by("-id")
    while limit is None or limit > 0:
        size = CHUNK if limit is None else min(limit, CHUNK)
        found = list(full[offset : offset + size])
        yield [_one_of_list(one, extended) for one in found]
        if len(found) < size:
            return
        limit = None if limit is None else limit - size
        full, offset = full.filter(pk__lt=found[-1].pk), 0


def _one_of_list(one: Submission, extended: bool) -> dict[str, object]:
    versions: list[SubmissionVersion] = one.first_and_current  # type: ignore[attr-defined]
    current = next(version for version in versions if version.is_current)
    first = next((version for version in versions if version is not current), None)
    return submission_json(one, current, first, extended=extended)


def _streamed(
    first: list[dict[str, object]], parts: Iterator[list[dict[str, object]]]
) -> Iterator[str]:
    yield "[" + ",".join(json.dumps(one, ensure_ascii=False) for one in first)
    for part in parts:
        yield "".join("," + json.dumps(one, ensure_ascii=False) for one in part)
    yield "]"


def _number(request: Request, name: str) -> int | None:
    text = request.GET.get(name)
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise Problem(UNEXPECTED, field=name, value=text[:40], reason="a whole number is expected")
    return int(text)


def _check_replaces(found: Submission, xml: bytes) -> None:
    """That the XML is an edit of the version that counts; the same edit once more passes. Problems:
    400.19, 409.9.
    """
    envelope, current = read_envelope(xml), current_of(found)
    if not envelope.deprecated_id:
        raise Problem(problems.DEPRECATED_ID_MISSING)
    is_edit = envelope.deprecated_id == current.instance_id
    same = (envelope.instance_id, envelope.deprecated_id)
    if not is_edit and same != (current.instance_id, current.deprecated_id):
        raise Problem(problems.ORIGINAL_REPLACED)


def _review_state(value: object) -> str | None:
    """What may be set; "received" is how Central's pages call none. Problem 400.8."""
    if value in (None, Submission.ReviewState.RECEIVED):
        return None
    if not isinstance(value, str) or value not in Submission.ReviewState.values:
        reason = "it is no review state"
        raise Problem(UNEXPECTED, field="reviewState", value=str(value)[:40], reason=reason)
    return value


def _created(
    request: Request,
    project_id: int,
    xml_form_id: str,
    actor: Actor | None,
    draft: FormVersion | None,
) -> Response:
    receipt = _received(request, project_id, xml_form_id, actor, draft)
    if not receipt.is_new:
        raise Problem(problems.SUBMISSION_EXISTS, value=receipt.version.instance_id)
    return Response(submission_json(receipt.submission, receipt.version))


def _received(
    request: Request,
    project_id: int,
    xml_form_id: str,
    actor: Actor | None,
    draft: FormVersion | None,
) -> Receipt:
    """Store the XML of the request; REST has codes of its own for what is there already."""
    xml = xml_of(request)
    try:
        return receive_submission(
            project_id,
            xml,
            actor=actor,
            device_id=request.GET.get("deviceID", "").replace("\0", ""),
            user_agent=str(request.headers.get("User-Agent", "")),
            xml_form_id=xml_form_id,
            draft=draft,
        )
    except Problem as problem:
        if problem.kind not in (problems.XML_DIFFERS, problems.SUBMISSION_DELETED):
            raise
        envelope = read_envelope(xml)
        taken = problems.INSTANCE_ID_TAKEN if envelope.deprecated_id else problems.SUBMISSION_EXISTS
        raise Problem(taken, value=envelope.instance_id) from problem
