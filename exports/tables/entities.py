"""An entity list on its way out: rows of its OData table, page by page."""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import OrderBy, QuerySet, Value
from django.db.models.functions import NullIf

from exports.filters.conditions import KEY, NUMBER, TEXT, TIME, Column, Condition
from exports.filters.searching import search_of
from exports.problems import SELECT_UNKNOWN
from exports.tables.odata import Told
from exports.tables.reading import PAGE, Window
from forms.instance.odata import odata_name
from forms.instance.readout import to_json
from forms.models import Dataset, Entity
from forms.services.visibility import entities_for
from server.people.access import api_time
from server.people.models import Actor
from server.problems import Problem

COLUMNS = {
    "__id": Column("uuid", KEY),
    "__system/creatorId": Column("created_by_id", NUMBER),
    "__system/createdAt": Column("created_at", TIME),
    "__system/updatedAt": Column("updated_at", TIME),
    "__system/deletedAt": Column("deleted_at", TIME),
    "__system/conflict": Column("told_conflict", TEXT),
}
_SYSTEM = (
    "createdAt",
    "creatorId",
    "creatorName",
    "updates",
    "updatedAt",
    "deletedAt",
    "version",
    "conflict",
)
_READ = (
    "pk",
    "uuid",
    "label",
    "data",
    "created_at",
    "created_by_id",
    "created_by__display_name",
    "version",
    "updated_at",
    "deleted_at",
    "conflict",
)


@dataclass(frozen=True, slots=True)
class ListSource:
    """The entities that are read, and the properties that are shown."""

    dataset: Dataset
    properties: tuple[str, ...]
    rows: QuerySet[Entity]  # in the reader's scope, filtered
    every: QuerySet[Entity]  # in the reader's scope

    def key_of(self, text: str) -> int | None:
        """The key of an entity in scope, deleted or not, by its uuid."""
        try:
            named = self.every.filter(uuid=uuid.UUID(text))
        except ValueError:
            return None
        found: int | None = named.values_list("pk", flat=True).first()
        return found


def list_source(
    dataset: Dataset, reader: Actor, condition: Condition, search: str = ""
) -> ListSource:
    """What `reader` may read of a list; deleted entities only where the condition speaks of them.
    Problems: 401.2, 403.1.
    """
    published = dataset.properties.exclude(published_at=None)
    properties = tuple(published.values_list("name", flat=True))
    every = entities_for(reader, dataset)
    rows = every.alias(told_conflict=NullIf("conflict", Value(""))).filter(condition.query)
    if not condition.is_about("__system/deletedAt"):
        rows = rows.filter(deleted_at=None)
    if search:
        rows = rows.filter(search_of(search, properties))
    return ListSource(dataset, properties, rows, every)


def entity_rows(
    source: ListSource, window: Window, wanted: frozenset[str] | None, told: Told
) -> Iterator[str]:
    """One JSON object an entity, the newest first unless the window says otherwise."""
    labels = [(name, odata_name(name)) for name in source.properties]
    for row in _read(source, window):
        if told.count == window.top:
            told.more = True
            return
        told.count += 1
        told.last = {"uuid": str(row[1])}
        yield to_json(_cut(_row(row, labels), wanted))


def wanted_properties(select: str, source: ListSource) -> frozenset[str] | None:
    """What `$select` names, None for everything. Problem SELECT_UNKNOWN."""
    if not select:
        return None
    known = {"__id", "__system", "label", *(f"__system/{one}" for one in _SYSTEM)}
    known |= {odata_name(one) for one in source.properties}
    wanted = frozenset(one.strip() for one in select.split(","))
    for one in sorted(wanted - known):
        raise Problem(SELECT_UNKNOWN, property=one[:120])
    return wanted


def _read(source: ListSource, window: Window) -> Iterator[tuple[Any, ...]]:
    if window.order or window.skip:
        stop = None if window.top is None else window.skip + window.top + 1
        order: Sequence[OrderBy | str] = window.order or ("-pk",)
        rows = source.rows.order_by(*order).values_list(*_READ)[window.skip : stop]
        yield from rows.iterator(PAGE)
        return
    after, left = window.after, None if window.top is None else window.top + 1
    while left is None or left > 0:
        size = PAGE if left is None else min(PAGE, left)
        wanted = source.rows if after is None else source.rows.filter(pk__lt=after)
        page = list(wanted.order_by("-pk").values_list(*_READ)[:size])
        yield from page
        if len(page) < size:
            return
        after, left = page[-1][0], None if left is None else left - size


def _row(row: tuple[Any, ...], labels: list[tuple[str, str]]) -> dict[str, Any]:
    _, key, label, data, created, creator, name, version, updated, deleted, conflict = row
    return {
        "__id": str(key),
        "label": label,
        "__system": {
            "createdAt": api_time(created),
            "creatorId": None if creator is None else str(creator),
            "creatorName": name,
            "updates": version - 1,
            "updatedAt": api_time(updated),
            "deletedAt": api_time(deleted),
            "version": version,
            "conflict": conflict or None,
        },
        **{told: data.get(name) or "" for name, told in labels},
    }


def _cut(row: dict[str, Any], wanted: frozenset[str] | None) -> dict[str, Any]:
    if wanted is None:
        return row
    found = {name: value for name, value in row.items() if name in wanted}
    if "__system" not in wanted:
        system = {
            name: value for name, value in row["__system"].items() if f"__system/{name}" in wanted
        }
        if system:
            found["__system"] = system
    return found
