"""Places as somebody may see them: those within the areas, schools and classes of their roles."""

import hashlib
import json
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from server.people.access import Scope, scope_of
from server.people.models import Actor
from server.people.roles import Verb
from server.places.finding import MODELS
from server.places.models import Area, Boundary, Change, FormerCode, School, SchoolClass, Unit


def sight_of(actor: Actor | None) -> Scope:
    """Where `actor` sees places: wherever a role lets them into the project."""
    return scope_of(actor, Verb.PROJECT_READ)


def areas_of(scope: Scope) -> QuerySet[Area]:
    """The areas within `scope`."""
    return Area.objects.all() if scope.everywhere else Area.objects.within(scope.paths)


def schools_of(scope: Scope) -> QuerySet[School]:
    """The schools that stand within `scope`, and those that it names."""
    if scope.everywhere:
        return School.objects.all()
    named = {*scope.schools, *(key for key, _ in scope.classes)}
    return School.objects.filter(Q(area__in=Area.objects.within(scope.paths)) | Q(pk__in=named))


def units_of(scope: Scope) -> QuerySet[Unit]:
    """The units within `scope`."""
    if scope.everywhere:
        return Unit.objects.all()
    return Unit.objects.filter(area__in=Area.objects.within(scope.paths))


def counted(areas: QuerySet[Area]) -> QuerySet[Area]:
    """With `below` and `pupils_at` (how many open areas and schools stand in each), and whether there is an outline."""
    return areas.annotate(
        below=Count("children", filter=Q(children__closed_on=None), distinct=True),
        houses=Count("schools", filter=Q(schools__closed_on=None), distinct=True),
        is_outlined=Exists(Boundary.objects.filter(area=OuterRef("pk"))),
    )


@dataclass(frozen=True, slots=True)
class History:
    """The changes of a place, newest first, and the codes it had."""

    changes: list[Change]
    codes: list[str]

    @property
    def last(self) -> int | None:
        """The key of the change that may be undone."""
        return next(
            (one.pk for one in self.changes if one.undone_at is None and one.deed != "create"), None
        )


def history_of(noun: str, key: int, limit: int = 100) -> History:
    """What became of one place."""
    changes = Change.objects.filter(noun=noun, place_id=key)[:limit]
    codes = FormerCode.objects.filter(noun=noun, place_id=key).order_by("code")
    return History(list(changes), list(codes.values_list("code", flat=True)))


def fingerprint() -> str:
    """What the master data are now: a plan that was made for others must not be applied."""
    digest = hashlib.sha256()
    columns = ("pk", "code", "name", "name_en", "closed_on", "successor_id")
    for noun, model in MODELS.items():
        home = "parent_id" if noun == "area" else "area_id"
        for row in model._default_manager.order_by("pk").values_list(*columns, home).iterator(2000):
            digest.update(json.dumps(row, default=str).encode())
    for one in SchoolClass.objects.order_by("pk").values_list().iterator(2000):
        digest.update(json.dumps(one).encode())
    return digest.hexdigest()
