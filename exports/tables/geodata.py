"""Places of submissions and entities as GeoJSON features."""

from collections.abc import Iterator
from typing import Any

from exports.problems import FIELD_PATH
from exports.tables.entities import ListSource
from exports.tables.reading import PAGE, Page, Record, Source, Window, pages_of
from forms.instance.readout import ReadoutMaker, to_json
from forms.instance.values import Odd, is_geo, read_geopoint, read_geoshape, read_geotrace
from forms.xlsform.field import Field
from server.problems import Problem

Json = dict[str, Any]
_GEO = ("geopoint", "geotrace", "geoshape")
_READERS = (read_geoshape, read_geotrace, read_geopoint)
ALL = "all"


def collection(features: Iterator[str]) -> Iterator[str]:
    """A FeatureCollection as text."""
    yield '{"type":"FeatureCollection","features":['
    for number, feature in enumerate(features):
        yield f",{feature}" if number else feature
    yield "]}"


def chosen_fields(maker: ReadoutMaker, path: str) -> tuple[Field, ...]:
    """The field of that path; the first one outside of repeats for ""; every one for "all".
    Problem FIELD_PATH.
    """
    places = [one for one in maker.leaves if one.type in _GEO]
    if path == ALL:
        return tuple(places)
    if path:
        found = tuple(one for one in places if one.path == path)
        if not found:
            raise Problem(FIELD_PATH, path=path[:200])
        return found
    outside = [one for one in places if not maker.is_repeated(one.path)]
    return tuple(outside[:1])


def submission_features(source: Source, path: str, limit: int | None) -> Iterator[str]:
    """A feature for each submission that has a place in the field."""
    fields = chosen_fields(source.maker, path)
    if not fields:
        return
    for page in pages_of(source, "cells", Window(top=limit), with_data=True):
        for record in page.records:
            feature = _feature(page, record, fields, path)
            if feature is not None:
                yield to_json(feature)


def _feature(page: Page, record: Record, fields: tuple[Field, ...], path: str) -> Json | None:
    if record.is_encrypted or record.pk not in page.data:
        return None
    return feature_of(page.data[record.pk][0], record.instance_id, fields, path)


def feature_of(data: Json, key: str, fields: tuple[Field, ...], path: str) -> Json | None:
    """The feature of one record, None without a place. Where the field was not named by the reader
    it is named in the answer.
    """
    shapes = [shape for one in fields for shape in _shapes(data, one.path.split("/")[1:])]
    if not shapes:
        return None
    geometry = (
        _bare(shapes[0])
        if len(shapes) == 1
        else {"type": "GeometryCollection", "geometries": [_bare(one) for one in shapes]}
    )
    told = None if path else {"fieldpath": fields[0].path}
    return {"type": "Feature", "id": key, "geometry": geometry, "properties": told}


def entity_features(source: ListSource, limit: int | None) -> Iterator[str]:
    """A feature for each entity whose property `geometry` is a place."""
    rows = source.rows.order_by("-pk").values_list("uuid", "data")
    for key, data in (rows if limit is None else rows[:limit]).iterator(PAGE):
        feature = entity_feature(str(key), data.get("geometry"))
        if feature is not None:
            yield to_json(feature)


def entity_feature(key: str, text: str | None) -> Json | None:
    """The feature of one entity: a point, a line, or a closed line."""
    for read in _READERS:
        try:
            return {
                "type": "Feature",
                "id": key,
                "properties": None,
                "geometry": _bare(read(text or "")),
            }
        except Odd:
            continue
    return None


def _shapes(values: Any, steps: list[str]) -> Iterator[Json]:
    """The places at the end of the steps, through all rows of repeats."""
    if isinstance(values, list):
        for row in values:
            yield from _shapes(row, steps)
    elif not steps:
        if is_geo(values):
            yield values
    elif isinstance(values, dict):
        yield from _shapes(values.get(steps[0]), steps[1:])


def _bare(shape: Json) -> Json:
    """GeoJSON proper: accuracy is no part of a geometry."""
    return {"type": shape["type"], "coordinates": shape["coordinates"]}
