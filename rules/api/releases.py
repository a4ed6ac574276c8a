"""Releases: asked for, decided, withdrawn, put into force again; their passes over all children; candidates watched
beside the release in force (design.md §7)."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from rules.api.release_shapes import reevaluation_json, release_rows
from rules.api.requests import read
from rules.api.scope import release_of, rule_set_for
from rules.api.shapes import release_json
from rules.models import Release
from rules.services import reevaluation, releases
from server.people.roles import Verb

ANSWER = OpenApiTypes.OBJECT


class ReleaseRequest(serializers.Serializer):
    """What the release is for."""

    note = serializers.CharField(required=False, allow_blank=True, max_length=5000, default="")


class ReleaseDecision(serializers.Serializer):
    """Approve (the default) or refuse a requested release; without a number the newest request. A refusal needs its
    reason in `note`; an approval may name a later moment for coming into force."""

    number = serializers.IntegerField(required=False, min_value=1)
    approve = serializers.BooleanField(default=True)
    note = serializers.CharField(required=False, allow_blank=True, max_length=5000, default="")
    activateAt = serializers.DateTimeField(required=False, allow_null=True, default=None)


class ReleaseReason(serializers.Serializer):
    """Why."""

    reason = serializers.CharField(required=False, allow_blank=True, max_length=5000, default="")


class DraftRequest(APIView):
    """`/v1/projects/{projectId}/rule-sets/{name}/draft/request`"""

    @extend_schema(
        request=ReleaseRequest, responses=ANSWER, summary="Ask another person to release the draft"
    )
    def post(self, request: Request, project_id: int, name: str) -> Response:
        user, rule_set = rule_set_for(request, project_id, name, Verb.RULES_UPDATE)
        body = read(ReleaseRequest, request)
        return Response(release_json(releases.request_release(rule_set, user, body["note"])))


class DraftRelease(APIView):
    """`/v1/projects/{projectId}/rule-sets/{name}/draft/release`"""

    @extend_schema(
        request=ReleaseDecision,
        responses=ANSWER,
        summary="Approve (now or for a later moment) or refuse a requested release",
    )
    def post(self, request: Request, project_id: int, name: str) -> Response:
        user, rule_set = rule_set_for(request, project_id, name, Verb.RULES_RELEASE)
        body = read(ReleaseDecision, request)
        release = release_of(rule_set, body.get("number"))
        if body["approve"]:
            done = releases.approve_release(release, user, body["activateAt"])
        else:
            done = releases.refuse_release(release, user, body["note"])
        return Response(release_json(done))


class Releases(APIView):
    """`/v1/projects/{projectId}/rule-sets/{name}/releases`"""

    @extend_schema(responses=ANSWER, summary="The releases, newest first")
    def get(self, request: Request, project_id: int, name: str) -> Response:
        _, rule_set = rule_set_for(request, project_id, name)
        rows = release_rows(rule_set).defer("document", "base__document", "rule_set__draft")
        return Response([release_json(one) for one in rows.order_by("-number")])


class OneRelease(APIView):
    """`/v1/projects/{projectId}/rule-sets/{name}/releases/{number}`"""

    @extend_schema(responses=ANSWER, summary="A release with its document")
    def get(self, request: Request, project_id: int, name: str, number: int) -> Response:
        release = _found(request, project_id, name, number)[1]
        return Response(release_json(release) | {"document": release.document})


class ActivateRelease(APIView):
    """`/v1/projects/{projectId}/rule-sets/{name}/releases/{number}/activate`"""

    @extend_schema(
        request=ReleaseReason,
        responses=ANSWER,
        summary="Put an earlier release into force again; the reason is needed",
    )
    def post(self, request: Request, project_id: int, name: str, number: int) -> Response:
        user, release = _found(request, project_id, name, number, Verb.RULES_RELEASE)
        body = read(ReleaseReason, request)
        return Response(release_json(releases.roll_back(release, user, body["reason"])))


class WithdrawRelease(APIView):
    """`/v1/projects/{projectId}/rule-sets/{name}/releases/{number}/withdraw`"""

    @extend_schema(
        request=ReleaseReason,
        responses=ANSWER,
        summary="Take back a request, or an approval whose moment has not come",
    )
    def post(self, request: Request, project_id: int, name: str, number: int) -> Response:
        user, release = _found(request, project_id, name, number, Verb.RULES_UPDATE)
        body = read(ReleaseReason, request)
        return Response(release_json(releases.withdraw_release(release, user, body["reason"])))


class ReleaseReevaluation(APIView):
    """`/v1/projects/{projectId}/rule-sets/{name}/releases/{number}/reevaluation`"""

    @extend_schema(responses=ANSWER, summary="How far the pass over all children is")
    def get(self, request: Request, project_id: int, name: str, number: int) -> Response:
        release = _found(request, project_id, name, number)[1]
        return Response(reevaluation_json(reevaluation.find_reevaluation(release)))


class PauseReevaluation(APIView):
    """`/v1/projects/{projectId}/rule-sets/{name}/releases/{number}/reevaluation/pause`"""

    @extend_schema(request=None, responses=ANSWER, summary="Stop after the child under way")
    def post(self, request: Request, project_id: int, name: str, number: int) -> Response:
        user, release = _found(request, project_id, name, number, Verb.RULES_RELEASE)
        run = reevaluation.find_reevaluation(release)
        return Response(reevaluation_json(reevaluation.pause_reevaluation(run, user)))


class ResumeReevaluation(APIView):
    """`/v1/projects/{projectId}/rule-sets/{name}/releases/{number}/reevaluation/resume`"""

    @extend_schema(request=None, responses=ANSWER, summary="Go on where it was paused")
    def post(self, request: Request, project_id: int, name: str, number: int) -> Response:
        user, release = _found(request, project_id, name, number, Verb.RULES_RELEASE)
        run = reevaluation.find_reevaluation(release)
        return Response(reevaluation_json(reevaluation.resume_reevaluation(run, user)))


def _found(
    request: Request, project_id: int, name: str, number: int, *verbs: Verb
) -> tuple[Any, Release]:
    """Who asks and the release. Problems: 401.2, 403.1, 404.1."""
    user, rule_set = rule_set_for(request, project_id, name, *verbs)
    return user, release_of(rule_set, number)
