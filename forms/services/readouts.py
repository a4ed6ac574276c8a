"""The texts that exports copy (`forms.instance.readout`): written with each version, made later
where they are missing.

A text is a function of the version alone, so it may be thrown away at any time. Two who make the
same one at the same moment do no harm: the receipt of an edit always wins over a reader.
"""

import logging
from collections.abc import Collection, Iterable
from functools import cache

from django.db import OperationalError, connection
from django.db.models import Exists, OuterRef

from forms.form_cache import meaning_of
from forms.instance.parse import read_envelope
from forms.instance.readout import EDITION, ReadoutMaker, Receipted
from forms.models import (
    Submission,
    SubmissionAttachment,
    SubmissionReadout,
    SubmissionVersion,
)
from server.turns import write_turn

logger = logging.getLogger("forms.readouts")
_BATCH = 100  # rows per write transaction
_COLUMNS = (
    "submission_id",
    "version_id",
    "form_version_id",
    "edition",
    "is_encrypted",
    "has_files",
    "odata",
    "cells",
    "repeats",
)


def write_readout(row: SubmissionReadout) -> None:
    """Store the texts of a version that has just been stored; call inside its transaction."""
    with connection.cursor() as cursor:
        cursor.execute(_upsert(connection.vendor), [getattr(row, name) for name in _COLUMNS])


def note_files(submission_id: int) -> None:
    """Files came after the record: from now on they are counted when it is read."""
    SubmissionReadout.objects.filter(pk=submission_id, has_files=False).update(has_files=True)


def fill_readouts(submission_ids: Collection[int]) -> dict[int, SubmissionReadout]:
    """The readouts of these submissions, made from their current versions and kept for next time.

    For records that came before there were readouts, or whose texts are of an older edition.
    """
    ids = list(submission_ids)
    found: dict[int, SubmissionReadout] = {}
    for start in range(0, len(ids), _BATCH):
        rows = list(_make_missing(ids[start : start + _BATCH]))
        found.update((row.pk, row) for row in rows)
        _keep(rows)
    return found


def _keep(rows: list[SubmissionReadout]) -> None:
    ids = [row.pk for row in rows]
    try:
        with write_turn():
            SubmissionReadout.objects.filter(pk__in=ids).exclude(edition=EDITION).delete()
            SubmissionReadout.objects.bulk_create(rows, ignore_conflicts=True)
    except OperationalError as error:  # busy or read-only: the reader has the texts all the same
        logger.warning("readouts not kept: %s", error)


def _make_missing(ids: list[int]) -> Iterable[SubmissionReadout]:
    files = SubmissionAttachment.objects.filter(version=OuterRef("pk"))
    versions = (
        SubmissionVersion.objects.filter(submission__in=ids, is_current=True)
        .select_related("submission", "form_version")
        .defer("form_version__xml", "form_version__fields", "form_version__entities", "entities")
        .annotate(has_files=Exists(files))
    )
    for version in versions:
        form_version = version.form_version
        yield made_readout(
            version.submission,
            version,
            meaning_of(form_version.pk, form_version.sha256).readout,
            form_version.version,
            is_sealed(bytes(version.xml)),
            version.has_files,
        )


def is_sealed(xml: bytes) -> bool:
    """Whether a stored record came encrypted."""
    might_be = b"encrypted" in xml or b"opendatakit.org/submissions" in xml
    return might_be and read_envelope(xml).is_encrypted


def made_readout(
    submission: Submission,
    version: SubmissionVersion,
    maker: ReadoutMaker,
    form_version: str,
    is_encrypted: bool,
    has_files: bool,
) -> SubmissionReadout:
    """The texts of a version, not stored; its keys may still be missing."""
    texts = maker.make(
        version.data,
        Receipted(
            instance_id=submission.instance_id,
            created_at=submission.created_at,
            submitter_id=submission.submitter_id,
            device_id=submission.device_id,
            form_version=form_version,
            has_oddities=bool(version.oddities),
            is_encrypted=is_encrypted,
        ),
    )
    return SubmissionReadout(
        submission_id=submission.pk,
        version_id=version.pk,
        form_version_id=version.form_version_id,
        edition=EDITION,
        is_encrypted=is_encrypted,
        has_files=has_files,
        odata=texts.odata,
        cells=texts.cells,
        repeats=texts.repeats,
    )


@cache
def _upsert(vendor: str) -> str:
    """The ORM would take longer to build the statement than the database to run it (see
    `server.prepared`).
    """
    quote = connection.ops.quote_name
    table = quote(SubmissionReadout._meta.db_table)
    names = ", ".join(map(quote, _COLUMNS))
    marks = ", ".join(["%s"] * len(_COLUMNS))
    replaced = ", ".join(f"{quote(one)} = excluded.{quote(one)}" for one in _COLUMNS[1:])
    return (
        f"INSERT INTO {table} ({names}) VALUES ({marks}) "  # noqa: S608
        f"ON CONFLICT ({quote('submission_id')}) DO UPDATE SET {replaced}"
    )
