"""By what the children of a simulation are counted: town, sex, age on its day."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import polars as pl

from forms.models import Entity
from server.places.models import Area

AGE_GROUPS = (
    (0, 2),
    (3, 5),
    (6, 11),
    (12, 15),
    (16, 17),
)  # nursery, kindergarten, school; 18 and over
OLDER = "18+"
COLUMNS = ("area", "sex", "age")


def age_group(born: Any, on: date) -> str:
    """ "6-11", or "18+"; "" where the birthday is unknown or later than `on`."""
    day = _day(born)
    if day is None or day > on:
        return ""
    age = on.year - day.year - ((on.month, on.day) < (day.month, day.day))
    return next((f"{low}-{high}" for low, high in AGE_GROUPS if low <= age <= high), OLDER)


def sex_of(child: Entity) -> str:
    """The registry's code; "" where it is not known."""
    return str(child.data.get("sex") or "")[:20]


def town_of(path: str | None, towns: Iterable[str]) -> str:
    """The code of the town in which `path` lies; "" outside of any."""
    known = set(towns)
    return next((code for code in (path or "").split("/") if code in known), "")


def town_codes() -> frozenset[str]:
    """The codes of all towns. One query."""
    return frozenset(Area.objects.filter(kind=Area.Kind.TOWN).values_list("code", flat=True))


def groups_of(
    children: Iterable[Entity], facts: Iterable[Mapping[str, Any]], as_of: date
) -> pl.DataFrame:
    """A row for each of `children` (area at hand) with its merged `facts`, in their order. One
    query."""
    towns = town_codes()
    rows = [
        (town_of(child.area.path if child.area else None, towns), sex_of(child),
         age_group(child.data.get("dob") or known.get("dob"), as_of))
        for child, known in zip(children, facts, strict=True)
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String), orient="row")


def _day(told: Any) -> date | None:
    if isinstance(told, date):
        return told
    try:
        return date.fromisoformat(str(told or "")[:10])
    except ValueError:
        return None
