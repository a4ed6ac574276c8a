"""A workbook or XForm in, a draft out (design.md section 5.1). The published version is never
touched by an upload.
"""

import hashlib
from dataclasses import dataclass
from pathlib import PurePath
from urllib.parse import unquote

from django.db import IntegrityError, transaction

from forms import problems
from forms.blobs import StoredFile, blob_of, store_file
from forms.models import Form, FormVersion, Project
from forms.services.encryption_of_forms import encrypted_form, lists_unwritten, sealed_values
from forms.services.form_files import attach_file, expect_files
from forms.services.publishing import publish_draft
from forms.xlsform.converter import convert_apart
from forms.xlsform.diff import diff_fields, retyped
from forms.xlsform.field import Field
from forms.xlsform.xform import XForm, read_xform
from server import clock
from server.journal.services import record
from server.people.models import Actor
from server.problems import Problem

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
XLS = "application/vnd.ms-excel"
# How a workbook of that type is named when the caller gives no file name
_ENDINGS = {XLSX: ".xlsx", XLS: ".xls", "text/csv": ".csv", "text/markdown": ".md"}
_XML_TYPES = frozenset({"application/xml", "text/xml"})


@dataclass(frozen=True, slots=True)
class _Upload:
    """What was read from the uploaded file."""

    xform: XForm
    warnings: tuple[str, ...] = ()
    sheet: StoredFile | None = None
    sheet_name: str = ""
    itemsets: bytes = b""


def upload_form(
    project: Project,
    content: bytes,
    content_type: str,
    *,
    actor: Actor | None,
    fallback_form_id: str = "",
    filename: str = "",
    ignore_warnings: bool = False,
    publish: bool = False,
) -> FormVersion:
    """A new form with a draft made from `content`, published at once if asked. Answers that
    version.

    `content_type`: XML, xlsx, xls, csv or markdown. Problems: FORM_FILE_TYPE, those of
    `read_workbook` or `read_xform` (with sheet, row and column), FORM_WARNINGS with the list in its
    details, FORM_EXISTS, and those of `publish_draft`.
    """
    upload = _read(content, content_type, filename, fallback_form_id)
    form_id = upload.xform.form_id
    workflow = [*_same_in_trash(project, form_id), *_lists_lost(project, upload.xform)]
    _refuse_warnings(upload, workflow, ignore_warnings)
    with transaction.atomic():
        if project.forms.alive().filter(xml_form_id=form_id).exists():
            raise Problem(problems.FORM_EXISTS, form=form_id)
        form = _new_form(project, form_id, actor)
        record("form.create", actor=actor, subject=f"form:{form_id}", project_id=project.pk)
        draft = _add_draft(form, upload, actor)
        return publish_draft(form, actor=actor) if publish else draft


def set_draft(
    form: Form,
    content: bytes = b"",
    content_type: str = "",
    *,
    actor: Actor | None,
    filename: str = "",
    ignore_warnings: bool = False,
) -> FormVersion:
    """A new draft of `form` from `content`, or a copy of the published version when there is none.
    An older draft gives way.

    Problems: those of reading, FORM_ID_DIFFERS, FIELD_TYPE_CHANGED, FORM_WARNINGS (also for fields
    that disappear).
    """
    if not content:
        return _copy_current(form, actor)
    upload = _read(content, content_type, filename, form.xml_form_id)
    if upload.xform.form_id != form.xml_form_id:
        raise Problem(
            problems.FORM_ID_DIFFERS, found=upload.xform.form_id, expected=form.xml_form_id
        )
    _refuse_new_types(form, upload.xform)
    lost = _lists_lost(form.project, upload.xform)
    _refuse_warnings(upload, [*_structural_changes(form, upload.xform), *lost], ignore_warnings)
    with transaction.atomic():
        return _add_draft(form, upload, actor)


@transaction.atomic
def abandon_draft(form: Form, *, actor: Actor | None) -> None:
    """Put the draft aside. Problems: NO_DRAFT; NEVER_PUBLISHED, because the form itself would have
    nothing left.
    """
    if form.draft_id is None:
        raise Problem(problems.NO_DRAFT)
    if form.current_id is None:
        raise Problem(problems.NEVER_PUBLISHED)
    form.draft = None
    form.updated_at = clock.now()
    form.save(update_fields=["draft", "updated_at"])
    record(
        "form.update.draft.delete",
        actor=actor,
        subject=f"form:{form.xml_form_id}",
        project_id=form.project_id,
    )


def _read(content: bytes, content_type: str, filename: str, fallback: str) -> _Upload:
    kind = content_type.partition(";")[0].strip().lower()
    if kind in _XML_TYPES:
        return _Upload(read_xform(content))
    if kind not in _ENDINGS:
        raise Problem(problems.FORM_FILE_TYPE, value=kind)
    fallback = _without_ending(unquote(fallback))
    name = filename or f"{fallback or 'form'}{_ENDINGS[kind]}"
    converted = convert_apart(content, name, fallback)
    sheet = store_file(content, name, kind)
    return _Upload(
        converted.xform, converted.warnings, sheet, PurePath(name).name[:255], converted.itemsets
    )


def _refuse_warnings(upload: _Upload, workflow: list[dict[str, object]], ignore: bool) -> None:
    if ignore or not (upload.warnings or workflow):
        return
    found = {"xlsFormWarnings": list(upload.warnings), "workflowWarnings": workflow}
    told = {name: rows for name, rows in found.items() if rows}
    raise Problem(problems.FORM_WARNINGS, details={"warnings": told})


def _structural_changes(form: Form, xform: XForm) -> list[dict[str, object]]:
    if form.current is None:
        return []
    old = [Field.from_json(one) for one in form.current.fields]
    lost = [path.rpartition("/")[2] for path in diff_fields(old, xform.fields).lost_paths]
    return [{"type": "structureChanged", "details": lost}] if lost else []


def _lists_lost(project: Project, xform: XForm) -> list[dict[str, object]]:
    """Ours, not Central's, which says nothing: registers would stop growing unnoticed."""
    lists = lists_unwritten(project, xform)
    return [{"type": "encryptedEntities", "details": lists}] if lists else []


def _same_in_trash(project: Project, form_id: str) -> list[dict[str, object]]:
    gone = project.forms.filter(xml_form_id=form_id).exclude(deleted_at=None)
    if not gone.exists():
        return []
    return [{"type": "deletedFormExists", "details": {"xmlFormId": form_id}}]


def _refuse_new_types(form: Form, xform: XForm) -> None:
    """What an earlier version collected under a path stays readable beside what this one will."""
    published = form.versions.filter(published_at__isnull=False)
    for fields in published.values_list("fields", flat=True).order_by("-pk").iterator(4):
        for old, new in retyped([Field.from_json(one) for one in fields], xform.fields):
            raise Problem(
                problems.FIELD_TYPE_CHANGED,
                details={"path": new.path, "type": old.type},
                path=new.path,
                before=old.type,
                after=new.type,
            )


def _new_form(project: Project, form_id: str, actor: Actor | None) -> Form:
    try:
        with transaction.atomic():
            return Form.objects.create(project=project, xml_form_id=form_id, created_by=actor)
    except IntegrityError:  # somebody else was faster
        raise Problem(problems.FORM_EXISTS, form=form_id) from None


def _without_ending(name: str) -> str:
    """A file's name without the ending of a form; an id that holds full stops keeps them."""
    stem, dot, ending = name.strip().rpartition(".")
    is_file = f".{ending.lower()}" in (*_ENDINGS.values(), ".xml")
    return stem if dot and is_file else name.strip()


def _add_draft(form: Form, upload: _Upload, actor: Actor | None) -> FormVersion:
    xform, key = encrypted_form(form.project_id, upload.xform)
    draft = FormVersion.objects.create(
        form=form,
        **{**version_values(xform), **sealed_values(key)},
        sheet=blob_of(upload.sheet) if upload.sheet else None,
        sheet_name=upload.sheet_name,
        warnings=list(upload.warnings),
        created_by=actor,
    )
    expect_files(draft, xform.attachments, form.draft or form.current)
    _set_draft_row(form, draft, actor)
    if upload.itemsets:
        attach_file(draft, "itemsets.csv", upload.itemsets, content_type="text/csv", actor=actor)
    return draft


def version_values(xform: XForm) -> dict[str, object]:
    """The columns of a FormVersion that follow from its XML."""
    return {
        "version": xform.version,
        "title": xform.title[:500],
        "xml": xform.xml,
        "md5": xform.md5,
        "sha256": hashlib.sha256(xform.xml).hexdigest(),
        "fields": [one.to_json() for one in xform.fields],
        "entities": [one.to_json() for one in xform.entities],
        "languages": list(xform.languages),
    }


def _copy_current(form: Form, actor: Actor | None) -> FormVersion:
    current = form.current
    if current is None:
        raise Problem(problems.NO_DRAFT)
    with transaction.atomic():
        kept = (
            "version",
            "title",
            "xml",
            "md5",
            "sha256",
            "fields",
            "entities",
            "languages",
            "key_id",
            "sheet_id",
            "sheet_name",
            "warnings",
        )
        draft = FormVersion.objects.create(
            form=form, created_by=actor, **{name: getattr(current, name) for name in kept}
        )
        expect_files(draft, read_xform(bytes(current.xml)).attachments, current)
        _set_draft_row(form, draft, actor)
        return draft


def _set_draft_row(form: Form, draft: FormVersion, actor: Actor | None) -> None:
    form.draft = draft
    form.updated_at = clock.now()
    form.save(update_fields=["draft", "updated_at"])
    record(
        "form.update.draft.set",
        actor=actor,
        subject=f"form:{form.xml_form_id}",
        project_id=form.project_id,
        details={"newDraftDefId": draft.pk},
    )
