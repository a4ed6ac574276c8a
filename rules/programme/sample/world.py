"""The sample county while its history is written: what is there, and what is still to come."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from forms.models import Dataset, Entity, Project
from rules.programme.sample.children import Child
from rules.programme.sample.papers import Blank
from rules.programme.sample.people import People
from rules.programme.sample.places import County
from rules.programme.sample.plan import Event


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a list as a phone has it."""

    uuid: str
    version: int
    data: dict[str, Any]
    is_local: bool = False


Progress = Callable[[str], Any]


@dataclass(slots=True)
class World:
    """Everything the writer of the history holds. `coming`: a heap of events; `children`: by number."""

    seed: int
    project: Project
    last: date
    county: County
    people: People
    blanks: dict[str, Blank]
    children: dict[int, Child]
    lists: dict[str, Dataset]
    coming: list[Event] = field(default_factory=list)
    local: dict[int, Row] = field(
        default_factory=dict
    )  # children that only the phone knows, by number
    visits: dict[int, int] = field(default_factory=dict)  # made so far, by child
    newest_task: int = 0
    sent: int = 0

    def expect(self, event: Event) -> None:
        """Put an event on the list of what is to come."""
        heapq.heappush(self.coming, event)

    def next_until(self, day: date) -> Event | None:
        """The next event that arrives on `day` or before, taken off the list."""
        if self.coming and self.coming[0].received.date() <= day:
            return heapq.heappop(self.coming)
        return None

    def row(self, child: Child) -> Row | None:
        """The child's line on phones now; None before its enumeration."""
        rows = Entity.objects.filter(dataset=self.lists["child"], uuid=child.uuid, deleted_at=None)
        found = rows.values_list("version", "data").first()
        if found is None:
            return self.local.get(child.number)
        return Row(str(child.uuid), *found)
