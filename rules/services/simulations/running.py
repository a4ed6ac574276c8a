"""The job: a simulation goes on, chunk by chunk, until every child has been looked at.

A chunk is read and thought about outside of any transaction; a short one then adds its sums, stores
who moves, notes how far it came and asks for the next chunk. Killed before that, the chunk is done
again; killed after it, the place noted no longer fits and nothing is counted twice.
"""

import logging

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.utils import translation

from rules.models import Move, Release, Simulation
from rules.services.simulations.looking import look, sides_of
from rules.services.simulations.population import draw, next_children
from rules.services.simulations.result import Result
from server import clock
from server.journal.services import by_itself, emit
from server.problems import Problem

logger = logging.getLogger("rules.simulations")
CHUNK = 500  # children between two looks at what else waits: about a second
EVENT = "simulation.started"
State = Simulation.State


@by_itself
def run_simulation(simulation_id: int, after: int = 0) -> None:
    """Look at the next children, those with keys above `after`. A Reaction's job; safe to run
    twice."""
    simulation = (
        Simulation.objects.select_related("rule_set", "base")
        .defer("document", "result", "base__document", "rule_set__draft")
        .get(pk=simulation_id)
    )
    try:
        if simulation.state == State.WAITING:
            _begin(simulation)
        if simulation.state == State.RUNNING:
            _go_on(simulation, after)
    except (OperationalError, InterfaceError):
        raise  # the database is away or busy: the outbox tries again
    except Exception as error:
        logger.exception("simulation %s failed", simulation_id)
        _fail(simulation_id, error)


def _begin(simulation: Simulation) -> None:
    """Count the children, draw the sample."""
    total, limit = draw(simulation)
    with transaction.atomic():
        row = Simulation.objects.select_for_update().defer("document").get(pk=simulation.pk)
        if row.state == State.WAITING:
            row.state, row.started_at, row.total = State.RUNNING, clock.now(), total
            row.scope = {**row.scope, "limit": limit} if limit else row.scope
            row.save(update_fields=["state", "started_at", "total", "scope"])
    simulation.state, simulation.scope, simulation.total = row.state, row.scope, row.total


def _go_on(simulation: Simulation, after: int) -> None:
    keys = next_children(simulation, after, CHUNK) if simulation.total else []
    if not keys:
        _finish(simulation.pk, after)
        return
    chunk, moves = look(sides_of(simulation), keys)
    with transaction.atomic():
        row = _locked(simulation.pk)
        kept = Result.from_json(row.result)
        if row.state != State.RUNNING or kept.last != after:
            return  # cancelled, or another worker was here before
        row.result = (kept + chunk).to_json()
        row.done += chunk.comparison.total
        row.save(update_fields=["result", "done"])
        for move in moves:
            move.simulation = row
        Move.objects.bulk_create(moves)
        emit(EVENT, {"simulation_id": row.pk, "after": chunk.last})


@transaction.atomic
def _finish(simulation_id: int, after: int) -> None:
    row = _locked(simulation_id)
    if row.state != State.RUNNING or Result.from_json(row.result).last != after:
        return
    row.state, row.finished_at, row.total = State.DONE, clock.now(), row.done
    row.result = row.result or Result.from_json({}).to_json()
    row.save(update_fields=["state", "finished_at", "total", "result"])
    # whoever asked for a release before it was tried: the approver finds the trial there
    asked = Release.objects.filter(rule_set_id=row.rule_set_id, sha256=row.sha256)
    asked.filter(status=Release.Status.REQUESTED, simulation=None).update(simulation=row)


@transaction.atomic
def _fail(simulation_id: int, error: Exception) -> None:
    row = _locked(simulation_id)
    if row.state in (State.WAITING, State.RUNNING):
        row.state, row.finished_at, row.error = State.FAILED, clock.now(), _words(error)
        row.save(update_fields=["state", "finished_at", "error"])


def _words(error: Exception) -> str:
    """What went wrong, in the site's language where it is a Problem."""
    if isinstance(error, Problem):
        with translation.override(settings.LANGUAGE_CODE):
            return error.message_in(translation.gettext)[:2000]
    return f"{type(error).__name__}: {error}"[:2000]


def _locked(simulation_id: int) -> Simulation:
    return Simulation.objects.select_for_update().defer("document").get(pk=simulation_id)
