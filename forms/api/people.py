"""People in the registry: entries that may be one child, merges, transfers, responsible persons, households."""

from datetime import date
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from forms.api.entities import entity_of
from forms.api.people_shapes import (
    household_json,
    merge_json,
    pair_json,
    responsible_json,
    transfer_json,
)
from forms.api.reading import note_read
from forms.api.requests import body_of, flag_of, person, text_of
from forms.models import DuplicatePair, Merge, Network, Transfer
from forms.services.duplicates import (
    may_decide,
    open_pairs,
    pair_of,
    pairs_about,
    tell_apart,
)
from forms.services.households import household_of
from forms.services.merging import merge_entities, undo_merge
from forms.services.offers import project_for
from forms.services.responsible import name_in_area, name_responsible, read_named
from forms.services.transfers import (
    Destination,
    accept_transfer,
    refuse_transfer,
    request_transfer,
    transfer_of,
    transfers_for,
    withdraw_transfer,
)
from forms.services.visibility import dataset_for
from server import clock
from server.people.access import scope_of
from server.people.models import User
from server.people.roles import Verb
from server.places.models import Area, School
from server.problems import FORBIDDEN, NOT_FOUND, UNEXPECTED, Problem
from server.shell.paging import page_of

SIZE = 100


class Duplicates(APIView):
    """`.../datasets/{name}/duplicates`: open pairs, newest first; `?before={id}` goes on."""

    def get(self, request: Request, project_id: int, name: str) -> Response:
        user = person(request, Verb.ENTITY_UPDATE)
        dataset = dataset_for(project_for(user, project_id), name)
        note_read(user, "entity.list", f"dataset:{name}", project_id)
        page = page_of(open_pairs(user).filter(first__dataset=dataset), request.GET, SIZE)
        scope = scope_of(user, Verb.ENTITY_READ)
        return Response([pair_json(one, scope) for one in page.rows])


class OneDuplicate(APIView):
    """`.../datasets/{name}/duplicates/{pk}`: `{"state": "different"}` tells two children apart."""

    def patch(self, request: Request, project_id: int, name: str, pk: int) -> Response:
        user = person(request, Verb.ENTITY_UPDATE)
        dataset = dataset_for(project_for(user, project_id), name)
        pair = pair_of(user, pk)
        if pair.first.dataset_id != dataset.pk:
            raise Problem(NOT_FOUND)
        if not may_decide(user, pair):
            raise Problem(FORBIDDEN)
        body = body_of(request)
        _one_of(body, "state", DuplicatePair.State.DIFFERENT.value)
        tell_apart(pair, note=_note(body), actor=user)
        return Response(pair_json(pair_of(user, pk), scope_of(user, Verb.ENTITY_READ)))


class ChildDuplicates(APIView):
    """`.../entities/{uuid}/duplicates`"""

    def get(self, request: Request, project_id: int, name: str, uuid: str) -> Response:
        user = person(request, Verb.ENTITY_READ)
        entity = entity_of(user, project_id, name, uuid)
        note_read(user, "entity.read", f"entity:{entity.uuid}", project_id)
        scope = scope_of(user, Verb.ENTITY_READ)
        return Response([pair_json(one, scope) for one in pairs_about(entity)[:SIZE]])


class MergeInto(APIView):
    """`.../entities/{uuid}/merge`: `{"loser": uuid, "take": [property, ...], "note": ""}`"""

    def post(self, request: Request, project_id: int, name: str, uuid: str) -> Response:
        user = person(request, Verb.ENTITY_UPDATE)
        survivor = entity_of(user, project_id, name, uuid, Verb.ENTITY_UPDATE)
        body = body_of(request)
        loser = entity_of(user, project_id, name, text_of(body, "loser"), Verb.ENTITY_UPDATE)
        taken = _texts(body, "take")
        merge = merge_entities(survivor, loser, taken, actor=user, note=_note(body))
        return Response(merge_json(merge))


class Merges(APIView):
    """`.../entities/{uuid}/merges`: those by which the entity took others in."""

    def get(self, request: Request, project_id: int, name: str, uuid: str) -> Response:
        user = person(request, Verb.ENTITY_READ)
        entity = entity_of(user, project_id, name, uuid)
        note_read(user, "entity.read", f"entity:{entity.uuid}", project_id)
        rows = Merge.objects.filter(survivor=entity).select_related("survivor", "loser")
        return Response([merge_json(one) for one in rows.order_by("-pk")[:SIZE]])


class UndoMerge(APIView):
    """`.../entities/{uuid}/merges/{pk}/undo`"""

    def post(self, request: Request, project_id: int, name: str, uuid: str, pk: int) -> Response:
        user = person(request, Verb.ENTITY_UPDATE)
        survivor = entity_of(user, project_id, name, uuid, Verb.ENTITY_UPDATE)
        merge = Merge.objects.filter(survivor=survivor, pk=pk).first()
        if merge is None:
            raise Problem(NOT_FOUND)
        is_gone = merge.undone_at is None
        other = str(merge.loser.uuid)
        entity_of(user, project_id, name, other, Verb.ENTITY_UPDATE, deleted=is_gone)
        return Response(merge_json(undo_merge(merge, actor=user, note=_note(body_of(request)))))


class Transfers(APIView):
    """`.../projects/{id}/transfers?state=requested`: both directions, newest first; `?before={id}` goes on."""

    def get(self, request: Request, project_id: int) -> Response:
        user = person(request, Verb.ENTITY_READ)
        project = project_for(user, project_id)
        rows = transfers_for(user).filter(entity__dataset__project=project)
        state = request.GET.get("state", "")
        if state:
            rows = rows.filter(state=state)
        note_read(user, "entity.list", "transfers", project_id)
        return Response([transfer_json(one) for one in page_of(rows, request.GET, SIZE).rows])


class ChildTransfers(APIView):
    """`.../entities/{uuid}/transfers`: `{"area", "school", "class", "leavesSchool", "reason", "movesOn", "note"}`"""

    def get(self, request: Request, project_id: int, name: str, uuid: str) -> Response:
        user = person(request, Verb.ENTITY_READ)
        entity = entity_of(user, project_id, name, uuid)
        note_read(user, "entity.read", f"entity:{entity.uuid}", project_id)
        rows = transfers_for(user).filter(entity=entity).order_by("-pk")[:SIZE]
        return Response([transfer_json(one) for one in rows])

    def post(self, request: Request, project_id: int, name: str, uuid: str) -> Response:
        user = person(request, Verb.ENTITY_UPDATE)
        entity, body = (
            entity_of(user, project_id, name, uuid, Verb.ENTITY_UPDATE),
            body_of(request),
        )
        made = request_transfer(
            entity,
            destination_of(body),
            reason=text_of(body, "reason"),
            moves_on=_day(body, "movesOn"),
            note=_note(body),
            actor=user,
        )
        return Response(transfer_json(made))


class OneTransfer(APIView):
    """`.../projects/{id}/transfers/{pk}`: `{"state": "accepted" | "refused" | "withdrawn", "answer": ""}`"""

    def get(self, request: Request, project_id: int, pk: int) -> Response:
        user = person(request, Verb.ENTITY_READ)
        transfer = _transfer(user, project_id, pk)
        note_read(user, "entity.read", f"entity:{transfer.entity.uuid}", project_id)
        return Response(transfer_json(transfer))

    def patch(self, request: Request, project_id: int, pk: int) -> Response:
        user = person(request, Verb.ENTITY_UPDATE)
        transfer, body = _transfer(user, project_id, pk), body_of(request)
        state = _one_of(body, "state", *_ANSWERS)
        return Response(
            transfer_json(_ANSWERS[state](transfer, actor=user, answer=_note(body, "answer")))
        )


_ANSWERS: dict[str, Any] = {
    Transfer.State.ACCEPTED.value: accept_transfer,
    Transfer.State.REFUSED.value: refuse_transfer,
    Transfer.State.WITHDRAWN.value: withdraw_transfer,
}


class Responsible(APIView):
    """`.../entities/{uuid}/responsible`: `{network: {"name", "phone", "post", "since"} | null}`"""

    def get(self, request: Request, project_id: int, name: str, uuid: str) -> Response:
        user = person(request, Verb.ENTITY_READ)
        entity = entity_of(user, project_id, name, uuid)
        note_read(user, "entity.read", f"entity:{entity.uuid}", project_id)
        return Response(responsible_json(entity))

    def put(self, request: Request, project_id: int, name: str, uuid: str) -> Response:
        user = person(request, Verb.ENTITY_READ)
        entity, body = entity_of(user, project_id, name, uuid), body_of(request)
        wanted = {}
        for network, one in body.items():
            if network not in Network.values or not (one is None or isinstance(one, dict)):
                raise Problem(
                    UNEXPECTED, field=network[:40], value=str(one)[:40], reason="no such network"
                )
            wanted[network] = None if one is None else read_named(one)
        name_responsible(entity, wanted, actor=user)
        return Response(responsible_json(entity))


class ResponsibleInArea(APIView):
    """`.../datasets/{name}/responsible`: one person for a network of all children of an area."""

    def post(self, request: Request, project_id: int, name: str) -> Response:
        user = person(request, Verb.ENTITY_UPDATE)
        dataset, body = dataset_for(project_for(user, project_id), name), body_of(request)
        area = area_coded(text_of(body, "area"))
        network = _one_of(body, "network", *Network.values)
        count = name_in_area(
            dataset,
            area,
            network,
            read_named(body),
            replaces=flag_of(body, "replace", default=False),
            actor=user,
        )
        return Response({"count": count})


class ChildHousehold(APIView):
    """`.../entities/{uuid}/household`"""

    def get(self, request: Request, project_id: int, name: str, uuid: str) -> Response:
        user = person(request, Verb.ENTITY_READ)
        entity = entity_of(user, project_id, name, uuid)
        note_read(user, "entity.read", f"entity:{entity.uuid}", project_id)
        return Response(household_json(household_of(entity, user)))


def destination_of(body: dict[str, Any]) -> Destination:
    """Where a child is to go, by codes. Problems: 400.8."""
    school = None
    if body.get("school"):
        code = text_of(body, "school")
        school = School.objects.select_related("area").filter(code=code).first()
        if school is None:
            raise Problem(UNEXPECTED, field="school", value=code[:40], reason="no such school")
    return Destination(
        area_coded(text_of(body, "area")) if body.get("area") else None,
        school,
        text_of(body, "class", limit=50) if body.get("class") else "",
        flag_of(body, "leavesSchool", default=False),
    )


def area_coded(code: str) -> Area:
    """The area of that code. Problem 400.8."""
    found = Area.objects.select_related("parent__parent").filter(code=code).first()
    if found is None:
        raise Problem(UNEXPECTED, field="area", value=code[:40], reason="no such area")
    return found


def _transfer(user: User, project_id: int, pk: int) -> Transfer:
    transfer = transfer_of(user, pk)
    if transfer.entity.dataset.project_id != project_for(user, project_id).pk:
        raise Problem(NOT_FOUND)
    return transfer


def _one_of(body: dict[str, Any], name: str, *known: str) -> str:
    value = text_of(body, name)
    if value not in known:
        raise Problem(UNEXPECTED, field=name, value=value[:40], reason=f"one of {', '.join(known)}")
    return value


def _note(body: dict[str, Any], name: str = "note") -> str:
    return text_of(body, name, limit=500) if body.get(name) else ""


def _texts(body: dict[str, Any], name: str) -> list[str]:
    value = body.get(name) or []
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise Problem(UNEXPECTED, field=name, value=str(value)[:40], reason="a list of names")
    return value


def _day(body: dict[str, Any], name: str) -> date:
    if not body.get(name):
        return clock.today()
    try:
        return date.fromisoformat(text_of(body, name))
    except ValueError:
        raise Problem(
            UNEXPECTED, field=name, value=str(body[name])[:40], reason="a day like 2026-09-01"
        ) from None
