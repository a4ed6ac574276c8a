"""Simulations: a draft or a release tried over the children, its progress, its sums, who moves
(design.md §1.5, §7)."""

from collections.abc import Iterable, Mapping
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from rules.api.requests import read
from rules.api.scope import rule_set_for
from rules.api.shapes import actor_of
from rules.api.simulation_shapes import mover_json, result_json
from rules.models import RuleSet, Simulation
from rules.services.simulations import (
    DRAFT,
    Wish,
    cancel_simulation,
    start_simulation,
)
from rules.services.simulations.movers import page_of_movers
from rules.services.simulations.summary import summary_of
from server.people.access import api_time
from server.people.roles import Verb
from server.places.models import Area
from server.problems import NOT_FOUND, UNEXPECTED, Problem

ANSWER = OpenApiTypes.OBJECT
MOST = 250
PAGE = 50
PAGING = [
    OpenApiParameter("limit", int, description=f"at most {MOST}"),
    OpenApiParameter("after", str, description="the `nextKey` of the page before"),
]
TIERS = [
    OpenApiParameter("from", str, description="the tier before"),
    OpenApiParameter("to", str, description="the tier after"),
]


class SimulationRequest(serializers.Serializer):
    """What to try: the draft or a release, as of which day (default: today), where, over how many."""

    candidate = serializers.CharField(
        required=False, max_length=20, default=DRAFT, help_text="`draft` or the number of a release"
    )
    as_of = serializers.DateField(required=False, allow_null=True, default=None)
    area = serializers.CharField(
        required=False, allow_null=True, default=None, max_length=20, help_text="an area's code"
    )
    sample = serializers.IntegerField(required=False, allow_null=True, default=None, min_value=1)
    seed = serializers.IntegerField(required=False, min_value=0, default=1)
    note = serializers.CharField(required=False, allow_blank=True, max_length=200, default="")


class Simulate(APIView):
    """`/v1/projects/{projectId}/rule-sets/{name}/draft/simulate`"""

    @extend_schema(
        request=SimulationRequest,
        responses={202: ANSWER},
        summary="Try the draft (or a release) over the children; runs in the background",
    )
    def post(self, request: Request, project_id: int, name: str) -> Response:
        user, rule_set = rule_set_for(request, project_id, name, Verb.RULES_UPDATE)
        body = read(SimulationRequest, request)
        wish = Wish(
            candidate=body["candidate"],
            as_of=body["as_of"],
            area=_area(body["area"]),
            sample=body["sample"],
            seed=body["seed"],
            note=body["note"],
        )
        simulation = start_simulation(rule_set, user, wish)
        return Response(simulation_json(simulation), status=202)


class Simulations(APIView):
    """`/v1/projects/{projectId}/rule-sets/{name}/simulations`"""

    @extend_schema(parameters=PAGING, responses=ANSWER, summary="The simulations, newest first")
    def get(self, request: Request, project_id: int, name: str) -> Response:
        _, rule_set = rule_set_for(request, project_id, name)
        size, rows = _size(request), _rows(rule_set).defer("result")
        if after := request.GET.get("after"):
            rows = rows.filter(pk__lt=_number(after))
        found = list(rows.order_by("-pk")[: size + 1])
        next_key = str(found[size - 1].pk) if len(found) > size else None
        areas = _areas(found[:size])
        value = [simulation_json(one, areas) for one in found[:size]]
        return Response({"value": value, "nextKey": next_key})


class OneSimulation(APIView):
    """`/v1/projects/{projectId}/rule-sets/{name}/simulations/{id}`"""

    @extend_schema(responses=ANSWER, summary="A simulation: state, progress and the sums so far")
    def get(self, request: Request, project_id: int, name: str, pk: int) -> Response:
        user, rule_set = rule_set_for(request, project_id, name)
        simulation = _found(rule_set, pk)
        summary = summary_of(simulation)
        result = result_json(summary, user) if summary else None
        return Response(simulation_json(simulation) | {"result": result})


class SimulationMoves(APIView):
    """`/v1/projects/{projectId}/rule-sets/{name}/simulations/{id}/moves`"""

    @extend_schema(
        parameters=[*TIERS, *PAGING],
        responses=ANSWER,
        summary="Who moves and by which rules; named only to who may read that child",
    )
    def get(self, request: Request, project_id: int, name: str, pk: int) -> Response:
        user, rule_set = rule_set_for(request, project_id, name)
        simulation = _found(rule_set, pk)
        movers, after = page_of_movers(
            simulation,
            user,
            old=request.GET.get("from", "")[:20],
            new=request.GET.get("to", "")[:20],
            after=request.GET.get("after", ""),
            size=_size(request),
        )
        summary = summary_of(simulation)
        value = [mover_json(one, summary) for one in movers] if summary else []
        return Response({"value": value, "nextKey": after or None})


class SimulationCancel(APIView):
    """`/v1/projects/{projectId}/rule-sets/{name}/simulations/{id}/cancel`"""

    @extend_schema(request=None, responses=ANSWER, summary="End a simulation that waits or runs")
    def post(self, request: Request, project_id: int, name: str, pk: int) -> Response:
        user, rule_set = rule_set_for(request, project_id, name, Verb.RULES_UPDATE)
        cancel_simulation(_found(rule_set, pk), user)
        return Response(simulation_json(_found(rule_set, pk)))


def simulation_json(
    simulation: Simulation, areas: Mapping[int, Area] | None = None
) -> dict[str, Any]:
    """A simulation without its document and sums; `areas` where they are at hand."""
    known = _areas([simulation]) if areas is None else areas
    return {
        "id": simulation.pk,
        "candidate": simulation.label,
        "base": simulation.base.number if simulation.base else None,
        "sha256": simulation.sha256,
        "asOf": simulation.as_of.isoformat(),
        "scope": scope_json(simulation, known),
        "note": simulation.note,
        "state": simulation.state,
        "done": simulation.done,
        "total": simulation.total,
        "error": simulation.error or None,
        "actor": actor_of(simulation.actor),
        "createdAt": api_time(simulation.created_at),
        "startedAt": api_time(simulation.started_at),
        "finishedAt": api_time(simulation.finished_at),
    }


def scope_json(simulation: Simulation, areas: Mapping[int, Area]) -> dict[str, Any]:
    """Where, and over how many."""
    asked = simulation.scope
    area = areas.get(asked.get("area", 0))
    return {
        "area": {"code": area.code, "name": area.name} if area else None,
        "sample": asked.get("sample"),
        "seed": asked.get("seed"),
    }


def _areas(simulations: Iterable[Simulation]) -> dict[int, Area]:
    """The areas that they are bound to. One query, none where there are none."""
    keys = {one.scope["area"] for one in simulations if one.scope.get("area")}
    return Area.objects.in_bulk(keys) if keys else {}


def _rows(rule_set: RuleSet) -> Any:
    related = rule_set.simulations.select_related("rule_set", "base", "actor")
    return related.defer("document", "base__document", "rule_set__draft")


def _found(rule_set: RuleSet, pk: int) -> Simulation:
    found: Simulation | None = _rows(rule_set).filter(pk=pk).first() if pk < 2**63 else None
    if found is None:
        raise Problem(NOT_FOUND)
    return found


def _area(code: str | None) -> Area | None:
    if not code:
        return None
    found = Area.objects.filter(code=code).first()
    if found is None:
        raise Problem(NOT_FOUND)
    return found


def _size(request: Request) -> int:
    asked = request.GET.get("limit", "")
    return (
        min(int(asked), MOST) if asked.isdecimal() and 0 < len(asked) < 6 and int(asked) else PAGE
    )


def _number(text: str) -> int:
    if not text.isdecimal() or len(text) > 18:
        raise Problem(
            UNEXPECTED, field="after", value=text[:80], reason="it is no key of this list"
        )
    return int(text)
