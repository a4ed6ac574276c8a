"""The check of a draft or a release over HTTP, and its cases (design.md §7)."""

from typing import Any
from uuid import UUID

from django.utils.translation import gettext
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from forms.api.requests import person
from rules.api.scope import release_of, rule_set_for
from rules.services.case_making import case_of_child
from rules.services.checking import check_draft, check_release
from rules.services.reading import find_entity
from server.people.roles import Verb

ANSWER = OpenApiTypes.OBJECT


class DraftCheck(APIView):
    """`/v1/projects/{projectId}/rule-sets/{name}/draft/check`"""

    @extend_schema(
        responses=ANSWER,
        summary="Errors and warnings of the draft with their places, results of its cases, coverage",
    )
    def get(self, request: Request, project_id: int, name: str) -> Response:
        _, rule_set = rule_set_for(request, project_id, name)
        return Response(check_draft(rule_set).to_json(gettext))


class ReleaseCheck(APIView):
    """`/v1/projects/{projectId}/rule-sets/{name}/releases/{number}/check`"""

    @extend_schema(responses=ANSWER, summary="The same about a release, with the forms of today")
    def get(self, request: Request, project_id: int, name: str, number: int) -> Response:
        _, rule_set = rule_set_for(request, project_id, name)
        return Response(check_release(release_of(rule_set, number)).to_json(gettext))


class DraftCases(APIView):
    """`/v1/projects/{projectId}/rule-sets/{name}/draft/cases`"""

    @extend_schema(responses=ANSWER, summary="The cases of the draft, each with what comes out")
    def get(self, request: Request, project_id: int, name: str) -> Response:
        _, rule_set = rule_set_for(request, project_id, name)
        report = check_draft(rule_set)
        written = (rule_set.draft or {}).get("cases") or []
        body: list[dict[str, Any]] = [{"case": case, "result": None} for case in written]
        for index, result in report.results():
            passes = not result.is_failure
            body[index]["result"] = result.to_json() | {"passes": passes}
        total = report.cases.total() if report.cases else None
        return Response({"total": total, "cases": body})


class ChildCase(APIView):
    """`/v1/projects/{projectId}/datasets/{dataset}/entities/{uuid}/case`"""

    @extend_schema(
        responses=ANSWER,
        summary="A case made of a child, without what would tell who it is; nothing is stored",
    )
    def get(self, request: Request, project_id: int, dataset: str, uuid: UUID) -> Response:
        user = person(request, Verb.ENTITY_READ, Verb.RULES_READ, Verb.SUBMISSION_READ)
        entity = find_entity(user, project_id, dataset, uuid)
        return Response({"cases": [case_of_child(entity, user)]})
