"""Tasks: lists with filters by key, what a person does with one, its history (design.md §7)."""

from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Q, QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from forms.api.requests import person
from forms.services.offers import project_for
from rules.api.requests import TaskChange, read
from rules.api.shapes import event_json, task_json
from rules.models import Task
from rules.services.reading import readable_tasks
from rules.services.tasks import ACTIONS, assign_task, possible_actions
from server import clock
from server.people.models import User
from server.people.roles import Role
from server.places.models import Area
from server.problems import NOT_FOUND, UNEXPECTED, Problem

ANSWER = OpenApiTypes.OBJECT
PAGE = 50
Parsed = TypeVar("Parsed")
MOST = 250
FILTERS = [
    OpenApiParameter(
        "state",
        str,
        enum=["live", *Task.State.values],
        description="live: open, accepted or verifying",
    ),
    OpenApiParameter("tier", str),
    OpenApiParameter("code", str),
    OpenApiParameter("role", str, enum=list(Role.values)),
    OpenApiParameter("assignee", str, description="an actor's id, `me`, or `none`"),
    OpenApiParameter("entity", str, description="the child's uuid"),
    OpenApiParameter("area", str, description="an area's code: there and below"),
    OpenApiParameter("overdue", bool),
    OpenApiParameter("dueBefore", date),
    OpenApiParameter("limit", int, description=f"at most {MOST}"),
    OpenApiParameter("after", str, description="the `nextKey` of the page before"),
]


class Tasks(APIView):
    """`/v1/projects/{projectId}/tasks`"""

    @extend_schema(
        parameters=FILTERS,
        responses=ANSWER,
        summary="Tasks that one may see, the earliest due first",
    )
    def get(self, request: Request, project_id: int) -> Response:
        user = person(request)
        project = project_for(user, project_id)
        rows = filtered(readable_tasks(user, project.pk), request.GET, user)
        found, next_key = page(rows, request.GET)
        return Response({"value": [task_json(one) for one in found], "nextKey": next_key})


class OneTask(APIView):
    """`/v1/projects/{projectId}/tasks/{id}`"""

    @extend_schema(responses=ANSWER, summary="A task, and what one may do with it")
    def get(self, request: Request, project_id: int, pk: int) -> Response:
        user = person(request)
        return Response(_shape(find_task(user, project_id, pk), user))

    @extend_schema(
        request=TaskChange, responses=ANSWER, summary="Accept, finish, refuse, assign, verify …"
    )
    def patch(self, request: Request, project_id: int, pk: int) -> Response:
        user = person(request)
        task = find_task(user, project_id, pk)
        body = read(TaskChange, request)
        if body["action"] == "assign":
            assign_task(task, user, _assignee(body["assigneeId"]), body["note"])
        else:
            ACTIONS[body["action"]](task, user, body["note"])
        return Response(_shape(find_task(user, project_id, pk), user))


class TaskHistory(APIView):
    """`/v1/projects/{projectId}/tasks/{id}/history`"""

    @extend_schema(responses=ANSWER, summary="Every step of a task, oldest first")
    def get(self, request: Request, project_id: int, pk: int) -> Response:
        task = find_task(person(request), project_id, pk)
        return Response([event_json(one) for one in task.events.select_related("actor")])


def find_task(user: User, project_id: int, pk: int) -> Task:
    """One task that `user` may see. Problem 404.1."""
    found = _with_people(readable_tasks(user, project_id)).filter(pk=pk).first()
    if found is None:
        raise Problem(NOT_FOUND)
    return found


def filtered(rows: QuerySet[Task], asked: Any, user: User) -> QuerySet[Task]:
    """The tasks that the query's filters leave. Problem UNEXPECTED for a value that cannot be."""
    for name in ("tier", "code", "role"):
        if asked.get(name):
            rows = rows.filter(**{name: asked[name]})
    if state := asked.get("state"):
        rows = rows.filter(state__in=Task.LIVE if state == "live" else [state])
    if assignee := asked.get("assignee"):
        rows = rows.filter(_assigned(assignee, user))
    if entity := asked.get("entity"):
        rows = rows.filter(entity__uuid=_parsed("entity", entity, UUID))
    if area := asked.get("area"):
        paths = Area.objects.filter(code=area).values_list("path", flat=True)
        rows = rows.filter(entity__area__in=Area.objects.within(paths))
    if asked.get("overdue", "").lower() == "true":
        rows = rows.filter(state__in=Task.LIVE[:2], due_at__lt=clock.now())
    if before := asked.get("dueBefore"):
        day = _parsed("dueBefore", before, date.fromisoformat)
        rows = rows.filter(due_at__lt=datetime.combine(day, time.min, clock.site_zone()))
    return rows


def page(rows: QuerySet[Task], asked: Any) -> tuple[list[Task], str | None]:
    """One page by (due_at, id), and the key of the next."""
    limit = asked.get("limit", "")
    size = min(int(limit), MOST) if limit.isdecimal() and 0 < len(limit) < 6 else PAGE
    if after := asked.get("after"):
        due, pk = _parsed("after", after, _key)
        rows = rows.filter(Q(due_at__gt=due) | Q(due_at=due, pk__gt=pk))
    found = list(_with_people(rows).order_by("due_at", "pk")[: size + 1])
    if len(found) <= size:
        return found, None
    last = found[size - 1]
    return found[:size], f"{last.due_at.isoformat()}~{last.pk}"


def _with_people(rows: QuerySet[Task]) -> QuerySet[Task]:
    return rows.select_related("entity__dataset", "entity__area", "assignee", "done_by")


def _shape(task: Task, user: User) -> dict[str, Any]:
    return task_json(task) | {"actions": possible_actions(task, user)}


def _assigned(assignee: str, user: User) -> Q:
    if assignee == "me":
        return Q(assignee=user)
    if assignee == "none":
        return Q(assignee=None)
    return Q(assignee=_parsed("assignee", assignee, int))


def _assignee(pk: int) -> User:
    found = User.objects.filter(pk=pk, is_active=True, deleted_at=None).first()
    if found is None:
        raise Problem(UNEXPECTED, field="assigneeId", value=pk, reason="there is no such person")
    return found


def _key(text: str) -> tuple[datetime, int]:
    due, pk = text.split("~")
    moment = datetime.fromisoformat(due.replace(" ", "+"))  # a plus sign of an address not encoded
    if moment.tzinfo is None:
        raise ValueError("no zone")
    return moment, int(pk)


def _parsed(field: str, text: str, parse: Callable[[str], Parsed]) -> Parsed:
    """`text` of a query parameter. Problem UNEXPECTED."""
    try:
        if len(text) > 100:
            raise ValueError("too long")
        return parse(text)
    except (ValueError, OverflowError) as error:
        raise Problem(UNEXPECTED, field=field, value=text[:80], reason=str(error)[:100]) from None
