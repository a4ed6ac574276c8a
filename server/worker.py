"""`anhu worker`: works off the outbox, and without a broker runs Celery's worker and scheduler as threads beside it.

The Reaction rows are the truth (server/journal/services.py). Here a watcher looks for them ten times a second; with a
broker, nudges from the web process wake a Celery worker instead, and a sweep scheduled by beat finds what was missed.
"""

import logging
import signal
import threading
import time
from collections.abc import Callable

from celery.beat import EmbeddedService
from django.conf import settings
from django.db import DatabaseError, InterfaceError, close_old_connections, connection

from server.celery import app
from server.journal import services
from server.journal.models import Reaction

logger = logging.getLogger("server.worker")
POLL_SECONDS = 0.1
BATCH = 50
LONGEST_PAUSE = 30.0
COURTESY = 2.0  # times what a Reaction took
LONGEST_COURTESY = 0.25
GLANCE = 0.005
SCHEDULE_FILE = settings.DATA_DIR / "schedule"  # beat's memory of what ran when


def run() -> int:
    """Work until SIGTERM or SIGINT; answers the exit status."""
    if not settings.CELERY_BROKER_URL.startswith("memory"):
        words = ["worker", "--loglevel", "WARNING", "--without-gossip", "--without-mingle"]
        app.worker_main([*words, "--concurrency", str(settings.WORKER_CONCURRENCY)])
        return 0
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with Companions() as companions:
        watch_outbox(stop, companions.are_alive)
    return 0 if stop.is_set() else 1


def run_beat() -> int:
    """Schedule through the broker until SIGTERM or SIGINT."""
    app.Beat(loglevel="WARNING", schedule=str(SCHEDULE_FILE), quiet=True).run()
    return 0


class Companions:
    """Celery's solo worker and its scheduler as threads of this process, talking through `memory://`."""

    def __init__(self) -> None:
        self.worker = app.WorkController(
            pool="solo",
            concurrency=1,
            loglevel="WARNING",
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
        )
        self.beat = EmbeddedService(app, thread=True, schedule_filename=str(SCHEDULE_FILE))
        self.thread = threading.Thread(target=self.worker.start, name="celery", daemon=True)

    def __enter__(self) -> "Companions":
        self.thread.start()
        self.beat.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.beat.stop()
        self.worker.stop()
        self.thread.join(5)

    def are_alive(self) -> bool:
        """Whether both threads still run; if not, the process ends and the supervisor starts it anew."""
        return self.thread.is_alive() and self.beat.is_alive()


class Manners:
    """Gives way to uploads on SQLite, which knows one writer and no queue: who waits only looks again every 1 to 100
    ms, and a worker that writes without pause would keep the phones out.

    After each Reaction comes a short pause. Where others wrote in it, the next one is twice as long as the work
    before: uploads keep two thirds of the writing time, and the backlog still shrinks.
    """

    def __init__(self) -> None:
        self.needed = connection.vendor == "sqlite"
        self.others_write = False
        self.since = time.monotonic()

    def begin(self) -> None:
        """A round of work starts now."""
        self.since = time.monotonic()

    def give_way(self) -> None:
        """Pause between two Reactions."""
        if not self.needed:
            return
        spent = time.monotonic() - self.since
        before = _newest()
        time.sleep(min(LONGEST_COURTESY, COURTESY * spent) if self.others_write else GLANCE)
        self.others_write = _newest() != before
        self.since = time.monotonic()


def _newest() -> int | None:
    return Reaction.objects.order_by("-pk").values_list("pk", flat=True).first()


def watch_outbox(stop: threading.Event, may_go_on: Callable[[], bool]) -> None:
    """Run pending Reactions until `stop` is set or `may_go_on` says no. A database that is away is waited for."""
    services.release_claims()  # the only worker of this database: nobody else can hold one
    pause, manners = 0.0, Manners()
    while not stop.wait(pause) and may_go_on():
        try:
            manners.begin()
            pause = 0.0 if services.run_pending(BATCH, between=manners.give_way) else POLL_SECONDS
        except (DatabaseError, InterfaceError) as error:
            pause = min(LONGEST_PAUSE, max(1.0, pause * 2))
            logger.warning("the database does not answer, again in %.0f s: %s", pause, error)
            connection.close()
        close_old_connections()
