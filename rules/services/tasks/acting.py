"""What people do with a task: accept, finish, refuse, fail, assign, verify, return, cancel, note
(domain report, section 5)."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db import transaction

from rules import problems
from rules.models import Task
from rules.services import phone
from rules.services.deadlines import escalations, first_escalation
from rules.services.notices import notify
from rules.services.tasks.closing import rules_of
from rules.services.tasks.events import add_event, end_task, journal
from rules.services.tiers.case import person_id
from server import clock
from server.people.access import person_of, require, scope_of
from server.people.models import Actor, User
from server.people.roles import Verb
from server.problems import FORBIDDEN, MISSING, NOT_FOUND, Problem

State = Task.State


@dataclass(frozen=True, slots=True)
class Step:
    """An action: the right it takes, from which states, and whether it is the assignee's own."""

    verb: Verb
    states: tuple[str, ...]
    is_own: bool = False
    needs_note: bool = False


STEPS: dict[str, Step] = {
    "accept": Step(Verb.TASK_ACT, (State.OPEN,), is_own=True),
    "done": Step(Verb.TASK_ACT, (State.OPEN, State.ACCEPTED), is_own=True, needs_note=True),
    "refuse": Step(Verb.TASK_ACT, (State.OPEN, State.ACCEPTED), is_own=True, needs_note=True),
    "fail": Step(Verb.TASK_ACT, (State.OPEN, State.ACCEPTED), is_own=True, needs_note=True),
    "note": Step(Verb.TASK_ACT, tuple(State.values), needs_note=True),
    "assign": Step(Verb.TASK_ASSIGN, (State.OPEN, State.ACCEPTED)),
    "verify": Step(Verb.TASK_VERIFY, (State.VERIFYING,)),
    "return": Step(Verb.TASK_VERIFY, (State.VERIFYING,), needs_note=True),
    "cancel": Step(Verb.TASK_ASSIGN, (State.OPEN, State.ACCEPTED), needs_note=True),
    "reopen": Step(
        Verb.TASK_ASSIGN,
        (State.REFUSED, State.FAILED, State.DONE, State.CANCELLED),
        needs_note=True,
    ),
}


def accept_task(task: Task, actor: Actor) -> Task:
    """The assignee takes the task on. Problems of every action: 401.2, 403.1, 404.1, TASK_STATE,
    NOT_YOURS, MISSING (note)."""
    return _act(task, actor, "accept", "", _accept)


def finish_task(task: Task, actor: Actor, note: str) -> Task:
    """The assignee says what was done; where another person must verify it, it waits for that."""
    return _act(task, actor, "done", note, _finish)


def refuse_task(task: Task, actor: Actor, note: str) -> Task:
    """The family refuses."""
    return _act(task, actor, "refuse", note, _ended(State.REFUSED, "refused"))


def fail_task(task: Task, actor: Actor, note: str) -> Task:
    """It could not be done."""
    return _act(task, actor, "fail", note, _ended(State.FAILED, "failed"))


def cancel_task(task: Task, actor: Actor, note: str) -> Task:
    """A supervisor takes the task back; its cause stands, so it is not opened again for the same
    reasons."""
    return _act(task, actor, "cancel", note, _ended(State.CANCELLED, "cancelled"))


def reopen_task(task: Task, actor: Actor, note: str) -> Task:
    """A supervisor does not accept that it has ended: it is open again, and goes up again when it is not done.
    Problem NEWER_TASK while the next episode of the same task is there."""
    return _act(task, actor, "reopen", note, _reopen)


def verify_task(task: Task, actor: Actor, note: str = "") -> Task:
    """Another person confirms that it was done. Problem OWN_WORK for whoever did it."""
    return _act(task, actor, "verify", note, _ended(State.DONE, "verified"))


def return_task(task: Task, actor: Actor, note: str) -> Task:
    """Another person finds that it was not done: it goes back to its assignee. Problem OWN_WORK."""
    return _act(task, actor, "return", note, _return)


def comment_task(task: Task, actor: Actor, note: str) -> Task:
    """A line in the task's history."""
    return _act(
        task, actor, "note", note, lambda task, actor, note: add_event(task, "note", actor, note)
    )


def assign_task(task: Task, actor: Actor, assignee: User, note: str = "") -> Task:
    """Give the task to `assignee`, who must be able to act where the child is. Problem
    CANNOT_DO."""

    def assign(task: Task, actor: Actor, note: str) -> None:
        if not _covers(assignee, Verb.TASK_ACT, task):
            raise Problem(problems.CANNOT_DO, name=assignee.display_name)
        task.assignee, task.state = assignee, State.OPEN
        task.save()
        add_event(task, "assigned", actor, note, assignee=assignee.pk, name=assignee.display_name)
        phone.deliver_task(task)
        _tell(task, "task", "新任务", "New task")

    return _act(task, actor, "assign", note, assign)


ACTIONS: dict[str, Callable[[Task, Actor, str], Task]] = {
    "accept": lambda task, actor, note: accept_task(task, actor),
    "done": finish_task,
    "refuse": refuse_task,
    "fail": fail_task,
    "cancel": cancel_task,
    "reopen": reopen_task,
    "verify": verify_task,
    "return": return_task,
    "note": comment_task,
}


def possible_actions(task: Task, actor: Actor) -> list[str]:
    """The actions that `actor` may take on `task` as it stands."""
    return [name for name, step in STEPS.items() if _refusal(task, actor, name, step) is None]


@transaction.atomic
def _act(
    task: Task, actor: Actor, name: str, note: str, change: Callable[[Task, Actor, str], object]
) -> Task:
    require(actor)
    note, step = note.strip(), STEPS[name]
    locked = (
        Task.objects.select_for_update(of=("self",))
        .select_related(
            "entity__dataset", "entity__area", "delivery__dataset", "assignee", "done_by"
        )
        .get(pk=task.pk)
    )
    refusal = _refusal(locked, actor, name, step)
    if refusal is not None:
        raise refusal
    if step.needs_note and not note:
        raise Problem(MISSING, field="note")
    change(locked, actor, note)
    journal(locked, name, actor, note)
    return locked


def _refusal(task: Task, actor: Actor, name: str, step: Step) -> Problem | None:
    """Why `actor` may not do it; None when it may be done."""
    is_assignee = task.assignee_id is not None and task.assignee_id == person_id(actor)
    if not is_assignee and not _covers(actor, Verb.TASK_READ, task):
        return Problem(NOT_FOUND)
    supervises = _covers(actor, Verb.TASK_ASSIGN, task)
    if not (is_assignee and step.verb is Verb.TASK_ACT) and not _covers(actor, step.verb, task):
        return Problem(FORBIDDEN)
    if task.state not in step.states:
        return Problem(problems.TASK_STATE, state=State(task.state).label, action=name)
    if name == "reopen" and _is_followed(task):
        return Problem(problems.NEWER_TASK)
    if step.is_own and not is_assignee and not supervises:
        return Problem(problems.NOT_YOURS)
    if step.verb is Verb.TASK_VERIFY and _is_doer(task, actor):
        return Problem(problems.OWN_WORK)
    return None


def _is_followed(task: Task) -> bool:
    """The same task has been opened again since: that one is to be done."""
    same = Task.objects.filter(entity_id=task.entity_id, rule_set=task.rule_set, code=task.code)
    return same.filter(episode__gt=task.episode).exists()


def _is_doer(task: Task, actor: Actor) -> bool:
    doers = {pk for pk in (task.done_by_id, task.assignee_id) if pk is not None}
    return person_id(actor) in doers


def _covers(actor: Actor, verb: Verb, task: Task) -> bool:
    child = task.entity
    path = child.area.path if child.area else None
    return scope_of(actor, verb).covers(path, child.school_id, child.class_name)


def _accept(task: Task, actor: Actor, note: str) -> None:
    task.state = State.ACCEPTED
    if task.assignee_id is None:
        task.assignee = person_of(actor)
    task.save()
    add_event(task, "accepted", actor, note)
    phone.deliver_task(task)


def _finish(task: Task, actor: Actor, note: str) -> None:
    state = State.VERIFYING if task.needs_verification else State.DONE
    end_task(task, state, "done", actor=actor, note=note)


def _ended(state: str, action: str) -> Callable[[Task, Actor, str], None]:
    def change(task: Task, actor: Actor, note: str) -> None:
        end_task(task, state, action, actor=actor, note=note)

    return change


def _return(task: Task, actor: Actor, note: str) -> None:
    task.state, task.done_by, task.closed_by_submission = State.ACCEPTED, None, None
    task.save()
    add_event(task, "returned", actor, note)
    phone.deliver_task(task)
    _tell(task, "returned", "任务被退回", "Task returned", note)


def _reopen(task: Task, actor: Actor, note: str) -> None:
    """Due when it was due, or, that being over, as long from now as it had at first; the escalations begin anew."""
    now, rule_set = clock.now(), rules_of(task)
    task.state, task.closed_at, task.closed_by_submission = State.OPEN, None, None
    task.done_by = None
    if task.due_at <= now:
        task.due_at = now + (task.due_at - task.opened_at)
    kind = rule_set.tasks.get(task.code) if rule_set else None
    if rule_set is not None and kind is not None:
        task.escalation = escalations(kind, now, task.due_at, rule_set.working_days)
        task.escalate_at = first_escalation(task.escalation)
    task.save()
    add_event(task, "reopened", actor, note)
    phone.deliver_task(task)
    _tell(task, "returned", "任务重新打开", "Task opened again", note)


def _tell(task: Task, kind: str, zh: str, en: str, note: str = "") -> None:
    more = f" {note}" if note else ""
    text = {
        "zh": f"{zh}：{task.title.get('zh', task.code)}{more}",
        "en": f"{en}: {task.title.get('en', task.code)}{more}",
    }
    notify([task.assignee] if task.assignee else [], kind, text, entity=task.entity, task=task)
