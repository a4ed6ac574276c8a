"""Typed data -> rows as OData reads them out, with the names, ids and links of ODK Central.

The survey itself is the table "Submissions"; a repeat is a table of its own
("Submissions.children.child"), joined to its parent by ids that are SHA-1 hashes of the way to the
row. The data may come from another version of the form than the shape: what the shape does not know
is left out, what the data lacks is null.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from forms.instance.values import is_geo
from forms.xlsform.field import Field

ROOT = "Submissions"
Row = dict[str, Any]
Leaf = Callable[[Field, Any], Any]
_NOT_IN_IDENTIFIERS = re.compile(r"\W+")
_JAVASCRIPT_KEEPS = "!~*'()"  # Central encodes with encodeURIComponent


def odata_name(name: str) -> str:
    """A question's name as an OData identifier: letters of any script, digits and underscores."""
    safe = _NOT_IN_IDENTIFIERS.sub("_", name)
    return safe if safe[:1].isalpha() or safe[:1] == "_" else f"_{safe}"


@dataclass(frozen=True, slots=True)
class Member:
    """One field with its OData name and what it contains. `is_plain`: as a group it is read out
    just as it is stored (nothing renamed, no repeats inside).
    """

    field: Field
    label: str
    members: tuple["Member", ...] = ()
    names: tuple[str, ...] = ()
    groups: tuple["Member", ...] = ()
    is_plain: bool = True

    @property
    def name(self) -> str:
        """The name in the data."""
        return self.field.name

    @property
    def is_repeat(self) -> bool:
        """Whether its rows are a table of their own."""
        return self.field.type == "repeat"


@dataclass(frozen=True, slots=True)
class Way:
    """The way from a submission to one of its rows: what ids are hashed of and links are made of."""

    instance_id: str
    steps: tuple[str, ...] = ()  # "children#", "child#0"
    segments: tuple[str, ...] = ()  # "children", "child('46eb...')"

    @property
    def row_id(self) -> str:
        """The id of the row that the way ends in."""
        if not self.steps:
            return self.instance_id
        said = "%%".join((f"{ROOT}#{self.instance_id}", *self.steps))
        return hashlib.sha1(said.encode(), usedforsecurity=False).hexdigest()

    def into(self, group: Member) -> "Way":
        """Further into a group."""
        return Way(self.instance_id, (*self.steps, f"{group.name}#"), (*self.segments, group.label))

    def row(self, repeat: Member, number: int) -> "Way":
        """Further into row `number` (from 0) of a repeat."""
        way = Way(self.instance_id, (*self.steps, f"{repeat.name}#{number}"))
        return Way(self.instance_id, way.steps, (*self.segments, f"{repeat.label}('{way.row_id}')"))

    def link(self, repeat: Member) -> str:
        """Where the rows of a repeat are read."""
        root = f"{ROOT}('{quote(self.instance_id, safe=_JAVASCRIPT_KEEPS)}')"
        return "/".join((root, *self.segments, repeat.label))


@dataclass(frozen=True, slots=True)
class Manner:
    """How rows are read out: what becomes of each answer, and whether repeats come inside."""

    leaf: Leaf | None = None
    expand: bool = False


PLAIN = Manner()


class ODataShape:
    """The tables of one form version; immutable once built."""

    def __init__(self, fields: Sequence[Field]) -> None:
        below: dict[str, list[Field]] = {}
        for one in fields:
            below.setdefault(one.parent, []).append(one)
        self.members = _members("", below)
        self.is_plain = _is_plain(self.members)
        self._names = tuple(one.name for one in self.members)
        self._groups = _groups(self.members)
        self.tables: dict[str, tuple[Member, ...]] = {ROOT: ()}
        for chain in _repeats(self.members, ()):
            self.tables[".".join((ROOT, *(one.label for one in chain)))] = chain

    def row(self, data: Row, instance_id: str, manner: Manner = PLAIN) -> Row:
        """The row of the table "Submissions", without `__id` and `__system`."""
        if self.is_plain and manner.leaf is None and _has_just(data, self._names, self._groups):
            return data
        return _group(self.members, data, Way(instance_id), manner)

    def rows(
        self, table: str, data: Row, instance_id: str, manner: Manner = PLAIN
    ) -> Iterator[Row]:
        """The rows of a repeat in one submission, each with `__id` and its parent's id."""
        chain = self.tables[table]
        yield from _rows_below(chain, data, Way(instance_id), parent_key(chain), None, manner)


def parent_key(chain: Sequence[Member]) -> str:
    """The property that holds the parent's id: "__Submissions-children-child-id"."""
    last = max((at for at, one in enumerate(chain[:-1]) if one.is_repeat), default=-1)
    return f"__{'-'.join((ROOT, *(one.label for one in chain[: last + 1])))}-id"


def typed(field: Field, value: Any) -> Any:
    """The value if it fits what the metadata document says of the field, else null: an odd answer
    stays in the XML and in CSV, a typed client would break on it.
    """
    if field.type in ("int", "decimal"):
        return value if isinstance(value, int | float) else None
    if field.type in ("geopoint", "geotrace", "geoshape"):
        return value if is_geo(value) else None
    return value


def as_wkt(field: Field, value: Any) -> Any:
    """As `typed`, with places as well-known text."""
    value = typed(field, value)
    if not is_geo(value):
        return value
    places = value["coordinates"]
    if value["type"] == "Point":
        return f"POINT ({_numbers(places)})"
    if value["type"] == "LineString":
        return f"LINESTRING ({','.join(map(_numbers, places))})"
    return f"POLYGON (({','.join(map(_numbers, places[0]))}))"


def _numbers(place: Sequence[float]) -> str:
    return " ".join(f"{number:.15g}" for number in place)


def _members(path: str, below: dict[str, list[Field]]) -> tuple[Member, ...]:
    found: list[Member] = []
    taken: set[str] = set()
    for one in below.get(path, ()):
        label, number = odata_name(one.name), 1
        while label in taken:  # "a-b" beside "a.b"
            number += 1
            label = f"{odata_name(one.name)}_{number}"
        taken.add(label)
        members = _members(one.path, below)
        names = tuple(each.name for each in members)
        found.append(Member(one, label, members, names, _groups(members), _is_plain(members)))
    return tuple(found)


def _groups(members: tuple[Member, ...]) -> tuple[Member, ...]:
    return tuple(one for one in members if one.field.type == "structure")


def _is_plain(members: tuple[Member, ...]) -> bool:
    return all(one.label == one.name and one.is_plain and not one.is_repeat for one in members)


def _repeats(
    members: tuple[Member, ...], above: tuple[Member, ...]
) -> Iterator[tuple[Member, ...]]:
    for one in members:
        if one.is_repeat:
            yield (*above, one)
        yield from _repeats(one.members, (*above, one))


def _has_just(data: Any, names: tuple[str, ...], groups: tuple[Member, ...]) -> bool:
    """Whether `data` holds exactly these names, and so do its groups: then it is passed on untouched."""
    if not isinstance(data, dict) or tuple(data) != names:
        return False
    return all(_has_just(data[one.name], one.names, one.groups) for one in groups)


def _group(members: tuple[Member, ...], values: Row, way: Way, manner: Manner) -> Row:
    found: Row = {}
    for one in members:
        value = values.get(one.name)
        if one.is_repeat:
            _add_repeat(found, one, value, way, manner)
        elif one.field.type != "structure":
            found[one.label] = _leaf(one.field, value, manner)
        elif one.is_plain and manner.leaf is None and _has_just(value, one.names, one.groups):
            found[one.label] = value
        else:
            inner = value if isinstance(value, dict) else {}
            found[one.label] = _group(one.members, inner, way.into(one), manner)
    return found


def _leaf(field: Field, value: Any, manner: Manner) -> Any:
    if isinstance(value, dict | list) and not is_geo(value):
        return None  # in the version that it came from this name was a group
    return value if manner.leaf is None else manner.leaf(field, value)


def _add_repeat(found: Row, one: Member, rows: Any, way: Way, manner: Manner) -> None:
    """The link to the rows, and the rows where they are wanted inside; nothing where there are
    none.
    """
    if not rows or not isinstance(rows, list):
        return
    found[f"{one.label}@odata.navigationLink"] = way.link(one)
    if manner.expand:
        found[one.label] = [
            {"__id": inner.row_id, **_group(one.members, row, inner, manner)}
            for inner, row in ((way.row(one, at), row) for at, row in enumerate(rows))
        ]


def _rows_below(
    chain: tuple[Member, ...],
    values: Any,
    way: Way,
    key: str,
    parent: str | None,
    manner: Manner,
) -> Iterator[Row]:
    if not isinstance(values, dict):
        return
    one, rest = chain[0], chain[1:]
    value = values.get(one.name)
    if not one.is_repeat:
        yield from _rows_below(rest, value, way.into(one), key, parent, manner)
        return
    for at, row in enumerate(value if isinstance(value, list) else ()):
        inner = way.row(one, at)
        if rest:
            yield from _rows_below(rest, row, inner, key, inner.row_id, manner)
        else:
            ids = {"__id": inner.row_id, key: parent or way.instance_id}
            yield {**ids, **_group(one.members, row, inner, manner)}
