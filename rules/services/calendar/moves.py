"""Where a child has moved: its home and school, read from the versions of its entity."""

from collections.abc import Iterable

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
    found: list[Move] = []
    for what, column in _columns(entity.dataset):
        if what in wanted:
            found += _moves(entity, what, column)
    return tuple(found)


def _columns(dataset: Dataset) -> Iterable[tuple[str, str]]:
    pairs = (("home", dataset.area_property), ("school", dataset.school_property))
    return ((what, column) for what, column in pairs if column)


def _moves(entity: Entity, what: str, column: str) -> Iterable[Move]:
    versions = EntityVersion.objects.filter(entity=entity)
    codes = versions.annotate(code=KT(f"data__{column}")).order_by("code")
    distinct = list(codes.values_list("code", flat=True).distinct()[:_MOST_CODES])
    told = [code for code in distinct if code]
    if len(told) < 2:
        return
    paths = _paths(what, told)
    before = ""
    for number, code, at in codes.order_by("version").values_list("version", "code", "created_at"):
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
