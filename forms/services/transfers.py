"""A child moves to another area or school: asked for by whoever may change it where it is, accepted or refused by
whoever may change children where it goes. Until then nothing moves.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from forms import problems
from forms.models import Entity, Transfer
from forms.registry.placing import Home
from forms.registry.writing import Origin, append_version, ensure_properties, lock_entity
from server import clock
from server.journal.services import emit, record
from server.people.access import Scope, scope_of
from server.people.models import Actor
from server.people.roles import Verb
from server.places.models import Area, School
from server.problems import FORBIDDEN, NOT_FOUND, UNEXPECTED, Problem

ANSWER_WITHIN = timedelta(days=15)  # domain report, section 4.5
FURTHEST = timedelta(days=366)  # of the day of moving, either way
TOWN_PROPERTY = "town_code"


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the child goes; what is None stays as it is. `leaves_school`: to no school."""

    area: Area | None = None
    school: School | None = None
    class_name: str = ""
    leaves_school: bool = False


def transfers_for(reader: Actor) -> QuerySet[Transfer]:
    """Those whose child the reader may see where it is, where it was or where it is to go."""
    scope = scope_of(reader, Verb.ENTITY_READ)
    rows = Transfer.objects.filter(_within(scope, "from") | _within(scope, "to"))
    return rows.select_related(
        "entity__dataset__project",
        "entity__area__parent",
        "from_area__parent",
        "from_school",
        "to_area__parent",
        "to_school__area",
        "requested_by",
        "decided_by",
    )


def _within(scope: Scope, side: str) -> Q:
    if scope.everywhere:
        return Q()
    schools = [*scope.schools, *(school for school, _ in scope.classes)]
    wanted = Q(pk__in=[])
    if scope.paths:
        inside = Area.objects.within(scope.paths)
        wanted |= Q(**{f"{side}_area__in": inside})
        if side == "to":  # a school alone stands in its area
            wanted |= Q(to_area=None, to_school__area__in=inside)
    return wanted | Q(**{f"{side}_school__in": schools}) if schools else wanted


def transfer_of(reader: Actor, number: int) -> Transfer:
    """One of them. Problem 404.1."""
    found = transfers_for(reader).filter(pk=number).first()
    if found is None:
        raise Problem(NOT_FOUND)
    return found


def request_transfer(
    entity: Entity, to: Destination, *, reason: str, moves_on: date, note: str = "", actor: Actor
) -> Transfer:
    """Ask for it. Who may change children at both ends needs no second person: it is accepted at once.

    Problems: TRANSFER_NOWHERE, TRANSFER_OPEN, 400.8 for a reason or day that makes no sense.
    """
    _check(entity, to, reason, moves_on)
    try:
        with transaction.atomic():
            transfer = _insert(entity, to, reason, moves_on, note, actor)
            _tell(transfer, "request", actor, note)
            if may_accept(actor, transfer):
                return _accept(transfer, actor, "")
    except IntegrityError as error:
        raise Problem(problems.TRANSFER_OPEN) from error
    return transfer


def _insert(
    entity: Entity, to: Destination, reason: str, moves_on: date, note: str, actor: Actor
) -> Transfer:
    return Transfer.objects.create(
        entity=entity,
        from_area=entity.area,
        from_school=entity.school,
        from_class=entity.class_name,
        to_area=to.area,
        to_school=to.school,
        to_class=to.class_name[:50],
        leaves_school=to.leaves_school,
        reason=reason,
        note=note[:500],
        moves_on=moves_on,
        due_on=clock.today() + ANSWER_WITHIN,
        requested_by=actor,
    )


def _check(entity: Entity, to: Destination, reason: str, moves_on: date) -> None:
    if reason not in Transfer.Reason.values:
        raise Problem(UNEXPECTED, field="reason", value=reason[:40], reason="no such reason")
    if abs(moves_on - clock.today()) > FURTHEST:
        raise Problem(
            UNEXPECTED, field="movesOn", value=moves_on, reason="more than a year from today"
        )
    goes = (
        (to.area is not None and to.area.pk != entity.area_id)
        or (to.school is not None and to.school.pk != entity.school_id)
        or (to.leaves_school and entity.school_id is not None)
        or (to.class_name and to.class_name != entity.class_name)
    )
    if not goes or (to.area is None and to.school is None and not to.leaves_school):
        raise Problem(problems.TRANSFER_NOWHERE)


def may_request(actor: Actor, entity: Entity) -> bool:
    """Whether `actor` may change the child (with its area at hand) where it is."""
    path = entity.area.path if entity.area else None
    scope = scope_of(actor, Verb.ENTITY_UPDATE)
    return scope.covers(path, entity.school_id, entity.class_name)


def may_accept(actor: Actor, transfer: Transfer) -> bool:
    """Whether `actor` may change children where this one is to go."""
    scope = scope_of(actor, Verb.ENTITY_UPDATE)
    area = transfer.to_area
    if area is not None:
        return scope.covers(area.path, transfer.to_school_id, transfer.to_class)
    school = transfer.to_school
    if school is not None:
        return scope.covers(school.area.path, school.pk, transfer.to_class)
    return may_request(actor, transfer.entity)  # leaves school: nobody takes over


def accept_transfer(transfer: Transfer, *, actor: Actor, answer: str = "") -> Transfer:
    """The child is there from now on. Problems: 403.1, TRANSFER_DECIDED, 404.1 for a child that is gone."""
    if not may_accept(actor, transfer):
        raise Problem(FORBIDDEN)
    with transaction.atomic():
        return _accept(_open(transfer), actor, answer)


def refuse_transfer(transfer: Transfer, *, actor: Actor, answer: str) -> Transfer:
    """It stays where it is, with a reason. Problems: 403.1, TRANSFER_DECIDED, TRANSFER_WHY."""
    if not may_accept(actor, transfer):
        raise Problem(FORBIDDEN)
    if not answer.strip():
        raise Problem(problems.TRANSFER_WHY)
    return _end(transfer, Transfer.State.REFUSED, "refuse", actor, answer)


def withdraw_transfer(transfer: Transfer, *, actor: Actor, answer: str = "") -> Transfer:
    """Whoever may ask for it takes it back. Problems: 403.1, TRANSFER_DECIDED."""
    if not may_request(actor, transfer.entity):
        raise Problem(FORBIDDEN)
    return _end(transfer, Transfer.State.WITHDRAWN, "withdraw", actor, answer)


@transaction.atomic
def _end(transfer: Transfer, state: str, action: str, actor: Actor, answer: str) -> Transfer:
    locked = _open(transfer)
    _decide(locked, state, actor, answer)
    _tell(locked, action, actor, answer)
    return locked


def _open(transfer: Transfer) -> Transfer:
    rows = Transfer.objects.select_for_update(of=("self",)).select_related(
        "entity__dataset", "entity__area", "to_area__parent", "to_school__area"
    )
    locked = rows.get(pk=transfer.pk)
    if locked.state != Transfer.State.REQUESTED:
        raise Problem(problems.TRANSFER_DECIDED)
    return locked


def _decide(transfer: Transfer, state: str, actor: Actor, answer: str) -> None:
    transfer.state, transfer.answer = state, answer.strip()[:500]
    transfer.decided_by, transfer.decided_at = actor, clock.now()
    transfer.save(update_fields=["state", "answer", "decided_by", "decided_at"])


def _accept(transfer: Transfer, actor: Actor, answer: str) -> Transfer:
    dataset = transfer.entity.dataset
    entity = lock_entity(dataset, str(transfer.entity.uuid))
    if entity is None or entity.deleted_at is not None:
        raise Problem(NOT_FOUND)
    told = _properties(transfer)
    ensure_properties(dataset, told)
    origin = Origin(actor, base_version=entity.version, received=told)
    append_version(
        entity, entity.label, {**entity.data, **told}, origin, home=_home(entity, transfer)
    )
    _decide(transfer, Transfer.State.ACCEPTED, actor, answer)
    _tell(transfer, "accept", actor, answer)
    payload = {"cause": "entity.transfer", "cause_subject": f"entity:{entity.uuid}"}
    emit("entity.touched", {"entity_id": entity.pk, **payload})
    return transfer


def _properties(transfer: Transfer) -> dict[str, str]:
    """The columns that say where the child is, as far as its list has such columns."""
    dataset, area, school = transfer.entity.dataset, transfer.to_area, transfer.to_school
    told: dict[str, str] = {}
    if area is not None and dataset.area_property:
        told[dataset.area_property] = area.code
        if TOWN_PROPERTY in transfer.entity.data:
            told[TOWN_PROPERTY] = _town_code(area)
    if (school is not None or transfer.leaves_school) and dataset.school_property:
        told[dataset.school_property] = school.code if school else ""
        if dataset.class_property:
            told[dataset.class_property] = transfer.to_class
    return told


def _town_code(area: Area) -> str:
    found: Area | None = area
    while found is not None and found.kind != Area.Kind.TOWN:
        found = found.parent
    return found.code if found else ""


def _home(entity: Entity, transfer: Transfer) -> Home:
    changes_school = transfer.to_school_id is not None or transfer.leaves_school
    return Home(
        transfer.to_area_id or entity.area_id,
        transfer.to_school_id if changes_school else entity.school_id,
        transfer.to_class if changes_school else entity.class_name,
    )


def _tell(transfer: Transfer, action: str, actor: Actor, note: str) -> None:
    record(
        f"entity.transfer.{action}",
        actor=actor,
        subject=f"entity:{transfer.entity.uuid}",
        project_id=transfer.entity.dataset.project_id,
        details={
            "transfer": transfer.pk,
            "area": transfer.to_area.code if transfer.to_area else None,
            "school": transfer.to_school.code if transfer.to_school else None,
            "reason": transfer.reason,
        },
        notes=note,
    )
    emit("transfer.changed", {"transfer_id": transfer.pk, "action": action})
