"""The nightly pass: whom the calendar asks something of today, found by queries, opened in pieces.

`start_day` (beat, each hour) begins the pass of a day once for each rule set in force; `open_chunk` (a Reaction's job)
looks at the next CHUNK children that may have something open, without holding the writer, opens what there is for each
in a short transaction of its own with the child locked, and asks for those after them; the last piece tells what
concerns all. A day that was missed needs no pass of its own: an occasion stays open for days
(`rules.engine.calendar.openings`), and what has been opened stands in Occasion. Killed in the middle, the piece is
done again and finds what is left.
"""

import logging
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django.db import InterfaceError, OperationalError, transaction

from forms.models import Entity
from rules.engine.calendar.conditions import asks_of
from rules.engine.calendar.openings import Opening, openings_by_date
from rules.engine.calendar.parts import NEEDS
from rules.engine.observed import Facts
from rules.engine.rule_set import RuleSet as Compiled
from rules.engine.values import resolve
from rules.facts import observations_of
from rules.models import Evaluation, Occasion, RuleSet, TierState
from rules.services import in_force, phone
from rules.services.calendar.candidates import candidates
from rules.services.calendar.everybody import tell_everybody
from rules.services.calendar.looking import look, may_ask
from rules.services.calendar.opening import open_due
from server import clock
from server.journal.services import by_itself, emit, give_way, record

CHUNK = 50
EVENT = "calendar.day"
_VISITS = frozenset({"visits"})
_OWN = frozenset(NEEDS) - _VISITS  # of children: birth, submissions, tier
AWAY = (OperationalError, InterfaceError)  # the database itself: the whole piece is tried again
logger = logging.getLogger("rules.calendar")


def start_day() -> int:
    """Begin today's pass of each rule set that has a calendar, once; answers how many were begun."""
    count = 0
    for rule_set in RuleSet.objects.filter(active__isnull=False).select_related("active"):
        if rule_set.active is not None and in_force.compiled(rule_set.active).calendar:
            count += _start(rule_set, clock.today())
    return count


@transaction.atomic
def _start(rule_set: RuleSet, today: date) -> bool:
    """The row is the mark that the pass has begun; its pieces are Reactions, so none is lost."""
    _, is_new = Occasion.objects.get_or_create(
        entity=None,
        rule_set=rule_set.name,
        item="",
        key=f"day:{rule_set.project_id}:{today.isoformat()}",
    )
    if is_new:
        emit(EVENT, {"rule_set_id": rule_set.pk, "day": today.isoformat()})
    return is_new


@by_itself
def open_chunk(rule_set_id: int, day: str, after: int = 0) -> None:
    """Open what the calendar asks of the next children; a pass whose day is over is left to the pass of today."""
    today = clock.today()
    rule_set = RuleSet.objects.select_related("active").get(pk=rule_set_id)
    if rule_set.active is None or day != today.isoformat():
        return
    rules = in_force.compiled(rule_set.active)
    by_date = openings_by_date(rules, today)
    found = list(candidates(rule_set, rules, by_date, today, after)[:CHUNK])
    for pk in _asked(rule_set, rules, by_date, found):
        _open_one(pk, rule_set, rules, by_date)
    with transaction.atomic():
        if len(found) == CHUNK:
            emit(EVENT, {"rule_set_id": rule_set_id, "day": day, "after": found[-1]})
        else:
            tell_everybody(rule_set, rules, by_date, today)


def _asked(
    rule_set: RuleSet, rules: Compiled, by_date: Sequence[Opening], keys: Sequence[int]
) -> list[int]:
    """Those of `keys` for whom there may be something to do: a condition of the year's calendar holds, or it is their
    own day, or a visit is lacking. Four queries; the rest of a quiet night ends here."""
    today = clock.today()
    own = set(candidates(rule_set, rules, (), today, kinds=_OWN).filter(pk__in=keys))
    unvisited = set(candidates(rule_set, rules, (), today, kinds=_VISITS).filter(pk__in=keys))
    visits = [one for one in rules.calendar if one.trigger.kind in _VISITS and one.in_force(today)]
    had = _had(rules, keys)
    for state in _states(keys):
        if state.entity_id in own or state.evaluation is None:
            continue
        env = resolve(rules, _values(state.evaluation, rules), today).env
        left = (one for one in by_date if (state.entity_id, one.item.id, one.key) not in had)
        lacks = state.entity_id in unvisited and any(
            may_ask(rules, one, env, state.tier) is not False for one in visits
        )
        if lacks or any(asks_of(rules, one.item, env) for one in left):
            own.add(state.entity_id)
    return [pk for pk in keys if pk in own]


def _had(rules: Compiled, keys: Sequence[int]) -> set[tuple[int | None, str, str]]:
    rows = Occasion.objects.filter(entity__in=keys, rule_set=rules.name)
    return set(rows.values_list("entity_id", "item", "key"))


def _states(keys: Sequence[int]) -> Iterable[TierState]:
    states = TierState.objects.filter(entity__in=keys).select_related("evaluation")
    return states.defer("evaluation__decision")


def _open_one(pk: int, rule_set: RuleSet, rules: Compiled, by_date: tuple[Opening, ...]) -> None:
    """One child; what fails for it alone is written down and does not end the night for the others."""
    try:
        with transaction.atomic():
            open_for(pk, rule_set, rules, by_date)
    except AWAY:
        raise
    except Exception:
        logger.exception("the calendar of child %s was not opened", pk)
    give_way()


@transaction.atomic
def follow_tier(entity_id: int) -> None:
    """After a person's decision about a tier: what entering it asks for, and the next visit. A Reaction's job."""
    entity = Entity.objects.select_related("dataset").filter(pk=entity_id, deleted_at=None).first()
    release = in_force.active_release(entity.dataset) if entity is not None else None
    if release is not None:
        open_for(entity_id, release.rule_set, in_force.compiled(release), ())


def open_for(
    entity_id: int, rule_set: RuleSet, rules: Compiled, by_date: tuple[Opening, ...]
) -> int:
    """Open what is due for one child, by the facts of its newest evaluation; answers how many tasks are new."""
    entity = (
        Entity.objects.select_for_update(of=("self",))
        .select_related("dataset", "area", "school")
        .filter(pk=entity_id, deleted_at=None)
        .first()
    )
    state = TierState.objects.select_related("evaluation").filter(entity_id=entity_id).first()
    if entity is None or state is None or state.evaluation is None:
        return 0
    values = _values(state.evaluation, rules)
    facts = Facts(values, {}, tuple(observations_of(entity)))
    seen = look(entity, rules, state, facts)
    opened = open_due(entity, rules, seen, by_date)
    if opened:
        phone.show_child(entity, state, rules)
        record(
            "calendar.open",
            subject=f"entity:{entity.uuid}",
            project_id=rule_set.project_id,
            details={"opened": [task.code for task in opened]},
        )
    return len(opened)


def _values(evaluation: Evaluation, rules: Compiled) -> dict[str, Any]:
    """The facts as they were stored, those that the rules in force know."""
    return {name: one["value"] for name, one in evaluation.facts.items() if name in rules.facts}
