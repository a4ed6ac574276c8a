"""A decision's tasks against those that are open (design.md §4: deterministic identity, never duplicated).

A task is one *episode* of (rule set, child, code). While its cause lasts there is one live task, whoever asks for it;
when it has been done and the cause lasts on, it is not opened again. A cause that has gone and come back, or a new rule
that asks, opens the next episode. A live task that lost its cause is cancelled while nobody has begun it; begun work is
not taken away, its worker is told. A rule that became unknown is no lost cause, nor is an item of the calendar whose
occasion lasts. The tasks of a child that has moved go to those who work where it lives now.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from forms.models import Entity
from rules.engine.rule_set import RuleSet
from rules.engine.rule_set import Task as Kind
from rules.models import Task
from rules.services import phone
from rules.services.deadlines import escalations, first_escalation
from rules.services.notices import notify
from rules.services.tasks.assigning import assignee_of, move_task, report_unassigned
from rules.services.tasks.events import add_event, end_task
from rules.services.tasks.wanted import Wanted
from server import clock


@dataclass(frozen=True, slots=True)
class Synced:
    """What changed: tasks opened now, and the codes of those cancelled. `newest`: the newest episode of each kind, as
    it is now."""

    opened: tuple[Task, ...] = ()
    cancelled: tuple[str, ...] = ()
    changed: int = 0
    newest: dict[str, Task] = field(default_factory=dict, compare=False)


def sync_tasks(
    entity: Entity,
    rule_set: RuleSet,
    wanted: Mapping[str, Wanted],
    held: frozenset[str],
    *,
    may_end: bool,
    instance_id: str | None = None,
    lasting: frozenset[str] = frozenset(),
) -> Synced:
    """Open, change and end the tasks of `entity` so that they are those `wanted`.

    `held`: rules not known to be false. `lasting`: items of the calendar that still ask. `may_end` False: the engines
    disagree, nothing is ended. `instance_id`: the submission that caused this. Call with the child locked.
    """
    tasks = newest_episodes(entity, rule_set.name)
    for each in tasks.values():
        move_task(each, rule_set)
    opened, changed = [], 0
    for code, call in wanted.items():
        task = tasks.get(code)
        if task is not None and task.state in Task.LIVE:
            changed += _update(task, rule_set, call, lasting)
        elif task is None or _is_new_cause(task, call):
            episode = task.episode + 1 if task else 1
            opened.append(open_task(entity, rule_set, call, episode, instance_id))
    cancelled = []
    for code, task in tasks.items():
        # what is done is done: only a rule that still holds keeps it from being asked for again
        causes = held | lasting if task.state in Task.LIVE else held
        lost = task.rules and code not in wanted and not causes.intersection(task.rules)
        if lost and may_end and task.cause_gone_at is None and _lose_cause(task):
            cancelled.append(code)
    newest = tasks | {task.code: task for task in opened}
    return Synced(tuple(opened), tuple(cancelled), changed, newest)


def newest_episodes(entity: Entity, rule_set: str) -> dict[str, Task]:
    """The newest episode of each kind of task of `entity`, locked. One query."""
    rows = (
        Task.objects.select_for_update(of=("self",))
        .select_related("assignee", "delivery__dataset")
        .filter(entity=entity, rule_set=rule_set)
        .order_by("episode")
    )
    found = {task.code: task for task in rows}
    for task in found.values():
        task.entity = entity  # already here, with its area
    return found


def _is_new_cause(ended: Task, call: Wanted) -> bool:
    """Whether what asks now is not what the ended task was for."""
    return ended.cause_gone_at is not None or not set(call.rules) <= set(ended.rules)


def open_task(
    entity: Entity,
    rule_set: RuleSet,
    call: Wanted,
    episode: int,
    instance_id: str | None,
    *,
    inherited: tuple[str, ...] = (),
    is_quiet: bool = False,
) -> Task:
    """The next episode of a task: assigned, on the phone, its worker told unless `is_quiet`. Call with the child
    locked.

    `inherited`: causes of the episode before that still stand, so that they do not ask for one more.
    """
    kind, now, days = call.kind, clock.now(), rule_set.working_days
    due = call.due_from(now, days)
    steps = escalations(kind, now, due, days)
    role, assignee = assignee_of(entity, kind.assignee, instance_id or call.instance_id)
    task = Task(
        entity=entity,
        rule_set=rule_set.name,
        code=kind.id,
        episode=episode,
        rules=[*call.rules, *inherited],
        dimension=kind.dimension,
        title=dict(kind.title),
        why=call.why,
        tier=call.tier,
        rank=call.rank,
        role=role,
        assignee=assignee,
        area=entity.area,
        school_id=entity.school_id,
        opened_at=now,
        due_at=due,
        escalation=steps,
        escalate_at=first_escalation(steps),
        needs_verification=needs_verification(kind, rule_set, call.tier),
    )
    phone.deliver_task(task)
    task.save(force_insert=True)
    add_event(task, "opened", rules=task.rules, submission=call.instance_id or instance_id)
    if assignee is None:
        report_unassigned(task)
    elif not is_quiet:
        text = {"zh": f"新任务：{kind.title['zh']}", "en": f"New task: {kind.title['en']}"}
        notify([assignee], "task", text, entity=entity, task=task)
    return task


def needs_verification(kind: Kind, rule_set: RuleSet, tier: str) -> bool:
    """Whether another person confirms it: as the kind of task says, else as the tier of its rules does (red and
    yellow, domain report §5)."""
    return rule_set.tier(tier).verify_tasks if kind.verify is None else kind.verify


def _update(task: Task, rule_set: RuleSet, call: Wanted, lasting: frozenset[str]) -> bool:
    """Merge what asks now into a live task: new rules, the earliest due time. Answers whether anything changed."""
    added = [rule for rule in call.rules if rule not in task.rules]
    before = (task.rules, task.tier, task.due_at, task.cause_gone_at)
    if added and task.state != Task.State.VERIFYING:
        bring_forward(task, rule_set, call)
    kept = [rule for rule in task.rules if rule in call.rules or rule in lasting]
    task.rules = kept + added
    if call.rank > task.rank:
        task.tier, task.rank = call.tier, call.rank
        task.needs_verification |= needs_verification(call.kind, rule_set, call.tier)
    task.cause_gone_at = None
    why = _why(rule_set, call, task.rules)
    is_same = before == (task.rules, task.tier, task.due_at, task.cause_gone_at)
    if is_same and task.why == why:
        return False
    task.why = why
    task.save()
    if not is_same:
        add_event(task, "rules_changed", rules=task.rules, added=added, due=task.due_at.isoformat())
    if task.state != Task.State.VERIFYING:
        phone.deliver_task(task)
    return True


def _why(rule_set: RuleSet, call: Wanted, causes: list[str]) -> dict[str, str]:
    """The reasons of the rules, then those of the calendar that ask for the same."""
    items = [item for item in rule_set.calendar if item.id in causes]
    if not items:
        return call.why
    return {
        "zh": "；".join([call.why["zh"], *(item.title["zh"] for item in items)]),
        "en": "; ".join([call.why["en"], *(item.title["en"] for item in items)]),
    }


def bring_forward(task: Task, rule_set: RuleSet, call: Wanted) -> None:
    """Let the task be due when `call` asks for it from now, if that is earlier; those who were to be told then are told
    earlier too. The caller saves."""
    due = call.due_from(clock.now(), rule_set.working_days)
    if due < task.due_at:
        set_due(task, rule_set, due)


def set_due(task: Task, rule_set: RuleSet, due: datetime) -> None:
    """Another due time, and the escalations that follow from it for those who have not been told. The caller saves."""
    task.due_at = due
    left = {step["to"] for step in task.escalation}
    steps = escalations(rule_set.tasks[task.code], task.opened_at, due, rule_set.working_days)
    task.escalation = [step for step in steps if step["to"] in left]
    task.escalate_at = first_escalation(task.escalation)


def _lose_cause(task: Task) -> bool:
    """The cause of a task has gone; answers whether that cancelled it."""
    task.cause_gone_at = clock.now()
    if task.state == Task.State.OPEN:
        end_task(task, Task.State.CANCELLED, "cancelled", data={"cause": "gone"})
        return True
    task.save(update_fields=["cause_gone_at"])
    if task.state == Task.State.ACCEPTED:
        add_event(task, "cause_gone")
        title = task.title
        text = {
            "zh": f"任务起因已消失，请确认是否继续：{title.get('zh', task.code)}",
            "en": f"Its cause has gone, please see whether to go on: {title.get('en', task.code)}",
        }
        notify(
            [task.assignee] if task.assignee else [],
            "cause_gone",
            text,
            entity=task.entity,
            task=task,
        )
    return False
