"""town.csv, village.csv and school.csv as phones get them: the areas and schools of the worker's region."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from forms.lists import ListFile, measured
from server.people.access import Scope
from server.places.models import Area, School


def places_list(name: str, scope: Scope) -> ListFile:
    """town.csv, village.csv or school.csv as somebody with `scope` gets it."""
    return measured(_PLACES[name](_Region.of(scope)))


@dataclass(frozen=True, slots=True)
class _Region:
    """The paths of the areas that a scope speaks of, with the towns and counties they stand in;
    None: everything.
    """

    paths: tuple[str, ...] | None

    @classmethod
    def of(cls, scope: Scope) -> "_Region":
        if scope.everywhere:
            return cls(None)
        schools = {*scope.schools, *(school for school, _ in scope.classes)}
        school_paths = (
            School.objects.filter(pk__in=schools).values_list("area__path", flat=True)
            if schools
            else []
        )
        # a teacher's pupils live anywhere in the school's town
        return cls(tuple(sorted({*scope.paths, *(_town_path(path) for path in school_paths)})))

    def within(self) -> QuerySet[Area]:
        return Area.objects.all() if self.paths is None else Area.objects.within(self.paths)

    def towns(self) -> QuerySet[Area]:
        rows = Area.objects.filter(kind=Area.Kind.TOWN)
        if self.paths is None:
            return rows
        return rows.filter(
            Q(pk__in=self.within()) | Q(path__in={_town_path(path) for path in self.paths})
        )

    def counties(self) -> list[str]:
        return sorted({f"/{path.split('/')[1]}/" for path in self.paths or ()})


def _town_path(path: str) -> str:
    """The path of the town that `path` stands in (county/town/village/group), or `path` itself
    above towns.
    """
    return "/".join(path.split("/")[:3]) + "/"


def _towns(region: _Region) -> Iterator[list[str]]:
    yield ["name", "label"]
    for code, name in region.towns().filter(closed_on=None).values_list("code", "name"):
        yield [code, name]


def _villages(region: _Region) -> Iterator[list[str]]:
    yield ["name", "label", "town_code"]
    villages = region.within().filter(kind=Area.Kind.VILLAGE, closed_on=None)
    villages = villages.select_related("parent")
    for village in villages:
        yield [village.code, village.name, village.parent.code if village.parent else ""]


def _schools(region: _Region) -> Iterator[list[str]]:
    """All schools of the worker's counties: children go to school in other towns too, and schools
    are public.
    """
    yield ["name", "label", "town_code"]
    schools = School.objects.filter(closed_on=None).select_related("area")
    if region.paths is not None:
        schools = schools.filter(area__in=Area.objects.within(region.counties()))
    towns = set(Area.objects.filter(kind=Area.Kind.TOWN).values_list("code", flat=True))
    for school in schools:
        town = next((code for code in school.area.ancestor_codes if code in towns), "")
        yield [school.code, school.name, town]


def _sites(region: _Region) -> Iterator[list[str]]:
    """Where no entity list `site` takes its place: a site is a new one."""
    yield ["name", "label"]
    yield ["new", "新点"]


_PLACES = {
    "town.csv": _towns, "village.csv": _villages, "school.csv": _schools, "site.csv": _sites,
}  # fmt: skip
