"""A year of the sample county, day by day: forms arrive, the rules speak, people at desks do most of their work."""

import logging
from datetime import date, timedelta

from django.utils.module_loading import import_string

from rules.programme.sample.children import HISTORY_DAYS
from rules.programme.sample.field_work import send
from rules.programme.sample.office import (
    override_some,
    plan_new_tasks,
    review_tiers,
    verify_tasks,
    work_on_task,
)
from rules.programme.sample.plan import ACCEPT, FEEDBACK, evening_of
from rules.programme.sample.world import Progress, World
from rules.services.reevaluation.days import start_day
from rules.services.sweeps import expire_overrides
from rules.services.tasks import escalate_due
from server import clock
from server.journal.models import Reaction

logger = logging.getLogger("rules.programme")
TOLD_EVERY = 10  # days between two lines of progress
RECENT = timedelta(days=60)
REVIEW_DAYS, VERIFY_DAYS = (0, 2, 4), (1, 4)  # of the week, Monday is 0
OVERRIDES_BEFORE = (80, 50, 20)  # days before the end


def live_through(world: World, progress: Progress) -> None:
    """Live through the days up to `world.last`; afterwards nothing waits in the outbox."""
    for number in range(1, HISTORY_DAYS + 1):
        day = world.last - timedelta(days=HISTORY_DAYS - number)
        _live_day(world, day)
        if number % TOLD_EVERY == 0 or number == HISTORY_DAYS:
            progress(f"第 {number}/{HISTORY_DAYS} 天（{day}），已收到 {world.sent} 份表单")


def _live_day(world: World, day: date) -> None:
    is_quiet = True
    while (happened := world.next_until(day)) is not None:
        is_quiet = False
        if happened.form in (FEEDBACK, ACCEPT):
            work_on_task(world, happened)
        else:
            send(world, happened)
    with clock.at(evening_of(day)):
        if not is_quiet:
            drain()
            plan_new_tasks(world)
        _desks(world, day)
        _sweeps(world, day)


def _desks(world: World, day: date) -> None:
    if day.weekday() in REVIEW_DAYS:
        review_tiers(world, day)
    if day.weekday() in VERIFY_DAYS:
        verify_tasks(world)
    if (world.last - day).days in OVERRIDES_BEFORE:
        override_some(world, day)


def _sweeps(world: World, day: date) -> None:
    """What the scheduler does: every night lately, once a week before."""
    if day.weekday() == 6 or day > world.last - RECENT:
        expire_overrides()
        escalate_due()
    if day == world.last:
        start_day()
        drain()


def drain() -> None:
    """Do what the outbox asks for, until it asks for nothing more.

    As `run_pending` does, but without claims: nobody else sees this transaction, and claims are a tenth of the work. A
    job that fails undoes itself, is kept with its error, and is tried again by the worker.
    """
    while waiting := list(Reaction.objects.filter(done_at=None, tries=0).order_by("id")[:500]):
        last = {(one.event, one.payload.get("entity_id")): one.pk for one in waiting}
        failed = {}
        taken = Reaction.objects.filter(pk__in=[reaction.pk for reaction in waiting])
        taken.update(
            claimed_at=clock.now()
        )  # a pass that asks for its next piece sees that this one is under way
        for reaction in waiting:
            child = reaction.payload.get("entity_id")
            # two forms about one child on one day: looking once, after both, finds the same
            if child is None or last[reaction.event, child] == reaction.pk:
                failed[reaction.pk] = _run(reaction)
        taken.update(tries=1, done_at=clock.now())
        for pk, error in failed.items():
            if error:
                Reaction.objects.filter(pk=pk).update(
                    done_at=None, claimed_at=None, last_error=error[:2000]
                )


def _run(reaction: Reaction) -> str:
    """Do one job; answers its error, empty when all went well."""
    try:
        import_string(reaction.job)(**reaction.payload)
    except Exception as error:
        logger.exception("%s failed", reaction.job)
        return f"{type(error).__name__}: {error}"
    return ""
