"""Rows of a form's CSV tables as text: the survey with Central's system columns, and its repeats."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from exports.tables.reading import EVERYTHING, Page, Record, Source, Window, pages_of
from exports.tables.reshaping import CsvOptions, Reshape, codes_of, merged_book
from forms.instance.cells import Book, Cells, csv_line
from forms.instance.readout import BETWEEN_TABLES

SYSTEM_HEADINGS = (
    "KEY",
    "SubmitterID",
    "SubmitterName",
    "AttachmentsPresent",
    "AttachmentsExpected",
    "Status",
    "ReviewState",
    "DeviceID",
    "Edits",
    "FormVersion",
)
_STATUS = {
    "notDecrypted": "not decrypted",
    "missingEncryptedFormData": "missing encrypted form data",
    "undecryptable": "could not be decrypted",  # ours: damaged, or not what the phone signed
}
_MOMENT = len("2026-11-23T08:00:00.000Z")


@dataclass(frozen=True, slots=True)
class Tables:
    """The CSV tables of one export; `versions` are the names of the form's versions by key."""

    source: Source
    options: CsvOptions
    book: Book
    root: Reshape
    repeats: tuple[Reshape, ...]
    versions: dict[int, str] = field(default_factory=dict)


def tables_of(source: Source, options: CsvOptions) -> Tables:
    """What an export of `source` consists of."""
    form, version = source.form, source.version
    book = merged_book(form, version) if options.deleted_fields else source.maker.book
    codes = codes_of(form, book) if options.split_multiples else {}
    if options.split_multiples:
        codes |= _observed(source, book, [path for path, known in codes.items() if not known])
    return Tables(
        source=source,
        options=options,
        book=book,
        root=Reshape(book.root, options, codes),
        repeats=tuple(Reshape(sheet, options, codes) for sheet in book.repeats),
        versions=dict(form.versions.values_list("pk", "version")),
    )


def root_lines(tables: Tables, window: Window = EVERYTHING) -> Iterator[str]:
    """The survey's table: heading, then a record a line."""
    yield csv_line(["SubmissionDate", *tables.root.headings, *SYSTEM_HEADINGS])
    ends: dict[tuple[Any, ...], str] = {}
    pages = pages_of(tables.source, "cells", window, with_data=not tables.options.are_plain)
    for page in pages:
        for record in page.records:
            key = _live(tables, page, record)
            end = ends.get(key)
            if end is None:
                end = ends[key] = "," + csv_line(key)
            yield _start(tables, page, record) + end


def repeat_lines(tables: Tables, number: int, window: Window = EVERYTHING) -> Iterator[str]:
    """The table of repeat `number`: heading, then a row a line; one text may hold several."""
    reshape = tables.repeats[number]
    yield csv_line([*reshape.headings, "PARENT_KEY", "KEY"])
    pages = pages_of(tables.source, "repeats", window, with_data=not tables.options.are_plain)
    for page in pages:
        for record in page.records:
            if record.is_encrypted:
                continue
            if record.pk not in page.data:
                yield record.text.split(BETWEEN_TABLES)[number] if record.text else ""
                continue
            data, _ = page.data[record.pk]
            for at, cells, parent, own in tables.book.repeat_rows(data, record.instance_id):
                if at == number:
                    yield csv_line([*reshape(cells), parent, own])


def _start(tables: Tables, page: Page, record: Record) -> str:
    """A record up to and with SubmitterID."""
    if record.pk not in page.data:
        return record.text
    data, _ = page.data[record.pk]
    cells: Cells = tables.root(tables.book.root.cells({} if record.is_encrypted else data))
    at = record.text[:_MOMENT]
    return csv_line([at, *cells, record.instance_id, record.submitter_id])[:-1]


def _live(tables: Tables, page: Page, record: Record) -> tuple[Any, ...]:
    """SubmitterName and what follows it."""
    present, expected = page.files.get(record.version_id, (0, 0))
    return (
        record.submitter_name,
        present,
        expected,
        _STATUS.get(page.status(record) or ""),
        record.told_state,
        record.device_id or None,
        page.edits.get(record.pk, 0),
        tables.versions.get(record.form_version_id),
    )


def _observed(source: Source, book: Book, paths: list[str]) -> dict[str, list[str]]:
    """The codes that occur, for questions whose choices come from a file."""
    if not paths:
        return {}
    found: dict[str, set[str]] = {path: set() for path in paths}
    places = {
        number: [
            (column.field.path, sheet.at(column))
            for column in sheet.table.columns
            if column.field.path in found
        ]
        for number, sheet in enumerate((book.root, *book.repeats))
    }
    for page in pages_of(source, "cells", with_data=True):
        for record in page.records:
            if record.is_encrypted or record.pk not in page.data:
                continue
            data, _ = page.data[record.pk]
            rows = [(0, book.root.cells(data))]
            rows += [(at + 1, cells) for at, cells, _, _ in book.repeat_rows(data, "")]
            for number, cells in rows:
                for path, at in places[number]:
                    found[path].update(str(cells[at] or "").split())
    return {path: sorted(codes) for path, codes in found.items()}
