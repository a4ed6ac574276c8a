"""All children under a release that came into force (design.md §1.5), in steps of one child.

A child is judged outside of any transaction; a short one lets the outcome act and moves `last_entity`, so that a kill
loses and repeats nothing. A step ends where the pass was paused, superseded, or taken on by another worker.
"""

import logging
import time

from django.db import InterfaceError, OperationalError, transaction

from rules.models import Evaluation, Reevaluation, Release
from rules.services import evaluate
from rules.services.evaluations import Cause
from rules.services.in_force import compiled
from rules.services.reevaluation.asking import ask_once
from rules.services.reevaluation.controlling import EVENT, State, children_of, record_pass
from rules.services.reevaluation.telling import coordinators, tell_end
from server import clock
from server.journal.services import by_itself, give_way
from server.turns import write_turn

logger = logging.getLogger("rules.reevaluation")
CAUSE = "release"
CHUNK = 50  # children at most before others are looked at; each is its own transaction
SECONDS = 0.5  # a chunk takes no longer, so that what a phone sends is evaluated soon
MOST_FAILED = 20  # ids kept of children that could not be evaluated
AWAY = (OperationalError, InterfaceError)  # the database, not the child, is at fault


@by_itself
def run_reevaluation(reevaluation_id: int) -> None:
    """Evaluate the next children of a pass, and ask for those after them. A Reaction's job."""
    rows = Reevaluation.objects.select_related("release__rule_set")
    run = rows.defer("release__document", "release__rule_set__draft").get(pk=reevaluation_id)
    if run.state != State.RUNNING:
        return
    ends, at = time.monotonic() + SECONDS, run.last_entity
    for pk in _after(run):
        if not _step(run, at, pk):
            return
        at = pk
        give_way()
        if time.monotonic() > ends:
            break
    else:
        if not children_of(run.release.rule_set).filter(pk__gt=at).exists():
            return _finish(run, at)
    ask_once(EVENT, {"reevaluation_id": run.pk})


def _after(run: Reevaluation) -> list[int]:
    rows = children_of(run.release.rule_set).filter(pk__gt=run.last_entity).order_by("pk")
    return list(rows.values_list("pk", flat=True)[:CHUNK])


def _step(run: Reevaluation, at: int, pk: int) -> bool:
    """One child; False where the pass is no longer ours to carry on."""
    try:
        prepared = evaluate.prepare(pk)
        with write_turn():
            row = _held(run, at)
            acted = evaluate.act(prepared, Cause(CAUSE)) if row and prepared else None
            if row:
                _count(row, pk, acted)
    except AWAY:
        raise
    except Exception as error:  # one child's data must not end the pass for all others
        logger.exception("child %s was not evaluated", pk)
        with write_turn():
            row = _held(run, at)
            if row:
                _count_failure(row, pk, error)
    return row is not None


def _held(run: Reevaluation, at: int) -> Reevaluation | None:
    """The pass, locked, if it still runs and stands where we think."""
    found = Reevaluation.objects.select_for_update().get(pk=run.pk)
    if found.state != State.RUNNING or found.last_entity != at:
        return None
    found.release = run.release  # at hand, with its rule set
    return found


def _count(row: Reevaluation, pk: int, acted: evaluate.Acted | None) -> None:
    """Add what came of one child to the sums."""
    if acted is not None:
        _add(row, _direction(row.release, acted.before, acted.evaluation))
        _add(row, "opened", len(acted.synced.opened))
        _add(row, "cancelled", len(acted.synced.cancelled))
        is_stored = acted.before is None or acted.before.pk != acted.evaluation.pk
        _add(row, f"by_{acted.evaluation.change or 'none'}" if is_stored else "by_none")
    _move_on(row, pk)


def _direction(release: Release, before: Evaluation | None, after: Evaluation) -> str:
    """Where the computed tier went."""
    if before is None:
        return "new"
    ranks = {tier.id: tier.rank for tier in compiled(release).tiers}
    old, new = ranks.get(before.tier, -1), ranks[after.tier]
    return "up" if new > old else "down" if new < old else "same"


def _count_failure(row: Reevaluation, pk: int, error: Exception) -> None:
    _add(row, "failed")
    told = row.summary.setdefault("failures", [])
    if len(told) < MOST_FAILED:
        told.append({"entity": pk, "error": type(error).__name__})
    _move_on(row, pk)


def _add(row: Reevaluation, name: str, count: int = 1) -> None:
    row.summary[name] = row.summary.get(name, 0) + count


def _move_on(row: Reevaluation, pk: int) -> None:
    row.last_entity, row.done = pk, row.done + 1
    row.save(update_fields=["last_entity", "done", "summary"])


def _finish(run: Reevaluation, at: int) -> None:
    """The last child is done: say so, once."""
    told = coordinators(run.release)
    with transaction.atomic():
        row = _held(run, at)
        if row is None:
            return
        row.state, row.finished_at, row.total = State.DONE, clock.now(), row.done
        row.summary["to_review"] = sum(told.waiting.values())
        row.save(update_fields=["state", "finished_at", "total", "summary"])
        tell_end(row, told)
        record_pass(row, "rule_set.reevaluation.done", None)
