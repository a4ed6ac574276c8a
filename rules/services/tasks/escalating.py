"""Tasks that nobody has finished in time go up: each step tells the holders of the next role
(domain report, section 5)."""

from datetime import datetime

from django.db import transaction

from rules.models import Task
from rules.services.deadlines import first_escalation
from rules.services.notices import notify
from rules.services.tasks.assigning import people_above
from rules.services.tasks.events import add_event, journal
from server import clock

BATCH = 100  # tasks per write transaction (design.md section 4: at most about 200 rows)
WAITING = (Task.State.OPEN, Task.State.ACCEPTED)


def escalate_due(limit: int = 2000) -> int:
    """Take every step that is due now; answers how many tasks went up. Safe to run twice, and
    beside itself."""
    total = 0
    while total < limit:
        count = _escalate_some()
        total += count
        if count < BATCH:
            break
    return total


@transaction.atomic
def _escalate_some() -> int:
    now = clock.now()
    tasks = list(
        Task.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("entity__dataset", "entity__area")
        .filter(escalate_at__lte=now, state__in=WAITING)
        .order_by("escalate_at", "id")[:BATCH]
    )
    for task in tasks:
        _escalate(task, now)
    return len(tasks)


def _escalate(task: Task, now: datetime) -> None:
    due = [step for step in task.escalation if datetime.fromisoformat(step["at"]) <= now]
    task.escalation = [step for step in task.escalation if step not in due]
    task.escalate_at = first_escalation(task.escalation)
    for step in due:
        _tell(task, step["to"], now)
    task.save(update_fields=["escalation", "escalate_at", "escalated_to"])


def _tell(task: Task, role: str, now: datetime) -> None:
    people = people_above(task.entity, role)
    task.escalated_to = role
    late = now > task.due_at
    text = {
        "zh": f"{'逾期未办结' if late else '尚未办理'}，已上报：{task.title.get('zh', task.code)}",
        "en": f"{'Overdue' if late else 'Not done yet'}, escalated to you: {task.title.get('en', task.code)}",
    }
    notify(people, "escalation", text, entity=task.entity, task=task)
    add_event(task, "escalated", None, "", to=role, told=[user.pk for user in people], overdue=late)
    journal(task, "escalate", None, to=role)
