"""The calendar about one child: what it has opened, and what one may open by hand (domain report, section 4.3)."""

from typing import Any
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from forms.api.requests import person
from rules.api.requests import read
from rules.api.shapes import task_json
from rules.engine.calendar.parts import CalendarItem
from rules.models import Occasion
from rules.services.calendar import manual_items, open_by_hand
from rules.services.reading import find_entity, readable_tasks
from server.people.access import api_time

MOST = 100


class ByHand(serializers.Serializer):
    """Why an item is opened by hand."""

    note = serializers.CharField(required=False, allow_blank=True, max_length=5000, default="")


class ChildCalendar(APIView):
    """`/v1/projects/{projectId}/datasets/{dataset}/entities/{uuid}/calendar`"""

    @extend_schema(
        responses=OpenApiTypes.OBJECT,
        summary="What the calendar has opened for the entity, newest first, and what one may open by hand",
    )
    def get(self, request: Request, project_id: int, dataset: str, uuid: UUID) -> Response:
        user = person(request)
        entity = find_entity(user, project_id, dataset, uuid)
        readable = set(
            readable_tasks(user, project_id).filter(entity=entity).values_list("pk", flat=True)
        )
        rows = Occasion.objects.filter(entity=entity).order_by("-at", "-pk")[:MOST]
        return Response(
            {
                "occasions": [_occasion_json(one, readable) for one in rows],
                "byHand": [_item_json(item) for item in manual_items(entity, user)],
            }
        )


class ChildCalendarItem(APIView):
    """`/v1/projects/{projectId}/datasets/{dataset}/entities/{uuid}/calendar/{item}`"""

    @extend_schema(
        request=ByHand,
        responses=OpenApiTypes.OBJECT,
        summary="Open what an item of the calendar asks for; the same day again changes nothing",
    )
    def post(
        self, request: Request, project_id: int, dataset: str, uuid: UUID, item: str
    ) -> Response:
        user = person(request)
        entity = find_entity(user, project_id, dataset, uuid)
        tasks = open_by_hand(entity, user, item, read(ByHand, request)["note"])
        return Response([task_json(task) for task in tasks])


def _occasion_json(one: Occasion, readable: set[int]) -> dict[str, Any]:
    return {
        "item": one.item,
        "key": one.key,
        "at": api_time(one.at),
        "taskId": one.task_id if one.task_id in readable else None,
    }


def _item_json(item: CalendarItem) -> dict[str, Any]:
    return {
        "id": item.id,
        "title": dict(item.title),
        "role": item.trigger.role,
        "tasks": [use.id for use in item.tasks],
    }
