"""Which entities of a list are gone: a phone asks about those that it made offline."""

import uuid as uuids
from collections.abc import Sequence

from forms.lists import visible_entities
from forms.models import Dataset, Entity
from forms.registry.placing import Reach

BATCH = 500  # parameters per query


def deleted_among(dataset: Dataset, asked: Sequence[str], reach: Reach) -> list[tuple[str, bool]]:
    """(id as asked, deleted) in the order asked; unknown ids are not deleted. Without ids: every
    entity within reach.
    """
    if not asked:
        seen = visible_entities(dataset, reach).order_by("id").values_list("uuid", "deleted_at")
        return [(str(key), when is not None) for key, when in seen]
    keys = {one: _uuid(one) for one in dict.fromkeys(asked)}
    wanted = [key for key in keys.values() if key]
    gone: set[uuids.UUID] = set()
    for start in range(0, len(wanted), BATCH):
        rows = Entity.objects.filter(dataset=dataset, uuid__in=wanted[start : start + BATCH])
        gone |= set(rows.exclude(deleted_at=None).values_list("uuid", flat=True))
    return [(one, key in gone) for one, key in keys.items()]


def _uuid(text: str) -> uuids.UUID | None:
    try:
        return uuids.UUID(text)
    except ValueError:
        return None
