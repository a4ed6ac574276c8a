"""Where a child has moved: its home and school, read from the versions of its entity."""

from collections.abc import Iterable

from django.db.models import QuerySet
from django.db.models.fields.json import KT

from forms.models import Dataset, Entity, EntityVersion
from rules.engine.calendar.openings import Move
from rules.engine.rule_set import RuleSet
from server import clock
from server.places.models import Area, School

_MOST_CODES = 200  # of one child; a list longer than that is no history of homes


def moves_of(entity: Entity, rule_set: RuleSet) -> tuple[Move, ...]:
    """The changes of home and school, oldest first; empty where the rule set asks for nothing when a child moves.

    One query for nearly every child: one that has a single home in all its versions.
    """
    wanted = {
        what
        for item in rule_set.calendar
        if item.trigger.kind == "area_changed"
        for what in item.trigger.of
    }
    columns = {what: column for what, column in _columns(entity.dataset) if what in wanted}
    if not columns:
        return ()
    named = {what: KT(f"data__{column}") for what, column in columns.items()}
    versions = EntityVersion.objects.filter(entity=entity).annotate(**named)
    homes = versions.order_by(*columns).values(*columns).distinct()
    seen = list(homes[:_MOST_CODES])
    found: list[Move] = []
    for what in columns:
        codes = sorted({row[what] for row in seen if row[what]})
        if len(codes) > 1:
            found += _moves(versions, what, codes)
    return tuple(found)


def _columns(dataset: Dataset) -> Iterable[tuple[str, str]]:
    pairs = (("home", dataset.area_property), ("school", dataset.school_property))
    return ((what, column) for what, column in pairs if column)


def _moves(versions: QuerySet[EntityVersion], what: str, codes: list[str]) -> Iterable[Move]:
    paths = _paths(what, codes)
    before = ""
    rows = versions.order_by("version").values_list("version", what, "created_at")
    for number, code, at in rows:
        if not code or code == before or code not in paths:
            continue
        if before:
            key = f"{before}>{code}:{number}"
            yield Move(what, paths[before], paths[code], key[-120:], clock.local_day(at))
        before = code


def _paths(what: str, codes: list[str]) -> dict[str, tuple[str, ...]]:
    """Area codes from the county down, by the code of the home or of the school."""
    if what == "home":
        areas = Area.objects.filter(code__in=codes)
        return {area.code: tuple(area.ancestor_codes) for area in areas}
    schools = School.objects.filter(code__in=codes).select_related("area")
    return {school.code: tuple(school.area.ancestor_codes) for school in schools}
