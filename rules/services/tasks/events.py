"""Each step of a task: one line of its history, and its row on the phone brought up to date."""

from collections.abc import Mapping
from typing import Any

from forms.models import Submission
from rules.models import Task, TaskEvent
from rules.services import phone
from server import clock
from server.journal.services import record
from server.people.access import person_of
from server.people.models import Actor

ENDED = (Task.State.DONE, Task.State.REFUSED, Task.State.FAILED, Task.State.CANCELLED)


def add_event(
    task: Task, action: str, actor: Actor | None = None, note: str = "", **data: Any
) -> TaskEvent:
    """Append to the task's history; `data` is JSON."""
    return TaskEvent.objects.create(task=task, action=action, actor=actor, note=note, data=data)


def journal(task: Task, action: str, actor: Actor | None, note: str = "", **details: Any) -> None:
    """The journal's entry of what a person did with a task."""
    record(
        f"task.{action}",
        actor=actor,
        subject=f"task:{task.pk}",
        project_id=task.entity.dataset.project_id,
        details={"code": task.code, "entity": str(task.entity.uuid), **details},
        notes=note,
    )


def end_task(
    task: Task,
    state: str,
    action: str,
    *,
    actor: Actor | None = None,
    note: str = "",
    submission: Submission | None = None,
    data: Mapping[str, Any] | None = None,
) -> None:
    """Put `task` (locked) into VERIFYING or an end state: nothing goes up any more, the phone
    loses it."""
    task.state = state
    if state != Task.State.VERIFYING:
        task.closed_at = clock.now()
        task.escalate_at = None
    if action == "done":
        task.done_by = person_of(actor) or actor
    if submission is not None:
        task.closed_by_submission = submission
    task.save()
    add_event(task, action, actor, note, **(data or {}))
    phone.withdraw_task(task)
