"""Who does a task: the holder of its role closest to the child, or the worker who found it out."""

from forms.models import Entity, Submission
from rules.engine.rule_set import RuleSet
from rules.models import Task
from rules.services import phone
from rules.services.notices import holders_for, notify
from rules.services.tasks.events import add_event
from server.people.access import person_of, roles_of, scope_of
from server.people.models import AppUser, User
from server.people.roles import Role, Verb

DISCOVERER = "discoverer"
FIELD_ROLE = Role.CHILD_DIRECTOR.value  # stands in for a discoverer who has no login here
# Where a task goes to be given out when nobody holds its role.
UPWARD = (Role.TOWN_SUPERVISOR.value, Role.COUNTY_CIVIL.value, Role.ADMIN.value)


# Who stands in where nobody holds a school's role for the child: it goes to no school, or has no class teacher.
STANDS_IN = {
    Role.CLASS_TEACHER.value: (Role.SCHOOL_LEAD.value, FIELD_ROLE),
    Role.SUBJECT_TEACHER.value: (Role.SCHOOL_LEAD.value, FIELD_ROLE),
    Role.SCHOOL_LEAD.value: (FIELD_ROLE,),
}


def assignee_of(entity: Entity, role: str, instance_id: str | None) -> tuple[str, User | None]:
    """The role that must act and the person who holds it for `entity`, None where nobody does.

    `instance_id` is the submission that found it out, for a task of the discoverer. Work of the school for a child
    without one is the village's.
    """
    if role == DISCOVERER:
        finder = discoverer_of(entity, instance_id)
        if finder is not None:
            return next(iter(sorted(roles_of(finder))), FIELD_ROLE), finder
        role = FIELD_ROLE
    for one in _in_turn(entity, role):
        if found := holders_for(entity, one):
            return one, found[0]
    return (FIELD_ROLE if role in STANDS_IN and entity.school_id is None else role), None


def _in_turn(entity: Entity, role: str) -> tuple[str, ...]:
    """The role, then those that stand in for it; a child without a school has none of its roles."""
    if role in STANDS_IN and entity.school_id is None:
        return (FIELD_ROLE,)
    return (role, *STANDS_IN.get(role, ()))


def people_for(entity: Entity, role: str) -> list[User]:
    """Everybody who holds `role` for the child, or stands in for it where nobody does; the closest first."""
    for one in _in_turn(entity, role):
        found = holders_for(entity, one)
        if found:
            return found
    return []


def people_above(entity: Entity, role: str) -> list[User]:
    """Whom an escalation to `role` tells: its holders for the child, else the next office up that has somebody."""
    for one in dict.fromkeys((role, *UPWARD)):
        found = holders_for(entity, one)
        if found and not (one in STANDS_IN and entity.school_id is None):
            return found
    return []


def move_task(task: Task, rule_set: RuleSet) -> bool:
    """A live task of a child that has moved goes along: to whoever holds its role there, unless its assignee works
    there too. Answers whether it changed hands."""
    child, kind = task.entity, rule_set.tasks.get(task.code)
    if task.state not in Task.LIVE or (task.area_id, task.school_id) == (
        child.area_id,
        child.school_id,
    ):
        return False
    task.area, task.school_id = child.area, child.school_id
    place = (child.area.path if child.area else None, child.school_id, child.class_name)
    stays = task.assignee is not None and scope_of(task.assignee, Verb.TASK_ACT).covers(*place)
    if not stays and task.state != Task.State.VERIFYING and kind is not None:
        task.role, task.assignee = assignee_of(child, kind.assignee, None)
        task.state = Task.State.OPEN
    task.save()
    if stays or task.state == Task.State.VERIFYING:
        return False
    name = task.assignee.display_name if task.assignee else ""
    add_event(task, "assigned", name=name, cause="moved")
    phone.deliver_task(task)
    if task.assignee is None:
        report_unassigned(task)
    else:
        title = task.title
        text = {
            "zh": f"儿童迁入，任务转给您：{title.get('zh', task.code)}",
            "en": f"A child moved here, its task is yours: {title.get('en', task.code)}",
        }
        notify([task.assignee], "task", text, entity=child, task=task)
    return True


def discoverer_of(entity: Entity, instance_id: str | None) -> User | None:
    """The worker who sent the submission `instance_id`."""
    if not instance_id:
        return None
    submission = (
        Submission.objects.filter(
            instance_id=instance_id,
            form__project_id=entity.dataset.project_id,
            is_draft=False,
        )
        .select_related("submitter__user", "submitter__appuser__worker")
        .first()
    )
    if submission is None or submission.submitter is None:
        return None
    sender = submission.submitter
    actor = getattr(sender, "appuser", None) or getattr(sender, "user", None)
    return person_of(actor) if isinstance(actor, User | AppUser) else None


def report_unassigned(task: Task) -> None:
    """Tell the next office up that somebody must take the task."""
    steps = [step["to"] for step in task.escalation]
    for role in (*steps, *UPWARD):
        found = holders_for(task.entity, role)
        if found:
            title = task.title
            text = {
                "zh": f"无人承办，请指派：{title.get('zh', task.code)}",
                "en": f"Nobody to do it, please assign: {title.get('en', task.code)}",
            }
            notify(found, "unassigned", text, entity=task.entity, task=task)
            return
