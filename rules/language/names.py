"""What `${name}` may stand for, and what a checker says about its use (design.md §6)."""

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rules.language.ast import Span, Type
from server.problems import Kind as ProblemKind
from server.problems import Phrase, spoken_in
from server.problems import gettext_noop as _

Bilingual = Mapping[str, str]  # {"zh": ..., "en": ...}


@dataclass(frozen=True, slots=True)
class Name:
    """One fact, derived fact or parameter. `type` None: unknown to the checker, so anything may be
    done with it."""

    name: str
    type: Type | None
    title: Bilingual = field(default_factory=dict)
    labels: Mapping[str, Bilingual] = field(default_factory=dict)
    may_be_unknown: bool = True


Names = Mapping[str, Name]


@dataclass(frozen=True, slots=True)
class Issue:
    """One error or warning about the part of an expression at `span`; `kind` and `tokens` make the
    message."""

    kind: ProblemKind
    tokens: Mapping[str, Any]
    span: Span
    is_warning: bool = False

    def message_in(self, translate: Callable[[str], str]) -> str:
        """The message and its cure in the language of `translate` (a gettext)."""
        tokens = spoken_in(self.tokens, translate)
        cure = translate(self.kind.cure) % tokens if self.kind.cure else ""
        return f"{translate(self.kind.message) % tokens} {cure}".strip()


def as_phrase(text: str) -> str:
    """A plain msgid as a phrase, so that the message around it translates it too."""
    return text if isinstance(text, Phrase) or not text or "%" in text else Phrase(text)


def did_you_mean(word: str, candidates: Iterable[str], form: str = "`{}`") -> Phrase:
    """A cure naming the candidate closest to `word`, or listing some of few candidates, or ''."""
    known = sorted(set(candidates))
    close = difflib.get_close_matches(word[:64], known, n=1, cutoff=0.6)
    if close:
        return Phrase(_("Did you mean %(name)s?"), name=form.format(close[0]))
    if 0 < len(known) <= 12:
        names = ", ".join(form.format(item) for item in known)
        return Phrase(_("There are: %(names)s."), names=names)
    return Phrase(_("Check the spelling."))
