"""Entity operations that wait: for an earlier change, for an approval, or for a person. Nothing
that was sent is dropped.
"""

import logging
from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet

from forms.instance.entity import EntityOperation
from forms.models import Dataset, Entity, HeldUpdate, Submission, SubmissionVersion
from forms.registry.operations import APPROVAL, WAITING, Outcome, Request, apply_operation
from forms.registry.placing import reach_of
from forms.registry.senders import sender_of
from server import clock
from server.journal.services import record

logger = logging.getLogger("forms.registry")
FORCED_AFTER = timedelta(days=5)  # Central's time; Collect itself tries to send for a little longer
Released = tuple[Entity, SubmissionVersion]


def hold(request: Request, reason: str) -> None:
    """Keep the operation with its reason; once, however often the registration runs."""
    operation = request.operation
    _, is_new = HeldUpdate.objects.get_or_create(
        dataset=request.dataset,
        uuid=operation.id[:64],
        source=request.source,
        defaults={"operation": operation.to_json(), "reason": reason},
    )
    if is_new:
        record(
            "entity.hold",
            actor=request.sender,
            subject=f"entity:{operation.id[:64]}",
            project_id=request.dataset.project_id,
            details={"reason": reason, "instanceId": request.source.instance_id},
        )


def release_waiting(dataset: Dataset, uuid: str) -> list[Released]:
    """Apply what waited for the change that has just been made, in the order of the phone, as far
    as it goes.
    """
    released: list[Released] = []
    while found := _release_next(dataset, uuid):
        released.append(found)
    return released


def _release_next(dataset: Dataset, uuid: str) -> Released | None:
    waiting = _open(reason=WAITING).filter(dataset=dataset, uuid=uuid)
    for one in sorted(waiting, key=lambda held: (held.operation.get("base_version") or 0, held.pk)):
        outcome = _try(one)
        if outcome.entity is not None:
            return outcome.entity, one.source
    return None


@transaction.atomic
def release_approved(submission: Submission) -> list[Released]:
    """Create the entities of a submission that has been approved."""
    found = []
    for one in _open(reason=APPROVAL).filter(
        source__submission=submission, source__is_current=True
    ):
        outcome = _try(one)
        if outcome.entity is not None:
            found.append((outcome.entity, one.source))
    return found


def force_one(held_id: int) -> Released | None:
    """Apply an operation although what it waited for never came; call inside a transaction."""
    one = _open(reason=WAITING).filter(pk=held_id).first()
    outcome = _try(one, is_forced=True) if one else Outcome()
    return (outcome.entity, one.source) if one and outcome.entity else None


def overdue(limit: int = 200) -> list[int]:
    """Keys of the operations that have waited long enough, the oldest first."""
    rows = _open(reason=WAITING).filter(created_at__lt=clock.now() - FORCED_AFTER)
    return list(rows.order_by("id").values_list("pk", flat=True)[:limit])


def _open(reason: str) -> QuerySet[HeldUpdate]:
    return HeldUpdate.objects.filter(settled_at=None, reason=reason).select_related(
        "dataset", "source__submission", "source__form"
    )


def _try(one: HeldUpdate, is_forced: bool = False) -> Outcome:
    sender = sender_of(one.source)
    operation = EntityOperation.from_json(one.operation)
    request = Request(one.dataset, operation, one.source, sender, reach_of(sender), is_forced)
    outcome = apply_operation(request)
    if outcome.entity is not None:
        one.settled_at = clock.now()
    elif outcome.reason != one.reason:
        one.reason = outcome.reason
    else:
        return outcome
    one.save(update_fields=["settled_at", "reason"])
    return outcome
