"""The files beside a form: uploaded ones, entity lists, and the lists of areas and schools."""

from collections.abc import Iterable

from django.db import transaction

from forms import problems
from forms.blobs import Readable, blob_of, store_file
from forms.models import Dataset, FormAttachment, FormVersion
from forms.services.datasets import link_lists
from forms.xlsform.xform import ExpectedFile
from server import clock
from server.journal.services import record
from server.people.models import Actor
from server.problems import NOT_FOUND, Problem

PLACES_FILES = frozenset({"town.csv", "village.csv", "school.csv"})
Source = FormAttachment.Source


def expect_files(
    version: FormVersion, expected: Iterable[ExpectedFile], before: FormVersion | None
) -> None:
    """Places for the files that `version` names, filled from the version before, else linked to
    lists of that name.
    """
    old = {one.name: one for one in before.attachments.all()} if before else {}
    made = [_place(version, one, old.get(one.name)) for one in expected]
    FormAttachment.objects.bulk_create(made)
    link_lists(version.form.project, [one for one in made if one.type == "file"])


def _place(version: FormVersion, one: ExpectedFile, old: FormAttachment | None) -> FormAttachment:
    place = FormAttachment(version=version, name=one.name, type=one.type)
    if old is not None and old.type == one.type:
        place.source, place.blob_id, place.dataset_id = old.source, old.blob_id, old.dataset_id
        place.updated_at = old.updated_at
    elif one.name in PLACES_FILES or (
        one.name == "site.csv" and not has_sites(version.form.project_id)
    ):
        place.source = Source.PLACES
    return place


def has_sites(project_id: int) -> bool:
    """Whether the project keeps its hazard sites in an entity list, which is then their list on phones."""
    return Dataset.objects.filter(project_id=project_id, name="site").exists()


def attach_file(
    version: FormVersion,
    name: str,
    content: bytes | Readable,
    *,
    content_type: str = "",
    actor: Actor | None,
) -> FormAttachment:
    """Fill the place `name` of a draft with a file; what it was linked to before gives way.
    Problem: FILE_NOT_EXPECTED.
    """
    stored = store_file(content, name, content_type)
    with transaction.atomic():
        place = _expected(version, name)
        place.source, place.dataset, place.blob = Source.FILE, None, blob_of(stored)
        return _saved(place, actor)


@transaction.atomic
def link_dataset(version: FormVersion, name: str, *, actor: Actor | None) -> FormAttachment:
    """Link the CSV place `name` of a draft to the published entity list of that name. Problems:
    FILE_NOT_EXPECTED, NOT_LINKABLE, 404.1 where there is no such list.
    """
    place = _expected(version, name)
    if place.type != "file":
        raise Problem(problems.NOT_LINKABLE, name=name)
    stem = name[: -len(".csv")] if name.lower().endswith(".csv") else name
    lists = Dataset.objects.filter(project_id=version.form.project_id, name=stem)
    dataset = lists.exclude(published_at=None).first()
    if dataset is None:
        raise Problem(NOT_FOUND)
    place.source, place.dataset, place.blob = Source.DATASET, dataset, None
    return _saved(place, actor)


@transaction.atomic
def unlink_dataset(version: FormVersion, name: str, *, actor: Actor | None) -> FormAttachment:
    """Take the entity list away from the place `name` of a draft; an uploaded file stays. Problem:
    FILE_NOT_EXPECTED.
    """
    place = _expected(version, name)
    return clear_file(version, name, actor=actor) if place.source == Source.DATASET else place


@transaction.atomic
def clear_file(version: FormVersion, name: str, *, actor: Actor | None) -> FormAttachment:
    """Empty the place `name` of a draft. Problem: FILE_NOT_EXPECTED."""
    place = _expected(version, name)
    place.source, place.dataset, place.blob = Source.FILE, None, None
    return _saved(place, actor)


def _expected(version: FormVersion, name: str) -> FormAttachment:
    place = version.attachments.filter(name=name).first()
    if place is None:
        raise Problem(problems.FILE_NOT_EXPECTED, name=name)
    return place


def _saved(place: FormAttachment, actor: Actor | None) -> FormAttachment:
    place.updated_at = clock.now()
    place.save(update_fields=["source", "dataset", "blob", "updated_at"])
    form = place.version.form
    record(
        "form.attachment.update",
        actor=actor,
        subject=f"form:{form.xml_form_id}",
        project_id=form.project_id,
        details={"name": place.name, "source": place.source, "blobId": place.blob_id},
    )
    return place
