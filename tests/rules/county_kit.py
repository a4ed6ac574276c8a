"""A child in a village with people around it, a small rule set in force, and submissions about the
child in one line each."""

import uuid
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from forms.models import (
    Dataset,
    Entity,
    Form,
    FormVersion,
    Project,
    Subject,
    Submission,
    SubmissionVersion,
)
from rules.engine.rule_set import read_document
from rules.models import Evaluation, Release, Task, TierState
from rules.services.evaluate import evaluate_entity
from rules.services.releases import load_release
from rules.services.tasks import close_by_submission
from server import clock
from server.people.models import Actor
from server.places.models import Area

NOON = datetime(2026, 9, 1, 4, 0, tzinfo=UTC)  # noon in Shanghai, a Tuesday

DOCUMENT: dict[str, Any] = read_document(
    Path(__file__).with_name("data").joinpath("small.yaml").read_bytes()
)
ALL_WELL = {"danger": "no", "poor": "no", "alone": "no"}


def actor(name: str) -> Actor:
    """Somebody who acts for the system."""
    return Actor.objects.create(type=Actor.Type.SYSTEM, display_name=name)


def release_small(project: Project, document: dict[str, Any] | None = None) -> Release:
    """Put `document` (default: the small one) into force."""
    return load_release(project, document or DOCUMENT, actor("author"), actor("approver"))


def make_child(village: Area, project: Project | None = None, name: str = "张小明") -> Entity:
    """A child of `village` in a project with datasets child and task."""
    project = project or Project.objects.create(name="关爱")
    Dataset.objects.get_or_create(project=project, name="task")
    dataset, _ = Dataset.objects.get_or_create(
        project=project, name="child", defaults={"area_property": "village_code"}
    )
    return Entity.objects.create(
        dataset=dataset,
        uuid=uuid.uuid4(),
        label=name,
        data={"child_name": name, "village_code": village.code},
        area=village,
    )


def tell(
    about: Entity,
    form: str,
    data: dict[str, Any],
    *,
    on: date | None = None,
    by: Actor | None = None,
    evaluate: bool = True,
) -> SubmissionVersion:
    """A submission of `form` about an entity, received now, speaking of the day `on`; tasks closed
    and the child evaluated as the
    outbox would do it."""
    version = store(about, form, data, on=on, by=by)
    close_by_submission(version.pk)
    if evaluate and about.dataset.name == "child":
        evaluate_entity(about.pk, "submission.created", f"submission:{version.instance_id}")
    return version


def store(
    about: Entity,
    form: str,
    data: dict[str, Any],
    *,
    on: date | None = None,
    by: Actor | None = None,
) -> SubmissionVersion:
    """The rows of a submission, nothing following from it."""
    project = about.dataset.project
    found, _ = Form.objects.get_or_create(project=project, xml_form_id=form)
    form_version, _ = FormVersion.objects.get_or_create(
        form=found, version="1", defaults={"title": form, "xml": b"", "published_at": clock.now()}
    )
    instance_id = f"uuid:{uuid.uuid4()}"
    submission = Submission.objects.create(
        form=found, instance_id=instance_id, submitter=by, area=about.area
    )
    Subject.objects.create(submission=submission, entity=about)
    return SubmissionVersion.objects.create(
        submission=submission,
        form_version=form_version,
        form=found,
        instance_id=instance_id,
        xml=b"",
        xml_sha256="0" * 64,
        data=data,
        occurred_on=on or clock.today(),
        submitter=by,
    )


def days_later(days: float) -> datetime:
    """A moment after NOON."""
    return NOON + timedelta(days=days)


def state_of(child: Entity) -> TierState:
    """Where the child stands."""
    return TierState.objects.get(entity=child)


def newest(child: Entity) -> Evaluation:
    """Its newest stored evaluation."""
    found = Evaluation.objects.filter(entity=child).first()
    assert found is not None
    return found


def tasks_of(child: Entity, **wanted: Any) -> dict[str, Task]:
    """Its tasks by code, the newest episode of each."""
    return {
        task.code: task for task in Task.objects.filter(entity=child, **wanted).order_by("episode")
    }


def live(child: Entity) -> set[str]:
    """The codes of its open tasks."""
    return set(tasks_of(child, state__in=Task.LIVE))
