"""Background work of the rules floor; beat calls these (server/celery.py), each may run twice."""

from typing import Any

from celery import shared_task
from celery.signals import worker_ready

from rules.services import sweeps
from rules.services.second_opinion import warm_up
from rules.services.tasks import escalate_due


@shared_task(name="rules.escalate", ignore_result=True)
def escalate() -> int:
    """Each minute: tasks whose next step is due go up."""
    return escalate_due()


@shared_task(name="rules.nightly", ignore_result=True)
def nightly() -> int:
    """Each hour: children whom this day has not seen yet, so in effect after midnight."""
    return sweeps.evaluate_stale()


@shared_task(name="rules.expire_overrides", ignore_result=True)
def expire_overrides() -> int:
    """Each hour: overrides that have ended."""
    return sweeps.expire_overrides()


@worker_ready.connect(dispatch_uid="rules.warm_up")
def on_worker_ready(**_: Any) -> None:
    """The first evaluation of a worker should not wait for the rules to be compiled."""
    warm_up()
