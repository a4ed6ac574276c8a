"""From a stored submission to the registry (design.md section 5.4): entities, subjects, place, and
who must hear of it.

A Reaction's job: one transaction, safe to run twice. What it does is derived from the submission's
current version, so a version that has been replaced before its turn is left to its successor.
"""

from collections.abc import Iterable
from dataclasses import replace

from django.db import transaction

from forms.form_cache import meaning_of
from forms.instance.entity import EntityOperation
from forms.models import Dataset, Entity, FormVersion, Submission, SubmissionVersion
from forms.registry.followed import followed
from forms.registry.held import force_one, hold, overdue, release_approved, release_waiting
from forms.registry.likeness import index_entity
from forms.registry.operations import Request, apply_operation
from forms.registry.placing import first_home, home_of, reach_of
from forms.registry.senders import sender_of
from forms.registry.subjects import link_subjects, referred_entities, selected_entities
from forms.registry.tallies import note_moved
from server.journal.services import emit, record
from server.people.models import Actor


@transaction.atomic
def register_submission(version_id: int) -> None:
    """Apply the entity operations of a submission version, link its subjects, place it, and say so:
    `submission.registered` first, then `entity.touched` for each subject.
    """
    version = (
        SubmissionVersion.objects.select_related("submission", "form")
        .defer("xml")
        .filter(pk=version_id, is_draft=False, is_current=True, submission__deleted_at=None)
        .first()
    )
    if version is None:
        return
    sender = sender_of(version)
    written = _apply_all(version, sender)
    if (
        version.deprecated_id
    ):  # an edit may tell another mother or number without changing the entity
        for one in written:
            index_entity(one, version)
    subjects = _derive_subjects(version, written)
    gone = link_subjects(version, subjects)
    _place(version.submission, subjects, sender)
    cause = "submission.updated" if version.deprecated_id else "submission.created"
    emit("submission.registered", {"version_id": version.pk})
    announce([*subjects, *gone], cause, version)


def announce(entities: Iterable[Entity], cause: str, version: SubmissionVersion) -> None:
    """Tell the floors above that the facts about `entities` may have changed."""
    for key in dict.fromkeys(one.pk for one in entities):
        subject = f"submission:{version.submission.instance_id}"
        emit("entity.touched", {"entity_id": key, "cause": cause, "cause_subject": subject})


def announce_submission(submission: Submission, cause: str) -> None:
    """Its standing changed (reviewed, deleted, restored): the facts about its subjects may follow."""
    for key in submission.subjects.values_list("entity_id", flat=True):
        payload = {
            "entity_id": key,
            "cause": cause,
            "cause_subject": f"submission:{submission.instance_id}",
        }
        emit("entity.touched", payload)


@transaction.atomic
def register_approval(submission: Submission) -> None:
    """A submission was approved: lists that require it get its entities now."""
    _follow(release_approved(submission))


def force_overdue() -> int:
    """Apply the operations that waited too long for what never came; one transaction each. Answers
    how many.
    """
    count = 0
    for key in overdue():
        with transaction.atomic():
            found = force_one(key)
            if found:
                _follow([found])
                count += 1
    return count


def _apply_all(version: SubmissionVersion, sender: Actor | None) -> list[Entity]:
    if not version.entities:
        return []
    operations = _merged(EntityOperation.from_json(one) for one in version.entities)
    datasets = {
        one.name: one
        for one in Dataset.objects.filter(
            project_id=version.form.project_id, name__in={one.dataset for one in operations}
        )
    }
    reach, written = reach_of(sender), []
    for operation in operations:
        dataset = datasets.get(operation.dataset)
        if dataset is None:
            _report_missing(version, operation, sender)
            continue
        written += _apply(Request(dataset, operation, version, sender, reach))
    return written


def _merged(operations: Iterable[EntityOperation]) -> list[EntityOperation]:
    """One operation per entity: two rows of a repeat that name the same one are one change to it,
    the later row's answers win.
    """
    found: dict[tuple[str, str], EntityOperation] = {}
    for one in operations:
        key = (one.dataset, one.id)
        before = found.get(key)
        if before is not None and not one.fault:
            properties = {**before.properties, **one.properties}
            one = replace(before, properties=properties, label=one.label or before.label)
        found[key] = one
    return list(found.values())


def _apply(request: Request) -> list[Entity]:
    outcome = apply_operation(request)
    if outcome.entity is None:
        hold(request, outcome.reason)
        return []
    if outcome.is_changed:
        _follow(release_waiting(request.dataset, request.operation.id))
    return [outcome.entity]


def _follow(released: Iterable[tuple[Entity, SubmissionVersion]]) -> None:
    """What was held has been applied: those submissions are about the entity from now on, and what
    waited for them may go too.
    """
    for entity, version in released:
        subjects = _derive_subjects(version, [entity])
        link_subjects(version, subjects)
        _place(version.submission, subjects, sender_of(version))
        announce(subjects, "submission.created", version)
        _follow(release_waiting(entity.dataset, str(entity.uuid)))


def _derive_subjects(version: SubmissionVersion, written: list[Entity]) -> list[Entity]:
    project_id = version.form.project_id
    digest = FormVersion.objects.values_list("sha256", flat=True).get(pk=version.form_version_id)
    fields = meaning_of(version.form_version_id, digest).fields
    selected = selected_entities(version, fields, project_id)
    direct = followed([*written, *selected], version)
    return followed([*direct, *referred_entities(direct, project_id)], version)


def _place(submission: Submission, subjects: list[Entity], sender: Actor | None) -> None:
    """Where its subject belongs, else where its sender works."""
    home = first_home(subjects) or home_of(sender)
    if (submission.area_id, submission.school_id) != (home.area_id, home.school_id):
        before = (submission.area_id, submission.school_id)
        submission.area_id, submission.school_id = home.area_id, home.school_id
        submission.save(update_fields=["area", "school"])
        note_moved(submission, before)


def _report_missing(
    version: SubmissionVersion, operation: EntityOperation, sender: Actor | None
) -> None:
    record(
        "entity.error",
        actor=sender,
        subject=f"submission:{version.instance_id}",
        project_id=version.form.project_id,
        details={
            "reason": "unknown_dataset",
            "dataset": operation.dataset,
            "uuid": operation.id,
            "submissionId": version.submission_id,
        },
    )
