"""One live visit task for each child: due by the tier in force after the last visit that saw the child."""

from datetime import date, datetime

from forms.models import Entity
from rules.engine.calendar.parts import CalendarItem
from rules.engine.calendar.visits import (
    LastSeen,
    Standing,
    last_seen,
    next_visit,
    regular_visit,
)
from rules.engine.rule_set import RuleSet, Tier
from rules.models import Task
from rules.services import phone
from rules.services.calendar.looking import Look, may_ask
from rules.services.deadlines import DEFAULT_DUE
from rules.services.tasks.events import add_event
from rules.services.tasks.merging import LiveTasks
from rules.services.tasks.syncing import set_due
from rules.services.tasks.wanted import Wanted
from server import clock


def ask_for_visit(entity: Entity, rule_set: RuleSet, seen: Look, live: LiveTasks) -> None:
    """Open the next visit of the child, or move a live one: forward when its tier rose, off when it fell."""
    view, today = seen.view, clock.today()
    tiers = {tier.id: tier for tier in rule_set.tiers}
    tier = tiers.get(view.tier)
    for item in rule_set.calendar:
        is_visits = item.trigger.kind == "visits" and item.tasks and item.in_force(today)
        if not is_visits or tier is None or not may_ask(rule_set, item, view.env, view.tier):
            continue
        last = last_seen(item.trigger, view.events)
        if not _waits_for_first_visit(item, tier, last, live):
            _ask(entity, rule_set, item, tier, last, seen, live)


def _waits_for_first_visit(
    item: CalendarItem, tier: Tier, last: LastSeen | None, live: LiveTasks
) -> bool:
    """The first visit is another task's; a tier that wants to see the child at once does not wait for it."""
    return last is None and tier.first_contact_hours is None and live.is_live(item.trigger.first)


def _ask(
    entity: Entity, rule_set: RuleSet, item: CalendarItem, tier: Tier, last: LastSeen | None,
    seen: Look, live: LiveTasks,
) -> None:  # fmt: skip
    view, now, today = seen.view, clock.now(), clock.today()
    if view.since is None or view.since_on is None:
        return
    code = item.tasks[0].id
    current = live.newest(code)
    base = _base(entity, item, last, current, live.newest(item.trigger.first))
    at = Standing(tier, view.since, view.since_on, base)
    due = next_visit(at, last, now, today)
    if due is None:
        return
    if current is not None and live.is_live(code):
        if current.state == Task.State.VERIFYING:
            return  # it has been made
        if item.id in current.rules and due >= current.due_at:
            _put_off(current, rule_set, item, regular_visit(at, last, today))
            return
    call = Wanted(
        kind=rule_set.tasks[code],
        rules=(item.id,),
        due=item.tasks[0].due or DEFAULT_DUE,
        tier=rule_set.tiers[0].id,
        rank=0,
        why={"zh": item.title["zh"], "en": item.title["en"]},
        instance_id=None,
        at=due,
    )
    live.ask_for(call, is_quiet=True)


def _put_off(task: Task, rule_set: RuleSet, item: CalendarItem, due: datetime | None) -> None:
    """A tier that fell asks for the visit later, if nothing else wants it and nobody has begun."""
    if due is None or due <= task.due_at:
        return
    if task.rules == [item.id] and task.state == Task.State.OPEN:
        set_due(task, rule_set, due)
        task.save()
        add_event(task, "rules_changed", rules=task.rules, added=[], due=due.isoformat())
        phone.deliver_task(task)


def _base(entity: Entity, item: CalendarItem, last: LastSeen | None, *before: Task | None) -> date:
    """The day from which the interval counts: last seen, or the end of the last task that was to see the child."""
    ended = [clock.local_day(task.closed_at) for task in before if task and task.closed_at]
    told = [*([last.on] if last else []), *ended]
    return max(told) if told else clock.local_day(entity.created_at)
