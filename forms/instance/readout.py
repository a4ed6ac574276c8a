"""A received record in the shapes that are read out, made once at receipt: a full read of a form is
then little more than copying text (issue figures: 10,000 records in a third of a second).

What never changes is in the text; what does (review state, number of edits, files present, the
sender's name) is put behind it when it is read: the OData object is left open inside `__system`,
the CSV record ends after `SubmitterID`.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from forms.instance.cells import Book, csv_line
from forms.instance.flatten import Layout
from forms.instance.odata import PLAIN, Manner, ODataShape, typed
from forms.xlsform.field import Field

EDITION = 1  # raise it when the text changes: what was stored under another one is made anew
BETWEEN_TABLES = "\x1d"  # XML cannot hold it, so no answer does
STRICT = Manner(leaf=typed)


@dataclass(frozen=True, slots=True)
class Receipted:
    """What is known of a submission besides its data, and stays so."""

    instance_id: str  # of the submission: that of its first version
    created_at: datetime
    submitter_id: int | None
    device_id: str
    form_version: str
    has_oddities: bool = False
    is_encrypted: bool = False


@dataclass(frozen=True, slots=True)
class Readout:
    """The texts of one version: an open OData object, an open CSV record, and the complete CSV
    records of its repeats, table by table, parted by `BETWEEN_TABLES`.
    """

    odata: str
    cells: str
    repeats: str = ""


class ReadoutMaker:
    """Makes the texts for one form version; immutable once built, so threads may share it."""

    def __init__(self, fields: Sequence[Field]) -> None:
        self.leaves = tuple(one for one in fields if one.is_leaf)
        self._repeats_at = tuple(f"{one.path}/" for one in fields if one.type == "repeat")
        self.shape = ODataShape(fields)
        self.book = Book(Layout(fields))
        said = "\n".join(f"{one.path} {one.type}" for one in fields)
        # versions of a form that read out alike have the same signature
        self.signature = hashlib.md5(said.encode(), usedforsecurity=False).hexdigest()

    def is_repeated(self, path: str) -> bool:
        """Whether a question is inside a repeat."""
        return path.startswith(self._repeats_at)

    def make(self, data: dict[str, Any], receipted: Receipted) -> Readout:
        """The texts of one version."""
        return Readout(
            self._odata(data, receipted),
            self._cells(data, receipted),
            "" if receipted.is_encrypted else self._rows(data, receipted.instance_id),
        )

    def _odata(self, data: dict[str, Any], known: Receipted) -> str:
        row: dict[str, Any] = {}
        if not known.is_encrypted:
            manner = STRICT if known.has_oddities else PLAIN
            row = self.shape.row(data, known.instance_id, manner)
        inner = to_json(row)[1:-1]
        head = f'{{"__id":{to_json(known.instance_id)}' + (f",{inner}" if inner else "")
        submitter = None if known.submitter_id is None else str(known.submitter_id)
        return (
            f'{head},"__system":{{"submissionDate":"{iso_time(known.created_at)}"'
            f',"submitterId":{to_json(submitter)},"deviceId":{to_json(known.device_id or None)}'
            f',"formVersion":{to_json(known.form_version)}'
        )

    def _cells(self, data: dict[str, Any], known: Receipted) -> str:
        cells = self.book.root.cells({} if known.is_encrypted else data)
        return csv_line(
            [iso_time(known.created_at), *cells, known.instance_id, known.submitter_id]
        )[:-1]

    def _rows(self, data: dict[str, Any], key: str) -> str:
        if not self.book.repeats:
            return ""
        tables: list[list[str]] = [[] for _ in self.book.repeats]
        for number, cells, parent, own in self.book.repeat_rows(data, key):
            tables[number].append(csv_line([*cells, parent, own]))
        return BETWEEN_TABLES.join("".join(lines) for lines in tables)


_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def to_json(value: Any) -> str:
    """Compact JSON, letters of all scripts as they are."""
    return _encoder.encode(value)


def iso_time(moment: datetime) -> str:
    """ISO 8601 in UTC with milliseconds, cut off rather than rounded."""
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return f"{text[:-6]}Z"
