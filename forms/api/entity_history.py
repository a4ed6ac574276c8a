"""What became of one entity: the changes between its versions, and its part of the journal."""

from itertools import pairwise
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from forms.api.entities import entity_of
from forms.api.reading import note_read
from forms.api.requests import is_extended, person
from forms.models import EntityVersion
from server.journal.models import Entry
from server.people.access import actor_json, api_time
from server.people.roles import Verb

MOST_ENTRIES = 1000


class Diffs(APIView):
    """`.../entities/{uuid}/diffs`: for each version after the first what it changed, oldest first."""

    def get(self, request: Request, project_id: int, name: str, uuid: str) -> Response:
        user = person(request, Verb.ENTITY_READ)
        entity = entity_of(user, project_id, name, uuid)
        note_read(user, "entity.read", f"entity:{entity.uuid}", project_id)
        rows = list(entity.versions.order_by("version").only("label", "data", "version"))
        return Response([_changes(before, after) for before, after in pairwise(rows)])


class EntityAudits(APIView):
    """`.../entities/{uuid}/audits`: newest first. Who has read it is no part of that; auditors find it in
    `/v1/audits`.
    """

    def get(self, request: Request, project_id: int, name: str, uuid: str) -> Response:
        user = person(request, Verb.ENTITY_READ)
        entity = entity_of(user, project_id, name, uuid)
        note_read(user, "entity.read", f"entity:{entity.uuid}", project_id)
        rows = Entry.objects.filter(subject=f"entity:{entity.uuid}", project_id=project_id)
        told = rows.exclude(action="entity.read").select_related("actor").order_by("-id")
        extended = is_extended(request)
        return Response([_entry(one, extended) for one in told[:MOST_ENTRIES]])


def _changes(before: EntityVersion, after: EntityVersion) -> list[dict[str, Any]]:
    old, new = {**before.data, "label": before.label}, {**after.data, "label": after.label}
    return [
        {"propertyName": name, "old": old.get(name), "new": new.get(name)}
        for name in dict.fromkeys([*old, *new])
        if old.get(name) != new.get(name)
    ]


def _entry(entry: Entry, extended: bool) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "actorId": entry.actor_id,
        "action": entry.action,
        "acteeId": entry.subject,
        "details": entry.details or None,
        "notes": entry.notes or None,
        "loggedAt": api_time(entry.at),
    }
    if extended:
        shape["actor"] = actor_json(entry.actor) if entry.actor else None
    return shape
