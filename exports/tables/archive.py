"""The files of `submissions.csv.zip`: the survey, each repeat, the audits of the phones, the media."""

import logging
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from exports.tables.opening import plain_chunks
from exports.tables.reading import Window, pages_of
from exports.tables.records import Tables, repeat_lines, root_lines
from exports.writers.text import in_chunks
from exports.writers.zip import CHUNK, Entry, is_packed
from forms.blobs import guess_type, open_blob
from forms.encryption.records import ENDING, Opened, plain_name
from forms.instance.cells import csv_line
from forms.models import Blob, SubmissionAttachment
from forms.services.client_audits import (
    COLUMNS,
    EXTRAS,
    Event,
    events_of,
    has_extras,
    parse_audit,
    rows_of,
)
from server.problems import Problem

logger = logging.getLogger("exports.archive")
HUGE = 2**31 - 1
MANY = 300_000  # records: their CSV may be larger than 2 GiB
_NOT_IN_NAMES = re.compile(r'[/\\?<>:*|"\x00-\x1f]')
_AUDITS = ("audit.csv", f"audit.csv{ENDING}")


def safe_name(name: str) -> str:
    """`name` without what file names cannot hold."""
    return _NOT_IN_NAMES.sub("", name).strip(" .") or "_"


def archive_entries(tables: Tables, *, attachments: bool) -> Iterator[Entry]:
    """The files one after the other. All speak of the same records: those that are there now."""
    newest = tables.source.rows.order_by("-pk").values_list("pk", flat=True).first()
    window = Window(after=(newest or 0) + 1)
    is_huge = tables.source.rows.count() > MANY
    base = safe_name(tables.source.form.xml_form_id)
    yield Entry(f"{base}.csv", in_chunks(root_lines(tables, window)), is_huge=is_huge)
    for number, name in enumerate(_repeat_names(tables)):
        lines = repeat_lines(tables, number, window)
        yield Entry(f"{base}-{safe_name(name)}.csv", in_chunks(lines), is_huge=is_huge)
    if attachments:
        yield from _media(tables, window, base)


def _repeat_names(tables: Tables) -> Iterator[str]:
    """The names of the repeats; those of one name are numbered."""
    names = [sheet.table.path.rpartition("/")[2] for sheet in tables.book.repeats]
    total, seen = Counter(names), Counter[str]()
    for name in names:
        seen[name] += 1
        yield f"{name}~{seen[name]}" if total[name] > 1 else name


def _media(tables: Tables, window: Window, base: str) -> Iterator[Entry]:
    audits = [one for one in tables.source.maker.leaves if one.path == "/meta/audit"]
    if audits and any(_files(tables, window, audits=True)):
        yield Entry(f"{base} - audit.csv", in_chunks(_audit_lines(tables, window)))
    taken: dict[str, str] = {}  # a file that many records name is there once
    for file in _files(tables, window, audits=False if audits else None):
        name = safe_name(file.name)
        if taken.get(name, file.blob.sha256) != file.blob.sha256:
            name = f"{safe_name(file.instance_id.removeprefix('uuid:'))}-{name}"
        if name in taken:
            continue
        taken[name] = file.blob.sha256
        yield Entry(
            f"media/{name}",
            _content(file),
            is_packed=is_packed(guess_type(name) if file.opened else file.blob.content_type),
            is_huge=file.blob.size > HUGE,
        )


@dataclass(frozen=True, slots=True)
class _File:
    """A file of a record; `name` as the phone had it, `opened` where it is stored encrypted."""

    instance_id: str
    name: str
    blob: Blob
    opened: Opened | None = None


def _files(tables: Tables, window: Window, *, audits: bool | None) -> Iterator[_File]:
    """The files of the records; the phones' audits alone, or all but them. Of encrypted records those
    that can be opened, without the answers themselves, which are in the tables.
    """
    source = tables.source.narrowed(tables.source.rows.filter(readout__has_files=True))
    for page in pages_of(source, "repeats", window):
        names = {one.version_id: one.instance_id for one in page.records if not one.is_encrypted}
        files = SubmissionAttachment.objects.filter(version__in=list(names), blob__isnull=False)
        if audits is not None:
            files = files.filter(name__in=_AUDITS) if audits else files.exclude(name__in=_AUDITS)
        for file in files.select_related("blob").order_by("-version_id", "name"):
            assert file.blob is not None  # noqa: S101  only files that are there are read
            opened = page.opened.get(file.version_id)
            if opened is None:
                yield _File(names[file.version_id], file.name, file.blob)
            elif opened.is_media(file.name):
                name = plain_name(file.name)
                yield _File(names[file.version_id], name, file.blob, opened)


def _content(file: _File) -> Iterator[bytes]:
    try:
        if file.opened is not None:
            yield from plain_chunks(file.opened, f"{file.name}{ENDING}", file.blob)
            return
        with open_blob(file.blob) as stored:
            yield from stored.chunks(CHUNK)
    except FileNotFoundError:  # the rest of the archive is worth more than this one
        logger.error("the file of blob %s is missing from storage", file.blob.sha256)
    except Problem:
        logger.error("the encrypted file of blob %s is damaged", file.blob.sha256)


def _audit_lines(tables: Tables, window: Window) -> Iterator[str]:
    """All audits as one table, each event with the record that it belongs to; who changed an answer
    and why only where some phone has said so.
    """
    names = (*COLUMNS, *EXTRAS) if has_extras(tables.source.form.pk) else COLUMNS
    yield csv_line(["instance ID", *names])
    for event in _events(tables, window):
        yield csv_line([event.instance_id, *(event.values.get(name) or None for name in names)])


def _events(tables: Tables, window: Window) -> Iterator[Event]:
    """The rows of the audits; those of encrypted records are read from what was opened."""
    files = _files(tables, window, audits=True)
    for is_sealed, some in groupby(files, key=lambda file: file.opened is not None):
        if not is_sealed:
            yield from events_of((file.instance_id, file.blob) for file in some)
            continue
        for file in some:
            yield from rows_of(file.instance_id, parse_audit(b"".join(_content(file))))
