"""Outlines of areas: a GeoJSON FeatureCollection in (WGS 84), matched by the code; and out again within a scope."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.db import transaction

from server.journal.services import record
from server.masterdata import checks, problems
from server.people.access import Scope
from server.people.models import Actor
from server.places.finding import keys_of
from server.places.models import Area, Boundary
from server.problems import TOO_LARGE, Phrase, Problem, gettext_noop

MAX_BYTES = 20 * 1024 * 1024
MAX_FEATURES = 5000
MAX_POINTS = 50_000  # of one area
CODES = (
    "code",
    "adcode",
    "gb",
    "XZQDM",
)  # what the property is called in the sources that are about
TYPES = {"Polygon": 1, "MultiPolygon": 2}


@dataclass(frozen=True, slots=True)
class Imported:
    """How many outlines were stored, and the codes that no area has."""

    stored: int
    unknown: tuple[str, ...]


@transaction.atomic
def import_boundaries(content: bytes, actor: Actor | None, code_property: str = "") -> Imported:
    """Store the outlines of `content`; areas that it does not name keep theirs. All or nothing.

    Problems: TOO_LARGE, GEOJSON with the number of the feature, 403.1 for an area outside the actor's.
    """
    found = dict(_outlines(_features(content), code_property))
    keys = keys_of("area", found)
    areas = Area.objects.in_bulk(keys.values())
    checks.check_reach(actor, *(one.path for one in areas.values()))
    rows = [Boundary(area_id=keys[code], geometry=found[code]) for code in keys]
    Boundary.objects.bulk_create(
        {one.area_id: one for one in rows}.values(), update_conflicts=True,
        unique_fields=["area"], update_fields=["geometry"], batch_size=200,
    )  # fmt: skip
    unknown = tuple(sorted(found.keys() - keys.keys()))
    record("place.boundaries", actor=actor, details={"stored": len(keys), "unknown": len(unknown)})
    return Imported(len(keys), unknown)


def feature_collection(scope: Scope, under: str = "") -> Iterator[str]:
    """The outlines within `scope` (and below the path `under`) as the text of a FeatureCollection, piece by piece."""
    rows = Boundary.objects.select_related("area").order_by("area__path")
    if not scope.everywhere:
        rows = rows.filter(area__in=Area.objects.within(scope.paths))
    if under:
        rows = rows.filter(area__path__startswith=under)
    yield '{"type":"FeatureCollection","features":['
    for number, one in enumerate(rows.iterator(100)):
        said = {"code": one.area.code, "name": one.area.name, "kind": one.area.kind}
        feature = {"type": "Feature", "properties": said, "geometry": one.geometry}
        yield ("," if number else "") + json.dumps(feature, ensure_ascii=False)
    yield "]}"


def _features(content: bytes) -> list[Any]:
    if len(content) > MAX_BYTES:
        raise Problem(TOO_LARGE, limit=f"{MAX_BYTES // 1024 // 1024} MB")
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        raise _unfit(gettext_noop("it is no JSON.")) from None
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list) or document.get("type") != "FeatureCollection":
        raise _unfit(gettext_noop("it is no FeatureCollection."))
    if len(features) > MAX_FEATURES:
        raise _unfit(gettext_noop("it has more than %(limit)s features."), limit=MAX_FEATURES)
    return features


def _outlines(features: list[Any], code_property: str) -> Iterator[tuple[str, Any]]:
    seen: set[str] = set()
    for number, feature in enumerate(features, start=1):
        said = feature.get("properties") if isinstance(feature, dict) else None
        code = _code(said if isinstance(said, dict) else {}, code_property)
        if not code or code in seen:
            raise _unfit(gettext_noop("feature %(number)s has no code of its own."), number=number)
        seen.add(code)
        geometry = feature.get("geometry")
        if not _is_outline(geometry):
            raise _unfit(
                gettext_noop(
                    "feature %(number)s (%(code)s) is no Polygon or MultiPolygon of closed rings with at most "
                    "%(limit)s points in degrees."
                ),
                number=number, code=code, limit=MAX_POINTS,
            )  # fmt: skip
        yield code, {"type": geometry["type"], "coordinates": geometry["coordinates"]}


def _code(said: dict[str, Any], code_property: str) -> str:
    for name in (code_property,) if code_property else CODES:
        value = said.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool):
            return str(value).strip()[:20]
    return ""


def _is_outline(geometry: Any) -> bool:
    depth = TYPES.get(str(geometry.get("type"))) if isinstance(geometry, dict) else None
    coordinates = geometry.get("coordinates") if depth else None
    if not isinstance(coordinates, list) or not coordinates:
        return False
    polygons = coordinates if depth == 2 else [coordinates]
    if not all(isinstance(one, list) and one for one in polygons):
        return False
    rings = [ring for polygon in polygons for ring in polygon]
    if sum(len(ring) if isinstance(ring, list) else MAX_POINTS for ring in rings) > MAX_POINTS:
        return False
    return all(_is_ring(ring) for ring in rings)


def _is_ring(ring: Any) -> bool:
    return (
        isinstance(ring, list)
        and len(ring) >= 4
        and ring[0] == ring[-1]
        and all(_is_point(one) for one in ring)
    )


def _is_point(point: Any) -> bool:
    if not isinstance(point, list) or len(point) not in (2, 3):
        return False
    if not all(isinstance(one, int | float) and not isinstance(one, bool) for one in point):
        return False
    longitude, latitude = islice(point, 2)
    return -180 <= longitude <= 180 and -90 <= latitude <= 90


def _unfit(reason: str, **tokens: Any) -> Problem:
    return Problem(problems.GEOJSON, reason=Phrase(reason, **tokens))
