"""Places end: they are closed, or merged into another that takes over all that points at them; and changes are undone.

Nothing is deleted. What a merge moved is written down by its keys, so that it can be brought back.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.apps import apps
from django.db import transaction
from django.db.models import CASCADE, ForeignKey, ForeignObjectRel, Model

from server import clock
from server.masterdata import checks, problems
from server.masterdata.changing import (
    Deed,
    Order,
    P,
    keep,
    open_for_change,
    set_code,
    set_home,
    tell,
)
from server.masterdata.checks import Place
from server.people.models import RoleGrant
from server.places.finding import MODELS
from server.places.models import Area, Change, FormerCode
from server.problems import NOT_FOUND, Problem


@transaction.atomic
def close(place: P, order: Order) -> P:
    """End a place in which nothing is left. Problems: STILL_USED, CLOSED, 403.1."""
    place = open_for_change(place, order)
    for field in _pointing(place):
        if (
            field.model is Area
            or field.model._meta.label == "forms.Entity"
            or field.model is RoleGrant
        ):
            rows = field.model._default_manager.filter(**{field.name: place.pk})
            still = rows.filter(closed_on=None) if field.model is Area else rows
            if still.exists():
                raise Problem(problems.STILL_USED, name=place.name)
    place.closed_on = order.on
    place.save(update_fields=["closed_on"])
    keep(place, Deed.CLOSE, order, after={"closed_on": order.on.isoformat()})
    return place


@transaction.atomic
def merge(place: P, into: P, order: Order) -> P:
    """Close `place`; its areas, schools, records and roles go to `into`. Problems: NOT_MERGEABLE, CLOSED, 403.1."""
    place, into = open_for_change(place, order), open_for_change(into, order)
    kinds = [getattr(one, "kind", "") for one in (place, into)]
    if place.pk == into.pk or kinds[0] != kinds[1]:
        raise Problem(problems.NOT_MERGEABLE, name=place.name, into=into.name)
    moved = _take_over(place, into)
    place.closed_on, place.successor = order.on, into  # type: ignore[assignment]
    place.save(update_fields=["closed_on", "successor"])
    keep(place, Deed.MERGE, order, after={"into": into.code}, moved=moved)
    return place


@transaction.atomic
def undo(change_id: int, order: Order) -> Place:
    """Take back the newest change of a place. Problems: 404.1, NOT_LAST, NOT_UNDOABLE, 403.1, CONFLICT."""
    change = Change.objects.select_for_update().filter(pk=change_id).first()
    if change is None:
        raise Problem(NOT_FOUND)
    place = MODELS[change.noun]._default_manager.select_for_update().get(pk=change.place_id)
    checks.check_reach(order.actor, checks.path_of(place))
    newer = Change.objects.filter(noun=change.noun, place_id=change.place_id, undone_at=None)
    if change.undone_at or newer.filter(pk__gt=change.pk).exists():
        raise Problem(problems.NOT_LAST)
    _UNDO.get(Deed(change.deed), _refuse)(place, change, order)
    change.undone_at = clock.now()
    change.save(update_fields=["undone_at"])
    tell(change, "place.undo", place, order.actor)
    return place


def _take_over(place: Place, into: Place) -> dict[str, list[int]]:
    """Point all that points at `place` to `into`: model.field -> keys."""
    moved: dict[str, list[int]] = {}
    for field in _pointing(place):
        rows = field.model._default_manager.filter(**{field.name: place.pk})
        if field.model is RoleGrant:
            rows = rows.exclude(pk__in=_held_already(rows, field.name, into))
        keys = list(rows.order_by("pk").values_list("pk", flat=True))
        if keys:
            _point(field, keys, place, into)
            moved[f"{field.model._meta.label}.{field.name}"] = keys
    return moved


def _held_already(rows: Any, name: str, into: Place) -> list[int]:
    """The grants that their holders have over `into` as well: they stay, for they may be there only once."""
    there = set(
        RoleGrant.objects.filter(**{name: into.pk}).values_list("user_id", "role", "class_name")
    )
    return [
        pk
        for pk, *held in rows.values_list("pk", "user_id", "role", "class_name")
        if tuple(held) in there
    ]


def _pointing(place: Place) -> Iterator[ForeignKey[Any, Any]]:
    """The foreign keys, of whichever floor, that place rows in this place."""
    model = MODELS[checks.noun_of(place)]
    for relation in model._meta.get_fields(include_hidden=True):
        if not isinstance(relation, ForeignObjectRel):
            continue
        field = relation.field
        # rows that go with their place (CASCADE) are its own history or are only counted for speed
        is_own = relation.on_delete is CASCADE or field.name == "successor"
        if isinstance(field, ForeignKey) and not is_own:
            yield field


def _point(field: ForeignKey[Any, Any], keys: list[int], here: Place, there: Place) -> None:
    """Rows `keys` that point at `here` point at `there` from now on; areas take their subtree along."""
    rows = field.model._default_manager.filter(**{field.name: here.pk, "pk__in": keys})
    if field.model is not Area:
        for start in range(0, len(keys), 500):  # SQLite takes so many values in one statement
            part = keys[start : start + 500]
            field.model._default_manager.filter(**{field.name: here.pk, "pk__in": part}).update(
                **{field.name: there.pk}
            )
        return
    for area in rows:
        set_home(area, there)  # type: ignore[arg-type]


def _unmerge(place: Place, change: Change, order: Order) -> None:
    into = place.successor
    for name, keys in change.moved.items():
        label, _, field_name = name.rpartition(".")
        model: type[Model] = apps.get_model(label)
        field = model._meta.get_field(field_name)
        if into is not None and isinstance(field, ForeignKey):
            _point(field, keys, into, place)
    _open(place, change, order)


def _open(place: Place, change: Change, order: Order) -> None:
    place.closed_on, place.successor = None, None  # type: ignore[assignment]
    place.save(update_fields=["closed_on", "successor"])


def _close_again(place: Place, change: Change, order: Order) -> None:
    place.closed_on = date.fromisoformat(change.before["closed_on"])
    place.save(update_fields=["closed_on"])


def _name_back(place: Place, change: Change, order: Order) -> None:
    place.name, place.name_en = change.before["name"], change.before["name_en"]
    place.save(update_fields=["name", "name_en"])


def _code_back(place: Place, change: Change, order: Order) -> None:
    checks.check_unused(change.noun, change.before["code"], place.pk)
    FormerCode.objects.filter(noun=change.noun, code=change.before["code"]).delete()
    set_code(place, change.before["code"])


def _home_back(place: Place, change: Change, order: Order) -> None:
    home = Area.objects.filter(code=change.before["in"]).first()
    if home is not None and home.closed_on:
        raise Problem(problems.CLOSED, name=home.name)
    if home is None and change.before["in"]:
        raise Problem(NOT_FOUND)
    checks.check_reach(order.actor, home.path if home else "")
    set_home(place, home)


def _refuse(place: Place, change: Change, order: Order) -> None:
    raise Problem(problems.NOT_UNDOABLE)


_UNDO = {
    Deed.RENAME: _name_back, Deed.RECODE: _code_back, Deed.MOVE: _home_back, Deed.CLOSE: _open,
    Deed.MERGE: _unmerge, Deed.REOPEN: _close_again,
}  # fmt: skip
