"""Submissions: listed, sent, edited, reviewed; scoped to the reader's areas, schools and classes."""

from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from forms.api.forms import form_of
from forms.api.reading import note_read
from forms.api.requests import RawParser, anybody, asked, body_of, is_extended, person, success
from forms.api.submission_shapes import submission_json
from forms.edge import XML, download, known_actor
from forms.instance.parse import read_envelope
from forms.models import FormVersion, Submission, SubmissionVersion
from forms.problems import SUBMISSION_EXISTS
from forms.services import receive_submission
from forms.services.offers import draft_under_test, own_draft
from forms.services.submissions import delete_submission, restore_submission, set_review_state
from forms.services.visibility import visible_submissions
from server.people.models import Actor, User
from server.people.roles import Verb
from server.problems import NOT_FOUND, UNEXPECTED, Problem


class Submissions(APIView):
    """`.../submissions`"""

    parser_classes = [RawParser]

    def get(self, request: Request, project_id: int, xml_form_id: str) -> Response:
        user = person(request, Verb.SUBMISSION_READ)
        form = form_of(user, project_id, xml_form_id)
        rows = visible_submissions(user, form).filter(
            is_draft=False, deleted_at__isnull=not asked(request, "deleted")
        )
        note_read(user, "submission.list", f"form:{xml_form_id}", project_id)
        return Response(
            _listed(_page(rows.order_by("-id"), request), extended=is_extended(request))
        )

    def post(self, request: Request, project_id: int, xml_form_id: str) -> Response:
        return _create(request, project_id, xml_form_id, anybody(request), None)


class DraftSubmissions(APIView):
    """`.../draft/submissions`, also by test token: records of the draft, seen by whoever may change
    the form.
    """

    parser_classes = [RawParser]

    def get(self, request: Request, project_id: int, xml_form_id: str) -> Response:
        user = person(request, Verb.FORM_UPDATE)
        draft = own_draft(user, project_id, xml_form_id)
        rows = (
            Submission.objects.alive()
            .filter(is_draft=True, versions__form_version=draft)
            .distinct()
        )
        return Response(_listed(rows.order_by("-id"), extended=is_extended(request)))

    def post(
        self, request: Request, project_id: int, xml_form_id: str, token: str = ""
    ) -> Response:
        if token:
            return _create(
                request,
                project_id,
                xml_form_id,
                None,
                draft_under_test(token, project_id, xml_form_id),
            )
        user = person(request, Verb.FORM_UPDATE)
        return _create(
            request, project_id, xml_form_id, user, own_draft(user, project_id, xml_form_id)
        )


class OneSubmission(APIView):
    """`.../submissions/{instanceId}`"""

    def get_parsers(self) -> list[BaseParser]:
        is_xml = self.request is not None and self.request.method == "PUT"
        return [RawParser()] if is_xml else super().get_parsers()

    def get(
        self, request: Request, project_id: int, xml_form_id: str, instance_id: str
    ) -> Response:
        user = person(request, Verb.SUBMISSION_READ)
        found = submission_of(user, project_id, xml_form_id, instance_id)
        note_read(user, "submission.read", f"submission:{found.instance_id}", project_id)
        return Response(submission_json(found, current_of(found), extended=is_extended(request)))

    def put(
        self, request: Request, project_id: int, xml_form_id: str, instance_id: str
    ) -> Response:
        user = person(request, Verb.SUBMISSION_UPDATE)
        found = submission_of(user, project_id, xml_form_id, instance_id, Verb.SUBMISSION_UPDATE)
        xml = _xml(request)
        replaced = read_envelope(xml).deprecated_id
        if not found.versions.filter(instance_id=replaced).exists():
            raise Problem(
                UNEXPECTED,
                field="deprecatedID",
                value=replaced[:80],
                reason="it is no version of this submission",
            )
        receipt = receive_submission(
            project_id, xml, actor=user, xml_form_id=xml_form_id, user_agent=_agent(request)
        )
        return Response(submission_json(receipt.submission, receipt.version))

    def patch(
        self, request: Request, project_id: int, xml_form_id: str, instance_id: str
    ) -> Response:
        user = person(request, Verb.SUBMISSION_UPDATE)
        found = submission_of(user, project_id, xml_form_id, instance_id, Verb.SUBMISSION_UPDATE)
        state = body_of(request).get("reviewState")
        if state is not None and state not in Submission.ReviewState.values:
            raise Problem(
                UNEXPECTED,
                field="reviewState",
                value=str(state)[:40],
                reason="it is no review state",
            )
        set_review_state(found, state, actor=user)
        return Response(submission_json(found, current_of(found)))

    def delete(
        self, request: Request, project_id: int, xml_form_id: str, instance_id: str
    ) -> Response:
        user = person(request, Verb.SUBMISSION_UPDATE)
        delete_submission(
            submission_of(user, project_id, xml_form_id, instance_id, Verb.SUBMISSION_UPDATE),
            actor=user,
        )
        return success()


class RestoreSubmission(APIView):
    """`.../submissions/{instanceId}/restore`"""

    def post(
        self, request: Request, project_id: int, xml_form_id: str, instance_id: str
    ) -> Response:
        user = person(request, Verb.SUBMISSION_UPDATE)
        form = form_of(user, project_id, xml_form_id)
        rows = visible_submissions(user, form, Verb.SUBMISSION_UPDATE).exclude(deleted_at=None)
        found = rows.filter(instance_id=instance_id, is_draft=False).first()
        if found is None:
            raise Problem(NOT_FOUND)
        restore_submission(found, actor=user)
        return success()


@download("GET", "HEAD")
def submission_xml(
    request: HttpRequest, project_id: int, xml_form_id: str, instance_id: str
) -> HttpResponseBase:
    """The current version's XML, byte for byte as it was sent."""
    user = _reader(request)
    found = submission_of(user, project_id, xml_form_id, instance_id)
    note_read(user, "submission.read", f"submission:{found.instance_id}", project_id)
    return HttpResponse(bytes(current_of(found).xml), content_type=XML)


def submission_of(
    user: User,
    project_id: int,
    xml_form_id: str,
    instance_id: str,
    verb: Verb = Verb.SUBMISSION_READ,
) -> Submission:
    """The submission by the ID of its first version, if it is within the user's scope. Problems:
    403.1, 404.1.
    """
    form = form_of(user, project_id, xml_form_id)
    rows = visible_submissions(user, form, verb).filter(
        instance_id=instance_id, is_draft=False, deleted_at=None
    )
    found = rows.select_related("submitter", "form").first()
    if found is None:
        raise Problem(NOT_FOUND)
    return found


def current_of(submission: Submission) -> SubmissionVersion:
    """The version that counts."""
    return submission.versions.select_related("submitter", "form_version").get(is_current=True)


def _reader(request: HttpRequest) -> User:
    actor = known_actor(request)
    if not isinstance(actor, User):
        raise Problem(NOT_FOUND)
    return actor


def _listed(rows: QuerySet[Submission], *, extended: bool) -> list[dict[str, object]]:
    current = (
        SubmissionVersion.objects.filter(is_current=True)
        .select_related("submitter")
        .defer("xml", "data", "entities", "oddities")
    )
    full = rows.select_related("submitter").prefetch_related(
        Prefetch("versions", queryset=current, to_attr="current_versions")
    )
    return [submission_json(one, one.current_versions[0], extended=extended) for one in full]  # type: ignore[attr-defined]


def _page(rows: QuerySet[Submission], request: Request) -> QuerySet[Submission]:
    limit, offset = _number(request, "limit"), _number(request, "offset") or 0
    return rows[offset : offset + limit] if limit is not None else rows[offset:]


def _number(request: Request, name: str) -> int | None:
    text = request.GET.get(name)
    if text is None:
        return None
    if not text.isdigit() or len(text) > 9:
        raise Problem(UNEXPECTED, field=name, value=text[:40], reason="a whole number is expected")
    return int(text)


def _create(
    request: Request,
    project_id: int,
    xml_form_id: str,
    actor: Actor | None,
    draft: FormVersion | None,
) -> Response:
    receipt = receive_submission(
        project_id,
        _xml(request),
        actor=actor,
        device_id=request.GET.get("deviceID", ""),
        user_agent=_agent(request),
        xml_form_id=xml_form_id,
        draft=draft,
    )
    if not receipt.is_new:
        raise Problem(SUBMISSION_EXISTS, value=receipt.version.instance_id)
    return Response(submission_json(receipt.submission, receipt.version))


def _xml(request: Request) -> bytes:
    return request.data if isinstance(request.data, bytes) else b""


def _agent(request: Request) -> str:
    return str(request.headers.get("User-Agent", ""))
