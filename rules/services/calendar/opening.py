"""Openings become work: each occasion of an item once for a child, its tasks opened or added to those that are live.

Call with the child locked and in a transaction: the row of Occasion and what follows from it come together or not.
"""

from collections.abc import Iterable

from forms.models import Entity
from rules.engine.calendar.conditions import asks_of
from rules.engine.calendar.openings import Opening, openings_of_child
from rules.engine.calendar.parts import CalendarItem
from rules.engine.limits import TaskUse
from rules.engine.rule_set import RuleSet
from rules.models import Occasion, Task
from rules.services.calendar.looking import Look
from rules.services.calendar.telling import lacks_form, tell_notice
from rules.services.calendar.visits import ask_for_visit
from rules.services.deadlines import DEFAULT_DUE
from rules.services.tasks.merging import LiveTasks
from rules.services.tasks.wanted import Wanted
from server import clock


def open_due(
    entity: Entity,
    rule_set: RuleSet,
    seen: Look,
    by_date: Iterable[Opening] = (),
    newest: dict[str, Task] | None = None,
) -> tuple[Task, ...]:
    """Open what the child's own days and events ask for today, what `by_date` asks of everybody, and its next visit;
    answers the tasks that are new. Running it again opens nothing. `newest`: the newest episodes, if they are known."""
    if not rule_set.calendar:
        return ()
    live = LiveTasks(entity, rule_set, newest)
    due = [*openings_of_child(rule_set, seen.view, clock.today()), *by_date]
    asked = [one for one in due if asks_of(rule_set, one.item, seen.view.env)]
    for opening in _not_yet_opened(entity, rule_set, asked):
        _open(entity, rule_set, opening, seen, live)
    ask_for_visit(entity, rule_set, seen, live)
    return tuple(live.opened)


def _not_yet_opened(entity: Entity, rule_set: RuleSet, due: list[Opening]) -> list[Opening]:
    """One query, none where nothing is due."""
    if not due:
        return []
    rows = Occasion.objects.filter(
        entity=entity, rule_set=rule_set.name, item__in={one.item.id for one in due}
    )
    have = set(rows.values_list("item", "key"))
    return [one for one in due if (one.item.id, one.key[:120]) not in have]


def _open(entity: Entity, rule_set: RuleSet, opening: Opening, seen: Look, live: LiveTasks) -> None:
    item, view = opening.item, seen.view
    missing = [
        action
        for action in item.actions
        if action.kind == "expect_form" and lacks_form(action, opening, view.events)
    ]
    others = [action for action in item.actions if action.kind == "notice"]
    if not item.tasks and not missing and not others:
        return  # the form that is expected has come, or it is a report: not the child's matter
    tasks = [
        live.ask_for(call_of(rule_set, item, use, view.tier, opening.instance_id))
        for use in item.tasks
        if use.id in rule_set.tasks
    ]
    keep_occasion(entity, rule_set, item, opening.key, tasks[0] if tasks else None)
    for action in others:
        tell_notice(entity, item, action)


def keep_occasion(
    entity: Entity, rule_set: RuleSet, item: CalendarItem, key: str, task: Task | None
) -> Occasion:
    """The row that makes it happen only once."""
    return Occasion.objects.create(
        entity=entity, rule_set=rule_set.name, item=item.id, key=key[:120], task=task
    )


def call_of(
    rule_set: RuleSet, item: CalendarItem, use: TaskUse, tier: str, instance_id: str | None
) -> Wanted:
    """What an item asks for. Its tier is the lowest, as of a rule without a floor, but for an item of a tier."""
    kind, titles = rule_set.tasks[use.id], {one.id: one for one in rule_set.tiers}
    named = titles.get(item.trigger.tier, rule_set.tiers[0])
    in_force = tier or rule_set.tiers[0].id
    return Wanted(
        kind=kind,
        rules=(item.id,),
        due=use.due or kind.due_in(in_force) or DEFAULT_DUE,
        tier=named.id,
        rank=named.rank,
        why={"zh": item.title["zh"], "en": item.title["en"]},
        instance_id=instance_id,
    )
