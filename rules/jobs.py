"""Background work of the rules floor; beat calls these (server/celery.py), each may run twice."""

from typing import Any

from celery import shared_task
from celery.signals import worker_ready

from rules.services import calendar, sweeps
from rules.services.appeals import remind_appeals
from rules.services.reevaluation import revive_stalled
from rules.services.reevaluation.days import start_day
from rules.services.releases import activate_due
from rules.services.second_opinion import warm_up
from rules.services.shadow import end_due_shadows
from rules.services.statistics import tally_new
from rules.services.tasks import escalate_due


@shared_task(name="rules.escalate", ignore_result=True)
def escalate() -> int:
    """Each minute: tasks whose next step is due go up."""
    return escalate_due()


@shared_task(name="rules.nightly", ignore_result=True)
def nightly() -> int:
    """Each hour: begin the look at all children that each day has once, so in effect after midnight."""
    return start_day()


@shared_task(name="rules.expire_overrides", ignore_result=True)
def expire_overrides() -> int:
    """Each hour: overrides that have ended."""
    return sweeps.expire_overrides()


@shared_task(name="rules.calendar", ignore_result=True)
def calendar_day() -> int:
    """Each hour: begin what the calendar asks for today, so in effect after midnight."""
    return calendar.start_day()


@shared_task(name="rules.tally", ignore_result=True)
def tally() -> int:
    """Each half hour: what the rules did since is added to the sums by day."""
    return tally_new()


@shared_task(name="rules.appeals", ignore_result=True)
def appeals() -> int:
    """Each hour: objections that are due within days, or late."""
    return remind_appeals()


@shared_task(name="rules.releases", ignore_result=True)
def keep_releases() -> int:
    """Each minute: releases whose day has come, trials that are over, re-evaluations that nobody carries on."""
    return activate_due() + end_due_shadows() + revive_stalled()


@worker_ready.connect(dispatch_uid="rules.warm_up")
def on_worker_ready(**_: Any) -> None:
    """The first evaluation of a worker should not wait for the rules to be compiled."""
    warm_up()
