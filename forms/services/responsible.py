"""The five named responsible persons of a child (五网责任人): one for each network of care, with everybody who was it
before.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.db import transaction

from forms import problems
from forms.models import Dataset, Entity, Network, ResponsiblePerson
from forms.registry.writing import lock_entity
from forms.services.visibility import entities_for
from server import clock
from server.journal.services import record
from server.people.access import scope_of
from server.people.models import Actor
from server.people.roles import Verb
from server.places.models import Area
from server.problems import FORBIDDEN, Problem

MOST_AT_ONCE = 5000  # children of one assignment


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody as they are to be named; `since` is a day of the site, today at the latest."""

    name: str
    phone: str
    post: str
    since: date


@dataclass(frozen=True, slots=True)
class Place:
    """One of the five networks of a child, in the order of the policy; `person` None: nobody is named."""

    network: str
    title: str
    person: ResponsiblePerson | None


def read_named(body: Mapping[str, object]) -> Named:
    """Check what was sent. Problem: RESPONSIBLE_INVALID."""
    name, phone, post = (_text(body.get(part)) for part in ("name", "phone", "post"))
    if not name or len(name) > 100:
        raise Problem(problems.RESPONSIBLE_INVALID, reason="a name of at most 100 characters")
    if len(phone) > 30 or any(one not in "0123456789+-() ext." for one in phone):
        raise Problem(problems.RESPONSIBLE_INVALID, reason="a telephone number of digits")
    try:
        since = date.fromisoformat(_text(body.get("since")) or clock.today().isoformat())
    except ValueError:
        raise Problem(problems.RESPONSIBLE_INVALID, reason="a day like 2026-09-01") from None
    if since > clock.today():
        raise Problem(problems.RESPONSIBLE_INVALID, reason="a day that has come")
    return Named(name, phone, post[:100], since)


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def places_of(entity: Entity) -> list[Place]:
    """The five networks with who is named now. One query."""
    now = {one.network: one for one in entity.responsible.filter(until=None)}
    return [Place(code, str(title), now.get(code)) for code, title in Network.choices]


def history_of(entity: Entity) -> list[ResponsiblePerson]:
    """Those who were named before, the latest first; of each network at most some hundred are kept in sight."""
    rows = entity.responsible.exclude(until=None).select_related("set_by", "ended_by")
    return list(rows.order_by("-until", "-pk")[:100])


def may_name(actor: Actor, entity: Entity, network: str) -> bool:
    """Who may change the child names all five; a school's lead the school's own."""
    place = (entity.area.path if entity.area else None, entity.school_id, entity.class_name)
    if scope_of(actor, Verb.ENTITY_UPDATE).covers(*place):
        return True
    return network == Network.SCHOOL and scope_of(actor, Verb.TASK_ASSIGN).covers(*place)


@transaction.atomic
def name_responsible(entity: Entity, wanted: Mapping[str, Named | None], *, actor: Actor) -> None:
    """Name the persons of some networks, None: nobody from today; the same person again changes nothing. Problem
    403.1, for all or none.
    """
    lock_entity(entity.dataset, str(entity.uuid))
    changed = []
    for network, named in wanted.items():
        if not may_name(actor, entity, network):
            raise Problem(FORBIDDEN)
        if _name(entity, network, named, actor):
            changed.append(network)
    if changed:
        record(
            "entity.responsible",
            actor=actor,
            subject=f"entity:{entity.uuid}",
            project_id=entity.dataset.project_id,
            details={"networks": changed},
        )


def _name(entity: Entity, network: str, named: Named | None, actor: Actor) -> bool:
    now = entity.responsible.filter(network=network, until=None).first()
    if now is None and named is None:
        return False
    if now is not None and named is not None and _is_same(now, named):
        return False
    if now is not None:
        now.until = max(named.since if named else clock.today(), now.since)
        now.ended_by = actor
        now.save(update_fields=["until", "ended_by"])
    if named is not None:
        ResponsiblePerson.objects.create(
            entity=entity,
            network=network,
            name=named.name,
            phone=named.phone,
            post=named.post,
            since=named.since if now is None else max(named.since, now.since),
            set_by=actor,
        )
    return True


def _is_same(now: ResponsiblePerson, named: Named) -> bool:
    return (now.name, now.phone, now.post) == (named.name, named.phone, named.post)


@transaction.atomic
def name_in_area(
    dataset: Dataset, area: Area, network: str, named: Named, *, replaces: bool, actor: Actor
) -> int:
    """Name one person for a network of all living children in `area` whom the actor may change: those without one, or
    with `replaces` all. Answers for how many. Problems: 403.1, RESPONSIBLE_INVALID for too many at once.
    """
    rows = entities_for(actor, dataset, Verb.ENTITY_UPDATE).filter(
        deleted_at=None, area__in=Area.objects.within([area.path])
    )
    if not replaces:
        rows = rows.exclude(
            pk__in=ResponsiblePerson.objects.filter(network=network, until=None).values("entity")
        )
    keys = list(rows.order_by("pk").values_list("pk", flat=True)[: MOST_AT_ONCE + 1])
    if len(keys) > MOST_AT_ONCE:
        reason = f"at most {MOST_AT_ONCE} children at once: take a smaller area"
        raise Problem(problems.RESPONSIBLE_INVALID, reason=reason)
    fresh = _end_others(keys, network, named, actor)
    ResponsiblePerson.objects.bulk_create(
        [
            ResponsiblePerson(
                entity_id=pk, network=network, name=named.name, phone=named.phone,
                post=named.post, since=named.since, set_by=actor,
            )
            for pk in fresh
        ],
        batch_size=500,
    )  # fmt: skip
    record(
        "entity.responsible",
        actor=actor,
        subject=f"dataset:{dataset.name}",
        project_id=dataset.project_id,
        details={"area": area.code, "networks": [network], "count": len(fresh)},
    )
    return len(fresh)


def _end_others(keys: list[int], network: str, named: Named, actor: Actor) -> list[int]:
    """End those who are named now, unless they are the same person; answers who needs a new row."""
    same: set[int] = set()
    for at in range(0, len(keys), 500):
        now = ResponsiblePerson.objects.filter(
            entity__in=keys[at : at + 500], network=network, until=None
        )
        kept = now.filter(name=named.name, phone=named.phone, post=named.post)
        same |= set(kept.values_list("entity_id", flat=True))
        others = now.exclude(entity__in=same)
        others.filter(since__gt=named.since).update(until=clock.today(), ended_by=actor)
        others.update(until=named.since, ended_by=actor)
    return [pk for pk in keys if pk not in same]
