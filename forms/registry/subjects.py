"""Whom a submission is about: what it creates or updates, what it selects from an entity list, and
what those refer to.
"""

import uuid as uuids
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db.models import Q

from forms.models import Dataset, Entity, EntityVersion, Subject, SubmissionVersion
from forms.xlsform.field import Field


def selected_entities(
    version: SubmissionVersion, fields: Sequence[Field], project_id: int
) -> list[Entity]:
    """The entities whose uuid is the answer of a question that takes its choices from
    `<dataset>.csv`.
    """
    wanted = Q(pk__in=[])
    for field in fields:
        if field.choices_from.endswith(".csv"):
            found = set(_uuids(_values(version.data, field.path.split("/")[1:])))
            if found:
                wanted |= Q(dataset__name=field.choices_from[: -len(".csv")], uuid__in=found)
    return _entities(project_id, wanted) if len(wanted) > 1 else []


def referred_entities(entities: Iterable[Entity], project_id: int) -> list[Entity]:
    """What `entities` refer to: a property named like a list holds the uuid of its entity (a task's
    `child`).
    """
    pairs = {
        (name, found)
        for one in entities
        for name, text in one.data.items()
        for found in _uuids([text])
    }
    wanted = Q(pk__in=[])
    for name, found in sorted(pairs, key=str):
        wanted |= Q(dataset__name=name, uuid=found)
    return _entities(project_id, wanted) if pairs else []


def link_subjects(version: SubmissionVersion, entities: Iterable[Entity]) -> list[Entity]:
    """Make the submission's links those of its current version; answers the entities it is no
    longer about.

    A link to an entity that any version of the submission has written stays: that history is the
    entity's.
    """
    wanted = {one.pk for one in entities}
    linked = {
        one.entity_id: one for one in Subject.objects.filter(submission_id=version.submission_id)
    }
    fresh = [
        Subject(submission_id=version.submission_id, entity_id=key)
        for key in sorted(wanted - linked.keys())
    ]
    Subject.objects.bulk_create(fresh, ignore_conflicts=True)
    stale = linked.keys() - wanted
    if not stale:
        return []
    written = EntityVersion.objects.filter(
        source__submission_id=version.submission_id, entity_id__in=stale
    )
    gone = set(stale) - set(written.values_list("entity_id", flat=True))
    Subject.objects.filter(submission_id=version.submission_id, entity_id__in=gone).delete()
    return list(Entity.objects.filter(pk__in=gone))


def _entities(project_id: int, wanted: Q) -> list[Entity]:
    lists = Dataset.objects.filter(project_id=project_id)
    return list(
        Entity.objects.select_related("dataset").filter(wanted, dataset__in=lists).order_by("id")
    )


def _values(data: Any, names: Sequence[str]) -> Iterator[Any]:
    """All answers at a path, through repeats."""
    if isinstance(data, list):
        for row in data:
            yield from _values(row, names)
    elif not names:
        yield data
    elif isinstance(data, dict):
        yield from _values(data.get(names[0]), names[1:])


def _uuids(values: Iterable[Any]) -> Iterator[uuids.UUID]:
    for value in values:
        for text in value.split() if isinstance(value, str) else ():
            try:
                yield uuids.UUID(text.removeprefix("uuid:"))
            except ValueError:
                continue
