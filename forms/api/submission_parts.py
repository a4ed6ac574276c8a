"""What belongs to a submission: its versions, their differences, its files."""

from itertools import pairwise

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from forms.api.bodies import FileBody, file_of
from forms.api.reading import note_read
from forms.api.requests import is_extended, success
from forms.api.submission_finding import (
    changer_of,
    current_of,
    downloader_of,
    found_in,
    moved,
    reader_of,
    records_of,
    submission_of,
    version_of,
)
from forms.api.submission_shapes import file_json, version_json
from forms.edge import XML, download
from forms.files import blob_response
from forms.form_cache import meaning_of
from forms.instance.diff import diff_instances
from forms.models import Blob, Submission, SubmissionVersion
from forms.problems import FILE_NOT_EXPECTED
from forms.services.submissions import empty_file, fill_file
from server.people.roles import Verb
from server.problems import NOT_FOUND, Problem

_IMAGES = frozenset({"image/png", "image/gif", "image/jpeg"})


class Versions(APIView):
    """`.../submissions/{instanceId}/versions`"""

    def get(
        self,
        request: Request,
        project_id: int,
        xml_form_id: str,
        instance_id: str,
        is_draft: bool = False,
    ) -> Response:
        user = reader_of(request, is_draft)
        found = submission_of(user, project_id, xml_form_id, instance_id, is_draft=is_draft)
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
        self,
        request: Request,
        project_id: int,
        xml_form_id: str,
        instance_id: str,
        version_id: str,
        is_draft: bool = False,
    ) -> Response:
        user = reader_of(request, is_draft)
        found = submission_of(user, project_id, xml_form_id, instance_id, is_draft=is_draft)
        one = version_of(found, version_id)
        return Response(
            version_json(one, extended=is_extended(request), form_version=one.form_version.version)
        )


class Diffs(APIView):
    """`.../diffs`: what each edit changed, by the instanceID of the edit."""

    def get(
        self,
        request: Request,
        project_id: int,
        xml_form_id: str,
        instance_id: str,
        is_draft: bool = False,
    ) -> Response:
        user = reader_of(request, is_draft)
        found = submission_of(user, project_id, xml_form_id, instance_id, is_draft=is_draft)
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
        is_draft: bool = False,
    ) -> HttpResponseBase:
        user = reader_of(request, is_draft)
        _, rows = records_of(user, project_id, xml_form_id, is_draft=is_draft)
        found = found_in(rows, instance_id)
        if found is None and not version_id:
            return moved(request, rows, instance_id)
        version = _version(found, version_id)
        return Response([file_json(one) for one in version.attachments.all()])


class OneFile(APIView):
    """`.../attachments/{filename}`"""

    parser_classes = [FileBody]

    def get(
        self,
        request: Request,
        project_id: int,
        xml_form_id: str,
        instance_id: str,
        name: str,
        version_id: str = "",
        is_draft: bool = False,
    ) -> HttpResponseBase:
        user = reader_of(request, is_draft)
        _, rows = records_of(user, project_id, xml_form_id, is_draft=is_draft)
        found = found_in(rows, instance_id)
        if found is None and not version_id:
            return moved(request, rows, instance_id)
        blob = _blob(found, version_id, name)
        note_read(user, "submission.attachment.read", f"submission:{instance_id}", project_id)
        return blob_response(request._request, blob, name, inline=blob.content_type in _IMAGES)

    def post(
        self,
        request: Request,
        project_id: int,
        xml_form_id: str,
        instance_id: str,
        name: str,
        version_id: str = "",
        is_draft: bool = False,
    ) -> Response:
        if version_id:  # the contract: files are put to the current version only
            raise MethodNotAllowed(request.method or "")
        user, verb = changer_of(request, is_draft), Verb.SUBMISSION_UPDATE
        found = submission_of(user, project_id, xml_form_id, instance_id, verb, is_draft=is_draft)
        version = place_of(found, name)
        with file_of(request) as content:
            fill_file(version, name, content, request.content_type or "", actor=user)
        return success()

    def delete(
        self,
        request: Request,
        project_id: int,
        xml_form_id: str,
        instance_id: str,
        name: str,
        version_id: str = "",
        is_draft: bool = False,
    ) -> Response:
        user, verb = changer_of(request, is_draft), Verb.SUBMISSION_UPDATE
        found = submission_of(user, project_id, xml_form_id, instance_id, verb, is_draft=is_draft)
        empty_file(version_of(found, version_id), name, actor=user)
        return success()


@download("GET", "HEAD")
def version_xml(
    request: HttpRequest,
    project_id: int,
    xml_form_id: str,
    instance_id: str,
    version_id: str,
    is_draft: bool = False,
) -> HttpResponseBase:
    """One version's XML as it was sent."""
    user = downloader_of(request)
    found = submission_of(user, project_id, xml_form_id, instance_id, is_draft=is_draft)
    note_read(user, "submission.read", f"submission:{found.instance_id}", project_id)
    return HttpResponse(bytes(version_of(found, version_id).xml), content_type=XML)


def place_of(submission: Submission, name: str) -> SubmissionVersion:
    """The current version, if its XML names that file: asked before a large body is read. Problem
    404.1.
    """
    version = current_of(submission)
    if not version.attachments.filter(name=name).exists():
        raise Problem(FILE_NOT_EXPECTED, name=name)
    return version


def _version(found: Submission | None, version_id: str) -> SubmissionVersion:
    if found is None:
        raise Problem(NOT_FOUND)
    return version_of(found, version_id)


def _blob(found: Submission | None, version_id: str, name: str) -> Blob:
    files = _version(found, version_id).attachments.select_related("blob")
    file = files.filter(name=name).first()
    if file is None or file.blob is None:
        raise Problem(NOT_FOUND)
    return file.blob


def _versions(submission: Submission) -> QuerySet[SubmissionVersion]:
    return submission.versions.select_related("form_version", "submitter").defer(
        "xml", "data", "form_version__xml", "form_version__fields"
    )


def _changes(old: SubmissionVersion, new: SubmissionVersion) -> list[dict[str, object]]:
    fields = meaning_of(new.form_version_id, new.form_version.sha256).fields
    return [one.as_dict() for one in diff_instances(old.data, new.data, fields)]
