"""The root table of a form's submissions, in the columns of ODK Central's `submissions.csv`.

Repeats are tables of their own and not part of it. Nothing is parsed: `data` was typed at receipt.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from exports.writers.table import Cell, Table
from forms.models import Form, Submission, SubmissionAttachment, SubmissionVersion
from forms.services.visibility import visible_submissions
from forms.xlsform.field import Field
from server.people.access import api_time
from server.people.models import Actor

GEO_PARTS = ("Latitude", "Longitude", "Altitude", "Accuracy")
_SYSTEM = (
    "KEY", "SubmitterID", "SubmitterName", "AttachmentsPresent", "AttachmentsExpected", "Status", "ReviewState",
    "DeviceID", "Edits", "FormVersion",
)  # fmt: skip


def submissions_table(form: Form, reader: Actor, *, group_paths: bool = True) -> Table:
    """Every submission of `form` in `reader`'s scope; columns are those of the current version of the form.

    Problems: 401.2, 403.1.
    """
    leaves = _leaves(form)
    header = ["SubmissionDate"]
    getters: list[Callable[[dict[str, Any]], Sequence[Cell]]] = []
    for leaf in leaves:
        title = leaf.path.lstrip("/").replace("/", "-") if group_paths else leaf.name
        names = [f"{title}-{part}" for part in GEO_PARTS] if leaf.type == "geopoint" else [title]
        header += names
        getters.append(_getter(leaf))
    readable = visible_submissions(reader, form).filter(deleted_at=None, is_draft=False)
    return Table(
        name=form.xml_form_id,
        header=(*header, *_SYSTEM),
        rows=lambda: _rows(readable, getters),
    )


def _leaves(form: Form) -> list[Field]:
    fields = [Field.from_json(one) for one in (form.current.fields if form.current else [])]
    repeats = tuple(f"{field.path}/" for field in fields if field.type == "repeat")
    return [
        field for field in fields if field.is_leaf and not field.path.startswith(repeats or ("\0",))
    ]


def _getter(leaf: Field) -> Callable[[dict[str, Any]], Sequence[Cell]]:
    steps = leaf.path.strip("/").split("/")
    is_point = leaf.type == "geopoint"

    def get(data: dict[str, Any]) -> Sequence[Cell]:
        value: Any = data
        for step in steps:
            value = value.get(step) if isinstance(value, dict) else None
        return _point(value) if is_point else (_cell(value),)

    return get


def _point(value: Any) -> Sequence[Cell]:
    """GeoJSON -> latitude, longitude, altitude, accuracy."""
    if not isinstance(value, dict):
        return (None,) * 4
    longitude, latitude, *rest = [*value.get("coordinates", []), None, None][:4]
    accuracy = (value.get("properties") or {}).get("accuracy")
    return latitude, longitude, rest[0] if rest else None, accuracy


def _cell(value: Any) -> Cell:
    return " ".join(map(str, value)) if isinstance(value, list) else value


def _rows(
    submissions: QuerySet[Submission], getters: list[Callable[..., Sequence[Cell]]]
) -> Iterator[Sequence[Cell]]:
    current = (
        SubmissionVersion.objects.filter(submission__in=submissions.order_by(), is_current=True)
        .annotate(
            present=_count_of(SubmissionAttachment.objects.filter(blob__isnull=False), "version"),
            expected=_count_of(SubmissionAttachment.objects.filter(is_expected=True), "version"),
            edits=_count_of(SubmissionVersion.objects.filter(is_current=False), "submission"),
        )
        .order_by("-submission_id")
        .values_list(
            "data",
            "submission__created_at",
            "submission__instance_id",
            "submission__submitter_id",
            "submission__submitter__display_name",
            "present",
            "expected",
            "submission__review_state",
            "submission__device_id",
            "edits",
            "form_version__version",
        )
    )
    for data, at, key, who, name, have, want, review, device, edits, version in current.iterator(
        500
    ):
        row: list[Cell] = [api_time(at)]
        for get in getters:
            row.extend(get(data))
        status = "missingAttachments" if have < want else None
        yield [*row, key, who, name, have, want, status, review, device, edits, version]


def _count_of(rows: QuerySet[Any], link: str) -> Coalesce:
    """How many of `rows` point through `link` at the row in question; a subquery, so that nothing is grouped."""
    outer = "pk" if link == "version" else "submission_id"
    counted = rows.filter(**{link: OuterRef(outer)}).order_by().values(link)
    return Coalesce(Subquery(counted.annotate(n=Count("pk")).values("n")), 0)
