"""Many entities at once: removed and put back, all or none; and who has made those of a list."""

import uuid as uuids
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from forms.api.reading import note_read
from forms.api.requests import body_of, person, success
from forms.models import Entity
from forms.services.entities import delete_entities, undelete_entities
from forms.services.offers import project_for
from forms.services.visibility import dataset_for, entities_for
from server.people.access import actor_json
from server.people.models import Actor, User
from server.people.roles import Verb
from server.problems import MISSING, NOT_FOUND, UNEXPECTED, Problem

MAX_IDS = 1000  # one transaction


class BulkDelete(APIView):
    """`.../entities/bulk-delete`"""

    def post(self, request: Request, project_id: int, name: str) -> Response:
        user = person(request, Verb.ENTITY_UPDATE)
        delete_entities(_named(user, project_id, name, request, deleted=False), actor=user)
        return success()


class BulkRestore(APIView):
    """`.../entities/bulk-restore`"""

    def post(self, request: Request, project_id: int, name: str) -> Response:
        user = person(request, Verb.ENTITY_UPDATE)
        undelete_entities(_named(user, project_id, name, request, deleted=True), actor=user)
        return success()


class Creators(APIView):
    """`.../entities/creators`"""

    def get(self, request: Request, project_id: int, name: str) -> Response:
        user = person(request, Verb.ENTITY_READ)
        dataset = dataset_for(project_for(user, project_id), name)
        note_read(user, "entity.list", f"dataset:{name}", project_id)
        made = entities_for(user, dataset).filter(deleted_at=None).values("created_by")
        rows = Actor.objects.filter(pk__in=made).order_by("display_name", "pk")
        return Response([actor_json(one) for one in rows])


def _named(
    user: User, project_id: int, name: str, request: Request, *, deleted: bool
) -> list[Entity]:
    """The entities of the body's `ids`, each within reach and in the state asked for. Problems: 400.2, 400.8, 404.1."""
    dataset = dataset_for(project_for(user, project_id), name)
    wanted = _ids(body_of(request).get("ids"))
    rows = entities_for(user, dataset, Verb.ENTITY_UPDATE).filter(
        uuid__in=wanted, deleted_at__isnull=not deleted
    )
    found = list(rows.select_related("dataset").order_by("pk"))
    if len(found) != len(wanted):
        raise Problem(NOT_FOUND)
    return found


def _ids(said: Any) -> set[uuids.UUID]:
    if said is None:
        raise Problem(MISSING, field="ids")
    if not isinstance(said, list) or not said or len(said) > MAX_IDS:
        reason = f"a list of 1 to {MAX_IDS} UUIDs is expected"
        raise Problem(UNEXPECTED, field="ids", value=str(said)[:40], reason=reason)
    try:
        return {uuids.UUID(str(one)) for one in said}
    except ValueError:
        raise Problem(NOT_FOUND) from None
