"""Errors and warnings about a rule-set document, each with the sheet, row and column of its
workbook (design.md §6)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rules import problems
from rules.language.ast import Span
from rules.language.names import Issue, as_phrase
from server.problems import Kind, Place, Problem


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault. `span` is the part of the expression in that cell, when it is about one."""

    kind: Kind
    tokens: Mapping[str, Any]
    place: Place
    span: Span | None = None
    is_warning: bool = False

    def message_in(self, translate: Callable[[str], str]) -> str:
        """The message and its cure in the language of `translate` (a gettext)."""
        return Issue(self.kind, self.tokens, (0, 0)).message_in(translate)

    def as_dict(self, translate: Callable[[str], str] = str) -> dict[str, Any]:
        """For JSON answers: code, message, place and, in an expression, offset and length."""
        answer: dict[str, Any] = {
            "code": self.kind.code,
            "message": self.message_in(translate),
            "warning": self.is_warning,
            **self.place.as_dict(),
        }
        if self.span:
            answer |= {"offset": self.span[0], "length": self.span[1] - self.span[0]}
        return answer


@dataclass(slots=True)
class Findings:
    """Collects findings while a document is read."""

    items: list[Finding] = field(default_factory=list)

    def error(self, kind: Kind, place: Place, **tokens: Any) -> None:
        """Note an error."""
        self.items.append(Finding(kind, _phrased(tokens), place))

    def warn(self, kind: Kind, place: Place, **tokens: Any) -> None:
        """Note a warning: the document stays valid."""
        self.items.append(Finding(kind, _phrased(tokens), place, is_warning=True))

    def issues(self, issues: Iterable[Issue], place: Place) -> None:
        """Note what the language's checker says about the expression at `place`."""
        for issue in issues:
            self.items.append(
                Finding(issue.kind, issue.tokens, place, issue.span, issue.is_warning)
            )

    def problem(self, problem: Problem, place: Place) -> None:
        """Note what the parser raised about the expression at `place`."""
        start = int(problem.details.get("offset", 0))
        span = (start, start + int(problem.details.get("length", 0)))
        self.items.append(Finding(problem.kind, {"cure": "", **problem.tokens}, place, span))

    @property
    def errors(self) -> list[Finding]:
        """What makes the document invalid."""
        return [item for item in self.items if not item.is_warning]

    def raise_errors(self) -> None:
        """Raise RULE_SET_INVALID with every error (a Finding) in `places` and `details['errors']`, if there is one."""
        errors = self.errors
        if errors:
            raise Problem(
                problems.RULE_SET_INVALID,
                places=tuple(item.place for item in errors),
                details={"errors": errors},
                count=len(errors),
                first=errors[0],
            )


def _phrased(tokens: dict[str, Any]) -> dict[str, Any]:
    """`tokens` with those that are plain msgids made translatable."""
    texts = {key: as_phrase(tokens.get(key, "")) for key in ("cure", "reason", "need", "what")}
    return {**tokens, **texts}


def place_of(section: str, index: int | None = None, column: str = "") -> Place:
    """The cell: row 1 of a sheet is its heading, so item 0 stands in row 2."""
    return Place(sheet=section, row=None if index is None else index + 2, column=column)
