"""Rows of a form's OData tables as JSON text, one after the other."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from exports.problems import SKIPTOKEN_GONE
from exports.tables.reading import Page, Record, Source, Window, pages_of
from forms.instance.odata import Manner, as_wkt, typed
from forms.instance.readout import to_json
from server.people.access import api_time
from server.problems import Problem

SYSTEM_FIELDS = (
    "submissionDate",
    "updatedAt",
    "submitterId",
    "submitterName",
    "attachmentsPresent",
    "attachmentsExpected",
    "status",
    "reviewState",
    "deviceId",
    "edits",
    "formVersion",
    "deletedAt",
)
_LINK = "@odata.navigationLink"
Wanted = dict[str, Any]  # label -> None for all below, or what is wanted of it


@dataclass(frozen=True, slots=True)
class Manners:
    """How rows are wanted: everything as stored, or cut to `wanted`, places as text, repeats inside."""

    wanted: Wanted | None = None
    wkt: bool = False
    expand: bool = False

    @property
    def need_data(self) -> bool:
        """Whether the stored texts will not do, not even cut."""
        return self.wkt or self.expand

    def manner(self, has_oddities: bool) -> Manner:
        """The same for the shape."""
        leaf = as_wkt if self.wkt else typed if has_oddities else None
        return Manner(leaf=leaf, expand=self.expand)


AS_STORED = Manners()


@dataclass(slots=True)
class Told:
    """What has been told so far: `more` whether rows are left, `last` the token to go on from."""

    more: bool = False
    last: dict[str, str] = field(default_factory=dict)
    count: int = 0


def submission_rows(source: Source, window: Window, manners: Manners, told: Told) -> Iterator[str]:
    """The table "Submissions": one JSON object a row; `told` is kept up to date."""
    ends: dict[tuple[Any, ...], str] = {}
    # one row more than asked for tells whether there is a next page
    wide = window if window.top is None else _wider(window)
    for page in pages_of(source, "odata", wide, with_data=manners.need_data):
        for record in page.records:
            if told.count == window.top:
                told.more = True
                return
            told.count += 1
            told.last = {"instanceId": record.instance_id}
            if record.pk in page.data:
                yield to_json(_row(source, page, record, manners))
                continue
            key = _live(page, record)
            end = ends.get(key)
            if end is None:
                end = ends[key] = _end(key)
            text = record.text + end
            if manners.wanted is not None:
                text = to_json(_cut(json.loads(text), manners.wanted))
            yield text


@dataclass(frozen=True, slots=True)
class Repeat:
    """The table of a repeat; with `name`, only the rows that have that `value` there."""

    source: Source
    table: str
    name: str = ""
    value: str = ""

    def rows(
        self, record: Record, page: Page, manners: Manners = AS_STORED
    ) -> Iterator[dict[str, Any]]:
        """The rows in one submission; an encrypted one shows none."""
        if record.is_encrypted or record.pk not in page.data:
            return
        data, has_oddities = page.data[record.pk]
        manner = manners.manner(has_oddities)
        rows = self.source.maker.shape.rows(self.table, data, record.instance_id, manner)
        for row in rows:
            if not self.value or row[self.name] == self.value:
                yield row


def repeat_rows(
    repeat: Repeat, window: Window, manners: Manners, told: Told, from_row: str = ""
) -> Iterator[str]:
    """The rows of a repeat; `window` counts them. `from_row`: go on behind the row with this id,
    looked for in the submission `window.after` if that is known. Problem SKIPTOKEN_GONE.
    """
    skipped = 0
    for record, row in _from(repeat, window, manners, from_row):
        skipped += 1
        if skipped <= window.skip:
            continue
        if told.count == window.top:
            told.more = True
            return
        told.count += 1
        told.last = {"repeatId": row["__id"], "instanceId": record.instance_id}
        yield to_json(_cut(row, manners.wanted))


def count_repeats(repeat: Repeat) -> int:
    """How many rows there are in all; each submission is looked at."""
    return sum(
        1
        for page in pages_of(repeat.source, "odata", with_data=True)
        for record in page.records
        for _ in repeat.rows(record, page)
    )


def _from(
    repeat: Repeat, window: Window, manners: Manners, from_row: str
) -> Iterator[tuple[Record, dict[str, Any]]]:
    """The rows behind `from_row`. A submission that is gone by now is passed over."""
    waiting, key = from_row, window.after
    below = Window(after=None if key is None else key + 1, order=window.order)
    for page in pages_of(repeat.source, "odata", below, with_data=True):
        for record in page.records:
            if waiting and key is not None and record.pk < key:
                waiting = ""
            for row in repeat.rows(record, page, manners):
                if not waiting:
                    yield record, row
                elif row["__id"] == waiting:
                    waiting = ""
            if waiting and record.pk == key:
                raise Problem(SKIPTOKEN_GONE)
    if waiting and key is None:
        raise Problem(SKIPTOKEN_GONE)


def _wider(window: Window) -> Window:
    top = (window.top or 0) + 1
    return Window(top=top, skip=window.skip, after=window.after, order=window.order)


def _live(page: Page, record: Record) -> tuple[Any, ...]:
    """What of a record may change after its receipt."""
    present, expected = page.files.get(record.version_id, (0, 0))
    return (
        record.updated_at,
        record.deleted_at,
        record.submitter_name,
        present,
        expected,
        page.status(record),
        record.told_state,
        page.edits.get(record.pk, 0),
    )


def _end(live: tuple[Any, ...]) -> str:
    """The rest of `__system`, and the end of the row."""
    return f",{to_json(_system(live))[1:]}}}"


def _system(live: tuple[Any, ...]) -> dict[str, Any]:
    updated, deleted, name, present, expected, status, state, edits = live
    return {
        "updatedAt": api_time(updated),
        "submitterName": name or None,
        "attachmentsPresent": present,
        "attachmentsExpected": expected,
        "status": status,
        "reviewState": state,
        "edits": edits,
        "deletedAt": api_time(deleted),
    }


def _row(source: Source, page: Page, record: Record, manners: Manners) -> dict[str, Any]:
    """One row made from the data, cut to what is wanted."""
    data, has_oddities = page.data[record.pk]
    row: dict[str, Any] = {"__id": record.instance_id}
    if not record.is_encrypted:
        shape = source.maker.shape
        row |= shape.row(data, record.instance_id, manners.manner(has_oddities))
    row["__system"] = _stored_system(record.text) | _system(_live(page, record))
    return _cut(row, manners.wanted)


def _stored_system(text: str) -> dict[str, Any]:
    """What the stored text says in `__system`, where it ends."""
    found: dict[str, Any] = json.loads(text.rpartition('"__system":')[2] + "}")
    return found


def _cut(row: dict[str, Any], wanted: Wanted | None) -> dict[str, Any]:
    """The row with only what is wanted."""
    if wanted is None:
        return row
    found = {}
    for name, value in row.items():
        label = name.removesuffix(_LINK)
        if label in wanted:
            below = wanted[label]
            found[name] = _cut(value, below) if isinstance(value, dict) and below else value
    return found
