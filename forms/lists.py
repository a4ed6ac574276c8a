"""The CSV lists that phones get: entities cut to the worker's scope
(collect-checklist section 6); areas and schools are in place_lists.

md5 of the bytes is what manifests announce, so a list is always built whole; small ones are kept
for as long as nothing changes.
"""

import csv
import hashlib
import io
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from forms.models import Dataset, Entity
from forms.registry.placing import Reach, is_placed
from server.people.access import api_time

CHUNK_ROWS = 2000
KEPT_BYTES = 32 * 1024 * 1024
KEPT_ONE = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ListFile:
    """A list with its md5. `content` is None when it is too large to keep: then it is streamed
    again.
    """

    md5: str
    content: bytes | None


Key = tuple[int, datetime, Reach]


class _Shelf:
    """The lists built last, bounded by their bytes."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Key, ListFile] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, key: Key) -> ListFile | None:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def named(self, dataset_id: int, reach: Reach, md5: str) -> ListFile | None:
        """A list built before for the same reach, by its md5."""
        with self._lock:
            for (kept_id, _, kept_reach), file in self._kept.items():
                if (kept_id, kept_reach, file.md5) == (dataset_id, reach, md5):
                    return file
        return None

    def put(self, key: Key, file: ListFile) -> None:
        with self._lock:
            if key not in self._kept:
                self._kept[key] = file
                self._bytes += _weight(file)
            while self._bytes > KEPT_BYTES:
                self._bytes -= _weight(self._kept.popitem(last=False)[1])

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()
            self._bytes = 0


def _weight(file: ListFile) -> int:
    return len(file.content or b"") + 500


shelf = _Shelf()


def entity_list(dataset: Dataset, reach: Reach, md5: str = "") -> ListFile:
    """The list of `dataset` as somebody with `reach` gets it. `dataset` must be freshly read: its `changed_at` is in
    the key.

    `md5`: the list that a manifest announced a moment ago, if it is still at hand; what a phone downloads must be what
    the manifest said, although the county has gone on in between.
    """
    announced = shelf.named(dataset.pk, reach, md5) if md5 else None
    if announced is not None and announced.content is not None:
        return announced
    key = (dataset.pk, dataset.changed_at, reach)
    known = shelf.get(key)
    if known is None:
        known = measured(entity_rows(dataset, reach))
        shelf.put(key, known)
    return known


def entity_chunks(dataset: Dataset, reach: Reach) -> Iterator[bytes]:
    """The same list as a stream."""
    return _csv(entity_rows(dataset, reach))


def visible_entities(dataset: Dataset, reach: Reach) -> QuerySet[Entity]:
    """The entities of `dataset`, deleted ones included, that are within `reach`; those of a worker
    are that worker's only.
    """
    rows = Entity.objects.filter(dataset=dataset)
    if reach.all_rows:
        return rows
    mine = Q(worker_id=reach.person_id) if reach.person_id else Q(pk__in=[])
    if not reach.scope:
        return rows.filter(mine)
    # of a list that stands nowhere, a row may: an unassigned task is about a child of some village
    shared = Q(worker=None)
    if not reach.scope.everywhere:
        free = Q(pk__in=[]) if is_placed(dataset) else Q(area=None, school=None)
        shared &= reach.scope.query() | free
    return rows.filter(mine | shared)


def entity_rows(dataset: Dataset, reach: Reach) -> Iterator[list[str]]:
    """Header and rows: name, label, __version and the properties."""
    names = list(dataset.properties.exclude(published_at=None).values_list("name", flat=True))
    yield ["name", "label", "__version", *names]
    rows = visible_entities(dataset, reach).alive().order_by("id")  # type: ignore[attr-defined]
    for uuid, label, version, data in rows.values_list("uuid", "label", "version", "data").iterator(
        CHUNK_ROWS
    ):
        texts = (_text(data.get(name)) for name in names)
        # Collect drops the whole list when one row lacks one of the first three
        yield [str(uuid), label.strip() or str(uuid), str(version), *texts]


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _csv(rows: Iterable[list[str]]) -> Iterator[bytes]:
    """UTF-8 CSV in chunks."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    for number, row in enumerate(rows, start=1):
        writer.writerow(row)
        if number % CHUNK_ROWS == 0:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def measured(rows: Iterable[list[str]]) -> ListFile:
    """`rows`, the header first, as a list with its md5."""
    digest, parts, size = hashlib.md5(usedforsecurity=False), [], 0
    for chunk in _csv(rows):
        digest.update(chunk)
        size += len(chunk)
        if size <= KEPT_ONE:
            parts.append(chunk)
    return ListFile(digest.hexdigest(), b"".join(parts) if size <= KEPT_ONE else None)


def download_chunks(dataset: Dataset, rows: QuerySet[Entity]) -> Iterator[bytes]:
    """The contract's download of a list, for people: system columns around the properties."""
    return _csv(_download_rows(dataset, rows))


def _download_rows(dataset: Dataset, rows: QuerySet[Entity]) -> Iterator[list[str]]:
    names = list(dataset.properties.exclude(published_at=None).values_list("name", flat=True))
    tail = ["__createdAt", "__creatorId", "__creatorName", "__updates", "__updatedAt", "__version"]
    yield ["__id", "label", *names, *tail]
    for one in rows.select_related("created_by").order_by("-id").iterator(CHUNK_ROWS):
        creator = one.created_by
        yield [
            str(one.uuid),
            one.label,
            *(_text(one.data.get(name)) for name in names),
            _text(api_time(one.created_at)),
            str(creator.pk) if creator else "",
            creator.display_name if creator else "",
            str(one.version - 1),
            _text(api_time(one.updated_at)),
            str(one.version),
        ]
