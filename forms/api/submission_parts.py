"""What belongs to a submission: its versions, their differences, its files."""

from itertools import pairwise

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from forms.api.reading import note_read
from forms.api.requests import RawParser, is_extended, person, success
from forms.api.submission_shapes import file_json, version_json
from forms.api.submissions import current_of, submission_of
from forms.edge import XML, download, known_actor
from forms.files import blob_response
from forms.form_cache import meaning_of
from forms.instance.diff import diff_instances
from forms.models import Submission, SubmissionVersion
from forms.services.submissions import empty_file, fill_file
from server.people.models import User
from server.people.roles import Verb
from server.problems import NOT_FOUND, Problem

_IMAGES = frozenset({"image/png", "image/gif", "image/jpeg"})


class Versions(APIView):
    """`.../submissions/{instanceId}/versions`"""

    def get(
        self, request: Request, project_id: int, xml_form_id: str, instance_id: str
    ) -> Response:
        found = submission_of(
            person(request, Verb.SUBMISSION_READ), project_id, xml_form_id, instance_id
        )
        extended = is_extended(request)
        rows = _versions(found).order_by("-id")
        return Response(
            [
                version_json(one, extended=extended, form_version=one.form_version.version)
                for one in rows
            ]
        )


class OneVersion(APIView):
    """`.../versions/{versionId}`"""

    def get(
        self, request: Request, project_id: int, xml_form_id: str, instance_id: str, version_id: str
    ) -> Response:
        found = submission_of(
            person(request, Verb.SUBMISSION_READ), project_id, xml_form_id, instance_id
        )
        one = version_of(found, version_id)
        return Response(
            version_json(one, extended=is_extended(request), form_version=one.form_version.version)
        )


class Diffs(APIView):
    """`.../diffs`: what each edit changed, by the instanceID of the edit."""

    def get(
        self, request: Request, project_id: int, xml_form_id: str, instance_id: str
    ) -> Response:
        user = person(request, Verb.SUBMISSION_READ)
        found = submission_of(user, project_id, xml_form_id, instance_id)
        note_read(user, "submission.read", f"submission:{found.instance_id}", project_id)
        rows = list(found.versions.select_related("form_version").order_by("id"))
        return Response({new.instance_id: _changes(old, new) for old, new in pairwise(rows)})


class Files(APIView):
    """`.../attachments` of the current or of a named version."""

    def get(
        self,
        request: Request,
        project_id: int,
        xml_form_id: str,
        instance_id: str,
        version_id: str = "",
    ) -> Response:
        found = submission_of(
            person(request, Verb.SUBMISSION_READ), project_id, xml_form_id, instance_id
        )
        return Response([file_json(one) for one in version_of(found, version_id).attachments.all()])


class OneFile(APIView):
    """`.../attachments/{filename}`"""

    parser_classes = [RawParser]

    def get(
        self,
        request: Request,
        project_id: int,
        xml_form_id: str,
        instance_id: str,
        name: str,
        version_id: str = "",
    ) -> HttpResponseBase:
        user = person(request, Verb.SUBMISSION_READ)
        found = submission_of(user, project_id, xml_form_id, instance_id)
        file = (
            version_of(found, version_id)
            .attachments.select_related("blob")
            .filter(name=name)
            .first()
        )
        if file is None or file.blob is None:
            raise Problem(NOT_FOUND)
        note_read(user, "submission.attachment.read", f"submission:{found.instance_id}", project_id)
        return blob_response(
            request._request, file.blob, name, inline=file.blob.content_type in _IMAGES
        )

    def post(
        self, request: Request, project_id: int, xml_form_id: str, instance_id: str, name: str
    ) -> Response:
        user = person(request, Verb.SUBMISSION_UPDATE)
        found = submission_of(user, project_id, xml_form_id, instance_id, Verb.SUBMISSION_UPDATE)
        content = request.data if isinstance(request.data, bytes) else b""
        fill_file(current_of(found), name, content, request.content_type or "", actor=user)
        return success()

    def delete(
        self,
        request: Request,
        project_id: int,
        xml_form_id: str,
        instance_id: str,
        name: str,
        version_id: str = "",
    ) -> Response:
        user = person(request, Verb.SUBMISSION_UPDATE)
        found = submission_of(user, project_id, xml_form_id, instance_id, Verb.SUBMISSION_UPDATE)
        empty_file(version_of(found, version_id), name, actor=user)
        return success()


@download("GET", "HEAD")
def version_xml(
    request: HttpRequest, project_id: int, xml_form_id: str, instance_id: str, version_id: str
) -> HttpResponseBase:
    """One version's XML as it was sent."""
    actor = known_actor(request)
    if not isinstance(actor, User):
        raise Problem(NOT_FOUND)
    found = submission_of(actor, project_id, xml_form_id, instance_id)
    note_read(actor, "submission.read", f"submission:{found.instance_id}", project_id)
    return HttpResponse(bytes(version_of(found, version_id).xml), content_type=XML)


def version_of(submission: Submission, version_id: str) -> SubmissionVersion:
    """The version of that instanceID; the current one when none is named. Problem 404.1."""
    if not version_id:
        return current_of(submission)
    found = (
        submission.versions.select_related("form_version", "submitter")
        .filter(instance_id=version_id)
        .first()
    )
    if found is None:
        raise Problem(NOT_FOUND)
    return found


def _versions(submission: Submission) -> QuerySet[SubmissionVersion]:
    return submission.versions.select_related("form_version", "submitter").defer(
        "xml", "data", "form_version__xml", "form_version__fields"
    )


def _changes(old: SubmissionVersion, new: SubmissionVersion) -> list[dict[str, object]]:
    fields = meaning_of(new.form_version_id, new.form_version.sha256).fields
    return [one.as_dict() for one in diff_instances(old.data, new.data, fields)]
