"""The forms floor's work by the clock."""

from celery import shared_task

from forms.registry import force_overdue
from forms.registry.tallies import fold_tallies, recount_tallies
from forms.services.purging import purge


@shared_task(name="forms.force_overdue", ignore_result=True)
def force_overdue_task() -> None:
    """Apply offline changes that have waited too long for an earlier one that never came."""
    force_overdue()


@shared_task(name="forms.fold_tallies", ignore_result=True)
def fold_tallies_task() -> None:
    """Count the records that have come, so that readers need not."""
    fold_tallies()


@shared_task(name="forms.recount_tallies", ignore_result=True)
def recount_tallies_task() -> None:
    """Count all records anew."""
    recount_tallies()


@shared_task(name="forms.purge", ignore_result=True)
def purge_task() -> None:
    """Empty the trash of what has lain in it for thirty days."""
    purge()
