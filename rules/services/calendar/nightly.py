"""The nightly pass: whom the calendar asks something of today, found by queries, opened in pieces.

`start_day` (beat, each hour) begins the pass of a day once for each rule set in force; `open_chunk` (a Reaction's job)
takes the next children that have something open, each locked, at most CHUNK in one transaction, and asks for those
after them; the last piece tells what concerns all. A day that was missed needs no pass of its own: an occasion stays
open for days (`rules.engine.calendar.openings`), and what has been opened stands in Occasion. Killed in the middle,
the piece is undone and done again.
"""

from datetime import date

from django.db import transaction

from forms.models import Entity
from rules.engine.calendar.openings import Opening, openings_by_date
from rules.engine.observed import Facts
from rules.engine.rule_set import RuleSet as Compiled
from rules.facts import observations_of
from rules.models import Occasion, RuleSet, TierState
from rules.services import in_force, phone
from rules.services.calendar.candidates import candidates
from rules.services.calendar.everybody import tell_everybody
from rules.services.calendar.looking import look
from rules.services.calendar.opening import open_due
from server import clock
from server.journal.services import emit, record

CHUNK = 50
EVENT = "calendar.day"


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


@transaction.atomic
def open_chunk(rule_set_id: int, day: str, after: int = 0) -> None:
    """Open what the calendar asks of the next children; a pass whose day is over is left to the pass of today."""
    today = clock.today()
    rule_set = RuleSet.objects.select_related("active").get(pk=rule_set_id)
    if rule_set.active is None or day != today.isoformat():
        return
    rules = in_force.compiled(rule_set.active)
    by_date = openings_by_date(rules, today)
    found = list(candidates(rule_set, rules, by_date, today, after)[:CHUNK])
    for pk in found:
        open_for(pk, rule_set, rules, by_date)
    if len(found) == CHUNK:
        emit(EVENT, {"rule_set_id": rule_set_id, "day": day, "after": found[-1]})
    else:
        tell_everybody(rule_set, rules, by_date, today)


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
    known = state.evaluation.facts
    values = {name: one["value"] for name, one in known.items() if name in rules.facts}
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
