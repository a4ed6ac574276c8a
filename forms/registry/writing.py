"""Entities written by the server: every state is a version, every change makes phones fetch the
list again.

Callers are inside a transaction. `insert_entity` and `append_version` are the only places that
write entities.
"""

import uuid as uuids
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction

from forms.models import Dataset, DatasetProperty, Entity, EntityVersion, SubmissionVersion
from forms.registry.likeness import index_entity
from forms.registry.placing import Home, place_of
from server import clock
from server.journal.services import record
from server.people.models import Actor, User
from server.places.models import Area, School


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a version comes from: who, by which submission, and its place among the phone's offline
    changes.
    """

    actor: Actor | None = None
    source: SubmissionVersion | None = None
    base_version: int | None = None
    trunk_version: int | None = None
    branch_id: str = ""
    branch_base_version: int | None = None
    conflict: str = ""
    conflicting: tuple[str, ...] = ()
    received: Mapping[str, str] | None = None


def lock_entity(dataset: Dataset, uuid: str) -> Entity | None:
    """The entity, deleted or not, locked until the transaction ends."""
    entity = (
        Entity.objects.select_for_update(of=("self",))
        .select_related("area")
        .filter(dataset=dataset, uuid=uuid)
        .first()
    )
    if entity is not None:
        entity.dataset = dataset
    return entity


def insert_entity(
    dataset: Dataset,
    uuid: str,
    label: str,
    data: Mapping[str, str],
    home: Home,
    origin: Origin,
    worker: Actor | None = None,
) -> Entity:
    """A new entity with its version 1, journalled; the list of its dataset is stale from now on."""
    entity = Entity.objects.create(
        dataset=dataset,
        uuid=uuids.UUID(str(uuid)),
        label=label[:500],
        data=dict(data),
        area_id=home.area_id,
        school_id=home.school_id,
        class_name=home.class_name,
        worker=worker,
        created_by=origin.actor,
    )
    _insert_version(entity, origin)
    index_entity(entity, origin.source, data)
    mark_changed(dataset)
    _journal("entity.create", entity, origin)
    return entity


def append_version(
    entity: Entity,
    label: str,
    data: Mapping[str, str],
    origin: Origin,
    *,
    home: Home | None = None,
    is_annotation: bool = False,
) -> EntityVersion:
    """The next version of a locked entity. `home`: where it belongs from now on."""
    entity.label, entity.data, entity.version = label[:500], dict(data), entity.version + 1
    entity.updated_at = clock.now()
    if home is not None:
        entity.area_id, entity.school_id, entity.class_name = (
            home.area_id,
            home.school_id,
            home.class_name,
        )
    if "hard" in (entity.conflict, origin.conflict):
        entity.conflict = "hard"
    elif origin.conflict:
        entity.conflict = origin.conflict
    entity.save()
    version = _insert_version(entity, origin, is_annotation)
    mark_changed(entity.dataset)
    if not is_annotation:
        index_entity(entity, origin.source, origin.received)
        _journal("entity.update.version", entity, origin)
    return version


def mark_changed(dataset: Dataset) -> None:
    """Move `changed_at` forward, also when the clock stands still (tests, one burst): it is part of
    the lists' cache key.
    """
    latest = Dataset.objects.values_list("changed_at", flat=True).get(pk=dataset.pk)
    dataset.changed_at = max(clock.now(), latest + timedelta(microseconds=1))
    Dataset.objects.filter(pk=dataset.pk).update(changed_at=dataset.changed_at)


@transaction.atomic
def write_entity(
    dataset: Dataset,
    uuid: str | uuids.UUID,
    label: str,
    data: Mapping[str, str],
    *,
    worker: User | None = None,
    area: Area | None = None,
    school: School | None = None,
    actor: Actor | None = None,
) -> Entity:
    """Create the entity or bring it to exactly this state (a removed one comes back); nothing
    happens if it is so already.

    Properties that the dataset lacks are added. `area` and `school` place it when the dataset's own
    properties do not.
    """
    ensure_properties(dataset, data)
    entity = lock_entity(dataset, str(uuid))
    given = Home(area.pk if area else None, school.pk if school else None)
    texts = {name: str(value) for name, value in data.items()}
    home = place_of(dataset, texts, None, given)
    if entity is None:
        return insert_entity(
            dataset, str(uuid), label, texts, home, Origin(actor, received=texts), worker
        )
    worker_id = worker.pk if worker else None
    merged = {**entity.data, **texts}
    now = (
        entity.label,
        entity.data,
        entity.worker_id,
        entity.area_id,
        entity.school_id,
        entity.deleted_at,
    )
    if now == (label[:500], merged, worker_id, home.area_id, home.school_id, None):
        return entity
    entity.worker_id, entity.deleted_at = worker_id, None
    append_version(
        entity, label, merged, Origin(actor, base_version=entity.version, received=texts), home=home
    )
    return entity


@transaction.atomic
def annotate_entity(
    entity: Entity, columns: Mapping[str, str], actor: Actor | None = None
) -> Entity:
    """Write the server's own columns (tier, open tasks). Phones see a new version; nothing ever
    conflicts with it.
    """
    ensure_properties(entity.dataset, columns)
    locked = lock_entity(entity.dataset, str(entity.uuid))
    if locked is None or all(locked.data.get(name) == text for name, text in columns.items()):
        return locked or entity
    data = {**locked.data, **{name: str(text) for name, text in columns.items()}}
    origin = Origin(actor, base_version=locked.version, received=dict(columns))
    append_version(locked, locked.label, data, origin, is_annotation=True)
    return locked


@transaction.atomic
def remove_entity(entity: Entity, *, actor: Actor | None = None) -> None:
    """Take the entity off the lists; its versions stay, and `restore_entity` or a new write bring
    it back.
    """
    changed = Entity.objects.filter(pk=entity.pk, deleted_at=None).update(deleted_at=clock.now())
    if changed:
        mark_changed(entity.dataset)
        _journal("entity.delete", entity, Origin(actor))


@transaction.atomic
def restore_entity(entity: Entity, *, actor: Actor | None = None) -> None:
    """Undo `remove_entity`."""
    changed = Entity.objects.filter(pk=entity.pk).exclude(deleted_at=None).update(deleted_at=None)
    if changed:
        mark_changed(entity.dataset)
        _journal("entity.restore", entity, Origin(actor))


def ensure_properties(dataset: Dataset, names: Iterable[str]) -> None:
    """Add the properties that the dataset does not have yet."""
    have = set(dataset.properties.values_list("name", flat=True))
    fresh = [name for name in names if name not in have]
    DatasetProperty.objects.bulk_create(
        [DatasetProperty(dataset=dataset, name=name, published_at=clock.now()) for name in fresh],
        ignore_conflicts=True,
    )


def _insert_version(entity: Entity, origin: Origin, is_annotation: bool = False) -> EntityVersion:
    return EntityVersion.objects.create(
        entity=entity,
        version=entity.version,
        label=entity.label,
        data=entity.data,
        data_received=dict(origin.received or {}),
        base_version=origin.base_version,
        trunk_version=origin.trunk_version,
        branch_id=origin.branch_id[:64],
        branch_base_version=origin.branch_base_version,
        conflict=origin.conflict,
        conflicting_properties=list(origin.conflicting),
        is_annotation=is_annotation,
        source=origin.source,
        created_by=origin.actor,
    )


def _journal(action: str, entity: Entity, origin: Origin) -> None:
    details: dict[str, Any] = {
        "entity": {"uuid": str(entity.uuid), "dataset": entity.dataset.name},
        "version": entity.version,
    }
    if origin.source is not None:
        details["instanceId"] = origin.source.instance_id
    record(
        action,
        actor=origin.actor,
        subject=f"entity:{entity.uuid}",
        project_id=entity.dataset.project_id,
        details=details,
    )
