"""Objections to a child's tier over the API (design.md §7; domain report, section 7.4)."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from forms.api.requests import person
from forms.services.offers import project_for
from rules.api.requests import read
from rules.api.shapes import actor_of
from rules.models import Appeal
from rules.services import appeals
from rules.services.reading import find_entity
from server import clock
from server.people.access import api_time
from server.people.models import User
from server.people.roles import Verb
from server.problems import NOT_FOUND, UNEXPECTED, Problem

PAGE = 50


class AppealRequest(serializers.Serializer):
    """An objection as it is taken down."""

    by = serializers.ChoiceField(Appeal.By.values)
    grounds = serializers.CharField(max_length=5000)
    name = serializers.CharField(required=False, allow_blank=True, max_length=100, default="")
    contact = serializers.CharField(required=False, allow_blank=True, max_length=100, default="")
    receivedOn = serializers.DateField(required=False, allow_null=True, default=None)


class AppealChange(serializers.Serializer):
    """Its decision: upheld (with another tier) or dismissed, with a written answer; or withdrawn."""

    state = serializers.ChoiceField(["upheld", "dismissed", "withdrawn"])
    answer = serializers.CharField(required=False, allow_blank=True, max_length=20000, default="")
    tier = serializers.CharField(required=False, allow_blank=True, max_length=20, default="")
    reasonCode = serializers.CharField(required=False, max_length=20, default="discretionary")
    until = serializers.DateField(required=False, allow_null=True, default=None)
    evaluationId = serializers.IntegerField(required=False, allow_null=True, default=None)


class AppealAnswer(serializers.Serializer):
    """An objection as it stands; `draft` (in the answer about one only) begins the written answer."""

    id = serializers.IntegerField()
    entity = inline_serializer("AppealEntity", {"uuid": serializers.UUIDField(),
                                                "label": serializers.CharField()})  # fmt: skip
    by = serializers.ChoiceField(Appeal.By.values)
    name = serializers.CharField()
    contact = serializers.CharField()
    grounds = serializers.CharField()
    receivedOn = serializers.DateField()
    dueOn = serializers.DateField()
    isLate = serializers.BooleanField()
    tier = serializers.CharField()
    evaluationId = serializers.IntegerField(allow_null=True)
    state = serializers.ChoiceField(Appeal.State.values)
    answer = serializers.CharField()
    decidedTier = serializers.CharField(allow_null=True)
    takenDownBy = serializers.DictField()
    decidedBy = serializers.DictField(allow_null=True)
    createdAt = serializers.DateTimeField()
    decidedAt = serializers.DateTimeField(allow_null=True)
    draft = serializers.CharField(required=False)


def appeal_json(appeal: Appeal) -> dict[str, Any]:
    """An objection; `entity`, `actor` and `decided_by` at hand."""
    return {
        "id": appeal.pk,
        "entity": {"uuid": str(appeal.entity.uuid), "label": appeal.entity.label},
        "by": appeal.by,
        "name": appeal.name,
        "contact": appeal.contact,
        "grounds": appeal.grounds,
        "receivedOn": appeal.received_on.isoformat(),
        "dueOn": appeal.due_on.isoformat(),
        "isLate": appeal.state == Appeal.State.OPEN and appeal.due_on < clock.today(),
        "tier": appeal.tier,
        "evaluationId": appeal.evaluation_id,
        "state": appeal.state,
        "answer": appeal.answer,
        "decidedTier": appeal.decided_tier or None,
        "takenDownBy": actor_of(appeal.actor),
        "decidedBy": actor_of(appeal.decided_by),
        "createdAt": api_time(appeal.created_at),
        "decidedAt": api_time(appeal.decided_at),
    }


class EntityAppeals(APIView):
    """`/v1/projects/{projectId}/datasets/{dataset}/entities/{uuid}/appeals`"""

    @extend_schema(
        responses=AppealAnswer(many=True), summary="The objections about an entity, newest first"
    )
    def get(self, request: Request, project_id: int, dataset: str, uuid: UUID) -> Response:
        user = person(request)
        entity = find_entity(user, project_id, dataset, uuid)
        rows = appeals.readable_appeals(user).filter(entity=entity).select_related(*appeals.RELATED)
        return Response([appeal_json(one) for one in rows.order_by("-pk")[:PAGE]])

    @extend_schema(
        request=AppealRequest,
        responses=AppealAnswer,
        summary="Take an objection down; its answer is due in 15 days",
    )
    def post(self, request: Request, project_id: int, dataset: str, uuid: UUID) -> Response:
        user = person(request)
        entity = find_entity(user, project_id, dataset, uuid)
        body = read(AppealRequest, request)
        appeal = appeals.open_appeal(
            entity,
            user,
            by=body["by"],
            grounds=body["grounds"],
            name=body["name"],
            contact=body["contact"],
            received_on=body["receivedOn"],
        )
        return Response(appeal_json(appeal))


class Appeals(APIView):
    """`/v1/projects/{projectId}/appeals`"""

    @extend_schema(
        parameters=[
            OpenApiParameter("state", str, enum=Appeal.State.values),
            OpenApiParameter("after", str, description="nextKey of the page before"),
        ],
        responses=inline_serializer(
            "AppealPage",
            {"value": AppealAnswer(many=True), "nextKey": serializers.CharField(allow_null=True)},
        ),
        operation_id="projects_appeals_list",
        summary="Objections, those due first; 50 at a time",
    )
    def get(self, request: Request, project_id: int) -> Response:
        user = person(request, Verb.ENTITY_READ)
        project = project_for(user, project_id)
        rows = appeals.readable_appeals(user).filter(entity__dataset__project=project)
        rows = _in_state(rows, request.GET.get("state", ""))
        found, key = appeals.page_of(rows, request.GET.get("after", ""), PAGE)
        return Response({"value": [appeal_json(one) for one in found], "nextKey": key or None})


def _in_state(rows: QuerySet[Appeal], state: str) -> QuerySet[Appeal]:
    if not state:
        return rows
    if state not in Appeal.State.values:
        known = ", ".join(Appeal.State.values)
        raise Problem(UNEXPECTED, field="state", value=state[:20], reason=f"one of {known}")
    return rows.filter(state=state)


class OneAppeal(APIView):
    """`/v1/projects/{projectId}/appeals/{id}`"""

    @extend_schema(
        responses=AppealAnswer, summary="An objection, with a draft of its answer while it is open"
    )
    def get(self, request: Request, project_id: int, pk: int) -> Response:
        _, appeal = _find(request, project_id, pk)
        draft = appeals.drafted_answer(appeal) if appeal.state == Appeal.State.OPEN else ""
        return Response(appeal_json(appeal) | ({"draft": draft} if draft else {}))

    @extend_schema(
        request=AppealChange, responses=AppealAnswer, summary="Decide it, or note its withdrawal"
    )
    def patch(self, request: Request, project_id: int, pk: int) -> Response:
        user, appeal = _find(request, project_id, pk)
        body = read(AppealChange, request)
        if body["state"] == Appeal.State.WITHDRAWN:
            return Response(appeal_json(appeals.withdraw_appeal(pk, user, body["answer"])))
        changed = appeals.decide_appeal(
            appeal.pk,
            user,
            outcome=body["state"],
            answer=body["answer"],
            tier=body["tier"],
            reason_code=body["reasonCode"],
            until=body["until"],
            evaluation_id=body["evaluationId"],
        )
        return Response(appeal_json(changed))


def _find(request: Request, project_id: int, pk: int) -> tuple[User, Appeal]:
    """Who asks and the objection, if it is theirs to see. Problems: 401.2, 403.1, 404.1."""
    user = person(request, Verb.ENTITY_READ)
    project = project_for(user, project_id)
    rows = appeals.readable_appeals(user).select_related(*appeals.RELATED)
    found = rows.filter(entity__dataset__project=project, pk=pk).first()
    if found is None:
        raise Problem(NOT_FOUND)
    return user, found
