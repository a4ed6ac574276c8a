"""Putting work into the outbox: for single children, and for the next piece of a long pass."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction

from server.journal.models import Reaction
from server.journal.services import emit


def reevaluate(entity_ids: Iterable[int], cause: str, cause_subject: str = "") -> int:
    """Ask for an evaluation of each of `entity_ids`, in the caller's transaction; answers how many.

    For whatever changes what is known of children without a submission of their own: a merge of two, a household or
    a site. `cause` is a short event name ("entity.merge"), `cause_subject` "entity:<uuid>" or the like.
    """
    wanted = dict.fromkeys(entity_ids)
    for pk in wanted:
        emit("entity.touched", {"entity_id": pk, "cause": cause, "cause_subject": cause_subject})
    return len(wanted)


@transaction.atomic
def ask_once(event: str, payload: Mapping[str, Any]) -> None:
    """Emit `event` unless the same is waiting already: two chains of one pass become one again."""
    waiting = Reaction.objects.filter(
        event=event, payload=dict(payload), done_at=None, failed_at=None, claimed_at=None
    )
    if not waiting.exists():
        emit(event, payload)
