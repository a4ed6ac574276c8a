"""What the forms floor tells of an entity: the records about it, with what changed since the last
one of the same form, and the changes that people made by hand. Who may not read a record's answers
sees that there was one, and no more.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from forms.form_cache import meaning_of
from forms.instance.diff import Change, diff_instances
from forms.instance.flatten import to_text
from forms.models import Entity, EntityVersion, Form, FormVersion, SubmissionVersion
from forms.xlsform.field import Field
from server import clock
from server.people.access import scope_of
from server.people.models import Actor
from server.people.roles import Verb
from server.shell.timeline import Item

MOST = 200  # records, the newest
MOST_CHANGES = 60
_SILENT = frozenset(
    {
        "start",
        "end",
        "today",
        "deviceid",
        "username",
        "phonenumber",
        "email",
        "audit",
        "meta",
        "note",
    }
)


@dataclass(frozen=True, slots=True)
class _Right:
    """What the reader may read of records about one entity."""

    answers: bool
    restricted: bool

    def over(self, form: Form) -> bool:
        return self.restricted if form.sensitivity == Form.Sensitivity.RESTRICTED else self.answers


def timeline(entity: Entity, reader: Actor) -> Iterator[Item]:
    """The items about `entity` that `reader` may see, in no order. Three queries, besides the
    reader's grants.
    """
    rights = _rights(entity, reader)
    yield from _records(entity, rights)
    if rights.answers:
        yield from _changes_by_hand(entity)


def _rights(entity: Entity, reader: Actor) -> _Right:
    place = (entity.area.path if entity.area else None, entity.school_id, entity.class_name)
    answers = scope_of(reader, Verb.SUBMISSION_READ).covers(*place)
    restricted = scope_of(reader, Verb.SUBMISSION_RESTRICTED).covers(*place)
    return _Right(answers, answers and restricted)


def _records(entity: Entity, rights: _Right) -> Iterator[Item]:
    rows = list(
        SubmissionVersion.objects.filter(
            is_current=True,
            is_draft=False,
            submission__subjects__entity=entity,
            submission__deleted_at=None,
        )
        .select_related("submission", "form", "submitter")
        .defer("xml", "entities", "oddities")
        .order_by("-occurred_on", "-id")[:MOST]
    )
    forms = _form_versions(rows)
    before: dict[int, SubmissionVersion] = {}
    for row in reversed(rows):
        if rights.over(row.form):
            yield _record(row, forms[row.form_version_id], before.get(row.form_id))
        else:
            yield _sealed(row, forms[row.form_version_id])
        before[row.form_id] = row


def _form_versions(rows: Sequence[SubmissionVersion]) -> dict[int, tuple[str, str]]:
    """Title and content hash by version."""
    wanted = {row.form_version_id for row in rows}
    found = FormVersion.objects.filter(pk__in=wanted).values_list("pk", "title", "sha256")
    return {pk: (title, sha256) for pk, title, sha256 in found}


def _record(
    row: SubmissionVersion, form: tuple[str, str], before: SubmissionVersion | None
) -> Item:
    title, sha256 = form
    fields = meaning_of(row.form_version_id, sha256).fields
    changes = diff_instances(before.data if before else {}, row.data, fields)
    state = row.submission.get_review_state_display() if row.submission.review_state else ""
    return Item(
        at=row.submission.created_at,
        occurred_on=row.occurred_on or clock.local_day(row.created_at),
        kind="submission",
        title=title,
        actor=row.submitter.display_name if row.submitter else "",
        url=_address(row),
        detail={
            "form": row.form.xml_form_id,
            "instanceId": row.submission.instance_id,
            "isFirst": before is None,
            "changes": _told(changes, fields),
        },
        badges=(str(state),) if state else (),
    )


def _sealed(row: SubmissionVersion, form: tuple[str, str]) -> Item:
    """That there was a record, without who and what; of a restricted form not even which."""
    is_restricted = row.form.sensitivity == Form.Sensitivity.RESTRICTED
    return Item(
        at=row.submission.created_at,
        occurred_on=row.occurred_on or clock.local_day(row.created_at),
        kind="submission",
        title=_("A record that you may not read") if is_restricted else form[0],
    )


def _told(changes: Sequence[Change], fields: Sequence[Field]) -> list[dict[str, Any]]:
    """Changed answers with question and choice texts in the reader's language."""
    by_path = {one.path: one for one in fields}
    told = []
    for change in changes:
        path = "/" + "/".join(step[0] if isinstance(step, tuple) else step for step in change.path)
        field = by_path.get(path)
        if field is None or not field.is_leaf or field.kind in _SILENT or path.startswith("/meta/"):
            continue
        told.append(
            {
                "name": field.name,
                "question": _text(field.labels) or field.name,
                "old": _answer(field, change.old),
                "new": _answer(field, change.new),
            }
        )
    return told[:MOST_CHANGES]


def _answer(field: Field, value: Any) -> str:
    if value is None:
        return ""
    texts = {one.name: _text(one.labels) or one.name for one in field.choices}
    if texts and isinstance(value, str):
        codes = value.split() if field.select_multiple else [value]
        return "、".join(texts.get(code, code) for code in codes)
    return str(to_text(value))


def _text(labels: dict[str, str]) -> str:
    """The label of the present language ("中文 (zh)"), else the first."""
    code = f"({(get_language() or 'zh').partition('-')[0]})"
    return next(
        (text for language, text in labels.items() if code in language),
        next(iter(labels.values()), ""),
    )


def _changes_by_hand(entity: Entity) -> Iterator[Item]:
    rows = EntityVersion.objects.filter(
        entity=entity, is_annotation=False, source=None
    ).select_related("created_by")
    for row in rows.order_by("-version")[:MOST]:
        yield Item(
            at=row.created_at,
            occurred_on=clock.local_day(row.created_at),
            kind="entity",
            title=_("Entered in the register") if row.version == 1 else _("Register entry changed"),
            actor=row.created_by.display_name if row.created_by else "",
            detail={"version": row.version, "properties": dict(row.data_received)},
            badges=(_("Conflict"),) if row.conflict else (),
        )


def _address(row: SubmissionVersion) -> str:
    try:
        return reverse("submission", args=[row.submission_id])
    except NoReverseMatch:  # the pages are not served here
        return ""
