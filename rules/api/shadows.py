"""A candidate watched beside the release in force (ux §6.4)."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from rules.api.release_shapes import differing_json, shadow_json
from rules.api.releases import ANSWER
from rules.api.requests import read
from rules.api.scope import release_of, rule_set_for
from rules.services.shadow import start_shadow, stop_shadow
from rules.services.shadow.reporting import differing_for, shadow_report
from server.people.roles import Verb
from server.problems import NOT_FOUND, Problem


class ShadowRequest(serializers.Serializer):
    """Which release to watch (null: the draft, frozen for this), and until when."""

    release = serializers.IntegerField(required=False, allow_null=True, default=None, min_value=1)
    until = serializers.DateTimeField()


class Shadow(APIView):
    """`/v1/projects/{projectId}/rule-sets/{name}/shadow`"""

    @extend_schema(responses=ANSWER, summary="The candidate under watch and how it compares")
    def get(self, request: Request, project_id: int, name: str) -> Response:
        _, rule_set = rule_set_for(request, project_id, name)
        if rule_set.candidate is None:
            raise Problem(NOT_FOUND)
        candidate = rule_set.candidate
        return Response(shadow_json(rule_set, candidate, shadow_report(candidate)))

    @extend_schema(
        request=ShadowRequest,
        responses=ANSWER,
        summary="Evaluate a candidate beside the release in force, acting on nothing",
    )
    def post(self, request: Request, project_id: int, name: str) -> Response:
        user, rule_set = rule_set_for(request, project_id, name, Verb.RULES_UPDATE)
        body = read(ShadowRequest, request)
        release = release_of(rule_set, body["release"]) if body["release"] else None
        candidate = start_shadow(rule_set, user, release, body["until"])
        rule_set.refresh_from_db(fields=["candidate", "shadow_since", "shadow_until"])
        return Response(shadow_json(rule_set, candidate, shadow_report(candidate)))

    @extend_schema(request=None, responses={204: None}, summary="End the watch; its report stays")
    def delete(self, request: Request, project_id: int, name: str) -> Response:
        user, rule_set = rule_set_for(request, project_id, name, Verb.RULES_UPDATE)
        stop_shadow(rule_set, user)
        return Response(status=204)


class ReleaseShadow(APIView):
    """`/v1/projects/{projectId}/rule-sets/{name}/releases/{number}/shadow`"""

    @extend_schema(responses=ANSWER, summary="What a candidate said beside the release in force")
    def get(self, request: Request, project_id: int, name: str, number: int) -> Response:
        _, rule_set = rule_set_for(request, project_id, name)
        candidate = release_of(rule_set, number)
        return Response(shadow_json(rule_set, candidate, shadow_report(candidate)))


class ShadowChildren(APIView):
    """`/v1/projects/{projectId}/rule-sets/{name}/releases/{number}/shadow/children`"""

    @extend_schema(
        parameters=[OpenApiParameter("after", str, description="the `nextKey` of the page before")],
        responses=ANSWER,
        summary="The children about whom they differ; named only to who may read that child",
    )
    def get(self, request: Request, project_id: int, name: str, number: int) -> Response:
        user, rule_set = rule_set_for(request, project_id, name)
        candidate = release_of(rule_set, number)
        found, after = differing_for(candidate, user, after=request.GET.get("after", ""))
        return Response({"value": [differing_json(one) for one in found], "nextKey": after or None})
