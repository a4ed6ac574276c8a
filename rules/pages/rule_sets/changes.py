"""The difference of two rule sets as pages show it; `rules/rule_sets/changes.html` needs only the context
made here."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import pgettext

from rules.services.words import in_language
from rules.workbook import Change, count_changes
from rules.workbook.difference import ADDED, CHANGED, MOVED, REMOVED, Side

MOST = 400  # of single differences on one page
_TONES = {ADDED: "good", REMOVED: "bad", CHANGED: "", MOVED: ""}


@dataclass(frozen=True, slots=True)
class Shown:
    """One side: the sentence (or the text), and the expression behind a sentence."""

    text: str
    expression: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One difference in the reader's language."""

    section: str
    id: str
    title: str
    word: str
    tone: str
    field: str
    old: Shown | None
    new: Shown | None


def changes_context(changes: Sequence[Change]) -> dict[str, Any]:
    """`counts`, `lines` (at most 400, by section in the order of the workbook) and how many `more`
    there are."""
    lines = [_line(change) for change in changes[:MOST]]
    return {
        "counts": count_changes(changes),
        "lines": lines,
        "more": max(0, len(changes) - MOST),
    }


def _line(change: Change) -> Line:
    return Line(
        section=change.section,
        id=change.id,
        title=in_language(change.title) if change.title else "",
        word=_words()[change.kind],
        tone=_TONES[change.kind],
        field=change.field,
        old=_shown(change.old),
        new=_shown(change.new),
    )


def _shown(side: Side | None) -> Shown | None:
    if side is None:
        return None
    sentence = in_language(side.sentence) if side.sentence else ""
    return Shown(sentence, side.text) if sentence else Shown(side.text)


def _words() -> dict[str, str]:
    return {
        ADDED: pgettext("change of rules", "Added"),
        REMOVED: pgettext("change of rules", "Removed"),
        CHANGED: pgettext("change of rules", "Changed"),
        MOVED: pgettext("change of rules", "Moved"),
    }
