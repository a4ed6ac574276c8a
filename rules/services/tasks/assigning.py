"""Who does a task: the holder of its role closest to the child, or the worker who found it out."""

from forms.models import Entity, Submission
from rules.models import Task
from rules.services.notices import holders_for, notify
from server.people.access import person_of, roles_of
from server.people.models import AppUser, User
from server.people.roles import Role

DISCOVERER = "discoverer"
FIELD_ROLE = Role.CHILD_DIRECTOR.value  # stands in for a discoverer who has no login here
# Where a task goes to be given out when nobody holds its role.
UPWARD = (Role.TOWN_SUPERVISOR.value, Role.COUNTY_CIVIL.value, Role.ADMIN.value)


def assignee_of(entity: Entity, role: str, instance_id: str | None) -> tuple[str, User | None]:
    """The role that must act and the person who holds it for `entity`, None where nobody does.

    `instance_id` is the submission that found it out, for a task of the discoverer.
    """
    if role == DISCOVERER:
        finder = discoverer_of(entity, instance_id)
        if finder is not None:
            return next(iter(sorted(roles_of(finder))), FIELD_ROLE), finder
        role = FIELD_ROLE
    found = holders_for(entity, role)
    return role, found[0] if found else None


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
