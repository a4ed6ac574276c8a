"""Entity lists and their properties: made by publishing a form that declares them, or by hand."""

import re
from collections.abc import Iterable, Sequence

from django.db import transaction

from forms import problems
from forms.models import Dataset, DatasetProperty, FormAttachment, Project
from forms.xlsform.entity import EntityDeclaration
from server import clock
from server.journal.services import record
from server.people.models import Actor
from server.problems import Problem

# The rules of XML names, as pyxform and the entities specification have them
_NAME = re.compile(r"(?!__)[^\W\d][\w\-]*")
_PROPERTY = re.compile(r"(?!__)[^\W\d][\w.\-]*")


@transaction.atomic
def create_dataset(
    project: Project,
    name: str,
    *,
    actor: Actor | None,
    approval_required: bool = False,
    area_property: str = "",
    school_property: str = "",
    class_property: str = "",
) -> Dataset:
    """A new, published list; the `*_property` names say what places its entities. Problems:
    DATASET_NAME, DATASET_EXISTS.
    """
    if not _NAME.fullmatch(name) or len(name) > 120:
        raise Problem(problems.DATASET_NAME, name=name)
    if Dataset.objects.filter(project=project, name__iexact=name).exists():
        raise Problem(problems.DATASET_EXISTS, name=name)
    dataset = Dataset.objects.create(
        project=project,
        name=name,
        approval_required=approval_required,
        area_property=area_property,
        school_property=school_property,
        class_property=class_property,
        published_at=clock.now(),
    )
    record(
        "dataset.create",
        actor=actor,
        subject=f"dataset:{name}",
        project_id=project.pk,
        details={"properties": []},
    )
    return dataset


@transaction.atomic
def add_property(dataset: Dataset, name: str, *, actor: Actor | None) -> DatasetProperty:
    """One more property. Problems: PROPERTY_NAME, PROPERTY_EXISTS (also in other capitals)."""
    if not _PROPERTY.fullmatch(name) or name.lower() in ("name", "label") or len(name) > 120:
        raise Problem(problems.PROPERTY_NAME, name=name)
    if dataset.properties.filter(name__iexact=name).exists():
        raise Problem(problems.PROPERTY_EXISTS, name=name)
    added = DatasetProperty.objects.create(dataset=dataset, name=name, published_at=clock.now())
    touch(dataset)
    record(
        "dataset.update",
        actor=actor,
        subject=f"dataset:{dataset.name}",
        project_id=dataset.project_id,
        details={"properties": [name]},
    )
    return added


def touch(dataset: Dataset) -> None:
    """Its columns changed: phones must fetch the list again."""
    Dataset.objects.filter(pk=dataset.pk).update(changed_at=clock.now())


def publish_declared(
    project: Project, declarations: Iterable[EntityDeclaration], actor: Actor | None
) -> list[Dataset]:
    """The lists and properties that a form declares, made where they are not yet there. Answers the
    lists.
    """
    found = []
    for declaration in declarations:
        dataset = Dataset.objects.filter(project=project, name=declaration.dataset).first()
        dataset = dataset or create_dataset(project, declaration.dataset, actor=actor)
        have = {one.lower() for one in dataset.properties.values_list("name", flat=True)}
        for name in declaration.saves:
            if name.lower() not in have:
                add_property(dataset, name, actor=actor)
        found.append(dataset)
    return found


def link_lists(project: Project, attachments: Sequence[FormAttachment]) -> None:
    """Point the unfilled CSV attachments whose name is a list's at that list (Central's rule)."""
    waiting = {
        one.name[: -len(".csv")]: one
        for one in attachments
        if one.source == FormAttachment.Source.FILE
        and one.blob_id is None
        and one.name.lower().endswith(".csv")
    }
    for dataset in Dataset.objects.filter(project=project, name__in=waiting):
        place = waiting[dataset.name]
        place.source, place.dataset, place.updated_at = (
            FormAttachment.Source.DATASET,
            dataset,
            clock.now(),
        )
        place.save(update_fields=["source", "dataset", "updated_at"])


@transaction.atomic
def set_approval(dataset: Dataset, is_required: bool, *, actor: Actor | None) -> None:
    """Whether submissions must be approved before they make entities."""
    dataset.approval_required = is_required
    dataset.save(update_fields=["approval_required"])
    touch(dataset)
    record(
        "dataset.update",
        actor=actor,
        subject=f"dataset:{dataset.name}",
        project_id=dataset.project_id,
        details={"data": {"approvalRequired": is_required}},
    )
