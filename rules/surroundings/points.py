"""Points on the map: as phones send them (GeoJSON), as entities keep them ("lat lon alt acc"), and the way between."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from forms.models import Entity
from rules.engine.observed import Observation

_EARTH = 6_371_000.0  # metres, mean radius
# Questions that say where the home is; the second only of a visit that was paid at home.
HOME_QUESTION, VISIT_QUESTION, VISIT_MODE = "home_gps", "visit_gps", "visit_mode"
PROPERTIES = ("geometry", "home_gps", "site_gps")  # of an entity, the first that can be read


@dataclass(frozen=True, slots=True)
class Point:
    """Degrees, WGS 84."""

    latitude: float
    longitude: float

    def metres_to(self, other: "Point") -> float:
        """The way over the ground, by the haversine formula."""
        up = math.radians(other.latitude - self.latitude)
        across = math.radians(other.longitude - self.longitude)
        both = math.cos(math.radians(self.latitude)) * math.cos(math.radians(other.latitude))
        chord = math.sin(up / 2) ** 2 + both * math.sin(across / 2) ** 2
        return 2 * _EARTH * math.asin(min(1.0, math.sqrt(chord)))


def point_of(raw: Any) -> Point | None:
    """A GeoJSON Point or "latitude longitude ..." as a Point; None for anything else."""
    if isinstance(raw, Mapping):
        told = raw.get("coordinates")
        parts = [told[1], told[0]] if isinstance(told, list | tuple) and len(told) >= 2 else []
    else:
        parts = str(raw or "").split()[:2]
    try:
        latitude, longitude = (float(part) for part in parts)
    except (TypeError, ValueError):
        return None
    if not (abs(latitude) <= 90 and abs(longitude) <= 180) or (latitude, longitude) == (0, 0):
        return None  # not a number compares false; 0 0 is a phone that found nothing
    return Point(latitude, longitude)


def home_of(entity: Entity, observations: Sequence[Observation], as_of: date) -> Point | None:
    """The newest position of the home until `as_of`: asked for as such, else where a visit at home was made, else as
    the registry has it."""
    told = sorted(
        (seen for seen in observations if seen.occurred_on <= as_of),
        key=lambda seen: (seen.occurred_on, seen.received_at),
        reverse=True,
    )
    for seen in told:
        if (point := point_of(seen.answers.get(HOME_QUESTION))) is not None:
            return point
    for seen in told:
        if seen.answers.get(VISIT_MODE) == "home":
            point = point_of(seen.answers.get(VISIT_QUESTION))
            if point is not None:
                return point
    return point_in(entity.data)


def point_in(data: Mapping[str, Any]) -> Point | None:
    """The position among the properties of an entity."""
    for name in PROPERTIES:
        if (point := point_of(data.get(name))) is not None:
            return point
    return None
