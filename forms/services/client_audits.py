"""What phones logged while records were filled in: `audit.csv`, read once into rows, told as rows.

Collect writes the columns event, node, start, end (milliseconds since 1970) and, as the form wants,
latitude, longitude, accuracy, old-value, new-value, user, change-reason. A file that is damaged is
never refused: the rows that can be read are kept, and what is wrong with it is told.
"""

import csv
import io
import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from forms.blobs import read_blob
from forms.models import Blob, ClientAudit, Form, SubmissionAttachment
from forms.services.visibility import visible_submissions
from server.journal.services import emit
from server.people.models import Actor
from server.turns import write_turn

logger = logging.getLogger("forms.client_audits")
FILE = "audit.csv"  # what Collect calls it in every record
COLUMNS = (
    "event", "node", "start", "end", "latitude", "longitude", "accuracy", "old-value", "new-value",
)  # fmt: skip
EXTRAS = ("user", "change-reason")
LARGEST = 20_000_000  # bytes; an hour with a logged position every second is less than one million
AT_ONCE = 50  # files held in memory
Fault = ClientAudit.Fault


@dataclass(frozen=True, slots=True)
class Event:
    """One row of an audit and the record (its first instanceID) that it belongs to."""

    instance_id: str
    values: Mapping[str, str]


def announce_audit(sha256: str) -> None:
    """An audit file has arrived: have it read soon. Call in the transaction that stores it."""
    emit("audit.arrived", {"sha256": sha256})


def read_audit(sha256: str) -> None:
    """Read the audit file of that hash into its rows, once. Reaction of "audit.arrived"."""
    blob = Blob.objects.filter(pk=sha256, client_audit=None).first()
    if blob is not None:
        made = _read(blob)
        with write_turn():
            ClientAudit.objects.bulk_create([made], ignore_conflicts=True)


def client_audits(form: Form, reader: Actor) -> Iterator[Event]:
    """The audits of the current versions of `form` within the reader's scope, newest record first.
    Problems: 401.2, 403.1.
    """
    alive = visible_submissions(reader, form).filter(is_draft=False, deleted_at=None)
    files = (
        SubmissionAttachment.objects.filter(
            version__submission__in=alive, version__is_current=True, name=FILE, blob__isnull=False
        )
        .select_related("blob", "version__submission")
        .defer("version__xml", "version__data")
        .order_by("-version_id")
    )
    return events_of(
        (one.version.submission.instance_id, one.blob)
        for one in files.iterator(AT_ONCE)
        if one.blob is not None
    )


def events_of(files: Iterable[tuple[str, Blob]]) -> Iterator[Event]:
    """The rows of audit files, each with its record's name, file by file. One query for many files;
    what nobody has read yet is read on the way.
    """
    for some in _in_lots(files):
        known = ClientAudit.objects.in_bulk([blob.pk for _, blob in some])
        for instance_id, blob in some:
            yield from rows_of(instance_id, known.get(blob.pk) or _read(blob))


def rows_of(instance_id: str, audit: ClientAudit) -> Iterator[Event]:
    """The rows of one audit."""
    for row in audit.rows:
        yield Event(instance_id, dict(zip(audit.columns, row, strict=False)))


def has_extras(form_id: int) -> bool:
    """Whether some audit of the form says who changed an answer, or why."""
    files = SubmissionAttachment.objects.filter(version__form=form_id, name=FILE)
    return ClientAudit.objects.filter(has_extras=True, blob__in=files.values("blob")).exists()


def audit_of(file: SubmissionAttachment) -> ClientAudit | None:
    """The rows and the fault of one audit file; None where the file is none or has not arrived."""
    if file.name != FILE or file.blob is None:
        return None
    return ClientAudit.objects.filter(blob=file.blob).first() or _read(file.blob)


def _in_lots(files: Iterable[tuple[str, Blob]]) -> Iterator[list[tuple[str, Blob]]]:
    left = iter(files)
    while some := list(islice(left, AT_ONCE)):
        yield some


def _read(blob: Blob) -> ClientAudit:
    if blob.size > LARGEST:
        return ClientAudit(blob=blob, fault=Fault.SIZE)
    try:
        content = read_blob(blob)
    except FileNotFoundError:
        logger.error("the file of blob %s is missing from storage", blob.pk)
        return ClientAudit(blob=blob, fault=Fault.MISSING)
    return parse_audit(content, blob)


def parse_audit(content: bytes, blob: Blob | None = None) -> ClientAudit:
    """The rows of an audit file, unsaved; never fails. NUL, which no database keeps, is left out."""
    text, found = content.replace(b"\0", b"").decode("utf-8-sig", "replace"), ClientAudit(blob=blob)
    if "\ufffd" in text:
        found.fault = Fault.TEXT
    lines = csv.reader(io.StringIO(text, newline=""), skipinitialspace=True)
    try:
        headings = [one.strip() for one in next(lines, [])]
        if "event" not in headings or len(set(headings)) != len(headings):
            _note(found, Fault.HEADINGS, 1)
            return found
        found.columns = headings
        found.has_extras = any(one in headings for one in EXTRAS)
        for cells in lines:
            if any(cells):
                found.rows.append([one.strip() for one in cells[: len(headings)]])
                _check(found, cells, lines.line_num)
    except csv.Error:  # a quote that is never closed, a cell beyond all measure
        _note(found, Fault.ROW, lines.line_num)
    return found


def _check(audit: ClientAudit, cells: list[str], line: int) -> None:
    if len(cells) > len(audit.columns) or len(cells) < min(len(audit.columns), 3):
        _note(audit, Fault.ROW, line)
    times = (
        cell for name, cell in zip(audit.columns, cells, strict=False) if name in ("start", "end")
    )
    if not all(one.strip() == "" or one.strip().lstrip("-").isdecimal() for one in times):
        _note(audit, Fault.TIME, line)


def _note(audit: ClientAudit, fault: str, line: int) -> None:
    """Keep the first fault."""
    if not audit.fault:
        audit.fault, audit.fault_line = fault, line
