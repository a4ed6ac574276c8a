"""What a merge of two children, and its undoing, mean for tasks: live ones of the entry that went follow the child.

The evaluation that comes next cancels those that nothing asks for any more.
"""

from django.db import transaction

from forms.models import Entity, Merge
from rules.models import Task, TaskEvent, TierState
from rules.services import phone
from rules.services.tasks.events import add_event, end_task

MERGED = "merged"


@transaction.atomic
def follow_merge(merge_id: int) -> None:
    """A Reaction's job: move the live tasks of the loser to the survivor, or back after an undoing. Safe to run
    twice, in any order.
    """
    merge = Merge.objects.select_related("survivor__area", "loser__area").get(pk=merge_id)
    if merge.undone_at is not None:
        _return_tasks(merge)
        return
    for task in _live(merge.loser):
        _move(task, merge.survivor, merge)
    # nobody is to decide about an entry that is gone
    TierState.objects.filter(entity=merge.loser).update(review=TierState.Review.NONE)


def _return_tasks(merge: Merge) -> None:
    marks = TaskEvent.objects.filter(action=MERGED, data__merge=merge.pk, data__cancelled=False)
    moved = set(marks.values_list("task_id", flat=True))
    for task in _live(merge.survivor):
        if task.pk in moved:
            _move(task, merge.loser, merge)


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
    add_event(task, MERGED, merge=merge.pk, cancelled=False)
    if task.state != Task.State.VERIFYING:
        phone.deliver_task(task)
