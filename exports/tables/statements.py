"""One SQL statement for all pages of a read: written with the ORM, built once, run with a key and a size.

Building it takes the ORM 1.5 ms, more than the database needs for a page of 50 (see
`server.prepared`), and its converters a tenth of a full read.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

from forms.models import Submission

# no key and no size is ever this large: they stand in the built statement where values go
_AFTER, _SIZE, _FORM = (7_300_000_000_000_000_001 + one for one in range(3))
_HIGHEST = 2**62
_LIVE = (
    "pk",
    "instance_id",
    "updated_at",
    "deleted_at",
    "submitter_id",
    "submitter__display_name",
    "review_state",
    "device_id",
)
TOLD = ("edition", "version_id", "form_version_id", "is_encrypted", "has_files")


class Record(NamedTuple):
    """One submission; `text` is the text that was asked for (`odata`, `cells`, `repeats`)."""

    pk: int
    instance_id: str
    updated_at: datetime | None
    deleted_at: datetime | None
    submitter_id: int | None
    submitter_name: str | None
    review_state: str | None
    device_id: str
    edition: int | None
    version_id: int
    form_version_id: int
    is_encrypted: bool
    has_files: bool
    text: str

    @property
    def told_state(self) -> str | None:
        """The review state as the contract has it, where "received" is null."""
        is_received = self.review_state == Submission.ReviewState.RECEIVED
        return None if is_received else self.review_state


class Statement:
    """Reads `text` of the submissions in `rows`."""

    def __init__(self, rows: QuerySet[Submission], text: str, form_id: int | None = None) -> None:
        columns = [*_LIVE, *(f"readout__{name}" for name in (*TOLD, text))]
        wanted = rows.filter(pk__lt=_AFTER).order_by("-pk").values_list(*columns)[:_SIZE]
        self._form_id = form_id
        try:
            sql, params = wanted.query.sql_with_params()
        except EmptyResultSet:
            sql, params = "", ()
        self._sql = sql.replace(f"LIMIT {_SIZE}", "LIMIT %s")
        self._params: Sequence[Any] = (*params, _SIZE)

    def of(self, form_id: int) -> "Statement":
        """The same for another form."""
        other = Statement.__new__(Statement)
        other._sql, other._params, other._form_id = self._sql, self._params, form_id
        return other

    def below(self, after: int | None, size: int) -> list[Record]:
        """At most `size` records with keys below `after`, the highest first."""
        if not self._sql:
            return []
        values = {_AFTER: _HIGHEST if after is None else after, _SIZE: size, _FORM: self._form_id}
        filled = [values.get(one, one) if isinstance(one, int) else one for one in self._params]
        with connection.cursor() as cursor:
            cursor.execute(self._sql, filled)
            rows = cursor.fetchall()
        return [_record(row) for row in rows]


def plain_statement(text: str) -> Statement:
    """The statement for whole forms: their records without drafts and deleted ones."""
    return _plain(connection.vendor, text)


@cache
def _plain(vendor: str, text: str) -> Statement:
    rows = Submission.objects.filter(form=_FORM, is_draft=False, deleted_at=None)
    return Statement(rows, text)


def _record(row: tuple[Any, ...]) -> Record:
    record = Record._make(row)
    if record.updated_at is None and record.deleted_at is None:
        return record
    return record._replace(
        updated_at=_aware(record.updated_at), deleted_at=_aware(record.deleted_at)
    )


def _aware(moment: datetime | None) -> datetime | None:
    """SQLite's times come without a zone and mean UTC."""
    return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment
