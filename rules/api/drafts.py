"""The draft of a rule set over HTTP: read and replaced as workbook, YAML or JSON, compared, discarded,
undone (design.md §7)."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from forms.api.requests import RawParser, asked
from rules.api.draft_requests import (
    changes_json,
    document_in,
    expected_version,
    file_response,
    tagged,
    wanted_kind,
)
from rules.api.scope import release_of, rule_set_for
from rules.api.shapes import findings_json, rule_set_json
from rules.models import RuleSet
from rules.services import drafts
from rules.services.draft_files import XLSX
from server.people.roles import Verb
from server.problems import NOT_FOUND, Problem

ANSWER = OpenApiTypes.OBJECT
TAKEN = {
    "application/json": OpenApiTypes.OBJECT,
    "application/yaml": OpenApiTypes.STR,
    XLSX: OpenApiTypes.BINARY,
}
DOCUMENT = {(200, media_type): answer for media_type, answer in TAKEN.items()}
IF_MATCH = OpenApiParameter(
    "If-Match",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="The ETag of the draft that the change was made from; 409.641 if it has gone on since.",
)
DRY_RUN = OpenApiParameter(
    "dryRun", OpenApiTypes.BOOL, description="Only tell what would change; nothing is stored."
)


class Draft(APIView):
    """`/v1/projects/{projectId}/rule-sets/{name}/draft`: JSON, YAML or XLSX, by `Accept` and
    `Content-Type`"""

    parser_classes = [RawParser]

    @extend_schema(responses=DOCUMENT, summary="The draft; its ETag is the draft's version")
    def get(self, request: Request, project_id: int, name: str) -> HttpResponse:
        _, rule_set = rule_set_for(request, project_id, name)
        kind, document = wanted_kind(request), _draft_of(rule_set)
        if kind == "json":
            return tagged(Response(document), rule_set)
        return tagged(file_response(document, kind, name), rule_set)

    @extend_schema(
        request=TAKEN,
        responses=ANSWER,
        parameters=[IF_MATCH, DRY_RUN],
        summary="Replace the draft; a document with errors is refused with all of them",
    )
    def put(self, request: Request, project_id: int, name: str) -> HttpResponse:
        user, rule_set = rule_set_for(request, project_id, name, Verb.RULES_UPDATE)
        document = document_in(request)
        if asked(request, "dryRun"):
            return Response(_differences(rule_set, document))
        changed = drafts.put_draft(rule_set, document, user, expected_version(request))
        body = rule_set_json(changed) | {"problems": findings_json(changed.draft)}
        return tagged(Response(body), changed)

    @extend_schema(
        request=None, responses=ANSWER, parameters=[IF_MATCH], summary="Discard the draft"
    )
    def delete(self, request: Request, project_id: int, name: str) -> HttpResponse:
        user, rule_set = rule_set_for(request, project_id, name, Verb.RULES_UPDATE)
        changed = drafts.discard_draft(rule_set, user, expected_version(request))
        return tagged(Response(rule_set_json(changed)), changed)


class DraftDiff(APIView):
    """`/v1/projects/{projectId}/rule-sets/{name}/draft/diff`"""

    parser_classes = [RawParser]

    @extend_schema(responses=ANSWER, summary="How the draft differs from what is in force")
    def get(self, request: Request, project_id: int, name: str) -> HttpResponse:
        _, rule_set = rule_set_for(request, project_id, name)
        _draft_of(rule_set)
        return tagged(Response(changes_json(drafts.changes_in_draft(rule_set))), rule_set)

    @extend_schema(
        request=TAKEN,
        responses=ANSWER,
        summary="How a document differs from the draft, and from what is in force; nothing is stored",
    )
    def post(self, request: Request, project_id: int, name: str) -> HttpResponse:
        _, rule_set = rule_set_for(request, project_id, name)
        return Response(_differences(rule_set, document_in(request)))


class DraftUndo(APIView):
    """`/v1/projects/{projectId}/rule-sets/{name}/draft/undo`"""

    @extend_schema(
        request=None,
        responses=ANSWER,
        parameters=[IF_MATCH],
        summary="Bring back the draft as it was before its last change",
    )
    def post(self, request: Request, project_id: int, name: str) -> HttpResponse:
        user, rule_set = rule_set_for(request, project_id, name, Verb.RULES_UPDATE)
        changed = drafts.restore_draft(rule_set, user, expected_version(request))
        return tagged(Response(rule_set_json(changed)), changed)


class DraftFromRelease(APIView):
    """`/v1/projects/{projectId}/rule-sets/{name}/releases/{number}/draft`"""

    @extend_schema(
        request=None,
        responses=ANSWER,
        parameters=[IF_MATCH],
        summary="Begin a draft with the document of a release",
    )
    def post(self, request: Request, project_id: int, name: str, number: int) -> HttpResponse:
        user, rule_set = rule_set_for(request, project_id, name, Verb.RULES_UPDATE)
        changed = drafts.draft_from_release(rule_set, number, user, expected_version(request))
        return tagged(Response(rule_set_json(changed)), changed)


class DraftFile(APIView):
    """`/v1/projects/{projectId}/rule-sets/{name}/draft.xlsx` and `draft.yaml`"""

    kind = "xlsx"

    @extend_schema(responses=OpenApiTypes.BINARY, summary="The draft as a file")
    def get(self, request: Request, project_id: int, name: str) -> HttpResponse:
        _, rule_set = rule_set_for(request, project_id, name)
        return tagged(file_response(_draft_of(rule_set), self.kind, name), rule_set)


class ReleaseFile(APIView):
    """`/v1/projects/{projectId}/rule-sets/{name}/releases/{number}.xlsx` and `.yaml`"""

    kind = "xlsx"

    @extend_schema(responses=OpenApiTypes.BINARY, summary="A release as a file")
    def get(self, request: Request, project_id: int, name: str, number: int) -> HttpResponse:
        _, rule_set = rule_set_for(request, project_id, name)
        release = release_of(rule_set, number)
        return file_response(release.document, self.kind, f"{name}-{release.number}")


def _draft_of(rule_set: RuleSet) -> dict[str, Any]:
    """The draft. Problem 404.1 where there is none."""
    if rule_set.draft is None:
        raise Problem(NOT_FOUND)
    document: dict[str, Any] = rule_set.draft
    return document


def _differences(rule_set: RuleSet, document: dict[str, Any]) -> dict[str, Any]:
    """What a valid document would change, against the draft and against what is in force."""
    drafts.require_same(rule_set, document)
    to_draft = drafts.changes_to_draft(rule_set, document)
    to_release = drafts.changes_to_release(rule_set, document)
    return {"againstDraft": changes_json(to_draft), "againstRelease": changes_json(to_release)}
