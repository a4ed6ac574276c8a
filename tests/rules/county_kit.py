"""A child in a village with people around it, a small rule set in force, and submissions about the child in one line each."""

import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any

import yaml

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
from rules.models import Evaluation, Release, Task, TierState
from rules.services.evaluate import evaluate_entity
from rules.services.releases import load_release
from rules.services.tasks import close_by_submission
from server import clock
from server.people.models import Actor
from server.places.models import Area

NOON = datetime(2026, 9, 1, 4, 0, tzinfo=UTC)  # noon in Shanghai, a Tuesday

DOCUMENT: dict[str, Any] = yaml.safe_load("""
settings:
  name: small
  title: {zh: 小规则, en: Small}
  subject: child
  neutral_codes: [none]
  dimensions: [{id: care, title: {zh: 照护, en: Care}, cap: 40}]
  ask_for_facts: {task: T_ASK}
  holidays: ['2026-09-03']
tiers:
  - {id: green, title: {zh: 绿, en: Green}, min_score: 0, visit_days: 90}
  - {id: blue, title: {zh: 蓝, en: Blue}, min_score: 10, visit_days: 30, downgrade: {roles: [town_supervisor]}}
  - {id: yellow, title: {zh: 黄, en: Yellow}, min_score: 30, visit_days: 14, downgrade: {roles: [town_supervisor]}}
  - {id: red, title: {zh: 红, en: Red}, min_score: null, acts_at_once: true, visit_days: 7, lead_role: county_civil,
     downgrade: {roles: [town_supervisor, county_civil], approvals: 2}}
choices:
  yn: [{code: 'yes', zh: 是, en: 'Yes'}, {code: 'no', zh: 否, en: 'No'}]
  level: [{code: none, zh: 无, en: None}, {code: some, zh: 一般, en: Some}, {code: bad, zh: 严重, en: Bad}]
facts:
  - {name: danger, title: {zh: 有危险, en: In danger}, type: select_one, choices: yn, question: danger,
     forms: [home_visit, safety_assess], merge: sticky, positive: ['yes'], cleared_by: {form: safety_assess}}
  - {name: poor, title: {zh: 贫困, en: Poor}, type: select_one, choices: yn, question: poor, forms: [home_visit], merge: latest}
  - {name: alone, title: {zh: 独处, en: Alone}, type: select_one, choices: yn, question: alone, forms: [home_visit], merge: latest}
  - {name: was_red, title: {zh: 曾红, en: Was red}, type: yes_no, history: {kind: prior_tier, tier: red, window_days: 180}}
roles:
  - {id: discoverer, title: {zh: 发现人, en: Finder}}
  - {id: child_director, title: {zh: 儿童主任, en: Director}}
  - {id: town_supervisor, title: {zh: 督导员, en: Supervisor}}
  - {id: county_civil, title: {zh: 县民政, en: County}}
rules:
  - {id: R-DANGER, dimension: care, title: {zh: 孩子有危险, en: Child in danger}, when: "${danger} = 'yes'", score: 20, floor: red,
     tasks: [T_RESCUE, T_REPORT, {id: T_CARE, due: {hours: 24}}]}
  - {id: R-POOR, dimension: care, title: {zh: 家庭贫困, en: Poor family}, when: "${poor} = 'yes'", score: 10, tasks: [T_AID]}
  - {id: R-ALONE, dimension: care, title: {zh: 孩子独处, en: Child alone}, when: "${alone} = 'yes'", score: 20, floor: yellow, tasks: [T_CARE]}
  - {id: R-AGAIN, dimension: care, title: {zh: 曾为红色, en: Was red}, when: "${was_red}", score: 1}
tasks:
  - {id: T_RESCUE, title: {zh: 紧急入户, en: Urgent visit}, dimension: care, assignee: child_director, due: {hours: 24}, verify: true,
     escalation: [{after: {hours: 24}, to: town_supervisor}, {after: {hours: 48}, to: county_civil}],
     close: {any: [{form: home_visit, when: "${kind} = 'urgent'"}, {form: task_feedback, when: "${task_result} = 'done'"}]}}
  - {id: T_REPORT, title: {zh: 报警, en: Report}, dimension: care, assignee: discoverer, due: {hours: 0},
     close: {any: [{form: home_visit, when: "${told_police} = 'yes'"}, {form: safety_assess}, {form: task_feedback, when: "${task_result} = 'done'"}]}}
  - {id: T_CARE, title: {zh: 落实照护, en: Find care}, dimension: care, assignee: town_supervisor, due: {days: 7},
     close: {form: task_feedback, when: "${task_result} = 'done'"}}
  - {id: T_AID, title: {zh: 救助, en: Aid}, dimension: care, assignee: child_director, due: {working_days: 3},
     close: {form: task_feedback, when: "${task_result} = 'done'"}}
  - {id: T_ASK, title: {zh: 核实信息, en: Find out}, dimension: care, assignee: child_director, due: {days: 7},
     close: {form: home_visit, when: "known(${danger}) and known(${poor}) and known(${alone})"}}
""")
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
    """A submission of `form` about an entity, received now, speaking of the day `on`; tasks closed and the child evaluated as the
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
