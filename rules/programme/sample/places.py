"""The areas and schools of the sample county."""

from dataclasses import dataclass
from random import Random

from rules.programme.sample import names
from server.places.models import Area, School

# children -> towns, villages in each
SIZES = ((60, 2, 3), (1500, 6, 6), (10**9, 12, 12))


@dataclass(frozen=True, slots=True)
class Town:
    """A town with its villages and schools; a town without a junior school sends pupils to another's."""

    area: Area
    villages: tuple[Area, ...]
    kindergarten: School
    primary: School
    junior: School | None


@dataclass(frozen=True, slots=True)
class County:
    """The whole county."""

    area: Area
    towns: tuple[Town, ...]
    senior: School

    def town_of(self, village: Area) -> Town:
        """The town in which `village` lies."""
        return next(town for town in self.towns if town.area.pk == village.parent_id)

    def junior_of(self, town: Town) -> School:
        """Where the children of `town` go after primary school."""
        found = town.junior or next(one.junior for one in self.towns if one.junior)
        assert found is not None  # noqa: S101  the first town has one
        return found


def make_places(draw: Random, children: int) -> County:
    """A county large enough for `children`."""
    towns, villages = next(row[1:] for row in SIZES if children <= row[0])
    county = _area(names.COUNTY_CODE, names.COUNTY, Area.Kind.COUNTY, None)
    named = names.village_names(draw, towns * villages)
    made = []
    for number in range(towns):
        mine = named[number * villages : (number + 1) * villages]
        made.append(_town(county, number, mine))
    senior = _school(made[0].area, 9, ("安禾县第一中学", "Anhe County No. 1 High School"))
    return County(county, tuple(made), senior)


def _town(county: Area, number: int, villages: list[str]) -> Town:
    zh, en = names.TOWNS[number]
    town = _area(f"{county.code}{100 + number}", (zh, en), Area.Kind.TOWN, county)
    areas = tuple(
        _area(f"{town.code}{201 + index}", (name, ""), Area.Kind.VILLAGE, town)
        for index, name in enumerate(villages)
    )
    short, english = zh.removesuffix("镇"), en.removesuffix(" Town")
    return Town(
        area=town,
        villages=areas,
        kindergarten=_school(town, 1, (f"{short}镇中心幼儿园", f"{english} Kindergarten")),
        primary=_school(town, 2, (f"{short}镇中心小学", f"{english} Primary School")),
        junior=_school(town, 3, (f"{short}镇初级中学", f"{english} Junior School"))
        if number % 3 == 0
        else None,
    )


def _area(code: str, name: tuple[str, str], kind: Area.Kind, parent: Area | None) -> Area:
    return Area.objects.create(
        code=code,
        name=name[0],
        name_en=name[1],
        kind=kind,
        parent=parent,
        path=Area.path_of(code, parent),
    )


def _school(town: Area, number: int, name: tuple[str, str]) -> School:
    return School.objects.create(
        code=f"{town.code}S{number:02d}", name=name[0], name_en=name[1], area=town
    )
