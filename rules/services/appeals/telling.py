"""Objections as lines of a child's timeline."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _

from forms.models import Entity
from rules.models import Appeal
from rules.services.appeals.opening import readable_appeals
from server import clock
from server.people.models import Actor
from server.shell.timeline import Item


def appeal_items(entity: Entity, reader: Actor) -> Iterator[Item]:
    """That there was an objection, and what came of it; what was said only for who may read it.
    Two queries."""
    found = list(
        Appeal.objects.filter(entity=entity).select_related("actor", "decided_by").order_by("-id")
    )
    if not found:
        return
    may_read = set(readable_appeals(reader).filter(entity=entity).values_list("pk", flat=True))
    for appeal in found:
        is_open = appeal.pk in may_read
        url = reverse("appeal", args=[appeal.pk]) if is_open else ""
        yield Item(
            at=appeal.created_at,
            occurred_on=appeal.received_on,
            kind="appeal",
            title=_("Objection to the tier received"),
            actor=appeal.actor.display_name,
            url=url,
            detail={"note": appeal.grounds} if is_open else {},
            badges=(str(Appeal.State(appeal.state).label),),
        )
        if appeal.decided_at is not None:
            yield Item(
                at=appeal.decided_at,
                occurred_on=clock.local_day(appeal.decided_at),
                kind="appeal",
                title=_("Objection answered: %(state)s") % {"state": appeal.get_state_display()},
                actor=appeal.decided_by.display_name if appeal.decided_by else "",
                url=url,
                detail={"note": appeal.answer} if is_open else {},
            )
