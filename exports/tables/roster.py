"""The roster: one row per child in the reader's scope, with tier and open work (domain report, report RP02)."""

from collections.abc import Iterator, Sequence
from datetime import date

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from exports.writers.table import Cell, Table
from forms.models import Entity
from rules.models import Task
from server import clock
from server.people.access import scope_of
from server.people.models import Actor
from server.people.roles import Verb
from server.places.models import Area


def readable_children(project_id: int, reader: Actor) -> QuerySet[Entity]:
    """The children whose rows `reader` may take away, by area and name."""
    scope = scope_of(reader, Verb.EXPORT_READ)
    return (
        Entity.objects.alive()
        .filter(scope.query(), dataset__project_id=project_id, dataset__name="child")
        .select_related("area", "school", "tier_state")
        .order_by("area__path", "id")
    )


def roster_table(project_id: int, reader: Actor) -> Table:
    """Children with identity, place, carer, tier and open tasks; titles in the reader's language."""
    header = (
        _("File number"), _("Child's name"), _("Sex"), _("Date of birth"), _("Age"), _("Town"), _("Village"),
        _("School"), _("Class"),
        _("Caregiver"), _("Caregiver's phone"), _("Tier"), _("Tier since"), _("Last visit"), _("Open tasks"),
        _("Overdue tasks"),
    )  # fmt: skip
    return Table(
        name=_("Roster"), header=header, rows=lambda: _rows(readable_children(project_id, reader))
    )


def _rows(children: QuerySet[Entity]) -> Iterator[Sequence[Cell]]:
    names = dict(Area.objects.values_list("code", "name"))
    sexes = {"male": _("Male"), "female": _("Female")}
    tiers = {"red": _("Red"), "yellow": _("Yellow"), "blue": _("Blue"), "green": _("Green")}
    live = Q(tasks__state__in=Task.LIVE)
    counted = children.annotate(
        open=Count("tasks", filter=live),
        overdue=Count("tasks", filter=live & Q(tasks__due_at__lt=clock.now())),
    )
    for child in counted.iterator(500):
        data, state = child.data, getattr(child, "tier_state", None)
        codes = child.area.ancestor_codes if child.area else []
        places = [names.get(code, code) for code in codes[1:3]] + ["", ""]
        born = _date(data.get("dob"))
        yield (
            str(child.uuid)[:8], data.get("child_name") or child.label, sexes.get(data.get("sex", ""), ""), born,
            _age(born), places[0], places[1], child.school.name if child.school else "", child.class_name,
            data.get("caregiver_name", ""), data.get("caregiver_phone", ""),
            tiers.get(state.tier, state.tier) if state else "",
            clock.local_day(state.since) if state and state.since else None,
            _date(data.get("last_visit_date")), child.open, child.overdue,
        )  # fmt: skip


def _date(text: str | None) -> date | None:
    try:
        return date.fromisoformat((text or "")[:10])
    except ValueError:
        return None


def _age(born: date | None) -> int | None:
    if born is None:
        return None
    today = clock.today()
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))
