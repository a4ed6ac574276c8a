"""Writing the journal, and doing the work that it asks for.

`record` goes into the transaction of the change itself. `run_pending` is the worker: it claims Reactions by a
conditional
update (one row changed = mine), runs each in its own transaction together with the mark that it is done, and gives
up after `MAX_TRIES` with the error kept. Killed in the middle, the transaction is undone and the claim runs out:
once, not twice.

A long job (`@by_itself`) commits by itself in small steps and keeps its place in a row of its own; between two steps
it calls `give_way`.
"""

import hashlib
import json
import logging
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from contextvars import ContextVar
from datetime import timedelta
from typing import Any, TypeVar

from django.conf import settings
from django.db import transaction
from django.db.models import F, Max, Q, QuerySet
from django.utils.module_loading import import_string
from kombu.exceptions import OperationalError

from server import clock
from server.journal.models import Entry, Reaction
from server.journal.notes import notes_of_request
from server.people.models import Actor
from server.prepared import insert, insert_many
from server.turns import write_turn

logger = logging.getLogger("server.journal")
MAX_TRIES = 5
CLAIM_ENDS = timedelta(minutes=10)  # a worker that holds a claim for longer is taken for dead
RETRY_AFTER = (
    timedelta(seconds=5),
    timedelta(minutes=1),
    timedelta(minutes=10),
    timedelta(hours=1),
)
NUDGE_PAUSE = 30.0  # seconds without nudges after the broker did not answer, so that it holds up one request only
SUBJECT = 120  # characters, as the column has
SEAL_BATCH = 200  # rows per write transaction (design.md section 4)

_no_nudge_before = 0.0
_between: ContextVar[Callable[[], object] | None] = ContextVar("anhu_between", default=None)
Job = TypeVar("Job", bound=Callable[..., None])


def record(
    action: str,
    *,
    actor: Actor | None = None,
    subject: str = "",
    project_id: int | None = None,
    details: Mapping[str, Any] | None = None,
    notes: str = "",
    event: str | None = None,
    payload: Mapping[str, Any] | None = None,
    after: timedelta = timedelta(0),
) -> Entry:
    """Append an entry and the Reactions that `settings.REACTIONS` maps `event` (default: none) to; call inside the
    change's transaction.
    """
    entry = insert(
        Entry(
            actor=actor,
            action=action,
            subject=subject[:SUBJECT],  # an instanceID may be longer
            project_id=project_id,
            details=dict(details or {}),
            notes=notes or notes_of_request(),
        )
    )
    if event:
        emit(event, payload or {}, entry=entry, after=after)
    return entry


def record_many(entries: Sequence[tuple[Entry, str | None, Mapping[str, Any]]]) -> None:
    """The same for several entries that are made but not stored, each with its event and payload, in two statements."""
    if not entries:
        return
    for entry, _, _ in entries:
        entry.subject = entry.subject[:SUBJECT]
    insert_many([entry for entry, _, _ in entries], by="subject")
    rows = [
        Reaction(entry=entry, event=event, job=job, payload=dict(payload))
        for entry, event, payload in entries
        if event
        for job in settings.REACTIONS.get(event, [])
    ]
    if rows:
        insert_many(rows)
        transaction.on_commit(nudge)


def emit(
    event: str,
    payload: Mapping[str, Any],
    *,
    entry: Entry | None = None,
    after: timedelta = timedelta(0),
) -> None:
    """Put the jobs of `event` into the outbox and nudge the worker once the transaction is committed."""
    rows = [
        Reaction(
            entry=entry, event=event, job=job, payload=dict(payload), run_at=clock.now() + after
        )
        for job in settings.REACTIONS.get(event, [])
    ]
    if rows:
        for row in rows:  # one or two
            insert(row)
        transaction.on_commit(nudge)


def nudge() -> None:
    """Tell a worker on another process that there is work. Without a broker its own watcher sees the rows."""
    global _no_nudge_before
    if settings.CELERY_BROKER_URL.startswith("memory") or time.monotonic() < _no_nudge_before:
        return
    from server.celery import run_pending_task  # noqa: PLC0415  celery loads settings first

    try:
        run_pending_task.apply_async(retry=False)
    except (OSError, OperationalError) as error:  # the broker is away: the sweep will find the rows
        _no_nudge_before = time.monotonic() + NUDGE_PAUSE
        logger.warning("no nudge: %s", error)


def pending() -> QuerySet[Reaction]:
    """The Reactions that may run now, oldest first."""
    now = clock.now()
    free = Q(claimed_at=None) | Q(claimed_at__lt=now - CLAIM_ENDS)
    return Reaction.objects.filter(free, done_at=None, failed_at=None, run_at__lte=now).order_by(
        "id"
    )


def run_pending(
    limit: int = 100, claim: str | None = None, between: Callable[[], object] | None = None
) -> int:
    """Run up to `limit` pending Reactions; answers how many were taken (done or failed once more).

    `between` is called after each, outside of any transaction: a worker lets others write there.
    """
    claim = claim or uuid.uuid4().hex
    token = _between.set(between)
    try:
        return _run_each(limit, claim, between)
    finally:
        _between.reset(token)


def _run_each(limit: int, claim: str, between: Callable[[], object] | None) -> int:
    taken = 0
    for reaction_id in list(pending().values_list("id", flat=True)[:limit]):
        if (
            pending()
            .filter(pk=reaction_id)
            .update(claimed_at=clock.now(), claim=claim, tries=F("tries") + 1)
        ):
            _run(Reaction.objects.get(pk=reaction_id))
            taken += 1
            if between:
                between()
    return taken


def by_itself(job: Job) -> Job:
    """Mark a job that is not run in one transaction with the mark that it is done: reading and thinking would hold the
    only writer of SQLite. It commits in steps, each of which also moves the place where a killed run goes on."""
    job.by_itself = True  # type: ignore[attr-defined]
    return job


def give_way() -> None:
    """Let others write, between two steps of a long job; nothing outside of a worker. Call outside of transactions."""
    between = _between.get()
    if between is not None:
        between()


def _run(reaction: Reaction) -> None:
    try:
        job: Callable[..., None] = import_string(reaction.job)
        with nullcontext() if hasattr(job, "by_itself") else write_turn():
            job(**reaction.payload)
            Reaction.objects.filter(pk=reaction.pk, claim=reaction.claim).update(
                done_at=clock.now(), last_error=""
            )
    except Exception as error:  # any failure of a job is kept and tried again; the worker goes on
        logger.exception("%s failed (try %s)", reaction.job, reaction.tries)
        _postpone(reaction, error)


def _postpone(reaction: Reaction, error: Exception) -> None:
    now = clock.now()
    mine = Reaction.objects.filter(pk=reaction.pk, claim=reaction.claim)
    text = f"{type(error).__name__}: {error}"[:2000]
    if reaction.tries >= MAX_TRIES:
        mine.update(failed_at=now, last_error=text)
    else:
        mine.update(
            claimed_at=None, claim="", run_at=now + RETRY_AFTER[reaction.tries - 1], last_error=text
        )


def release_claims() -> int:
    """Free what a worker of this host held when it was killed; only safe when no other worker runs (`anhu serve`)."""
    return (
        Reaction.objects.filter(done_at=None, failed_at=None)
        .exclude(claimed_at=None)
        .update(claimed_at=None, claim="")
    )


def retry_failed() -> int:
    """Put every Reaction that was given up back into the outbox."""
    return Reaction.objects.exclude(failed_at=None).update(
        failed_at=None, claimed_at=None, claim="", tries=0, run_at=clock.now()
    )


def seal() -> int:
    """Link the next unsealed entries to the hash chain, oldest first; answers how many. Run by one worker at a time."""
    with transaction.atomic():
        last = (
            Entry.objects.filter(seq=Entry.objects.aggregate(m=Max("seq"))["m"])
            .only("seq", "hash")
            .first()
        )
        seq, chain = (last.seq or 0, last.hash) if last else (0, "")
        fresh = list(Entry.objects.filter(seq=None).order_by("id")[:SEAL_BATCH])
        for entry in fresh:
            seq, chain = seq + 1, entry_hash(entry, chain)
            Entry.objects.filter(pk=entry.pk, seq=None).update(seq=seq, hash=chain)
    return len(fresh)


def entry_hash(entry: Entry, previous: str) -> str:
    """SHA-256 over the previous hash and everything the entry says."""
    said = [
        previous, entry.pk, entry.at.isoformat(), entry.actor_id, entry.action, entry.subject, entry.project_id,
        entry.details, entry.notes,
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def first_broken_seal() -> int | None:
    """The `seq` of the first entry whose hash no longer follows from its content, None if the chain holds."""
    chain = ""
    for expected, entry in enumerate(
        Entry.objects.exclude(seq=None).order_by("seq").iterator(500), start=1
    ):
        chain = entry_hash(entry, chain)
        if entry.seq != expected or entry.hash != chain:
            return expected
    return None
