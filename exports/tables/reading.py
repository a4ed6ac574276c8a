"""The submissions of a form on their way out, page by page: the stored texts with what is true of
each record now. Constant memory, no long transaction: a page is a query of its own that goes on
below the last key.

Queries: one a page; one more each for edited records, for files, for records of versions that read
out otherwise, where a page has such.
"""

from array import array
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.db.models import Count, Exists, OrderBy, OuterRef, Q, QuerySet, Value
from django.db.models.functions import NullIf

from exports.filters.conditions import EVERYTHING as ALL
from exports.filters.conditions import NUMBER, TEXT, TIME, Column, Condition
from exports.tables.opening import Opener
from exports.tables.statements import TOLD, Record, Statement, plain_statement
from forms.encryption.records import Opened
from forms.form_cache import meaning_of
from forms.instance.readout import EDITION, ReadoutMaker
from forms.models import (
    Form,
    FormVersion,
    Submission,
    SubmissionAttachment,
    SubmissionReadout,
    SubmissionVersion,
)
from forms.services.readouts import fill_readouts
from forms.services.visibility import verb_to_read, visible_submissions
from server.people.access import scope_of
from server.people.models import Actor

FIRST_PAGE = 200  # the first bytes should not wait
PAGE = 1000
PAGE_WITH_DATA = 200  # typed data takes ten times the memory of its text
_OWN = {
    "__id": Column("instance_id", TEXT),
    "__system/submitterId": Column("submitter_id", NUMBER),
    "__system/submissionDate": Column("created_at", TIME),
    "__system/updatedAt": Column("updated_at", TIME),
    "__system/reviewState": Column("told_state", TEXT),
    "__system/deletedAt": Column("deleted_at", TIME),
}
ROOT_COLUMNS = {f"$root/Submissions/{path}": column for path, column in _OWN.items()}
COLUMNS = {**_OWN, **ROOT_COLUMNS}
_SEALED_FILE = "submission.xml.enc"


@dataclass(frozen=True, slots=True)
class Source:
    """The submissions that are read: of which form, in the columns of which of its versions."""

    form: Form
    version: FormVersion
    maker: ReadoutMaker
    rows: QuerySet[Submission]  # in the reader's scope, filtered
    every: QuerySet[Submission]  # in the reader's scope
    reader: Actor
    is_filtered: bool = False
    is_whole: bool = False  # `rows` is the whole form but for drafts and deleted records
    opener: Opener | None = None  # reads encrypted records whose passphrase was given

    def narrowed(self, rows: QuerySet[Submission]) -> "Source":
        """The same with fewer rows."""
        return replace(self, rows=rows, is_filtered=True, is_whole=False)

    def key_of(self, instance_id: str) -> int | None:
        """The key of a submission in scope, deleted or not."""
        found: int | None = (
            self.every.filter(instance_id=instance_id).values_list("pk", flat=True).first()
        )
        return found


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of the rows: at most `top`, after `skip` of them or below the key `after`; newest
    first unless `order` says otherwise.
    """

    top: int | None = None
    skip: int = 0
    after: int | None = None
    order: Sequence[OrderBy] = ()


EVERYTHING = Window()


@dataclass(slots=True)
class Page:
    """Some records, and what is looked up for all of them at once."""

    records: list[Record]
    edits: dict[int, int] = field(default_factory=dict)
    files: dict[int, tuple[int, int]] = field(default_factory=dict)  # present, expected
    sealed: frozenset[int] = frozenset()  # encrypted versions whose answers have arrived
    data: dict[int, tuple[dict[str, Any], bool]] = field(default_factory=dict)  # and: has oddities
    opened: dict[int, Opened] = field(default_factory=dict)  # by version, what opens its files
    broken: set[int] = field(default_factory=set)  # could not be decrypted in spite of the key

    def status(self, record: Record) -> str | None:
        """Why there are no answers: "notDecrypted" or "missingEncryptedFormData"; in exports with a
        passphrase also "undecryptable".
        """
        if not record.is_encrypted:
            return None
        if record.pk in self.broken:
            return "undecryptable"
        return "notDecrypted" if record.version_id in self.sealed else "missingEncryptedFormData"


def source_of(
    form: Form, version: FormVersion, reader: Actor, condition: Condition, *, is_draft: bool = False
) -> Source:
    """What `reader` may read of `form` (or of its draft), in the columns of `version`.

    Deleted records only where the condition speaks of them. Problems: 401.2, 403.1.
    """
    every: QuerySet[Submission]
    if is_draft:  # seen by whoever may change the form: the caller has asked
        of_draft = SubmissionVersion.objects.filter(submission=OuterRef("pk"), form_version=version)
        every = Submission.objects.filter(Exists(of_draft), form=form, is_draft=True)
    else:
        every = visible_submissions(reader, form).filter(is_draft=False)
    rows = every.alias(told_state=NullIf("review_state", Value("received")))
    rows = rows.filter(condition.query)
    if not condition.is_about("__system/deletedAt"):
        rows = rows.filter(deleted_at=None)
    maker = meaning_of(version.pk, version.sha256).readout
    sees_all = scope_of(reader, verb_to_read(form)).everywhere
    is_filtered = is_draft or condition is not ALL
    is_whole = sees_all and not is_filtered
    return Source(form, version, maker, rows, every, reader, is_filtered, is_whole)


def _statement(source: Source, text: str) -> Statement:
    """How the pages are read; for a whole form the statement is there already."""
    if source.is_whole:
        return plain_statement(text).of(source.form.pk)
    return Statement(source.rows, text)


def pages_of(
    source: Source, text: str, window: Window = EVERYTHING, *, with_data: bool = False
) -> Iterator[Page]:
    """The records in `window` with their `text`. `with_data`: with the typed data of all, not only
    of those whose version reads out otherwise.
    """
    alike: dict[int, bool] = {}
    size = PAGE_WITH_DATA if with_data or source.opener else PAGE
    read = _ordered if window.order or window.skip else _newest_first
    batches = read(source, text, window, size)
    for records in batches:
        page = Page(_filled(records, text))
        _look_up(page, source, alike, with_data=with_data)
        yield page


def _newest_first(source: Source, text: str, window: Window, page: int) -> Iterator[list[Record]]:
    statement = _statement(source, text)
    after, left = window.after, window.top
    size = min(FIRST_PAGE, page) if left is None else page
    while left is None or left > 0:
        size = size if left is None else min(size, left)
        records = statement.below(after, size)
        if records:
            yield records
        if len(records) < size:
            return
        after, size = records[-1].pk, page
        left = None if left is None else left - len(records)


def _ordered(source: Source, text: str, window: Window, page: int) -> Iterator[list[Record]]:
    rows = source.rows.order_by(*(window.order or ("-pk",)))
    if window.after is not None:
        rows = rows.filter(pk__lt=window.after)
    stop = None if window.top is None else window.skip + window.top
    keys = array("q", rows.values_list("pk", flat=True)[window.skip : stop].iterator())
    for start in range(0, len(keys), page):
        batch = keys[start : start + page]
        found = Submission.objects.filter(pk__in=batch.tolist())
        known = {one.pk: one for one in Statement(found, text).below(None, page)}
        yield [known[key] for key in batch if key in known]


def _filled(records: list[Record], text: str) -> list[Record]:
    """The records with texts made for those that have none (or old ones)."""
    missing = [record.pk for record in records if record.edition != EDITION]
    if not missing:
        return records
    made = fill_readouts(missing)
    return [
        _with(record, made[record.pk], text) if record.pk in made else record
        for record in records
        if record.edition == EDITION or record.pk in made
    ]


def _with(record: Record, made: SubmissionReadout, text: str) -> Record:
    told = {name: getattr(made, name) for name in TOLD}
    return record._replace(**told, text=getattr(made, text))


def _look_up(page: Page, source: Source, alike: dict[int, bool], *, with_data: bool) -> None:
    records = page.records
    edited = [one.pk for one in records if one.updated_at is not None]
    if edited:
        page.edits = _edits(edited)
    filed = [one.version_id for one in records if one.has_files]
    if filed:
        page.files = _files(filed)
    if any(one.is_encrypted for one in records):
        page.sealed = _sealed([one.version_id for one in records if one.is_encrypted])
    for version_id in {one.form_version_id for one in records} - alike.keys():
        alike[version_id] = _reads_alike(source, version_id)
    other = [one.version_id for one in records if with_data or not alike[one.form_version_id]]
    if other:
        page.data = _data(other)
    if source.opener and page.sealed:
        _open(page, source.opener)


def _open(page: Page, opener: Opener) -> None:
    """From here on an encrypted record that could be opened is like any other."""
    sealed = [one for one in page.records if one.version_id in page.sealed]
    places = {record.pk: at for at, record in enumerate(page.records)}
    for record, opened, answers in opener.opened(sealed):
        if opened is None:
            page.broken.add(record.pk)
            continue
        page.records[places[record.pk]] = record._replace(is_encrypted=False)
        page.opened[record.version_id] = opened
        page.data[record.pk] = answers


def _reads_alike(source: Source, version_id: int) -> bool:
    if version_id == source.version.pk:
        return True
    version = FormVersion.objects.only("fields", "entities", "sha256").get(pk=version_id)
    maker = meaning_of(version.pk, version.sha256, lambda: version).readout
    return maker.signature == source.maker.signature


def _edits(keys: Collection[int]) -> dict[int, int]:
    rows = SubmissionVersion.objects.filter(submission__in=keys, is_current=False).order_by()
    return dict(rows.values_list("submission_id").annotate(number=Count("pk")))


def _files(versions: Collection[int]) -> dict[int, tuple[int, int]]:
    rows = SubmissionAttachment.objects.filter(version__in=versions).order_by()
    counted = rows.values_list("version_id").annotate(
        present=Count("blob"), expected=Count("pk", filter=Q(is_expected=True))
    )
    return {version: (present, expected) for version, present, expected in counted}


def _sealed(versions: Collection[int]) -> frozenset[int]:
    rows = SubmissionAttachment.objects.filter(
        version__in=versions, name=_SEALED_FILE, blob__isnull=False
    )
    return frozenset(rows.order_by().values_list("version_id", flat=True))


def _data(versions: Collection[int]) -> dict[int, tuple[dict[str, Any], bool]]:
    rows = SubmissionVersion.objects.filter(pk__in=versions)
    return {
        key: (data, bool(oddities))
        for key, data, oddities in rows.values_list("submission_id", "data", "oddities")
    }
