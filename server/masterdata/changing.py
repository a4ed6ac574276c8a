"""Areas, schools and units are created, renamed, given other codes, moved and opened again; every change is kept.

Each takes an `Order`: who, since when, by which document. Records keep pointing at the place, so they follow by
themselves; only paths of areas are rewritten, for the whole subtree in one statement.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import F, Max, Value
from django.db.models.functions import Concat, Length, Substr

from server import clock
from server.journal.services import emit, record
from server.masterdata import checks, problems
from server.masterdata.checks import Place
from server.people.models import Actor
from server.places.finding import MODELS
from server.places.models import Area, Change, FormerCode, School, Unit
from server.problems import NOT_FOUND, Problem

PATH_LENGTH = 120
P = TypeVar("P", bound=Area | School | Unit)
Deed = Change.Deed


@dataclass(frozen=True, slots=True)
class Order:
    """Who orders a change (None: the system itself), since when it holds, and the document that says so."""

    actor: Actor | None
    on: date = field(default_factory=clock.today)
    source: str = ""
    batch: str = ""


@transaction.atomic
def create_area(
    code: str, name: str, kind: str, parent: Area | None, order: Order, name_en: str = ""
) -> Area:
    """A new area under `parent` (None for a county). Problems: CODE, NAME, PARENT, CLOSED, CONFLICT, 403.1."""
    parent = _locked(parent) if parent else None
    checks.check_reach(order.actor, parent.path if parent else "")
    name = checks.checked_name(name)
    checks.check_parent(name, kind, parent)
    checks.check_area_code(code, kind, parent.code if parent else "")
    checks.check_unused("area", code)
    made = Area.objects.create(
        code=code, name=name, name_en=name_en.strip()[:100], kind=kind, parent=parent,
        path=_fitting(Area.path_of(code, parent)),
    )  # fmt: skip
    keep(made, Deed.CREATE, order, after={"code": code, "name": name})
    return made


@transaction.atomic
def create_placed(
    noun: str, code: str, name: str, area: Area, order: Order, name_en: str = ""
) -> School | Unit:
    """A new school or unit in `area`. Problems: CODE, NAME, CLOSED, CONFLICT, 403.1."""
    area = _locked(area)
    checks.check_reach(order.actor, area.path)
    name = checks.checked_name(name)
    checks.check_free_code(code)
    checks.check_unused(noun, code)
    if area.closed_on:
        raise Problem(problems.CLOSED, name=area.name)
    model = School if noun == "school" else Unit
    made = model._default_manager.create(
        code=code, name=name, name_en=name_en.strip()[:100], area=area
    )
    keep(made, Deed.CREATE, order, after={"code": code, "name": name})
    return made


@transaction.atomic
def rename(place: P, name: str, order: Order, name_en: str | None = None) -> P:
    """Another name; the former one is kept with its last day. Problems: NAME, CLOSED, 403.1."""
    place = open_for_change(place, order)
    before = {"name": place.name, "name_en": place.name_en}
    place.name = checks.checked_name(name)
    place.name_en = place.name_en if name_en is None else name_en.strip()[:100]
    after = {"name": place.name, "name_en": place.name_en}
    if before != after:
        place.save(update_fields=["name", "name_en"])
        keep(place, Deed.RENAME, order, before, after)
    return place


@transaction.atomic
def recode(place: P, code: str, order: Order) -> P:
    """Another code; the old one goes on finding the place. Problems: CODE, CONFLICT, CLOSED, 403.1."""
    place = open_for_change(place, order)
    if code == place.code:
        return place
    if isinstance(place, Area):
        checks.check_area_code(code, place.kind, place.parent.code if place.parent else "")
    else:
        checks.check_free_code(code)
    checks.check_unused(checks.noun_of(place), code, place.pk)
    before = {"code": place.code}
    set_code(place, code)
    keep(place, Deed.RECODE, order, before, {"code": code})
    return place


def set_code(place: Place, code: str) -> None:
    """Give `place` the code, keep the old one as a former one, and rewrite the paths below."""
    noun = checks.noun_of(place)
    FormerCode.objects.filter(noun=noun, code=code).delete()  # its own, given back
    FormerCode.objects.get_or_create(noun=noun, code=place.code, defaults={"place_id": place.pk})
    place.code = code
    place.save(update_fields=["code"])
    if isinstance(place, Area):
        rewrite_paths(place, place.parent)


@transaction.atomic
def move(place: P, into: Area | None, order: Order) -> P:
    """Put a place under another area, with all below it. Problems: PARENT, CLOSED, 403.1 (here or there)."""
    place = open_for_change(place, order)
    into = _locked(into) if into else None
    checks.check_reach(order.actor, into.path if into else "")
    held = place.parent if isinstance(place, Area) else place.area
    if held == into:
        return place
    if isinstance(place, Area):
        checks.check_parent(place.name, place.kind, into)
    elif into is None or into.closed_on:
        raise Problem(problems.PARENT, name=place.name, parent=into.name if into else "—")
    set_home(place, into)
    keep(
        place, Deed.MOVE, order, {"in": held.code if held else ""}, {"in": into.code if into else ""}
    )  # fmt: skip
    return place


def set_home(place: Place, into: Area | None) -> None:
    """Put `place` under `into`."""
    if isinstance(place, Area):
        place.parent = into
        place.save(update_fields=["parent"])
        rewrite_paths(place, into)
    elif into is not None:
        place.area = into
        place.save(update_fields=["area"])


@transaction.atomic
def reopen(place: P, order: Order) -> P:
    """A closed place that is open again; what a merge took to another stays there. Problems: CLOSED, 403.1."""
    place = _locked(place)
    checks.check_reach(order.actor, checks.path_of(place))
    above = place.parent if isinstance(place, Area) else place.area
    if above is not None and above.closed_on:
        raise Problem(problems.CLOSED, name=above.name)
    if place.closed_on:
        before = {"closed_on": place.closed_on.isoformat()}
        place.closed_on, place.successor = None, None  # type: ignore[assignment]
        place.save(update_fields=["closed_on", "successor"])
        keep(place, Deed.REOPEN, order, before)
    return place


def rewrite_paths(area: Area, parent: Area | None) -> None:
    """Give `area` and all below it the paths that follow from its code and `parent`."""
    old, new = area.path, Area.path_of(area.code, parent)
    if old == new:
        return
    below = Area.objects.filter(path__startswith=old)
    longest = below.aggregate(most=Max(Length("path")))["most"] or len(old)
    _fitting(new + "x" * (longest - len(old)))
    below.update(path=Concat(Value(new), Substr(F("path"), len(old) + 1)))
    area.path = new


def open_for_change(place: P, order: Order) -> P:
    """`place`, held until the transaction ends. Problems: 403.1, CLOSED, 404.1."""
    place = _locked(place)
    checks.check_reach(order.actor, checks.path_of(place))
    if place.closed_on:
        raise Problem(problems.CLOSED, name=place.name)
    return place


def keep(
    place: Place, deed: Change.Deed, order: Order, before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None, moved: Mapping[str, Any] | None = None,
) -> Change:  # fmt: skip
    """Write a change down, in its own table and in the journal, and let others follow it (event `place.changed`)."""
    noun = checks.noun_of(place)
    change = Change.objects.create(
        noun=noun, place_id=place.pk, deed=deed, before=dict(before or {}), after=dict(after or {}),
        moved=dict(moved or {}), on=order.on, source=order.source.strip()[:200], batch=order.batch,
        actor_id=order.actor.pk if order.actor else None,
    )  # fmt: skip
    tell(change, f"place.{deed}", place, order.actor)
    return change


def tell(change: Change, action: str, place: Place, actor: Actor | None) -> None:
    """The journal's entry of a change."""
    details = {"name": place.name, **change.after}
    if change.before:
        details["before"] = change.before
    record(
        action, actor=actor, subject=f"{change.noun}:{place.code}", details=details,
        event="place.changed", payload={"change_id": change.pk},
    )  # fmt: skip


def follow_change(change: Change) -> None:
    """Let others follow a change that stands for many."""
    emit("place.changed", {"change_id": change.pk})


def _locked(place: P) -> P:
    model = MODELS[checks.noun_of(place)]
    found = model._default_manager.select_for_update().filter(pk=place.pk).first()
    if found is None:
        raise Problem(NOT_FOUND)
    return found  # type: ignore[return-value]


def _fitting(path: str) -> str:
    if len(path) > PATH_LENGTH:
        raise Problem(problems.CODE, code=path.split("/")[-2], reason="the codes are too long")
    return path
