"""Background work of the rules floor; beat calls these (server/celery.py), each may run twice."""

from celery import shared_task

from rules.services import sweeps
from rules.services.tasks import escalate_due


@shared_task
def escalate() -> int:
    """Each minute: tasks whose next step is due go up."""
    return escalate_due()


@shared_task
def nightly() -> int:
    """Each night: children whose facts changed because a day has passed."""
    return sweeps.evaluate_all()


@shared_task
def expire_overrides() -> int:
    """Each hour: overrides that have ended."""
    return sweeps.expire_overrides()
