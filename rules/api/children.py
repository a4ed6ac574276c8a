"""What the rules say about one entity: evaluations, timeline, and people's decisions about its
tier (design.md §7)."""

from typing import Any
from uuid import UUID

from django.utils.translation import get_language
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from forms.api.requests import person
from forms.models import Entity
from rules.api.requests import TierRequest, read
from rules.api.shapes import evaluation_json, evaluation_line, item_json, tier_json
from rules.models import Evaluation, TierState
from rules.services import releases, tiers
from rules.services.explain import Language, explain, redacted
from rules.services.reading import find_entity, hidden_forms
from server.people.models import User
from server.problems import NOT_FOUND, Problem
from server.shell.timeline import collect

ANSWER = OpenApiTypes.OBJECT
PAGE = 50
BEFORE = OpenApiParameter("before", int, description="only those older than this id: the next page")


def _child(request: Request, project_id: int, dataset: str, uuid: UUID) -> tuple[User, Entity]:
    user = person(request)
    return user, find_entity(user, project_id, dataset, uuid)


class NewestEvaluation(APIView):
    """`/v1/projects/{projectId}/datasets/{dataset}/entities/{uuid}/evaluation`"""

    @extend_schema(
        responses=ANSWER,
        summary="The newest evaluation, the tier in force, and why in words (Accept-Language)",
    )
    def get(self, request: Request, project_id: int, dataset: str, uuid: UUID) -> Response:
        user, entity = _child(request, project_id, dataset, uuid)
        state = (
            TierState.objects.select_related("evaluation__release", "requested_by")
            .defer("evaluation__release__document")
            .filter(entity=entity, evaluation__isnull=False)
            .first()
        )
        if state is None or state.evaluation is None:
            raise Problem(NOT_FOUND)
        return Response(
            _explained(state.evaluation, hidden_forms(user, entity)) | {"state": tier_json(state)}
        )


class OneEvaluation(APIView):
    """`/v1/projects/{projectId}/datasets/{dataset}/entities/{uuid}/evaluations/{id}`"""

    @extend_schema(responses=ANSWER, summary="A past evaluation")
    def get(self, request: Request, project_id: int, dataset: str, uuid: UUID, pk: int) -> Response:
        user, entity = _child(request, project_id, dataset, uuid)
        rows = Evaluation.objects.select_related("release").defer("release__document")
        found = rows.filter(entity=entity, pk=pk).first()
        if found is None:
            raise Problem(NOT_FOUND)
        return Response(_explained(found, hidden_forms(user, entity)))


def _explained(evaluation: Evaluation, hidden: frozenset[str]) -> dict[str, Any]:
    language: Language = "en" if (get_language() or "").startswith("en") else "zh"
    decision = redacted(evaluation.decision, hidden)
    rule_set = releases.compiled(evaluation.release)
    return evaluation_json(evaluation, hidden) | {
        "explanation": explain(rule_set, decision, language)
    }


class Evaluations(APIView):
    """`/v1/projects/{projectId}/datasets/{dataset}/entities/{uuid}/evaluations`"""

    @extend_schema(
        parameters=[BEFORE],
        responses=ANSWER,
        summary="Past evaluations, newest first, 50 at a time",
    )
    def get(self, request: Request, project_id: int, dataset: str, uuid: UUID) -> Response:
        _, entity = _child(request, project_id, dataset, uuid)
        rows = Evaluation.objects.filter(entity=entity).select_related("release")
        rows = rows.defer("facts", "decision", "release__document")
        before = request.GET.get("before", "")
        if before.isdecimal() and len(before) < 19:
            rows = rows.filter(pk__lt=int(before))
        return Response([evaluation_line(one) for one in rows.order_by("-pk")[:PAGE]])


class Timeline(APIView):
    """`/v1/projects/{projectId}/datasets/{dataset}/entities/{uuid}/timeline`"""

    @extend_schema(
        parameters=[
            OpenApiParameter(
                "kind", str, description="submission, entity, evaluation, decision or task"
            )
        ],
        responses=ANSWER,
        summary="Everything that happened around the entity, newest first",
    )
    def get(self, request: Request, project_id: int, dataset: str, uuid: UUID) -> Response:
        user, entity = _child(request, project_id, dataset, uuid)
        kind = request.GET.get("kind", "")
        items = collect(entity, user)
        return Response([item_json(one) for one in items if kind in ("", one.kind)])


class TierDecisions(APIView):
    """`/v1/projects/{projectId}/datasets/{dataset}/entities/{uuid}/tier`"""

    @extend_schema(responses=ANSWER, summary="The tier in force and what waits for a decision")
    def get(self, request: Request, project_id: int, dataset: str, uuid: UUID) -> Response:
        _, entity = _child(request, project_id, dataset, uuid)
        state = TierState.objects.select_related("requested_by").filter(entity=entity).first()
        if state is None:
            raise Problem(NOT_FOUND)
        return Response(tier_json(state))

    @extend_schema(
        request=TierRequest,
        responses=ANSWER,
        summary="Confirm, override, ask to lower, approve or refuse that",
    )
    def post(self, request: Request, project_id: int, dataset: str, uuid: UUID) -> Response:
        user, entity = _child(request, project_id, dataset, uuid)
        return Response(tier_json(_decide(entity, user, read(TierRequest, request))))


def _decide(entity: Entity, user: User, body: dict[str, Any]) -> TierState:
    seen, reason = body["evaluationId"], body["reason"]
    match body["action"]:
        case "confirm":
            return tiers.confirm_tier(entity, user, evaluation_id=seen, reason=reason)
        case "override":
            return tiers.override_tier(
                entity,
                user,
                tier=body["tier"],
                reason_code=body["reasonCode"],
                reason=reason,
                until=body["until"],
                evaluation_id=seen,
            )
        case "request":
            return tiers.request_downgrade(
                entity,
                user,
                tier=body["tier"],
                reason=reason,
                reason_code=body["reasonCode"],
                evaluation_id=seen,
            )
        case "approve":
            return tiers.approve_downgrade(entity, user, evaluation_id=seen, reason=reason)
    return tiers.refuse_downgrade(entity, user, reason=reason)
