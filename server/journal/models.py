"""What happened (`Entry`, append-only and hash-chained) and what must still be done about it (`Reaction`, the outbox).

Whoever changes something writes the Entry and its Reactions in the same transaction; see `services.record`.
"""

from django.db import models
from django.db.models import Q

from server import clock
from server.people.models import Actor


class EntryQuerySet(models.QuerySet["Entry"]):
    def delete(self) -> tuple[int, dict[str, int]]:
        raise TypeError("Journal entries are never deleted.")


class Entry(models.Model):
    """Who did what to what, when. Written once; `seq` and `hash` are set when the sealing job links it to the chain."""

    at = models.DateTimeField(default=clock.now)
    actor = models.ForeignKey(
        Actor, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    action = models.CharField(max_length=60)  # "submission.create"; names in Central's style
    subject = models.CharField(max_length=120, blank=True)  # "submission:uuid", "entity:uuid"
    project_id = models.BigIntegerField(null=True, blank=True)
    details = models.JSONField(default=dict)
    notes = models.TextField(blank=True)  # X-Action-Notes
    seq = models.BigIntegerField(null=True, unique=True)
    hash = models.CharField(max_length=64, blank=True)

    objects = EntryQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["subject", "id"], name="entry_subject"),
            models.Index(fields=["action", "id"], name="entry_action"),
        ]


class Reaction(models.Model):
    """One piece of pending work: `job` (a dotted name) is called with `payload`. Claimed by a conditional update."""

    entry = models.ForeignKey(Entry, null=True, on_delete=models.PROTECT, related_name="reactions")
    event = models.CharField(max_length=60)
    job = models.CharField(max_length=120)
    payload = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=clock.now)
    run_at = models.DateTimeField(default=clock.now)  # not before
    claimed_at = models.DateTimeField(null=True)
    claim = models.CharField(max_length=32, blank=True)  # who holds it
    done_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    failed_at = models.DateTimeField(null=True)  # given up after MAX_TRIES; a person must look
    last_error = models.TextField(blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["run_at", "id"],
                name="reaction_pending",
                condition=Q(done_at=None, failed_at=None),
            ),
            models.Index(
                fields=["failed_at"],
                name="reaction_failed",
                condition=Q(failed_at__isnull=False),
            ),
        ]
