"""The children whom a simulation moves, as a reader may see them: by name only those whom one may read,
others of one's areas without anything that tells who they are (domain report, section 7.1)."""

from dataclasses import dataclass

from django.db.models import Q, QuerySet

from forms.models import Entity
from rules.models import Move, Simulation
from rules.services.simulations.groups import age_group, sex_of, town_codes, town_of
from server.journal.services import record
from server.people.access import Scope, require, scope_of
from server.people.models import Actor
from server.people.roles import Verb
from server.places.models import Area

PAGE = 50


@dataclass(frozen=True, slots=True)
class Mover:
    """One child that moves; `child` only for who may read it, else it is the row's number alone."""

    move: Move
    child: Entity | None
    town: Area | None
    sex: str  # the registry's code
    age: str  # a group, as of the simulation's day


def visible_moves(simulation: Simulation, reader: Actor | None) -> QuerySet[Move]:
    """The moves of living children where the reader may read rules or children. Problems: 401.2,
    403.1."""
    require(reader, Verb.RULES_READ)
    seen = _either(scope_of(reader, Verb.RULES_READ), scope_of(reader, Verb.ENTITY_READ))
    return Move.objects.filter(seen, simulation=simulation, entity__deleted_at=None)


def page_of_movers(
    simulation: Simulation,
    reader: Actor,
    *,
    old: str = "",
    new: str = "",
    after: str = "",
    size: int = PAGE,
) -> tuple[list[Mover], str]:
    """A page of those who move (from tier `old`, to tier `new`), the highest new tier first, and the
    key of the next page ("": none). Reading names is journalled. Problems: 401.2, 403.1."""
    rows = visible_moves(simulation, reader)
    rows = rows.filter(old_tier=old) if old else rows
    rows = rows.filter(new_tier=new) if new else rows
    if key := _key(after):
        rank, pk = key
        rows = rows.filter(Q(new_rank__lt=rank) | Q(new_rank=rank, pk__gt=pk))
    related = ("entity__area__parent", "entity__school", "entity__dataset")
    found = list(rows.select_related(*related).order_by("-new_rank", "pk")[: size + 1])
    page = found[:size]
    last = page[-1] if len(found) > size else None
    listed = _movers(simulation, reader, page)
    _journal(simulation, reader, sum(one.child is not None for one in listed))
    return listed, f"{last.new_rank}~{last.pk}" if last else ""


def readable_areas(reader: Actor | None) -> Scope:
    """Where the reader may read rules: of towns elsewhere a result shows nothing."""
    return scope_of(reader, Verb.RULES_READ)


def _movers(simulation: Simulation, reader: Actor, moves: list[Move]) -> list[Mover]:
    scope, codes = scope_of(reader, Verb.ENTITY_READ), town_codes()
    places = {area.code: area for area in Area.objects.filter(code__in=_towns(moves, codes))}
    listed = []
    for move in moves:
        child = move.entity
        path = child.area.path if child.area else None
        may_read = scope.covers(path, child.school_id, child.class_name)
        town = places.get(town_of(path, codes))
        age = age_group(child.data.get("dob"), simulation.as_of)
        listed.append(Mover(move, child if may_read else None, town, sex_of(child), age))
    return listed


def _towns(moves: list[Move], codes: frozenset[str]) -> set[str]:
    return {town_of(one.entity.area.path, codes) for one in moves if one.entity.area}


def _either(one: Scope, other: Scope) -> Q:
    if one.everywhere or other.everywhere:
        return Q()  # an empty condition would vanish beside another
    return one.query("entity__") | other.query("entity__")


def _journal(simulation: Simulation, reader: Actor, named: int) -> None:
    if named:
        record(
            "entity.list",
            actor=reader,
            subject=f"rule_set:{simulation.rule_set.name}",
            project_id=simulation.rule_set.project_id,
            details={"simulation": simulation.pk, "count": named},
        )


def _key(text: str) -> tuple[int, int] | None:
    rank, _, pk = text.partition("~")
    try:
        key = int(rank), int(pk)
    except ValueError:
        return None
    return key if all(abs(part) < 2**31 for part in key) else None
