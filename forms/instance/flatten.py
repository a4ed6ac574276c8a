"""Typed data -> flat rows for tables (CSV as Central writes it) and answers by question name for
rules.

Keys of repeat rows are Central's: `uuid:x/g/child[1]` below `uuid:x`. Geopoints take four
columns, other shapes one. Whoever flattens many submissions keeps a `Layout` per form version.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from forms.instance.values import is_geo
from forms.xlsform.field import Field

Scalar = str | int | float | bool | None
GEO_PARTS = ("Latitude", "Longitude", "Altitude", "Accuracy")
_GEO = frozenset(("geopoint", "geotrace", "geoshape"))


@dataclass(frozen=True, slots=True)
class Column:
    """One field in its table: the heading is the path from the table's own node, `steps` lead
    there in the data.
    """

    heading: str
    steps: tuple[str, ...]
    field: Field

    def headings(self) -> tuple[str, ...]:
        """One heading, or four for a geopoint."""
        if self.field.type == "geopoint":
            return tuple(f"{self.heading}-{part}" for part in GEO_PARTS)
        return (self.heading,)

    def cells(self, row: dict[str, Any]) -> tuple[Scalar, ...]:
        """The values under `headings`; a value that did not fit its type stays as it was
        written.
        """
        value = _follow(row, self.steps)
        if self.field.type == "geopoint":
            if is_geo(value):
                return position_of(value)
            return (value, None, None, None)
        return (to_text(value) if self.field.type in _GEO else value,)


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of the survey (path "") or of one repeat; `steps` lead from the parent table's
    row to the list.
    """

    path: str
    steps: tuple[str, ...]
    columns: tuple[Column, ...]
    repeats: tuple["Table", ...]

    @property
    def headings(self) -> tuple[str, ...]:
        """Headings in document order."""
        return tuple(heading for column in self.columns for heading in column.headings())

    def row(self, values: dict[str, Any]) -> dict[str, Scalar]:
        """One row by heading."""
        row: dict[str, Scalar] = {}
        for column in self.columns:
            row.update(zip(column.headings(), column.cells(values), strict=True))
        return row

    def below(self) -> Iterator["Table"]:
        """All repeats inside, depth first."""
        for table in self.repeats:
            yield table
            yield from table.below()


class Layout:
    """The tables of one form version."""

    def __init__(self, fields: Sequence[Field]) -> None:
        self.root = _table("", (), fields)
        self.repeats = tuple(self.root.below())

    def row(self, data: dict[str, Any]) -> dict[str, Scalar]:
        """The root row."""
        return self.root.row(data)

    def repeat_rows(
        self, data: dict[str, Any], root_key: str = ""
    ) -> Iterator[tuple[str, str, str, dict[str, Scalar]]]:
        """(path of the repeat, parent's key, own key, row) for each row of each repeat.

        `root_key` is the submission's key; without it meta/instanceID is.
        """
        meta = data.get("meta") or {}
        yield from _repeat_rows(self.root, data, root_key or str(meta.get("instanceID") or ""))


def flatten(data: dict[str, Any], fields: Sequence[Field]) -> dict[str, Scalar]:
    """The root row of one submission: "g_child/child_name" -> value, repeats left out."""
    return Layout(fields).row(data)


def iter_repeat_rows(
    data: dict[str, Any], fields: Sequence[Field], root_key: str = ""
) -> Iterator[tuple[str, str, str, dict[str, Scalar]]]:
    """(path of the repeat, parent's key, own key, row) for each row of each repeat."""
    yield from Layout(fields).repeat_rows(data, root_key)


def multiple_names(fields: Sequence[Field]) -> frozenset[str]:
    """The names of the select_multiple questions, for `answers`."""
    return frozenset(one.name for one in fields if one.select_multiple)


def answers(data: dict[str, Any], multiple: Collection[str] = ()) -> dict[str, Any]:
    """Question name -> answer, which is what rules read; what was not answered is absent.

    Names in `multiple` become lists of codes. A name inside a repeat becomes the list of its
    answers, row by row. Of two questions of one name the first answered counts. Meta groups are
    left out.
    """
    found: dict[str, Any] = {}
    _gather(data, multiple, found)
    return found


def to_text(value: Any) -> Scalar:
    """GeoJSON as ODK's "lat lon alt acc; ...", everything else as it is."""
    if not is_geo(value):
        return value if not isinstance(value, dict | list) else str(value)
    places = value["coordinates"]
    known = value.get("properties", {})
    if value["type"] == "Point":
        return _place_text(places, known.get("accuracy"))
    ring = places[0] if value["type"] == "Polygon" else places
    accuracies = known.get("accuracies") or [None] * len(ring)
    return ";".join(_place_text(*pair) for pair in zip(ring, accuracies, strict=True))


def position_of(point: dict[str, Any]) -> tuple[Scalar, ...]:
    """Latitude, longitude, altitude and accuracy of a GeoJSON Point, None where unknown."""
    longitude, latitude, *altitude = point["coordinates"]
    accuracy = point.get("properties", {}).get("accuracy")
    return latitude, longitude, next(iter(altitude), None), accuracy


def _place_text(place: list[float], accuracy: float | None) -> str:
    longitude, latitude, *altitude = place
    rest = [*altitude, *([] if accuracy is None else [accuracy])]
    return " ".join(str(number) for number in (latitude, longitude, *rest))


def _table(path: str, steps: tuple[str, ...], fields: Sequence[Field]) -> Table:
    prefix, columns, repeats = f"{path}/", [], []
    inner: list[str] = []
    for one in fields:
        if not one.path.startswith(prefix) or any(one.path.startswith(f"{p}/") for p in inner):
            continue
        below = tuple(one.path.removeprefix(prefix).split("/"))
        if one.type == "repeat":
            inner.append(one.path)
            repeats.append(_table(one.path, below, fields))
        elif one.is_leaf:
            columns.append(Column("/".join(below), below, one))
    return Table(path, steps, tuple(columns), tuple(repeats))


def _repeat_rows(
    table: Table, values: dict[str, Any], key: str
) -> Iterator[tuple[str, str, str, dict[str, Scalar]]]:
    for repeat in table.repeats:
        for number, row in enumerate(_follow(values, repeat.steps) or (), start=1):
            own = f"{key}/{'/'.join(repeat.steps)}[{number}]"
            yield repeat.path, key, own, repeat.row(row)
            yield from _repeat_rows(repeat, row, own)


def _follow(values: Any, steps: tuple[str, ...]) -> Any:
    for step in steps:
        values = values.get(step) if isinstance(values, dict) else None
    return values


def _gather(values: dict[str, Any], multiple: Collection[str], found: dict[str, Any]) -> None:
    for name, value in values.items():
        if name == "meta" and isinstance(value, dict):
            continue  # of the form, or of an entity in a group
        if isinstance(value, dict) and not is_geo(value):
            _gather(value, multiple, found)
        elif isinstance(value, list):
            _gather_rows(value, multiple, found)
        elif value is not None and name not in found:
            found[name] = str(value).split() if name in multiple else value


def _gather_rows(
    rows: list[dict[str, Any]], multiple: Collection[str], found: dict[str, Any]
) -> None:
    gathered: dict[str, list[Any]] = {}
    for row in rows:
        own: dict[str, Any] = {}
        _gather(row, multiple, own)
        for name, value in own.items():
            gathered.setdefault(name, []).append(value)
    for name, values in gathered.items():
        found.setdefault(name, values)
