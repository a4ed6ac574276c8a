"""The two questions of every submission, as prepared queries: which version is it for, and is it
here already.
"""

from collections.abc import Sequence
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from forms.models import (
    Blob,
    Dataset,
    Form,
    FormAttachment,
    FormVersion,
    PublicLink,
    SubmissionVersion,
)
from forms.services.phones import phone_may_use
from server.people.models import Actor, AppUser
from server.prepared import Marks, Prepared, partial

_COLUMNS = ("pk", "sha256", "form_id", "form__xml_form_id", "form__state", "form__project_id")


def _published(marks: Marks) -> QuerySet[FormVersion]:
    return FormVersion.objects.filter(
        form__project_id=marks.number("project"),
        form__xml_form_id=marks.text("form"),
        published_at__isnull=False,
        form__deleted_at=None,
        form__project__deleted_at=None,
    )


def _version(marks: Marks) -> QuerySet[FormVersion]:
    return _published(marks).filter(version=marks.text("version"))


_for_people = Prepared(lambda marks: _version(marks).values_list(*_COLUMNS))
_for_phones = Prepared(
    lambda marks: (
        _version(marks)
        .filter(phone_may_use(marks.number("phone"), "form__project_id", "form_id"))
        .values_list(*_COLUMNS)
    )
)


def _instance(marks: Marks, is_draft: bool) -> QuerySet[Any, Any]:
    return SubmissionVersion.objects.filter(
        form_id=marks.number("form"), instance_id=marks.text("instance"), is_draft=is_draft
    ).values_list("pk")


_known = {
    False: Prepared(lambda marks: _instance(marks, False)),
    True: Prepared(lambda marks: _instance(marks, True)),
}


_SERVED = (
    "pk",
    "version",
    "title",
    "md5",
    "sha256",
    "form_id",
    "form__xml_form_id",
    "form__current_id",
)
_served = Prepared(
    lambda marks: (
        _published(marks)
        .filter(
            phone_may_use(marks.number("phone"), "form__project_id", "form_id"),
            current_of__isnull=False,
        )
        .values_list(*_SERVED)
    )
)


_OFFERED = (*_SERVED, "has_files")
_offered = Prepared(
    lambda marks: (
        FormVersion.objects.filter(
            phone_may_use(marks.number("phone"), "form__project_id", "form_id"),
            current_of__isnull=False,
            form__project_id=marks.number("project"),
            form__deleted_at=None,
            form__project__deleted_at=None,
            form__state=Form.State.OPEN,
        )
        .annotate(has_files=Exists(FormAttachment.objects.filter(version=OuterRef("pk"))))
        .order_by("form__xml_form_id")
        .values_list(*_OFFERED)
    )
)


def offered_to_phone(project_id: int, phone_id: int) -> list[FormVersion]:
    """The current versions of the open forms that a phone may use, in the order of their ids."""
    found = []
    for *columns, has_files in _offered.rows(project=project_id, phone=phone_id):
        version = _served_version(project_id, columns)
        version.has_files = bool(has_files)  # type: ignore[attr-defined]
        found.append(version)
    return found


def current_for_phone(project_id: int, form_id: str, phone_id: int) -> FormVersion | None:
    """The current version of a form that a phone may use, without its XML."""
    row = _served.first(project=project_id, form=form_id, phone=phone_id)
    return None if row is None else _served_version(project_id, row)


def _served_version(project_id: int, row: Sequence[Any]) -> FormVersion:
    pk, version, title, md5, sha256, form_pk, xml_form_id, current_id = row
    found = partial(
        FormVersion, id=pk, form_id=form_pk, version=version, title=title, md5=md5, sha256=sha256
    )
    found.form = partial(
        Form, id=form_pk, project_id=project_id, xml_form_id=xml_form_id, current_id=current_id
    )
    return found


def version_for(
    project_id: int, form_id: str, version: str, actor: Actor | None
) -> FormVersion | None:
    """The published version with its form (both with the columns that receiving needs), if a phone
    may use it, or a public link is to that form.
    """
    asked = {"project": project_id, "form": form_id, "version": version}
    row = (
        _for_phones.first(**asked, phone=actor.pk)
        if isinstance(actor, AppUser)
        else _for_people.first(**asked)
    )
    if row is None:
        return None
    pk, sha256, form_pk, xml_form_id, state, project = row
    if isinstance(actor, PublicLink) and actor.form_id != form_pk:
        return None
    found = partial(FormVersion, id=pk, sha256=sha256, form_id=form_pk)
    found.form = partial(Form, id=form_pk, xml_form_id=xml_form_id, state=state, project_id=project)
    return found


def is_known(form_id: int, instance_id: str, is_draft: bool) -> bool:
    """Whether a version with this instanceID is here."""
    return _known[is_draft].first(form=form_id, instance=instance_id) is not None


_DATASET = tuple(one.attname for one in Dataset._meta.concrete_fields)
_FILE = ("pk", "name", "source", "blob_id", "blob__md5")
_files = Prepared(
    lambda marks: (
        FormAttachment.objects.filter(version_id=marks.number("version"))
        .order_by("name")
        .values_list(*_FILE, *(f"dataset__{one}" for one in _DATASET))
    )
)


def files_of(version: FormVersion) -> list[FormAttachment]:
    """The files of a version in the order of their names, each with what a manifest says of its blob or list."""
    found = []
    for pk, name, source, blob_id, md5, *dataset in _files.rows(version=version.pk):
        columns = dict(zip(_DATASET, dataset, strict=True))
        file = partial(FormAttachment, id=pk, version_id=version.pk, name=name, source=source)
        file.blob = None if blob_id is None else partial(Blob, sha256=blob_id, md5=md5)
        file.dataset = None if columns["id"] is None else partial(Dataset, **columns)
        found.append(file)
    return found
