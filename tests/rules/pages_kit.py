"""Children with submissions and decisions for the tests of pages, made without phones: what the pages read is in the
tables, and how it gets there is tested elsewhere."""

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
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
from rules.models import Release, RuleSet, TierState
from rules.programme import programme_cases, programme_document
from rules.services.drafts import plain_document
from rules.services.evaluate import evaluate_entity
from server import clock
from server.people.models import Actor, User
from server.places.models import Area, School
from tests.rules.programme_kit import programme

TITLES = {
    "child_enum": "F01 摸底排查登记表",
    "home_visit": "F02 随访（家访）记录",
    "safety_assess": "F03 安全处境评估表",
    "school_monthly": "F05 学校月度核查",
    "incident_report": "F06 强制报告",
    "task_feedback": "F07 任务办理反馈",
}
STORIES = {case["case_id"]: case for case in programme_cases() if "tier" in case["expected"]}


def make_programme(author: User, approver: User) -> Dataset:
    """A project with the programme in force; its children are placed by `village_code`. Compiled once for all tests."""
    project = Project.objects.create(name="留守儿童关爱")
    dataset = Dataset.objects.create(project=project, name="child", area_property="village_code")
    Dataset.objects.create(project=project, name="task")
    known = programme()
    rule_set = RuleSet.objects.create(project=project, name=known.name, dataset=known.subject)
    rule_set.active = Release.objects.create(
        rule_set=rule_set, number=1, document=_document(), sha256=known.sha256, author=author, approver=approver,
        status=Release.Status.APPROVED,
    )  # fmt: skip
    rule_set.save()
    return dataset


@cache
def _document() -> Any:
    return plain_document(programme_document())


def make_child(
    dataset: Dataset, name: str, area: Area, school: School | None = None, **data: str
) -> Entity:
    """A child of the registry; nothing is known of it yet."""
    known = {
        "child_name": name,
        "sex": "male",
        "dob": "2015-05-01",
        "caregiver_name": f"{name[0]}秀英",
    }
    known |= {"caregiver_phone": "13800001234", **data}
    label = f"{name} {known['dob'][:7]}"
    return Entity.objects.create(
        dataset=dataset, uuid=uuid.uuid4(), label=label, data=known, area=area, school=school
    )


def submit(
    child: Entity, form: str, at: datetime, answers: Mapping[str, Any], sender: Actor | None = None
) -> str:
    """A received submission about `child`; answers its instanceID. Nothing is evaluated."""
    version = _version(child.dataset.project, form)
    instance_id = f"uuid:{uuid.uuid4()}"
    data = {name: _as_text(value) for name, value in answers.items()}
    submission = Submission.objects.create(
        form=version.form, instance_id=instance_id, submitter=sender, area=child.area, created_at=at
    )
    SubmissionVersion.objects.create(
        submission=submission, form_version=version, form=version.form, instance_id=instance_id,
        xml=b"<data/>", xml_sha256="0" * 64, data=data, occurred_on=clock.local_day(at), submitter=sender,
        created_at=at, instance_name=f"{TITLES.get(form, form)} {child.label}",
    )  # fmt: skip
    Subject.objects.create(submission=submission, entity=child)
    return instance_id


def live(
    child: Entity, case_id: str, sender: Actor | None = None, shift: timedelta = timedelta(0)
) -> TierState:
    """Let `child` live through a story of the programme's cases, evaluated after each submission, `shift` later."""
    for item in sorted(STORIES[case_id]["submissions"], key=lambda one: one["date"]):
        at = datetime.fromisoformat(f"{item['date'][:10]}T09:30:00+08:00") + shift
        with clock.at(at):
            sent = submit(child, item["form"], at, item["data"], sender)
            evaluate_entity(child.pk, "submission.created", f"submission:{sent}")
    return TierState.objects.get(entity=child)


def _version(project: Project, name: str) -> FormVersion:
    form, is_new = Form.objects.get_or_create(project=project, xml_form_id=name)
    if is_new:
        form.current = FormVersion.objects.create(
            form=form, version="1", title=TITLES.get(name, name), xml=b"<h/>", md5="0" * 32, sha256="0" * 64,
            published_at=clock.now(),
        )  # fmt: skip
        form.save()
    assert form.current is not None
    return form.current


def _as_text(value: Any) -> Any:
    return " ".join(map(str, value)) if isinstance(value, list) else value
