"""What time alone has changed: birthdays, ends of windows, days since (issue: a nightly sweep).

Each child is looked at once a day, cheaply: facts and statuses, no second engine, nothing written. Only where the
outcome is not the stored one is the child evaluated in full. The row of the day says how far the look has come.
"""

import logging
import time
from collections.abc import Iterable, Sequence
from datetime import date

from django.db import transaction
from django.db.models import F

from rules.engine.merge import merge
from rules.engine.observed import Context
from rules.engine.parts import RuleSet as Compiled
from rules.engine.standing import Standing, standing_of
from rules.engine.values import resolve
from rules.facts import observations_of_many, tier_spans_of_many
from rules.models import DayPass, Evaluation, Reevaluation, RuleSet, TierState
from rules.services import evaluate
from rules.services.evaluations import SWEEP, Cause
from rules.services.in_force import compiled
from rules.services.reevaluation.asking import ask_once
from rules.services.reevaluation.controlling import children_of
from rules.services.reevaluation.passing import AWAY
from rules.surroundings import surroundings_of_many
from server import clock
from server.journal.services import by_itself, give_way

logger = logging.getLogger("rules.reevaluation")
EVENT = "day.due"
CHUNK = 50  # children read at once
SECONDS = 0.5  # one piece of work takes no longer
_WORDS = {True: "true", False: "false", None: "unknown"}


def start_day() -> int:
    """Begin today's (the site's) look at all children, or carry it on; answers for how many rule sets there is still
    something to do. A beat job: the first run after midnight begins, the later ones find that it is done."""
    active = RuleSet.objects.filter(active__isnull=False, project__deleted_at=None)
    unfinished = 0
    for pk in active.order_by("pk").values_list("pk", flat=True):
        found, _ = DayPass.objects.get_or_create(rule_set_id=pk, day=clock.today())
        if found.finished_at is None:
            ask_once(EVENT, {"day_pass_id": found.pk})
            unfinished += 1
    return unfinished


@by_itself
def run_day(day_pass_id: int) -> None:
    """Look at the next children of a day, and ask for those after them. A Reaction's job."""
    found = DayPass.objects.select_related("rule_set__active")
    row = found.defer("rule_set__draft", "rule_set__active__document").get(pk=day_pass_id)
    if row.finished_at is not None:
        return
    ends = time.monotonic() + SECONDS
    while time.monotonic() < ends:
        keys = _next(row) if row.day == clock.today() else []
        if not keys:
            return _finish(row)  # all seen, or the day is over: the next one sees them all
        for pk in _changed(row.rule_set, keys):
            _evaluate(row, pk)
        if not _move_on(row, keys):
            return  # another worker carries it on
        give_way()
    ask_once(EVENT, {"day_pass_id": row.pk})


def _next(row: DayPass) -> list[int]:
    rows = children_of(row.rule_set).filter(pk__gt=row.last_entity).order_by("pk")
    return list(rows.values_list("pk", flat=True)[:CHUNK])


def _changed(rule_set: RuleSet, keys: Sequence[int]) -> Iterable[int]:
    """Those of `keys` whom a full evaluation would find elsewhere than the stored one. Five queries."""
    release = rule_set.active
    if release is None:
        return
    rules, today = compiled(release), clock.today()
    newest = _newest(keys)
    running = (Reevaluation.State.RUNNING, Reevaluation.State.PAUSED)
    is_passing = release.reevaluations.filter(state__in=running).exists()
    standings = _standings(rules, [pk for pk in keys if pk in newest], today)
    for pk in keys:
        last = newest.get(pk)
        if last is not None and last.release_id != release.pk:
            if not is_passing:  # else the pass after the activation comes to it
                yield pk
        elif last is None or last.engine_state != "ok" or not _agrees(last, standings[pk]):
            yield pk


def _newest(keys: Sequence[int]) -> dict[int, Evaluation]:
    """The stored evaluation that counts, by child."""
    rows = TierState.objects.filter(entity_id__in=keys, evaluation__isnull=False)
    rows = rows.select_related("evaluation").defer("evaluation__facts")
    return {row.entity_id: row.evaluation for row in rows if row.evaluation is not None}


def _standings(rules: Compiled, keys: Sequence[int], day: date) -> dict[int, Standing]:
    seen, spans = observations_of_many(keys), tier_spans_of_many(keys, day)
    around = surroundings_of_many(keys, rules, day, seen)
    found = {}
    for pk in keys:
        facts = merge(rules, seen[pk], day, Context(tiers=spans[pk], given=around[pk]))
        found[pk] = standing_of(rules, resolve(rules, facts.values, day))
    return found


def _agrees(last: Evaluation, now: Standing) -> bool:
    """Whether the stored outcome is that of today: from the statuses all else follows."""
    told = {rule["id"]: rule["status"] for rule in last.decision["rules"]}
    found = {name: _WORDS[status] for name, status in now.statuses.items()}
    return told == found and last.decision.get("population") == list(now.population)


def _evaluate(row: DayPass, pk: int) -> None:
    """One child in full; a failure of one is counted and does not end the day for the others."""
    try:
        prepared = evaluate.prepare(pk)
        with transaction.atomic():
            if prepared is not None and evaluate.act(prepared, Cause(SWEEP)) is not None:
                DayPass.objects.filter(pk=row.pk).update(evaluated=F("evaluated") + 1)
    except AWAY:
        raise
    except Exception:
        logger.exception("child %s was not evaluated", pk)
        DayPass.objects.filter(pk=row.pk).update(failed=F("failed") + 1)
    give_way()


def _move_on(row: DayPass, keys: Sequence[int]) -> bool:
    """Note how far it is; False where somebody else has noted it before."""
    mine = DayPass.objects.filter(pk=row.pk, last_entity=row.last_entity)
    is_mine = mine.update(last_entity=keys[-1], looked_at=F("looked_at") + len(keys)) == 1
    row.last_entity = keys[-1]
    return is_mine


def _finish(row: DayPass) -> None:
    DayPass.objects.filter(pk=row.pk, finished_at=None).update(finished_at=clock.now())
