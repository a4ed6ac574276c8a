"""Everything that is wrong with a document at once, each at its place (design.md §6; bad input).

`check_document` stops at the shape: what is not even of the right shape cannot be compiled. Here the
parts that are broken are set aside, and what the others mean is checked all the same.
"""

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from rules import problems
from rules.engine.document import canonical, check_shape
from rules.engine.findings import Finding, Findings
from rules.engine.rule_set import check_document
from rules.workbook.columns import LISTS_OF_ROWS

Row = tuple[str, int]  # section and index

_NAMED = ("parameters", "choices")  # sections whose parts have names for an index
_STAND_INS = {"name": "x", "subject": "x", "title": {"zh": "x", "en": "x"}}
# findings that may only follow from a part that was set aside or could not be read
_FOLLOWING = frozenset({problems.UNKNOWN_NAME, problems.UNKNOWN_FACT, problems.UNKNOWN_CODE})


@dataclass(slots=True)
class _Aside:
    """What is left out of a document: rows, named parts, and the names that are gone with them (None:
    a part without a name may have been anything)."""

    rows: set[Row] = field(default_factory=set)
    parts: set[tuple[str, str]] = field(default_factory=set)
    dimensions: set[int] = field(default_factory=set)
    gone: set[str | None] = field(default_factory=set)


def findings_of(document: Mapping[str, Any], unread: Iterable[Row] = ()) -> list[Finding]:
    """All errors and warnings of a document; places name section, index + 2 and key. Of the rows
    `unread` some cells could not be read: about them only their expressions are spoken of.

    Problem DOCUMENT_SHAPE for what is no document at all.
    """
    known = set(unread)
    shape = Findings()
    check_shape(canonical(document), shape)
    if not shape.errors and not known:
        return check_document(document)
    aside = _aside(document, shape.errors)
    aside.gone |= {_name_of(_at(document, row)) for row in known}
    found = [item for item in shape.items if _row(item) not in known]
    return found + _meaning(document, aside, known)


def _aside(document: Mapping[str, Any], errors: Iterable[Finding]) -> _Aside:
    """What has to go so that the rest has the right shape."""
    aside = _Aside()
    for item in errors:
        place, row = item.place, _row(item)
        first = place.path.partition(" > ")[0]
        if row is not None and row[0] in LISTS_OF_ROWS:
            aside.rows.add(row)
            aside.gone.add(_name_of(_at(document, row)))
        elif place.sheet == "settings" and place.column == "dimensions" and first.isdigit():
            aside.dimensions.add(int(first))
            aside.gone.add(_name_of(document["settings"]["dimensions"][int(first)]))
        else:
            aside.parts.add((place.sheet, place.column))
            aside.gone |= {place.column} if place.sheet in _NAMED else set()
    return aside


def _row(item: Finding) -> Row | None:
    place = item.place
    return (place.sheet, place.row - 2) if place.row is not None else None


def _at(document: Mapping[str, Any], row: Row) -> Any:
    section, index = row
    rows = document.get(section)
    return rows[index] if isinstance(rows, list) and index < len(rows) else None


def _name_of(item: Any) -> str | None:
    found = item.get("id", item.get("name")) if isinstance(item, Mapping) else None
    return found if isinstance(found, str) else None


def _without(document: Mapping[str, Any], aside: _Aside) -> dict[str, Any]:
    """A copy of the document without what was set aside; what settings need gets a stand-in."""
    rest = copy.deepcopy(dict(document))
    for section in {section for section, _index in aside.rows}:
        rows = rest[section]
        rest[section] = [one for at, one in enumerate(rows) if (section, at) not in aside.rows]
    for section, key in aside.parts:
        if isinstance(rest.get(section), dict):
            rest[section].pop(key, None)
    settings = rest.get("settings")
    if isinstance(settings, dict):
        rest["settings"] = settings = _STAND_INS | settings
        dimensions = settings.get("dimensions")
        if isinstance(dimensions, list):
            kept = [one for at, one in enumerate(dimensions) if at not in aside.dimensions]
            settings["dimensions"] = kept
    return rest


def _meaning(document: Mapping[str, Any], aside: _Aside, unread: set[Row]) -> list[Finding]:
    """What the rest means wrongly, at the places that it has in the whole document."""
    rest = _without(document, aside)
    shape = Findings()
    check_shape(canonical(rest), shape)
    if shape.errors:  # whole sections are broken, which was said already
        return []
    found = [_moved(item, aside.rows) for item in check_document(rest) if not item.is_warning]
    return [
        item
        for item in found
        if not _follows(item, aside) and (item.span is not None or _row(item) not in unread)
    ]


def _follows(item: Finding, aside: _Aside) -> bool:
    """Whether a finding is only there because parts were set aside or not read."""
    if item.kind is problems.CUT_OFFS:
        return any(section == "tiers" for section, _index in aside.rows)
    return item.kind in _FOLLOWING and (None in aside.gone or item.tokens.get("name") in aside.gone)


def _moved(item: Finding, rows: set[Row]) -> Finding:
    """A finding of the document without some rows, back in its row."""
    place = item.place
    if place.row is None or place.sheet not in LISTS_OF_ROWS:
        return item
    index = place.row - 2
    for one in sorted(gone for section, gone in rows if section == place.sheet):
        index += one <= index
    return replace(item, place=replace(place, row=index + 2))
