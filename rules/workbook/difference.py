"""Two rule-set documents -> what a person has to know to let the one replace the other: rows added,
removed, moved, cells changed, conditions as sentences (ux §6.4). Pure."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as having
from typing import Any, get_args

from rules.engine.findings import Findings
from rules.engine.naming import Naming
from rules.language.names import Bilingual, Names
from rules.language.parser import parse
from rules.language.sentence import Language, to_sentence
from rules.workbook.cells import dumps, same
from rules.workbook.columns import CONDITIONS, LISTS_OF_ROWS, SHEETS
from rules.workbook.flat import Flat, flat_sections
from server.problems import Problem

_ORDERED = frozenset({*LISTS_OF_ROWS, "dimensions", "holidays", "cases"})
_SHORT = 2000  # characters of a value that has no better form
ADDED, REMOVED, CHANGED, MOVED = "added", "removed", "changed", "moved"


@dataclass(frozen=True, slots=True)
class Side:
    """What stands on one side: the text of the cell (a condition as its expression) and, for a
    condition, the sentence in both languages."""

    text: str
    sentence: Bilingual = having(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. `kind` added or removed: a whole row, its cells one on each line; changed: the
    cell under `field`; moved: the row's place in its section, from 1."""

    section: str
    id: str
    kind: str
    field: str = ""
    old: Side | None = None
    new: Side | None = None
    title: Bilingual = having(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many rows (not cells) differ, by kind."""

    added: int = 0
    removed: int = 0
    changed: int = 0
    moved: int = 0

    @property
    def total(self) -> int:
        """How many rows differ at all."""
        return self.added + self.removed + self.changed + self.moved


def changes_between(old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> list[Change]:
    """What differs between two valid documents, section by section in the order of the workbook, row
    by row in the order of the new one, removed rows last. `old` None: everything is added."""
    before, after = _Side.of(old or {}), _Side.of(new)
    order = [*SHEETS, *sorted({*before.sections, *after.sections} - SHEETS.keys())]
    found = [one for section in order for one in _section_changes(section, before, after)]
    return found + list(_unsaid(old or {}, new, {change.section for change in found}))


def _unsaid(old: Mapping[str, Any], new: Mapping[str, Any], said: set[str]) -> Iterator[Change]:
    """What no row could tell: a section that is empty instead of absent, for instance."""
    for section in sorted({*old, *new}):
        one, other = old.get(section), new.get(section)
        sheets = {"settings", "dimensions", "holidays"} if section == "settings" else {section}
        is_same = (section in old) == (section in new) and same(one, other)
        if not is_same and not sheets & said:
            sides = Side(dumps(one)[:_SHORT]), Side(dumps(other)[:_SHORT])
            yield Change(section, "", CHANGED, "json", *sides)


def count_changes(changes: Sequence[Change]) -> Counts:
    """The rows that differ, by kind; a row that is both changed and moved counts as changed."""
    kinds: dict[tuple[str, str], str] = {}
    for change in changes:
        if kinds.get((change.section, change.id)) != CHANGED:
            kinds[change.section, change.id] = change.kind
    found = list(kinds.values())
    return Counts(*(found.count(kind) for kind in (ADDED, REMOVED, CHANGED, MOVED)))


@dataclass(frozen=True, slots=True)
class _Side:
    """One document: its rows by section and id, and its names for sentences."""

    sections: Mapping[str, Mapping[str, Flat]]
    names: Names

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "_Side":
        return cls(flat_sections(document), _names_in(document))

    def shown(self, heading: str, text: str) -> Side:
        """A cell, with its sentence if it is a condition over facts."""
        return Side(text, self.sentence(text) if heading in CONDITIONS else {})

    def sentence(self, text: str) -> Bilingual:
        """An expression in both languages; nothing for what is no expression."""
        try:
            tree = parse(text)
        except Problem:
            return {}
        return {
            language: to_sentence(tree, self.names, language) for language in get_args(Language)
        }

    def row(self, flat: Flat) -> Side:
        """A whole row: its cells below each other, and the sentence of its condition."""
        cells = flat.cells()
        said = next((self.sentence(cells[name]) for name in cells if name in CONDITIONS), {})
        return Side("\n".join(f"{name}: {text}" for name, text in cells.items()), said)


def _names_in(document: Mapping[str, Any]) -> Names:
    """What expressions may refer to; nothing for a document of another time that cannot be read."""
    try:
        naming = Naming(dict(document), Findings())
        naming.read()
    except (KeyError, TypeError, ValueError, AttributeError):
        return {}
    return naming.names


def _section_changes(section: str, before: _Side, after: _Side) -> Iterator[Change]:
    old, new = before.sections.get(section, {}), after.sections.get(section, {})
    moved = _moved_in(section, list(old), list(new))
    for name, flat in new.items():
        was = old.get(name)
        if was is None:
            yield Change(section, name, ADDED, new=after.row(flat), title=flat.title)
            continue
        if not same(was.item, flat.item):
            yield from _cell_changes(section, name, (before, was), (after, flat))
        if name in moved:
            here, there = moved[name]
            yield Change(section, name, MOVED, "", Side(str(here)), Side(str(there)), flat.title)
    for name, flat in old.items():
        if name not in new:
            yield Change(section, name, REMOVED, old=before.row(flat), title=flat.title)


def _cell_changes(
    section: str, name: str, old: tuple[_Side, Flat], new: tuple[_Side, Flat]
) -> Iterator[Change]:
    (before, was), (after, now) = old, new
    cells, others = was.cells(), now.cells()
    if cells == others:  # told apart only by what a cell does not show: 1 and '1'
        cells, others = {"json": dumps(was.item)}, {"json": dumps(now.item)}
    for heading in [*others, *(heading for heading in cells if heading not in others)]:
        if cells.get(heading) == others.get(heading):
            continue
        left = before.shown(heading, cells[heading]) if heading in cells else None
        right = after.shown(heading, others[heading]) if heading in others else None
        yield Change(section, name, CHANGED, heading, left, right, now.title)


def _moved_in(section: str, old: list[str], new: list[str]) -> dict[str, tuple[int, int]]:
    """The rows that were moved, where the order of a section says something."""
    if section in _ORDERED:
        return _moved(old, new)
    moved: dict[str, tuple[int, int]] = {}
    if section == "choices":
        for name in {row.partition(" ")[0] for row in new}:
            old_codes, new_codes = (
                [row for row in rows if row.startswith(f"{name} ")] for rows in (old, new)
            )
            moved |= _moved(old_codes, new_codes)
    return moved


def _moved(old: Sequence[str], new: Sequence[str]) -> dict[str, tuple[int, int]]:
    """The fewest rows that were moved, with their places from 1 before and after."""
    places = {name: place for place, name in enumerate(old, start=1)}
    kept = [name for name in new if name in places]
    stayed = _longest_rising([places[name] for name in kept])
    now = {name: place for place, name in enumerate(new, start=1)}
    return {name: (places[name], now[name]) for name in kept if places[name] not in stayed}


def _longest_rising(numbers: Sequence[int]) -> set[int]:
    """The longest rising part of `numbers`, which are all different."""
    ends: list[int] = []
    best: list[int] = []
    for number in numbers:
        at = bisect_left(ends, number)
        ends[at : at + 1] = [number]
        best.append(at)
    found: set[int] = set()
    wanted = len(ends) - 1
    for number, length in zip(reversed(numbers), reversed(best), strict=True):
        if length == wanted:
            found.add(number)
            wanted -= 1
    return found
