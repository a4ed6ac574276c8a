"""Everything that is wrong with a document at once, each at its cell (design.md §6; issue: bad input).

`check_document` stops at the shape: what is not even of the right shape cannot be compiled. Here the
rows that are broken are set aside, and what the others mean is checked all the same.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from rules import problems
from rules.engine.document import canonical, check_shape
from rules.engine.findings import Finding, Findings
from rules.engine.rule_set import check_document
from rules.workbook.columns import LISTS_OF_ROWS
from server.problems import Place

# Findings that may only follow from a row that was set aside.
_MISSING = frozenset({problems.UNKNOWN_NAME, problems.UNKNOWN_FACT})


def findings_of(
    document: Mapping[str, Any], broken: Iterable[tuple[str, int]] = ()
) -> list[Finding]:
    """All errors and warnings of a document; places name section, index + 2 and key. `broken` are
    sections with the index of rows known to be wrong, about which nothing more is said.

    Problem DOCUMENT_SHAPE for what is no document at all.
    """
    known = set(broken)
    shape = Findings()
    check_shape(canonical(document), shape)
    if not shape.errors and not known:
        return check_document(document)
    found = [item for item in shape.items if _row(item) not in known]
    aside = known | {
        row for item in shape.errors if (row := _row(item)) and row[0] in LISTS_OF_ROWS
    }
    return found + _meaning(document, aside)


def _row(item: Finding) -> tuple[str, int] | None:
    place = item.place
    return (place.sheet, place.row - 2) if place.row is not None else None


def _without(document: Mapping[str, Any], aside: set[tuple[str, int]]) -> dict[str, Any]:
    """The document without some rows of its lists."""
    return {
        section: [item for index, item in enumerate(value) if (section, index) not in aside]
        if section in LISTS_OF_ROWS and isinstance(value, list)
        else value
        for section, value in document.items()
    }


def _meaning(document: Mapping[str, Any], aside: set[tuple[str, int]]) -> list[Finding]:
    """What the other rows mean wrongly, at the places that they have in the whole document."""
    rest = _without(document, aside)
    shape = Findings()
    check_shape(canonical(rest), shape)
    if shape.errors:  # something other than a row is broken, which was said already
        return []
    gone = {_name_of(document[section][index]) for section, index in aside}
    errors = (item for item in check_document(rest) if not item.is_warning)
    return [_moved(item, aside) for item in errors if not _follows(item, gone, aside)]


def _name_of(item: Any) -> str | None:
    found = item.get("id", item.get("name")) if isinstance(item, Mapping) else None
    return found if isinstance(found, str) else None


def _follows(item: Finding, gone: set[str | None], aside: set[tuple[str, int]]) -> bool:
    """Whether a finding is only there because rows were set aside; a row without a name may have been
    anything."""
    if item.kind is problems.CUT_OFFS:
        return any(section == "tiers" for section, _index in aside)
    return item.kind in _MISSING and (None in gone or item.tokens.get("name") in gone)


def _moved(item: Finding, aside: set[tuple[str, int]]) -> Finding:
    """A finding of the document without some rows, back in its row."""
    place = item.place
    if place.row is None or place.sheet not in LISTS_OF_ROWS:
        return item
    gone = sorted(index for section, index in aside if section == place.sheet)
    index = place.row - 2
    for one in gone:
        index += one <= index
    moved = Place(place.sheet, index + 2, place.column, place.path)
    return Finding(item.kind, item.tokens, moved, item.span, item.is_warning)
