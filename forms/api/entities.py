"""Entities: listed, created singly or in bulk, changed, removed; scoped to the reader's areas and
schools.
"""

import uuid as uuids
from typing import Any

from django.db.models import F, Prefetch
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from forms.api.dataset_shapes import entity_json, history_json
from forms.api.reading import note_read
from forms.api.requests import asked, body_of, is_extended, person, success, text_of
from forms.models import Dataset, Entity, EntityVersion
from forms.services.entities import (
    create_entities,
    create_entity,
    delete_entity,
    property_names,
    read_data,
    read_label,
    read_new,
    undelete_entity,
    update_entity,
)
from forms.services.offers import project_for
from forms.services.visibility import dataset_for, entities_for
from server.people.models import User
from server.people.roles import Verb
from server.problems import MISSING, NOT_FOUND, UNEXPECTED, Problem

MAX_BULK = 10_000


class Entities(APIView):
    """`.../entities`"""

    def get(self, request: Request, project_id: int, name: str) -> Response:
        user = person(request, Verb.ENTITY_READ)
        dataset = _dataset(user, project_id, name)
        rows = entities_for(user, dataset).filter(deleted_at__isnull=not asked(request, "deleted"))
        current = EntityVersion.objects.filter(version=F("entity__version"))
        versions = current.select_related("created_by").defer("data", "data_received")
        full = rows.select_related("created_by").prefetch_related(
            Prefetch("versions", queryset=versions)
        )
        note_read(user, "entity.list", f"dataset:{name}", project_id)
        extended = is_extended(request)
        return Response(
            [
                entity_json(one, one.versions.all()[0], extended=extended, with_data=False)
                for one in full.order_by("-id")
            ]
        )

    def post(self, request: Request, project_id: int, name: str) -> Response:
        user = person(request, Verb.ENTITY_UPDATE)
        dataset, body = _dataset(user, project_id, name), body_of(request)
        names = property_names(dataset)
        if "entities" not in body:
            entity = create_entity(dataset, read_new(dataset, body, names), actor=user)
            return Response(entity_json(entity, entity.versions.get()))
        rows = [read_new(dataset, one, names) for one in _bulk(body)]
        create_entities(dataset, rows, _source(body), actor=user)
        return success()


class OneEntity(APIView):
    """`.../entities/{uuid}`"""

    def get(self, request: Request, project_id: int, name: str, uuid: str) -> Response:
        user = person(request, Verb.ENTITY_READ)
        entity = entity_of(user, project_id, name, uuid)
        note_read(user, "entity.read", f"entity:{entity.uuid}", project_id)
        return Response(_with_current(entity, extended=is_extended(request)))

    def patch(self, request: Request, project_id: int, name: str, uuid: str) -> Response:
        user = person(request, Verb.ENTITY_UPDATE)
        entity, body = entity_of(user, project_id, name, uuid, Verb.ENTITY_UPDATE), body_of(request)
        forced, resolves = asked(request, "force"), asked(request, "resolve")
        changed = update_entity(
            entity,
            label=read_label(body["label"]) if "label" in body else None,
            data=read_data(entity.dataset, body.get("data"), property_names(entity.dataset)),
            base_version=_base(request, forced),
            is_forced=forced,
            resolves=resolves,
            actor=user,
        )
        return Response(_with_current(changed))

    def delete(self, request: Request, project_id: int, name: str, uuid: str) -> Response:
        user = person(request, Verb.ENTITY_UPDATE)
        delete_entity(entity_of(user, project_id, name, uuid, Verb.ENTITY_UPDATE), actor=user)
        return success()


class RestoreEntity(APIView):
    """`.../entities/{uuid}/restore`"""

    def post(self, request: Request, project_id: int, name: str, uuid: str) -> Response:
        user = person(request, Verb.ENTITY_UPDATE)
        undelete_entity(
            entity_of(user, project_id, name, uuid, Verb.ENTITY_UPDATE, deleted=True), actor=user
        )
        return success()


class Versions(APIView):
    """`.../entities/{uuid}/versions`"""

    def get(self, request: Request, project_id: int, name: str, uuid: str) -> Response:
        user = person(request, Verb.ENTITY_READ)
        entity = entity_of(user, project_id, name, uuid)
        note_read(user, "entity.read", f"entity:{entity.uuid}", project_id)
        rows = list(
            entity.versions.select_related("created_by", "source").defer(
                "source__xml", "source__data"
            )
        )
        shapes = history_json(
            rows, is_in_conflict=bool(entity.conflict), extended=is_extended(request)
        )
        if asked(request, "relevantToConflict"):
            shapes = [one for one in shapes if one["relevantToConflict"]]
        return Response(shapes)


def entity_of(
    user: User,
    project_id: int,
    name: str,
    uuid: str,
    verb: Verb = Verb.ENTITY_READ,
    *,
    deleted: bool = False,
) -> Entity:
    """The entity within the user's scope. Problems: 403.1, 404.1."""
    try:
        key = uuids.UUID(uuid)
    except ValueError:
        raise Problem(NOT_FOUND) from None
    rows = entities_for(user, _dataset(user, project_id, name), verb)
    rows = rows.filter(uuid=key, deleted_at__isnull=not deleted)
    found = rows.select_related("dataset__project", "created_by").first()
    if found is None:
        raise Problem(NOT_FOUND)
    return found


def _dataset(user: User, project_id: int, name: str) -> Dataset:
    return dataset_for(project_for(user, project_id), name)


def _with_current(entity: Entity, *, extended: bool = False) -> dict[str, Any]:
    current = entity.versions.select_related("created_by").get(version=entity.version)
    return entity_json(entity, current, extended=extended)


def _base(request: Request, forced: bool) -> int | None:
    text = request.GET.get("baseVersion")
    if text is None:
        if not forced:
            raise Problem(MISSING, field="baseVersion")
        return None
    if not text.isdigit() or len(text) > 9:
        raise Problem(
            UNEXPECTED, field="baseVersion", value=text[:40], reason="a whole number is expected"
        )
    return int(text)


def _bulk(body: dict[str, Any]) -> list[Any]:
    rows = body["entities"]
    if not isinstance(rows, list) or not rows:
        raise Problem(
            UNEXPECTED, field="entities", value=str(rows)[:40], reason="a list is expected"
        )
    if len(rows) > MAX_BULK:
        raise Problem(
            UNEXPECTED, field="entities", value=len(rows), reason=f"at most {MAX_BULK} at once"
        )
    return rows


def _source(body: dict[str, Any]) -> dict[str, Any]:
    source = body.get("source")
    if not isinstance(source, dict):
        raise Problem(MISSING, field="source")
    return {"name": text_of(source, "name"), "size": source.get("size")}
