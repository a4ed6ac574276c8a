"""What a change of an area or school means for the registry: lists are made anew, and children whose home changed
are evaluated again, some at a time.
"""

from typing import Any

from django.db.models import Q

from forms.models import Dataset, Entity, RecordTally
from server import clock
from server.journal.services import emit
from server.places.models import Area, Change

CHUNK = 50
DEEDS = frozenset({Change.Deed.MERGE, Change.Deed.MOVE})  # only these put children elsewhere


def follow(change_id: int, after: int = 0) -> None:
    """A Reaction's job (`place.changed`): one chunk of the children, then asks for the next. Safe to run twice."""
    change = Change.objects.get(pk=change_id)
    if not after:
        placed = ~Q(area_property="") | ~Q(school_property="")
        Dataset.objects.filter(placed).update(changed_at=clock.now())
        if change.deed == Change.Deed.MERGE:  # records went elsewhere: they are counted again
            RecordTally.objects.all().delete()
    if change.deed not in DEEDS:
        return
    rows = Entity.objects.alive().filter(_homes(change), pk__gt=after)
    keys = list(rows.order_by("pk").values_list("pk", flat=True)[:CHUNK])
    subject = f"{change.noun}:{change.place_id}"
    for key in keys:
        emit(
            "entity.touched",
            {"entity_id": key, "cause": f"place.{change.deed}", "cause_subject": subject},
        )
    if len(keys) == CHUNK:
        emit("place.changed", {"change_id": change_id, "after": keys[-1]})


def _homes(change: Change) -> Q:
    """The entities that went along: those of the places from which and to which it went."""
    if change.noun == "school":
        keys = [
            key
            for name, some in change.moved.items()
            if name == "forms.Entity.school"
            for key in some
        ]
        return Q(pk__in=keys[:30_000])
    if change.noun == "unit":
        return Q(pk__in=[])
    paths = [*Area.objects.filter(pk=change.place_id).values_list("path", flat=True)]
    moved: dict[str, Any] = change.moved
    paths += Area.objects.filter(pk__in=moved.get("places.Area.parent", [])).values_list(
        "path", flat=True
    )
    entities = moved.get("forms.Entity.area", [])[:30_000]
    return Q(area__in=Area.objects.within(paths)) | Q(pk__in=entities)
