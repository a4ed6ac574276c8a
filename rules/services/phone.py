"""What a phone sees of the rules: the child's tier with its reasons, and each worker's tasks as
rows of dataset `task`.

Lists on phones carry no translations, so the texts are in the language of the field: Chinese.
"""

import hashlib
import uuid
from datetime import datetime

from forms.models import Dataset, Entity
from forms.registry import annotate_entity, remove_entity, write_entity
from rules.engine.rule_set import RuleSet
from rules.models import Task, TierState
from server import clock

TASK_DATASET = "task"
MOST_REASONS = 3
MOST_TASKS = 5


def show_child(entity: Entity, state: TierState, rule_set: RuleSet) -> None:
    """Write tier, main reasons and open tasks into the child's own row; nothing happens if they
    are there already."""
    tasks = Task.objects.filter(entity=entity, state__in=(Task.State.OPEN, Task.State.ACCEPTED))
    lines = [
        f"{task.title.get('zh', task.code)}（{day_text(task.due_at)}前）"
        for task in tasks.order_by("due_at", "code", "episode")
    ]
    more = [f"等{len(lines)}项"] if len(lines) > MOST_TASKS else []
    shown = {
        "tier": state.tier,
        "tier_reasons": "；".join(reasons(state, rule_set)),
        "open_tasks": "；".join([*lines[:MOST_TASKS], *more]),
    }
    if any(entity.data.get(name) != text for name, text in shown.items()):
        annotate_entity(entity, shown)


def reasons(state: TierState, rule_set: RuleSet) -> list[str]:
    """The titles of the rules that weigh most in the newest evaluation, in Chinese."""
    if state.evaluation is None:
        return []
    fired = {rule["id"] for rule in state.evaluation.decision["rules"] if rule["status"] == "true"}
    weigh = [rule for rule in rule_set.rules if rule.id in fired]
    weigh.sort(
        key=lambda rule: (-(rule_set.tier(rule.floor).rank if rule.floor else 0), -rule.score)
    )
    return [rule.title["zh"] for rule in weigh[:MOST_REASONS]]


def deliver_task(task: Task) -> None:
    """Put a live task on its assignee's phone, or bring it up to date there; sets `task.delivery`
    and saves that where the task is stored already. Projects without dataset `task` have no such
    list."""
    dataset = task_list(task.entity)
    if dataset is None:
        return
    child, title = task.entity, task.title.get("zh", task.code)
    name = child.data.get("child_name") or child.label
    entity = write_entity(
        dataset,
        task.delivery.uuid if task.delivery else delivery_uuid(task),  # kept by a merge of children
        f"{day_text(task.due_at)}前 · {name} · {title}",
        {
            "child": str(child.uuid),
            "child_name": name,
            "task_code": task.code,
            "due_date": clock.local_day(task.due_at).isoformat(),
            "tier": task.tier,
            "why": task.why.get("zh", ""),
            "village": child.area.name if child.area else "",
        },
        worker=task.assignee,
        area=child.area,
        school=child.school,
    )
    if task.delivery_id != entity.pk:
        task.delivery = entity
        if task.pk is not None:
            task.save(update_fields=["delivery"])


def task_list(child: Entity) -> Dataset | None:
    """The dataset of the tasks about `child`, looked up once per loaded child."""
    if not hasattr(child, "_task_list"):
        wanted = Dataset.objects.filter(project_id=child.dataset.project_id, name=TASK_DATASET)
        child._task_list = wanted.first()  # type: ignore[attr-defined]
    found: Dataset | None = child._task_list  # type: ignore[attr-defined]
    return found


def withdraw_task(task: Task) -> None:
    """Take a task off the phone."""
    if task.delivery is not None:
        remove_entity(task.delivery)


def delivery_uuid(task: Task) -> uuid.UUID:
    """The same task has the same row on phones, however often it is written.

    Made from the task's identity, in the form of a version 4: Collect updates no other offline.
    """
    identity = f"{task.rule_set}/{task.entity.uuid}/{task.code}/{task.episode}"
    return uuid.UUID(bytes=hashlib.sha256(identity.encode()).digest()[:16], version=4)


def day_text(moment: datetime) -> str:
    """ "11月30日"."""
    day = clock.local_day(moment)
    return f"{day.month}月{day.day}日"
