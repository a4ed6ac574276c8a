"""One answer's text -> its typed value, by the type of its field. A text that does not fit
raises `Odd`: the caller keeps the raw text, because nothing acknowledged may be lost (design.md
§8).

Geo values become GeoJSON as in Central's OData (lon, lat, alt; accuracy among the properties).
"""

import math
import re
from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any


class Odd(ValueError):
    """The text does not fit its type; the argument names the reason."""


_SHAPES = ("Point", "LineString", "Polygon")
_INT = re.compile(r"[+-]?[0-9]{1,18}")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
_DATE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(T.*)?")


def read_int(text: str) -> int:
    """A whole number; "5.0" counts, since a calculation may deliver it."""
    text = text.strip()
    if _INT.fullmatch(text):
        return int(text)
    number = read_decimal(text)
    if number.is_integer() and abs(number) < 2**53:
        return int(number)
    raise Odd("not_integer")


def read_decimal(text: str) -> float:
    """A finite number, also in Java's notation (1.0E10); NaN and infinity are odd because JSON
    has neither.
    """
    text = text.strip()
    if not _NUMBER.fullmatch(text):
        raise Odd("not_number")
    number = float(text)
    if not math.isfinite(number):
        raise Odd("not_number")
    return number


def read_date(text: str) -> str:
    """YYYY-MM-DD; a time after it is cut off."""
    found = _DATE.fullmatch(text.strip())
    try:
        return date.fromisoformat(found.group(1) if found else "").isoformat()
    except ValueError:
        raise Odd("not_date") from None


def read_time(text: str) -> str:
    """HH:MM[:SS[.fff]] with or without zone, kept as written."""
    text = text.strip()
    try:
        time.fromisoformat(text)
    except ValueError:
        raise Odd("not_time") from None
    return text


def read_datetime(text: str) -> str:
    """ISO date and time with its zone, kept as written: the phone's zone is information."""
    text = text.strip()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Odd("not_datetime") from None
    if moment.tzinfo is None or "T" not in text.upper():
        raise Odd("no_time_zone")
    return text


def read_geopoint(text: str) -> dict[str, Any]:
    """ "lat lon alt acc" -> GeoJSON Point."""
    coordinates, accuracy = _position(text)
    point: dict[str, Any] = {"type": "Point", "coordinates": coordinates}
    if accuracy is not None:
        point["properties"] = {"accuracy": accuracy}
    return point


def read_geotrace(text: str) -> dict[str, Any]:
    """Positions joined by ";" -> GeoJSON LineString of at least two."""
    return _line(text, "LineString", 2)


def read_geoshape(text: str) -> dict[str, Any]:
    """A closed line -> GeoJSON Polygon with one ring."""
    shape = _line(text, "LineString", 4)
    ring = shape["coordinates"]
    if ring[0][:2] != ring[-1][:2]:
        raise Odd("not_closed")
    return {**shape, "type": "Polygon", "coordinates": [ring]}


def _line(text: str, kind: str, least: int) -> dict[str, Any]:
    positions = [_position(part) for part in text.split(";") if part.strip()]
    if len(positions) < least:
        raise Odd("too_few_positions")
    line: dict[str, Any] = {"type": kind, "coordinates": [where for where, _ in positions]}
    accuracies = [accuracy for _, accuracy in positions]
    if any(accuracies):
        line["properties"] = {"accuracies": accuracies}
    return line


def _position(text: str) -> tuple[list[float], float | None]:
    parts = text.split()
    if not 2 <= len(parts) <= 4:
        raise Odd("not_position")
    numbers = [read_decimal(part) for part in parts]
    if abs(numbers[0]) > 90 or abs(numbers[1]) > 180:
        raise Odd("outside_the_earth")
    return [numbers[1], numbers[0], *numbers[2:3]], numbers[3] if len(numbers) == 4 else None


def read_file_name(text: str) -> str:
    """The bare name of an attachment; a path is odd (collect-checklist §8)."""
    name = text.strip()
    if "/" in name or "\\" in name or not name:
        raise Odd("not_file_name")
    return name


def is_geo(value: Any) -> bool:
    """Whether a value of `data` is a place rather than a group of answers."""
    return isinstance(value, dict) and "coordinates" in value and value.get("type") in _SHAPES


READERS: dict[str, Callable[[str], Any]] = {
    "int": read_int,
    "decimal": read_decimal,
    "date": read_date,
    "time": read_time,
    "dateTime": read_datetime,
    "geopoint": read_geopoint,
    "geotrace": read_geotrace,
    "geoshape": read_geoshape,
    "binary": read_file_name,
}
