"""The register of hazard sites as an index in memory: where the dangerous ones were open, and from when to when.

Built from all versions of the list's entities, so that any past day can be asked; kept per process until the list
changes (`Dataset.changed_at`). A county has some thousands of sites: a second to build, then no query.
"""

import math
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from forms.models import Dataset, Entity, EntityVersion
from rules.surroundings.points import Point, point_in
from server import clock

HIGH, CLOSED = "high", "closed"  # codes of risk_grade and fix_state (domain report, form F08)
_CELL = 0.01  # degrees: about a kilometre
_KEPT = 4  # indexes per process
_indexes: dict[tuple[int, datetime], "SiteIndex"] = {}
_lock = threading.Lock()

Cell = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Danger:
    """A site while it is of grade high and not closed: from `since` until `until` (None: still). `point` None: nobody
    told where. `town`: the path of its area down to the town."""

    site: int
    point: Point | None
    town: str
    since: date
    until: date | None

    def is_open(self, day: date) -> bool:
        """Whether it was open at the end of `day`."""
        return self.since <= day and (self.until is None or day < self.until)


@dataclass(slots=True)
class SiteIndex:
    """The dangers by cell of the map; `sites` is how many sites there are of any grade."""

    sites: int = 0
    cells: dict[Cell, list[Danger]] = field(default_factory=lambda: defaultdict(list))
    everywhere: list[Danger] = field(default_factory=list)

    def add(self, danger: Danger) -> None:
        """Put one into its cell."""
        self.everywhere.append(danger)
        if danger.point is not None:
            self.cells[_cell(danger.point.latitude, danger.point.longitude)].append(danger)

    def near(self, point: Point, metres: float, day: date) -> set[int]:
        """The sites open on `day` within `metres` of `point`."""
        return {
            danger.site
            for cell in _cells_around(point, metres)
            for danger in self.cells.get(cell, ())
            if danger.is_open(day)
            and danger.point is not None
            and danger.point.metres_to(point) <= metres
        }

    def nowhere(self, town: str, day: date) -> bool:
        """Whether a site is open on `day` of which nobody told where in `town` it is."""
        return any(
            danger.point is None and _may_be_in(danger, town) and danger.is_open(day)
            for danger in self.everywhere
        )

    def in_town(self, town: str, day: date) -> bool:
        """Whether a site is open on `day` in `town`, or nobody told in which town it is."""
        return any(_may_be_in(danger, town) and danger.is_open(day) for danger in self.everywhere)


def _may_be_in(danger: Danger, town: str) -> bool:
    return (
        not danger.town or not town or danger.town.startswith(town) or town.startswith(danger.town)
    )


def site_index(dataset: Dataset) -> SiteIndex:
    """The index of a list of sites, from the process's memory while the list has not changed."""
    key = (dataset.pk, dataset.changed_at)
    found = _indexes.get(key)
    if found is None:
        found = _build(dataset)
        with _lock:
            while len(_indexes) >= _KEPT:
                _indexes.pop(next(iter(_indexes)))
            _indexes[key] = found
    return found


def forget_sites() -> None:
    """Forget every index: for whoever puts another database in place under a running process."""
    with _lock:
        _indexes.clear()


def _build(dataset: Dataset) -> SiteIndex:
    index = SiteIndex(sites=Entity.objects.alive().filter(dataset=dataset).count())
    rows = (
        EntityVersion.objects.filter(entity__dataset=dataset)
        .order_by("entity_id", "version")
        .values_list("entity_id", "created_at", "data", "entity__deleted_at", "entity__area__path")
    )
    by_site: dict[int, list[tuple[date, Mapping[str, str]]]] = defaultdict(list)
    about: dict[int, tuple[date | None, str]] = {}
    for pk, created_at, data, deleted_at, path in rows:
        by_site[pk].append((clock.local_day(created_at), data))
        about[pk] = (clock.local_day(deleted_at) if deleted_at else None, town_of(path))
    for pk, versions in by_site.items():
        for danger in _dangers(pk, versions, *about[pk]):
            index.add(danger)
    return index


def _dangers(
    site: int, versions: list[tuple[date, Mapping[str, str]]], gone_on: date | None, town: str
) -> Iterator[Danger]:
    """The stretches in which the site was open and high: from each version to the next."""
    ends: Iterable[date | None] = [*(day for day, _ in versions[1:]), gone_on]
    for (since, data), until in zip(versions, ends, strict=True):
        if data.get("risk_grade") == HIGH and data.get("fix_state") != CLOSED:
            yield Danger(site, point_in(data), town, since, until)


def town_of(path: str | None) -> str:
    """The path down to the town: "/610926/610926100/201/" -> "/610926/610926100/"; "" without a place."""
    codes = [code for code in (path or "").split("/") if code]
    return f"/{'/'.join(codes[:2])}/" if codes else ""


def _cell(latitude: float, longitude: float) -> Cell:
    return math.floor(latitude / _CELL), math.floor(longitude / _CELL)


def box_around(point: Point, metres: float) -> tuple[float, float, float, float]:
    """South, north, west, east of everything within `metres`."""
    up = math.degrees(metres / 6_371_000.0)
    across = up / max(0.01, math.cos(math.radians(point.latitude)))
    return (
        point.latitude - up,
        point.latitude + up,
        point.longitude - across,
        point.longitude + across,
    )


def _cells_around(point: Point, metres: float) -> Iterator[Cell]:
    south, north, west, east = box_around(point, metres)
    (low, left), (high, right) = _cell(south, west), _cell(north, east)
    for row in range(low, high + 1):
        for column in range(left, right + 1):
            yield row, column
