"""Which children and tasks a reader may see. Every page of this floor begins here."""

import uuid
from datetime import timedelta

from django.db.models import F, Q, QuerySet

from forms.models import Dataset, Entity
from rules.models import Task, TierState
from server import clock
from server.people.access import require, scope_of
from server.people.models import User
from server.people.roles import Verb
from server.problems import NOT_FOUND, Problem


def classified() -> QuerySet[Dataset]:
    """The datasets whose entities some rule set puts into tiers: the children."""
    return Dataset.objects.filter(project__rule_sets__dataset=F("name"))


def readable_children(reader: User) -> QuerySet[Entity]:
    """The living children in the reader's areas, schools and classes. Problems: 401.2, 403.1."""
    require(reader, Verb.ENTITY_READ)
    seen = scope_of(reader, Verb.ENTITY_READ).query()
    return Entity.objects.alive().filter(seen, dataset__in=classified())


def find_child(reader: User, child: uuid.UUID) -> Entity:
    """One child with area, school and dataset. Problem 404.1, whether it exists or not."""
    found = readable_children(reader).filter(uuid=child)
    entity = found.select_related("dataset__project", "area__parent", "school").first()
    if entity is None:
        raise Problem(NOT_FOUND)
    return entity


def reviewable(reader: User) -> QuerySet[TierState]:
    """The children that wait for a decision which `reader` may take. Problems: 401.2, 403.1."""
    require(reader, Verb.TIER_REVIEW)
    seen = scope_of(reader, Verb.TIER_REVIEW).query("entity__")
    return TierState.objects.filter(seen, entity__deleted_at=None).exclude(
        review=TierState.Review.NONE
    )


def ending_overrides(reader: User) -> QuerySet[TierState]:
    """The children in the reader's areas whose override ends within a week."""
    seen = scope_of(reader, Verb.ENTITY_READ).query("entity__")
    last = clock.today() + timedelta(days=7)
    return TierState.objects.filter(seen, entity__deleted_at=None, overridden_until__lte=last)


def readable_tasks(reader: User) -> QuerySet[Task]:
    """One's own tasks wherever they are, and those in one's areas. Problems: 401.2, 403.1."""
    require(reader, Verb.TASK_READ)
    seen = scope_of(reader, Verb.TASK_READ).query("entity__")
    return Task.objects.filter(seen | Q(assignee=reader), entity__deleted_at=None)


def may(reader: User, verb: Verb, child: Entity) -> bool:
    """Whether `reader` may do `verb` for this child (with its area at hand)."""
    path = child.area.path if child.area else None
    return scope_of(reader, verb).covers(path, child.school_id, child.class_name)
