"""What a heading of a sheet means: a column of ours, a part of one of our objects, or a column of the
county's own, which is kept beside the row."""

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from rules import problems
from rules.workbook.cells import narrow, survives
from rules.workbook.columns import SHEETS, Column, Sheet
from rules.workbook.kinds import VALUE
from rules.workbook.tables import Faults, Table
from server.problems import Phrase
from server.problems import gettext_noop as _

JSON = "json"  # a whole row as JSON, where columns cannot say it
EXTRA = "extra"  # what a county keeps beside a row and no column of its own can hold
_CLOSE = 0.75  # how like one of our headings a foreign one is when it is taken for a slip
_LANGUAGE = re.compile(
    r"::(?:[^:(]*\((zh|en)(?:-[a-z]+)?\)|(中文|chinese|汉语)|(英文|english|英语))$"
)


@dataclass(frozen=True, slots=True)
class Target:
    """Where the cells under a heading go. `kind`: column, key (of the row's object), own, json or
    extra."""

    kind: str
    name: str = ""
    column: Column | None = None


def target_of(sheet: Sheet, heading: str) -> Target:
    """What `heading` means in `sheet`, whatever its case, blanks and width."""
    if heading in (JSON, EXTRA):
        return Target(heading)
    if heading[:1] + heading[-1:] == "{}":
        return Target("key", heading[1:-1])
    column = _known(sheet.name).get(_folded(heading))
    if column is not None:
        return Target("column", column.heading, column)
    key, _marks, part = heading.partition("::")
    if part and key in sheet.open:
        return Target("column", heading, Column(heading, (key, part), VALUE))
    return Target("own", heading)


@cache
def _known(name: str) -> dict[str, Column]:
    sheet = SHEETS[name]
    by_heading = {column.heading: column for column in sheet.columns}
    aliases = {alias: by_heading[heading] for alias, heading in sheet.aliases.items()}
    return by_heading | aliases


def _folded(heading: str) -> str:
    """A heading in the form of ours: `Title ：： 中文 (zh)` -> `title::zh`."""
    text = re.sub(r"\s*:+\s*", "::", narrow(heading).strip().lower())
    found = _LANGUAGE.search(text)
    if found is not None:
        language = found[1] or ("zh" if found[2] else "en")
        text = f"{text[: found.start()]}::{language}"
    return re.sub(r"\s+", "_", text)


def is_own(sheet: Sheet, heading: str) -> bool:
    """Whether a column may have this heading for something that is not ours, and keep it."""
    return survives(heading) and target_of(sheet, heading).kind == "own"


def targets_in(table: Table, sheet: Sheet, faults: Faults) -> dict[str, Target]:
    """What each heading of a table means; slips and headings that stand twice are noted."""
    found: dict[str, Target] = {}
    seen: set[str] = set()
    for heading in table.headings:
        target = target_of(sheet, heading)
        if target.name in seen:
            faults.add(problems.WORKBOOK_HEADING_TWICE, table.name, 1, heading, name=heading)
            continue
        seen.add(target.name or target.kind)
        found[heading] = target
    _note_slips(table, sheet, found, faults)
    return found


def _note_slips(table: Table, sheet: Sheet, targets: dict[str, Target], faults: Faults) -> None:
    present = {target.name for target in targets.values()}
    absent = [name for name, column in _known(sheet.name).items() if column.heading not in present]
    for heading, target in list(targets.items()):
        cure = slip_of(heading, absent) if target.kind == "own" else None
        if cure is not None:
            faults.add(problems.WORKBOOK_HEADING, table.name, 1, heading, name=heading, cure=cure)
            del targets[heading]


def slip_of(name: str, known: Iterable[str]) -> Phrase | None:
    """ "Did you mean", if `name` is so like one of `known` that it must be a slip."""
    close = difflib.get_close_matches(_folded(name)[:64], list(known), n=1, cutoff=_CLOSE)
    return Phrase(_("Did you mean %(name)s?"), name=f"`{close[0]}`") if close else None
