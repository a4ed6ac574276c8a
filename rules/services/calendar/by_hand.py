"""Items of the calendar that a person pulls, by role: a conference has found harm by the guardian, and the like."""

from django.db import transaction

from forms.models import Entity
from rules import problems
from rules.engine.calendar.conditions import asks_of
from rules.engine.calendar.parts import CalendarItem
from rules.engine.observed import Facts
from rules.engine.rule_set import RuleSet
from rules.models import Occasion, Task, TierState
from rules.services import in_force, phone
from rules.services.calendar.looking import look
from rules.services.calendar.opening import call_of, keep_occasion
from rules.services.tasks.events import add_event
from rules.services.tasks.merging import LiveTasks
from rules.services.tiers.case import require_cover
from server import clock
from server.journal.services import record
from server.people.access import grants_of, require
from server.people.models import Actor
from server.people.roles import Role, Verb
from server.problems import FORBIDDEN, NOT_FOUND, Phrase, Problem
from server.problems import gettext_noop as _


def manual_items(entity: Entity, actor: Actor | None) -> list[CalendarItem]:
    """The items that `actor` may pull for this child. Problems: 401.2, 404.1."""
    require(actor)
    require_cover(actor, Verb.ENTITY_READ, entity)
    state = _state(entity)
    if state is None or state.evaluation is None:
        return []
    rules = in_force.compiled(state.evaluation.release)
    return [
        item
        for item in rules.calendar
        if item.trigger.kind == "manual"
        and item.in_force(clock.today())
        and _holds(actor, item.trigger.role, entity)
    ]


@transaction.atomic
def open_by_hand(entity: Entity, actor: Actor, item_id: str, note: str = "") -> list[Task]:
    """Open what an item asks for; a second time on the same day changes nothing. Answers its tasks.

    Problems: 401.2, 403.1 for another role, 404.1, NOT_EVALUATED, NOT_BY_HAND where its condition does not hold.
    """
    require_cover(actor, Verb.ENTITY_READ, entity)
    locked = (
        Entity.objects.select_for_update(of=("self",))
        .select_related("dataset", "area", "school")
        .get(pk=entity.pk)
    )
    state = _state(locked)
    if state is None or state.evaluation is None:
        raise Problem(problems.NOT_EVALUATED)
    rules = in_force.compiled(state.evaluation.release)
    item = _item(rules, item_id, actor, locked)
    facts = {
        name: one["value"] for name, one in state.evaluation.facts.items() if name in rules.facts
    }
    seen = look(locked, rules, state, Facts(facts, {}))
    if asks_of(rules, item, seen.view.env) is False:
        reason = Phrase(_("its condition does not hold"))
        raise Problem(problems.NOT_BY_HAND, item=item.id, reason=reason)
    live, key = LiveTasks(locked, rules), clock.today().isoformat()
    past = Occasion.objects.filter(entity=locked, rule_set=rules.name, item=item.id, key=key)
    if past.exists():
        return [task for use in item.tasks if (task := live.newest(use.id)) is not None]
    tasks = [live.ask_for(call_of(rules, item, use, state.tier, None)) for use in item.tasks]
    keep_occasion(locked, rules, item, key, tasks[0] if tasks else None)
    _record(locked, actor, item, tasks, note.strip())
    phone.show_child(locked, state, rules)
    return tasks


def _state(entity: Entity) -> TierState | None:
    rows = TierState.objects.select_related("evaluation__release")
    return rows.defer("evaluation__release__document").filter(entity=entity).first()


def _item(rules: RuleSet, item_id: str, actor: Actor, entity: Entity) -> CalendarItem:
    item = rules.item(item_id)
    if item is None or item.trigger.kind != "manual" or not item.in_force(clock.today()):
        raise Problem(NOT_FOUND)
    if not _holds(actor, item.trigger.role, entity):
        raise Problem(FORBIDDEN)
    return item


def _holds(actor: Actor | None, role: str, entity: Entity) -> bool:
    """Whether `actor` holds the role that the item names (or administers) where the child is."""
    path = entity.area.path if entity.area else ""
    for grant in grants_of(actor):
        if grant.role not in (role, Role.ADMIN.value):
            continue
        if grant.school_id:
            if grant.school_id == entity.school_id and grant.class_name in ("", entity.class_name):
                return True
        elif grant.area is None or path.startswith(grant.area.path):
            return True
    return False


def _record(entity: Entity, actor: Actor, item: CalendarItem, tasks: list[Task], note: str) -> None:
    for task in tasks:
        add_event(task, "note", actor, note or item.title["zh"])
    record(
        "calendar.by_hand",
        actor=actor,
        subject=f"entity:{entity.uuid}",
        project_id=entity.dataset.project_id,
        details={"item": item.id, "tasks": [task.code for task in tasks]},
        notes=note,
    )
