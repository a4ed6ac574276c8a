"""What the API says of pairs, merges, transfers, responsible persons and households."""

from typing import Any

from forms.models import DuplicatePair, Entity, Merge, ResponsiblePerson, Transfer
from forms.services.duplicates import side_of
from forms.services.households import Household
from forms.services.responsible import history_of, places_of
from server import clock
from server.people.access import Scope, api_time


def pair_json(pair: DuplicatePair, scope: Scope) -> dict[str, Any]:
    """A pair; of an entry outside the reader's scope only in which county and town it stands."""
    return {
        "id": pair.pk,
        "state": pair.state,
        "score": pair.score,
        "reasons": pair.reasons,
        "foundAt": api_time(pair.found_at),
        "entries": [_entry_json(one, scope) for one in (pair.first, pair.second)],
    }


def _entry_json(entity: Entity, scope: Scope) -> dict[str, Any]:
    side = side_of(entity, scope)
    if side.entity is None:
        return {"uuid": None, "elsewhere": side.place}
    return {"uuid": str(entity.uuid), "label": entity.label, "version": entity.version}


def merge_json(merge: Merge) -> dict[str, Any]:
    """A merge and whether it stands."""
    return {
        "id": merge.pk,
        "survivor": str(merge.survivor.uuid),
        "loser": str(merge.loser.uuid),
        "taken": merge.taken,
        "note": merge.note,
        "at": api_time(merge.at),
        "undoneAt": api_time(merge.undone_at),
    }


def transfer_json(transfer: Transfer) -> dict[str, Any]:
    """A transfer with both places by their codes."""
    is_open = transfer.state == Transfer.State.REQUESTED
    return {
        "id": transfer.pk,
        "entity": str(transfer.entity.uuid),
        "state": transfer.state,
        "from": _place_json(transfer.from_area, transfer.from_school, transfer.from_class),
        "to": _place_json(transfer.to_area, transfer.to_school, transfer.to_class),
        "leavesSchool": transfer.leaves_school,
        "reason": transfer.reason,
        "note": transfer.note,
        "movesOn": transfer.moves_on.isoformat(),
        "dueOn": transfer.due_on.isoformat(),
        "overdue": is_open and transfer.due_on < clock.today(),
        "requestedAt": api_time(transfer.requested_at),
        "decidedAt": api_time(transfer.decided_at),
        "answer": transfer.answer,
    }


def _place_json(area: Any, school: Any, class_name: str) -> dict[str, str | None]:
    return {
        "area": area.code if area else None,
        "school": school.code if school else None,
        "class": class_name or None,
    }


def responsible_json(entity: Entity) -> dict[str, Any]:
    """The five, and who was named before."""
    return {
        "now": {one.network: _named_json(one.person) for one in places_of(entity)},
        "before": [
            {"network": one.network, **(_named_json(one) or {})} for one in history_of(entity)
        ],
    }


def _named_json(person: ResponsiblePerson | None) -> dict[str, str | None] | None:
    if person is None:
        return None
    return {
        "name": person.name,
        "phone": person.phone,
        "post": person.post,
        "since": person.since.isoformat(),
        "until": person.until.isoformat() if person.until else None,
    }


def household_json(household: Household) -> dict[str, Any]:
    """Guardians and siblings; `hidden` siblings are outside the reader's scope."""
    return {
        "household": str(household.entity.uuid) if household.entity else None,
        "guardians": [
            {"role": one.role, "name": one.name, "relation": one.relation, "phone": one.phone}
            for one in household.guardians
        ],
        "siblings": [{"uuid": str(one.uuid), "label": one.label} for one in household.siblings],
        "hidden": household.hidden,
    }
