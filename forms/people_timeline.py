"""What the registry tells of a person's entries: merges and their undoing, transfers."""

from collections.abc import Iterator

from django.db.models import Q
from django.utils.translation import gettext as _

from forms.models import Entity, Merge, Transfer
from server import clock
from server.people.models import Actor
from server.shell.timeline import Item

MOST = 60


def timeline(entity: Entity, reader: Actor) -> Iterator[Item]:
    """The items about `entity`, in no order. Two queries."""
    yield from _merges(entity)
    yield from _transfers(entity)


def _merges(entity: Entity) -> Iterator[Item]:
    rows = Merge.objects.filter(Q(survivor=entity) | Q(loser=entity))
    for merge in rows.select_related("actor", "undone_by").order_by("-pk")[:MOST]:
        yield Item(
            at=merge.at,
            occurred_on=clock.local_day(merge.at),
            kind="entity",
            title=_("Merged with another entry of this child"),
            actor=merge.actor.display_name,
            detail={"note": merge.note},
        )
        if merge.undone_at is not None:
            yield Item(
                at=merge.undone_at,
                occurred_on=clock.local_day(merge.undone_at),
                kind="entity",
                title=_("The merge was undone"),
                actor=merge.undone_by.display_name if merge.undone_by else "",
            )


def _transfers(entity: Entity) -> Iterator[Item]:
    rows = entity.transfers.select_related(
        "requested_by", "decided_by", "from_area", "to_area", "to_school"
    )
    for one in rows.order_by("-pk")[:MOST]:
        place = one.to_area or one.to_school or _("no school")
        yield Item(
            at=one.requested_at,
            occurred_on=clock.local_day(one.requested_at),
            kind="entity",
            title=_("Asked to move to %(place)s") % {"place": place},
            actor=one.requested_by.display_name,
            detail={"note": one.note},
        )
        if one.decided_at is not None:
            yield Item(
                at=one.decided_at,
                occurred_on=one.moves_on
                if one.state == Transfer.State.ACCEPTED
                else clock.local_day(one.decided_at),
                kind="entity",
                title=_("Transfer to %(place)s") % {"place": place},
                actor=one.decided_by.display_name if one.decided_by else "",
                detail={"note": one.answer},
                badges=(str(one.get_state_display()),),
            )
