"""What a merge of two children, and its undoing, mean for tasks: live ones of the entry that went follow the child.

The evaluation that comes next cancels those that nothing asks for any more.
"""

from django.db import transaction

from forms.models import Entity, Merge
from rules.models import Task, TaskEvent, TierState
from rules.services import phone
from rules.services.deadlines import first_escalation
from rules.services.reevaluation import reevaluate
from rules.services.tasks.events import add_event, end_task

MERGED = "merged"


@transaction.atomic
def follow_merge(merge_id: int) -> None:
    """A Reaction's job: move the live tasks of the loser to the survivor, or back after an undoing; then both are
    evaluated, not before: the same work would be asked for twice. Safe to run twice, in any order.
    """
    merge = Merge.objects.select_related("survivor__area", "loser__area").get(pk=merge_id)
    if merge.undone_at is not None:
        _return_tasks(merge)
    else:
        for task in _live(merge.loser):
            _move(task, merge.survivor, merge)
        # nobody is to decide about an entry that is gone
        TierState.objects.filter(entity=merge.loser).update(review=TierState.Review.NONE)
    cause = "entity.unmerge" if merge.undone_at else "entity.merge"
    reevaluate((merge.survivor_id, merge.loser_id), cause, f"entity:{merge.loser.uuid}")


def _return_tasks(merge: Merge) -> None:
    """Those that followed go back, those that were dropped for the survivor's own are open again; what only a record
    of the loser asked for is no longer asked of the survivor.
    """
    _reopen(merge)
    followed = _marked(merge, MERGED)
    records = set(
        merge.subjects.filter(was_both=False).values_list("submission__instance_id", flat=True)
    )
    for task in _live(merge.survivor):
        opened = task.events.filter(action="opened").first()
        if task.pk in followed:
            _move(task, merge.loser, merge)
        elif opened is not None and opened.data.get("submission") in records:
            end_task(task, Task.State.CANCELLED, "cancelled", data={"cause": MERGED})


def _reopen(merge: Merge) -> None:
    dropped = Task.objects.filter(
        pk__in=_marked(merge, "cancelled"), entity=merge.loser, state=Task.State.CANCELLED
    )
    for task in dropped.select_related("entity__dataset", "delivery__dataset", "assignee"):
        task.state, task.closed_at = Task.State.OPEN, None
        task.escalate_at = first_escalation(task.escalation)
        task.save(update_fields=["state", "closed_at", "escalate_at"])
        add_event(task, "reopened", merge=merge.pk)
        phone.deliver_task(task)


def _marked(merge: Merge, action: str) -> set[int]:
    marks = TaskEvent.objects.filter(action=action, data__merge=merge.pk)
    return set(marks.values_list("task_id", flat=True))


def _live(entity: Entity) -> list[Task]:
    rows = Task.objects.select_for_update(of=("self",)).filter(entity=entity, state__in=Task.LIVE)
    return list(rows.select_related("delivery__dataset", "assignee").order_by("pk"))


def _move(task: Task, child: Entity, merge: Merge) -> None:
    """Two tasks of a kind become one: the child's own stays."""
    same = Task.objects.filter(rule_set=task.rule_set, code=task.code, entity=child)
    if same.filter(state__in=Task.LIVE).exists():
        data = {"cause": MERGED, "merge": merge.pk}
        end_task(task, Task.State.CANCELLED, "cancelled", data=data)
        return
    newest = same.order_by("-episode").values_list("episode", flat=True).first() or 0
    task.entity, task.episode = child, newest + 1
    task.save(update_fields=["entity", "episode"])
    add_event(task, MERGED, merge=merge.pk)
    if task.state != Task.State.VERIFYING:
        phone.deliver_task(task)
