"""The tab of checks: everything wrong or doubtful about the draft (or a release), each with its place and
what to do (ux §6.4)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from rules.engine.findings import Finding
from rules.models import RuleSet
from rules.pages.rule_sets.frame import find_rule_set, frame
from rules.services.checking import CheckReport, check_draft, check_release
from server.people.web import me
from server.problems import NOT_FOUND, Problem, spoken_in

MOST = 300  # of errors, and of warnings, on one page
DRAFT = "draft"


@dataclass(frozen=True, slots=True)
class Line:
    """One finding in the reader's language: where, what, and what to do."""

    sheet: str
    row: int | None
    column: str
    message: str
    cure: str


@dataclass(frozen=True, slots=True)
class Group:
    """The findings of one sheet."""

    sheet: str
    lines: list[Line]


@login_required
@require_GET
def rule_set_checks(request: HttpRequest, rule_set_id: int) -> HttpResponse:
    """What the check says about the draft, or what `?release=` names."""
    rule_set = find_rule_set(me(request), rule_set_id)
    asked, report = report_for(rule_set, request.GET.get("release", ""))
    context = frame(request, rule_set, "checks") | choice_of(rule_set, asked)
    if report is not None:
        context |= {
            "report": report,
            "errors": grouped(report.errors),
            "warnings": grouped(report.warnings),
            "most": MOST,
        }
    return render(request, "rules/rule_sets/checks.html", context)


def report_for(rule_set: RuleSet, asked: str) -> tuple[str, CheckReport | None]:
    """What was asked for ("": the draft, else what is in force) and the report about it; None where
    there is neither. Problem 404.1."""
    if not asked:
        asked = DRAFT if rule_set.draft_updated_at is not None or rule_set.active_id is None else ""
    if asked == DRAFT:
        return DRAFT, check_draft(rule_set) if rule_set.draft is not None else None
    number = rule_set.active.number if not asked and rule_set.active else asked
    known = str(number)
    rows = rule_set.releases.select_related("rule_set")
    found = rows.filter(number=int(known)).first() if known.isdecimal() and len(known) < 9 else None
    if found is None:
        raise Problem(NOT_FOUND)
    return str(found.number), check_release(found)


def choice_of(rule_set: RuleSet, asked: str) -> dict[str, Any]:
    """What can be looked at, and what is."""
    numbers = rule_set.releases.order_by("-number").values_list("number", flat=True)[:50]
    return {
        "asked": asked,
        "has_draft": rule_set.draft_updated_at is not None,
        "numbers": [str(number) for number in numbers],
    }


def grouped(findings: Iterable[Finding]) -> list[Group]:
    """The first MOST findings by sheet, in their order."""
    groups: dict[str, list[Line]] = {}
    for item in list(findings)[:MOST]:
        groups.setdefault(item.place.sheet, []).append(line_of(item))
    return [Group(sheet, lines) for sheet, lines in groups.items()]


def line_of(item: Finding) -> Line:
    """A finding in the active language."""
    tokens = spoken_in(item.tokens, _)
    message = _(item.kind.message) % tokens
    cure = _(item.kind.cure) % tokens if item.kind.cure else ""
    place = item.place
    return Line(place.sheet, place.row, place.column or place.path, message, cure)


urlpatterns = [
    path("rules/<int:rule_set_id>/checks", rule_set_checks, name="rule_set_checks"),
]
