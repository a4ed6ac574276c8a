"""The draft of a rule set over HTTP: read and replaced as JSON or YAML (design.md §7)."""

import yaml
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from forms.api.requests import RawParser
from rules.api.scope import rule_set_for
from rules.api.shapes import findings_json, rule_set_json
from rules.engine.rule_set import read_document
from rules.services import drafts
from server.people.roles import Verb
from server.problems import NOT_FOUND, Problem

ANSWER = OpenApiTypes.OBJECT


class Draft(APIView):
    """`/v1/projects/{projectId}/rule-sets/{name}/draft`: JSON, or YAML by `Accept`/`Content-Type:
    application/yaml`"""

    parser_classes = [RawParser]

    @extend_schema(responses=ANSWER, summary="The draft")
    def get(self, request: Request, project_id: int, name: str) -> HttpResponse:
        _, rule_set = rule_set_for(request, project_id, name)
        if rule_set.draft is None:
            raise Problem(NOT_FOUND)
        if "yaml" in request.headers.get("Accept", ""):
            text = yaml.safe_dump(rule_set.draft, allow_unicode=True, sort_keys=False, width=120)
            return HttpResponse(text, content_type="application/yaml; charset=utf-8")
        return Response(rule_set.draft)

    @extend_schema(
        request=ANSWER,
        responses=ANSWER,
        summary="Replace the draft; a document with errors is refused",
    )
    def put(self, request: Request, project_id: int, name: str) -> Response:
        user, rule_set = rule_set_for(request, project_id, name, Verb.RULES_UPDATE)
        content = request.data if isinstance(request.data, bytes) else b""  # nothing was sent
        kind = "yaml" if "yaml" in (request.content_type or "") else "json"
        rule_set = drafts.put_draft(rule_set, read_document(content, kind), user)
        return Response(rule_set_json(rule_set) | {"problems": findings_json(rule_set.draft)})
