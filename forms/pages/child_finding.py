"""The child that a page speaks of, if it is the reader's to see or to change."""

import uuid as uuids

from forms.models import Entity
from forms.registry.likeness import DATASET
from server.people.access import require, scope_of
from server.people.models import User
from server.people.roles import Verb
from server.places.models import Area
from server.problems import NOT_FOUND, UNEXPECTED, Problem


def child_to_read(user: User, child: object, verb: Verb = Verb.ENTITY_READ) -> Entity:
    """The living child with area and dataset. Problems: 403.1, 404.1."""
    require(user, verb)
    try:
        key = uuids.UUID(str(child))
    except ValueError:
        raise Problem(NOT_FOUND) from None
    rows = Entity.objects.alive().filter(scope_of(user, verb).query(), uuid=key)
    rows = rows.filter(dataset__name=DATASET, dataset__project__deleted_at=None)
    found = rows.select_related("dataset__project", "area__parent", "school").first()
    if found is None:
        raise Problem(NOT_FOUND)
    return found


def child_to_change(user: User, child: object) -> Entity:
    """The same, where it may be changed."""
    return child_to_read(user, child, Verb.ENTITY_UPDATE)


def coded_area(code: str) -> Area:
    """The area of that code. Problem 400.8."""
    found = Area.objects.select_related("parent__parent").filter(code=code).first()
    if found is None:
        raise Problem(UNEXPECTED, field="area", value=code[:40], reason="no such area")
    return found
