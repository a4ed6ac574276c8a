"""Entities written by people through the API or a page: created, in bulk, changed, resolved,
removed.
"""

import uuid as uuids
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction

from forms import problems
from forms.models import Dataset, Entity, EntityVersion
from forms.registry import remove_entity, restore_entity
from forms.registry.likeness import DATASET, index_entities
from forms.registry.placing import Home, place_of
from forms.registry.writing import Origin, append_version, insert_entity, lock_entity, mark_changed
from server import clock
from server.journal.services import emit, record
from server.people.models import Actor
from server.places.finding import keys_of
from server.problems import NOT_FOUND, Problem

MAX_LABEL = 500


@dataclass(frozen=True, slots=True)
class NewEntity:
    """An entity as somebody wants it; `uuid` is given or made."""

    uuid: uuids.UUID
    label: str
    data: dict[str, str]


def read_new(dataset: Dataset, body: Any, names: frozenset[str]) -> NewEntity:
    """Check one entity of a request against the list's properties. Problems: ENTITY_INVALID,
    PROPERTY_UNKNOWN.
    """
    if not isinstance(body, dict):
        raise Problem(problems.ENTITY_INVALID, reason="an object is expected")
    given = body.get("uuid")
    try:
        key = uuids.UUID(str(given).removeprefix("uuid:")) if given is not None else uuids.uuid4()
    except ValueError:
        raise Problem(problems.ENTITY_INVALID, reason=f"'{str(given)[:60]}' is no uuid") from None
    return NewEntity(
        key, read_label(body.get("label")), read_data(dataset, body.get("data"), names)
    )


def read_label(value: Any) -> str:
    """A label that phones can show. Problem: ENTITY_INVALID."""
    if not isinstance(value, str) or not value.strip():
        raise Problem(problems.ENTITY_INVALID, reason="the label is missing")
    return value.strip()[:MAX_LABEL]


def read_data(dataset: Dataset, value: Any, names: frozenset[str]) -> dict[str, str]:
    """Properties with text values. Problems: ENTITY_INVALID, PROPERTY_UNKNOWN."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Problem(problems.ENTITY_INVALID, reason="data must be an object")
    for name, text in value.items():
        if name not in names:
            raise Problem(problems.PROPERTY_UNKNOWN, dataset=dataset.name, name=name)
        if not isinstance(text, str):
            raise Problem(problems.ENTITY_INVALID, reason=f"the value of '{name}' is not a text")
    return dict(value)


def property_names(dataset: Dataset) -> frozenset[str]:
    """The properties of a list."""
    return frozenset(dataset.properties.values_list("name", flat=True))


@transaction.atomic
def create_entity(dataset: Dataset, new: NewEntity, *, actor: Actor | None) -> Entity:
    """One entity. Problem: ENTITY_EXISTS."""
    if Entity.objects.filter(dataset=dataset, uuid=new.uuid).exists():
        raise Problem(problems.ENTITY_EXISTS, value=new.uuid)
    home = place_of(dataset, new.data, actor)
    entity = insert_entity(
        dataset, str(new.uuid), new.label, new.data, home, Origin(actor, received=new.data)
    )
    _tell(entity, "entity.create")
    return entity


def create_entities(
    dataset: Dataset, rows: Sequence[NewEntity], source: Mapping[str, Any], *, actor: Actor | None
) -> None:
    """Many entities, all or none; one journal entry. Problem: ENTITY_EXISTS.

    No evaluation is asked for: facts come from submissions, and these entities have none yet.
    """
    homes = _homes(dataset, rows, actor)
    try:
        with transaction.atomic():
            _insert_all(dataset, rows, homes, actor)
            mark_changed(dataset)
            record(
                "entity.bulk.create",
                actor=actor,
                subject=f"dataset:{dataset.name}",
                project_id=dataset.project_id,
                details={"source": dict(source), "count": len(rows)},
            )
    except IntegrityError as error:
        raise Problem(problems.ENTITY_EXISTS, value=_first_known(dataset, rows)) from error


def _insert_all(
    dataset: Dataset, rows: Sequence[NewEntity], homes: Iterable[Home], actor: Actor | None
) -> None:
    made = Entity.objects.bulk_create(
        [
            Entity(
                dataset=dataset,
                uuid=one.uuid,
                label=one.label,
                data=one.data,
                created_by=actor,
                area_id=home.area_id,
                school_id=home.school_id,
                class_name=home.class_name,
            )
            for one, home in zip(rows, homes, strict=True)
        ],
        batch_size=500,
    )
    EntityVersion.objects.bulk_create(
        [
            EntityVersion(
                entity=one,
                version=1,
                label=one.label,
                data=one.data,
                data_received=one.data,
                created_by=actor,
            )
            for one in made
        ],
        batch_size=500,
    )
    if dataset.name == DATASET:
        index_entities(made)


def _homes(dataset: Dataset, rows: Sequence[NewEntity], actor: Actor | None) -> list[Home]:
    """As `place_of`, with two queries for all."""
    if not (dataset.area_property or dataset.school_property):
        return [Home()] * len(rows)
    codes = {one.data.get(dataset.area_property, "") for one in rows}
    schools = {one.data.get(dataset.school_property, "") for one in rows}
    areas, places = keys_of("area", codes), keys_of("school", schools)
    return [
        Home(
            areas.get(one.data.get(dataset.area_property, "")),
            places.get(one.data.get(dataset.school_property, "")),
            one.data.get(dataset.class_property, "")[:50] if dataset.class_property else "",
        )
        for one in rows
    ]


def _first_known(dataset: Dataset, rows: Sequence[NewEntity]) -> object:
    seen: set[uuids.UUID] = set()
    for one in rows:
        if one.uuid in seen or Entity.objects.filter(dataset=dataset, uuid=one.uuid).exists():
            return one.uuid
        seen.add(one.uuid)
    return ""


@transaction.atomic
def update_entity(
    entity: Entity,
    *,
    label: str | None,
    data: Mapping[str, str],
    base_version: int | None,
    is_forced: bool,
    resolves: bool,
    actor: Actor | None,
) -> Entity:
    """Change label and properties on top of `base_version` (or whatever is current, forced), or
    only resolve its conflict.

    Problems: 404.1, ENTITY_VERSION.
    """
    locked = lock_entity(entity.dataset, str(entity.uuid))
    if locked is None or locked.deleted_at is not None:
        raise Problem(NOT_FOUND)
    if not is_forced and base_version != locked.version:
        raise Problem(problems.ENTITY_VERSION, current=locked.version, provided=base_version)
    if resolves:
        locked.conflict = ""
        locked.updated_at = clock.now()
        locked.save(update_fields=["conflict", "updated_at"])
        _journal_resolve(locked, actor)
    if data or label:
        _append(locked, label or locked.label, data, actor)
    return locked


def _append(entity: Entity, label: str, data: Mapping[str, str], actor: Actor | None) -> None:
    merged = {**entity.data, **data}
    before = Home(entity.area_id, entity.school_id, entity.class_name)
    home = place_of(entity.dataset, merged, None, before)
    append_version(
        entity, label, merged, Origin(actor, base_version=entity.version, received=data), home=home
    )
    _tell(entity, "entity.update")


def delete_entity(entity: Entity, *, actor: Actor | None) -> None:
    """Take it off the lists."""
    with transaction.atomic():
        remove_entity(entity, actor=actor)
        _tell(entity, "entity.delete")


def undelete_entity(entity: Entity, *, actor: Actor | None) -> None:
    """Put it back on the lists."""
    with transaction.atomic():
        restore_entity(entity, actor=actor)
        _tell(entity, "entity.restore")


@transaction.atomic
def delete_entities(entities: Iterable[Entity], *, actor: Actor | None) -> None:
    """Take all of them off the lists, or none."""
    for entity in entities:
        delete_entity(entity, actor=actor)


@transaction.atomic
def undelete_entities(entities: Iterable[Entity], *, actor: Actor | None) -> None:
    """Put all of them back on the lists, or none."""
    for entity in entities:
        undelete_entity(entity, actor=actor)


def _tell(entity: Entity, cause: str) -> None:
    payload = {"entity_id": entity.pk, "cause": cause, "cause_subject": f"entity:{entity.uuid}"}
    emit("entity.touched", payload)


def _journal_resolve(entity: Entity, actor: Actor | None) -> None:
    record(
        "entity.update.resolve",
        actor=actor,
        subject=f"entity:{entity.uuid}",
        project_id=entity.dataset.project_id,
        details={"entity": {"uuid": str(entity.uuid), "dataset": entity.dataset.name}},
    )
