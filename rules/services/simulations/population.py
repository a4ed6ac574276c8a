"""Which children a simulation looks at: those of an area, or a sample of them, who were known on its day.

A sample is drawn by a hash of seed and uuid: the same seed chooses the same children however often
and wherever it is drawn, and a child more or less in the registry changes little of it.
"""

import heapq
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from hashlib import blake2b
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from forms.models import Entity, Subject, Submission
from rules.models import Simulation
from server import clock
from server.places.models import Area

_PAGE = 5000  # children looked at in one query while drawing a sample


def children_of(simulation: Simulation) -> QuerySet[Entity]:
    """The living children of its areas who existed on its day: registered by then, or spoken of by a
    submission that arrived later. Those registered after its start are left out, so that the list
    stays while it runs."""
    next_day = simulation.as_of + timedelta(days=1)
    end = datetime.combine(next_day, time.min, clock.site_zone())
    known = Q(created_at__lt=end)
    if end <= simulation.created_at:
        known = known | Q(Exists(_told_of(simulation)))
    found = Entity.objects.alive().filter(
        known,
        dataset__project_id=simulation.rule_set.project_id,
        dataset__name=simulation.rule_set.dataset,
        created_at__lte=simulation.created_at,
    )
    paths = simulation.scope.get("paths")
    return found if paths is None else found.filter(area__in=Area.objects.within(paths))


def _told_of(simulation: Simulation) -> QuerySet[Subject]:
    return Subject.objects.filter(
        entity=OuterRef("pk"),
        submission__deleted_at=None,
        submission__is_draft=False,
        submission__versions__is_current=True,
        submission__versions__occurred_on__lte=simulation.as_of,
    ).exclude(submission__review_state=Submission.ReviewState.REJECTED)


def draw(simulation: Simulation) -> tuple[int, str]:
    """How many children it looks at, and the highest hash that is in the sample ("": all are)."""
    wanted = simulation.scope.get("sample")
    if not wanted:
        return children_of(simulation).count(), ""
    seed = simulation.scope["seed"]
    hashes = (_hash(seed, uuid) for _pk, uuid in _pages(children_of(simulation), 0))
    smallest = heapq.nsmallest(wanted, hashes)
    return len(smallest), smallest[-1] if smallest else ""


def next_children(simulation: Simulation, after: int, size: int) -> list[int]:
    """The keys of the next `size` children above `after`."""
    rows, limit = children_of(simulation), simulation.scope.get("limit")
    if not limit:
        keys = rows.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)
        return list(keys[:size])
    chosen: list[int] = []
    for pk, uuid in _pages(rows, after):
        if _hash(simulation.scope["seed"], uuid) <= limit:
            chosen.append(pk)
            if len(chosen) == size:
                break
    return chosen


def _pages(rows: QuerySet[Entity], after: int) -> Iterator[tuple[int, UUID]]:
    """Key and uuid of each, by key, in bounded queries."""
    while found := list(rows.filter(pk__gt=after).order_by("pk").values_list("pk", "uuid")[:_PAGE]):
        yield from found
        after = found[-1][0]


def _hash(seed: int, uuid: UUID) -> str:
    return blake2b(uuid.bytes, digest_size=10, key=str(seed).encode()).hexdigest()
