"""The scheduler and, with a broker, the nudges. What is pending is rows in our database (design.md section 4).

Without a broker (`memory://`) all of it lives inside `anhu worker`; with Redis, `anhu worker` and `anhu beat` are
processes of their own. Jobs are `@shared_task`s in each app's `jobs.py`.
"""

import os

from celery import Celery, shared_task

from server.journal.services import run_pending

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "server.settings")
app = Celery("anhu")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(related_name="jobs")


@shared_task(name="journal.run_pending", expires=60, ignore_result=True)
def run_pending_task() -> None:
    """Work off the outbox until nothing is left that may run now."""
    while run_pending(100):
        pass
