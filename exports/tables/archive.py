"""The files of `submissions.csv.zip`: the survey, each repeat, the audits of the phones, the media."""

import csv
import io
import logging
import re
from collections import Counter
from collections.abc import Iterator

from exports.tables.reading import Window, pages_of
from exports.tables.records import Tables, repeat_lines, root_lines
from exports.writers.text import in_chunks
from exports.writers.zip import CHUNK, Entry, is_packed
from forms.blobs import open_blob
from forms.instance.cells import csv_line
from forms.models import Blob, SubmissionAttachment

logger = logging.getLogger("exports.archive")
HUGE = 2**31 - 1
MANY = 300_000  # records: their CSV may be larger than 2 GiB
_NOT_IN_NAMES = re.compile(r'[/\\?<>:*|"\x00-\x1f]')
_AUDIT = ("event", "node", "start", "end", "latitude", "longitude", "accuracy", "old-value", "new-value")  # fmt: skip


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
    for instance_id, file in _files(tables, window, audits=False if audits else None):
        assert file.blob is not None  # noqa: S101  only files that are there are read
        name = safe_name(file.name)
        if taken.get(name, file.blob.sha256) != file.blob.sha256:
            name = f"{safe_name(instance_id.removeprefix('uuid:'))}-{name}"
        if name in taken:
            continue
        taken[name] = file.blob.sha256
        yield Entry(
            f"media/{name}",
            _content(file.blob),
            is_packed=is_packed(file.blob.content_type),
            is_huge=file.blob.size > HUGE,
        )


def _files(
    tables: Tables, window: Window, *, audits: bool | None
) -> Iterator[tuple[str, SubmissionAttachment]]:
    """The files of the records, with the record's name; the phones' audits alone, or all but them."""
    source = tables.source.narrowed(tables.source.rows.filter(readout__has_files=True))
    for page in pages_of(source, "repeats", window):
        names = {one.version_id: one.instance_id for one in page.records}
        files = SubmissionAttachment.objects.filter(version__in=list(names), blob__isnull=False)
        if audits is not None:
            only = files.filter(name="audit.csv")
            files = only if audits else files.exclude(name="audit.csv")
        for file in files.select_related("blob").order_by("-version_id", "name"):
            yield names[file.version_id], file


def _content(blob: Blob) -> Iterator[bytes]:
    try:
        with open_blob(blob) as file:
            yield from file.chunks(CHUNK)
    except FileNotFoundError:  # the rest of the archive is worth more than this one
        logger.error("the file of blob %s is missing from storage", blob.sha256)


def _audit_lines(tables: Tables, window: Window) -> Iterator[str]:
    """All audits as one table, each event with the record that it belongs to."""
    yield csv_line(["instance ID", *_AUDIT])
    for instance_id, file in _files(tables, window, audits=True):
        assert file.blob is not None  # noqa: S101
        text = b"".join(_content(file.blob)).decode("utf-8-sig", "replace")
        for event in csv.DictReader(io.StringIO(text), skipinitialspace=True):
            yield csv_line([instance_id, *(event.get(name) or None for name in _AUDIT)])
