"""Who lives with a child: brothers and sisters of the register, and those who have charge of them, as far as the reader
may see them.
"""

import uuid as uuids
from contextlib import suppress
from dataclasses import dataclass

from django.db.models import Q

from forms.models import Dataset, Entity
from server.people.access import scope_of
from server.people.models import Actor
from server.people.roles import Verb

HOUSEHOLD = "household"  # the list; a child names its entity, or its number, in `household_id`
MOST = 30
_LEAST_DIGITS = 7


@dataclass(frozen=True, slots=True)
class Guardian:
    """Somebody who has charge of the child; `relation` is the code of the form, "" for parents."""

    role: str  # caregiver, father, mother
    name: str
    relation: str
    phone: str


@dataclass(frozen=True, slots=True)
class Household:
    """`entity`: of the list of households, where it has one; `hidden`: how many more the reader may not see."""

    entity: Entity | None
    guardians: list[Guardian]
    siblings: list[Entity]
    hidden: int


def household_of(child: Entity, reader: Actor) -> Household:
    """The household of a child (its area at hand). Siblings are the living children with the same `household_id`
    in the village or the school; without one, those of the village with the same caregiver's telephone. Three queries.
    """
    rows = Entity.objects.alive().filter(dataset=child.dataset_id).exclude(pk=child.pk)
    same = _same_household(child)
    found = list(rows.filter(same).order_by("pk")[: MOST + 1]) if same is not None else []
    seen = scope_of(reader, Verb.ENTITY_READ).query()
    mine = (
        set(
            Entity.objects.filter(seen, pk__in=[one.pk for one in found]).values_list(
                "pk", flat=True
            )
        )
        if found
        else ()
    )
    visible = [one for one in found if one.pk in mine]
    return Household(_entity(child), guardians_of(child), visible[:MOST], len(found) - len(visible))


def guardians_of(child: Entity) -> list[Guardian]:
    """Who has charge of the child by its row of the register."""
    found = []
    for role in ("caregiver", "father", "mother"):
        name, phone = (_text(child, f"{role}_{part}") for part in ("name", "phone"))
        relation = _text(child, "caregiver_relation") if role == "caregiver" else ""
        if name or phone:
            found.append(Guardian(role, name, relation, phone))
    return found


def _same_household(child: Entity) -> Q | None:
    told = _text(child, "household_id")
    if told:
        places = Q(pk__in=[])  # never the whole list: there is no index over what properties say
        if child.area_id is not None:
            places |= Q(area=child.area_id)
        if child.school_id is not None:
            places |= Q(school=child.school_id)
        return places & Q(data__household_id=told)
    phone = _text(child, "caregiver_phone")
    if child.area_id is None or sum(one.isdecimal() for one in phone) < _LEAST_DIGITS:
        return None
    return Q(area=child.area_id, data__caregiver_phone=phone)


def _entity(child: Entity) -> Entity | None:
    told = _text(child, "household_id")
    if not told:
        return None
    lists = Dataset.objects.filter(project=child.dataset.project_id, name=HOUSEHOLD)
    rows = Entity.objects.alive().filter(dataset__in=lists)
    wanted = Q(data__household_id=told)
    with suppress(ValueError):
        wanted |= Q(uuid=uuids.UUID(told.removeprefix("uuid:")))
    return rows.filter(wanted).first()


def _text(child: Entity, name: str) -> str:
    return str(child.data.get(name) or "").strip()
