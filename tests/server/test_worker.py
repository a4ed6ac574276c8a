"""The worker outlives what is around it: an absent broker, a database that is away, a job that fails."""

import threading
import time
from collections.abc import Callable

import pytest
from django.db import OperationalError
from pytest_django.fixtures import Settings

from server import worker
from server.journal import services
from server.journal.models import Reaction


@pytest.mark.django_db(transaction=True)
def test_an_absent_broker_neither_fails_nor_holds_up_the_change(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from server.celery import app  # noqa: PLC0415  after the settings

    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    settings.REACTIONS = {"something": ["builtins.dict"]}
    monkeypatch.setattr(services, "_no_nudge_before", 0.0)
    options = {
        "socket_connect_timeout": 1,
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0,
    }
    app.conf.update(broker_url=settings.CELERY_BROKER_URL, broker_transport_options=options)
    started = time.monotonic()
    for _ in range(5):
        services.emit("something", {})
    assert time.monotonic() - started < 3
    assert services.run_pending() == 5


def test_the_watcher_waits_for_a_database_that_is_away(
    monkeypatch: pytest.MonkeyPatch, db: None
) -> None:
    stop, calls, pauses = threading.Event(), [], []

    def run_pending(limit: int, between: object = None) -> int:
        calls.append(limit)
        if len(calls) <= 3:
            raise OperationalError("gone")
        stop.set()
        return 0

    class Patient:
        def wait(self, pause: float) -> bool:
            pauses.append(pause)
            return stop.is_set()

    monkeypatch.setattr(services, "run_pending", run_pending)
    monkeypatch.setattr(worker, "close_old_connections", lambda: None)
    monkeypatch.setattr(worker.connection, "close", lambda: None)
    worker.watch_outbox(Patient(), lambda: True)  # type: ignore[arg-type]
    assert pauses == [0.0, 1.0, 2.0, 4.0, worker.POLL_SECONDS]


def test_the_watcher_ends_when_its_companions_have(db: None) -> None:
    worker.watch_outbox(threading.Event(), lambda: False)


def test_a_claim_of_a_killed_worker_is_freed_at_the_start(
    db: None, drain: Callable[[], int], settings: Settings
) -> None:
    settings.REACTIONS = {"something": ["builtins.dict"]}
    services.emit("something", {})
    Reaction.objects.update(claimed_at=services.clock.now(), claim="dead")
    assert services.run_pending() == 0
    services.release_claims()
    assert drain() == 1
