"""The forms floor's work by the clock."""

from celery import shared_task

from forms.registry import force_overdue


@shared_task(name="forms.force_overdue", ignore_result=True)
def force_overdue_task() -> None:
    """Apply offline changes that have waited too long for an earlier one that never came."""
    force_overdue()
