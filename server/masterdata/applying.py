"""A plan becomes true: all of it in one transaction, or nothing; new places in a few statements however many."""

import uuid
from collections.abc import Sequence

from django.db import transaction

from server import clock
from server.journal.services import record
from server.masterdata import changing, ending, problems
from server.masterdata.changing import Order
from server.masterdata.planning import Plan, Rows, Step, plan
from server.masterdata.reading import fingerprint
from server.people.models import Actor
from server.places.finding import MODELS
from server.places.models import Area, Change, Draft, School, SchoolClass, Unit
from server.problems import NOT_FOUND, Problem

TURNS = ("rename", "move", "recode", "merge", "close")


def keep_draft(rows: Rows, actor: Actor) -> Draft:
    """Keep an uploaded workbook until it is applied; older ones of the same person go."""
    Draft.objects.filter(actor_id=actor.pk, applied_at=None).delete()
    return Draft.objects.create(rows=rows, basis=fingerprint(), actor_id=actor.pk)


@transaction.atomic
def apply_draft(draft_id: int, actor: Actor, source: str = "") -> Plan:
    """Apply a looked-at workbook. Problems: 404.1, OUTDATED if anything changed since, FAULTY, those of each deed."""
    found = Draft.objects.select_for_update().filter(pk=draft_id, actor_id=actor.pk)
    draft = found.filter(applied_at=None).first()
    if draft is None:
        raise Problem(NOT_FOUND)
    if fingerprint() != draft.basis:
        raise Problem(problems.OUTDATED)
    made = plan(draft.rows, actor)
    if made.faults:
        raise Problem(problems.FAULTY)
    order = Order(actor, source=source, batch=uuid.uuid4().hex)
    apply_plan(made, order)
    draft.rows, draft.applied_at = {}, clock.now()
    draft.save(update_fields=["rows", "applied_at"])
    return made


@transaction.atomic
def apply_plan(made: Plan, order: Order) -> None:
    """Do all steps: new places first, then the classes, then changes, in the end what closes."""
    new = [one for one in made.steps if one.deed == "create"]
    for kind in Area.Kind.values:
        _create_areas(
            [one for one in new if one.noun == "area" and one.said.get("kind") == kind], order
        )
    for model, noun in ((School, "school"), (Unit, "unit")):
        _create_placed(model, [one for one in new if one.noun == noun], order)
    _create_classes([one for one in made.steps if one.deed == "class"])
    for deed in TURNS:
        for step in made.steps:
            if step.deed == deed:
                _change(step, order)
    record("place.import", actor=order.actor, details={"batch": order.batch, **made.counts})


def _create_areas(steps: Sequence[Step], order: Order) -> None:
    parents = Area.objects.in_bulk({one.said.get("parent", "") for one in steps}, field_name="code")
    rows = []
    for one in steps:
        parent = parents.get(one.said.get("parent", ""))
        rows.append(
            Area(
                code=one.code, name=one.name, name_en=one.said.get("name_en", "")[:100],
                kind=one.said["kind"], parent=parent, path=Area.path_of(one.code, parent),
            )
        )  # fmt: skip
    _note(Area.objects.bulk_create(rows, batch_size=500), "area", order)


def _create_placed(model: type[School] | type[Unit], steps: Sequence[Step], order: Order) -> None:
    areas = Area.objects.in_bulk({one.said["area"] for one in steps}, field_name="code")
    rows = [
        model(
            code=one.code, name=one.name, name_en=one.said.get("name_en", "")[:100],
            area=areas[one.said["area"]],
        )
        for one in steps
    ]  # fmt: skip
    made = model._default_manager.bulk_create(rows, batch_size=500)  # type: ignore[arg-type]
    _note(made, "school" if model is School else "unit", order)


def _create_classes(steps: Sequence[Step]) -> None:
    schools = School.objects.in_bulk({one.code for one in steps}, field_name="code")
    SchoolClass.objects.bulk_create(
        [
            SchoolClass(school=schools[one.code], year=int(one.said["year"]), name=one.said["name"])
            for one in steps
        ],
        batch_size=500,
    )


def _note(rows: Sequence[Area | School | Unit], noun: str, order: Order) -> None:
    """The history of new places; the journal has one entry for the whole workbook, with the batch's number."""
    actor_id = order.actor.pk if order.actor else None
    changes = Change.objects.bulk_create(
        [
            Change(
                noun=noun, place_id=one.pk, deed=Change.Deed.CREATE, on=order.on, source=order.source[:200],
                after={"code": one.code, "name": one.name}, batch=order.batch, actor_id=actor_id,
            )
            for one in rows
        ],
        batch_size=500,
    )  # fmt: skip
    if changes:
        changing.follow_change(changes[-1])


def _change(step: Step, order: Order) -> None:
    model = MODELS[step.noun]
    code = (
        step.code
        if step.deed in ("rename", "move", "recode")
        else step.said.get("new_code") or step.code
    )
    place = model._default_manager.get(code=code)
    if step.deed == "rename":
        changing.rename(place, step.name, order, step.said.get("name_en"))
    elif step.deed == "move":
        changing.move(place, Area.objects.get(code=step.after), order)
    elif step.deed == "recode":
        changing.recode(place, step.after, order)
    elif step.deed == "merge":
        into = model._default_manager.filter(code=step.said["merged_into"]).first()
        if into is None:
            raise Problem(problems.NOT_MERGEABLE, name=place.name, into=step.after)
        ending.merge(place, into, order)
    else:
        ending.close(place, order)
