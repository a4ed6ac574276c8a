"""The tab of cases: what comes out for each, where that differs from what is expected, and which rules
they exercise; cases added from a file and taken away (ux §6.4)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from rules.cases.comparing import CaseResult
from rules.cases.judging import differences_of, failures_of
from rules.cases.reading import parse_cases
from rules.models import RuleSet
from rules.pages.rule_sets.checks import DRAFT, choice_of, report_for
from rules.pages.rule_sets.frame import find_rule_set, frame
from rules.pages.tiers import Chip, chip_of
from rules.services.case_making import add_cases, remove_case
from rules.services.checking import CheckReport
from server.people.roles import Verb
from server.people.web import me
from server.problems import MISSING, TOO_LARGE, Phrase, Problem

SIZE = 50
LARGEST_FILE = 5_000_000


@dataclass(frozen=True, slots=True)
class Row:
    """One case with its result; `result` None where it could not be run."""

    case_id: str
    story: str
    as_of: str
    wanted: Chip | None
    found: Chip | None
    result: CaseResult | None
    failures: list[str]
    differences: list[str]


@login_required
@require_GET
def rule_set_cases(request: HttpRequest, rule_set_id: int) -> HttpResponse:
    """The cases of the draft, or of what `?release=` names, failing ones first if asked."""
    rule_set = find_rule_set(me(request), rule_set_id)
    return render(request, "rules/rule_sets/cases.html", page(request, rule_set))


def page(request: HttpRequest, rule_set: RuleSet) -> dict[str, Any]:
    """What the page shows."""
    asked, report = report_for(rule_set, request.GET.get("release", ""))
    context = frame(request, rule_set, "cases") | choice_of(rule_set, asked)
    if report is None or report.rules is None or report.cases is None:
        return context | {"report": report}
    rows = list(rows_of(report))
    show = request.GET.get("show", "")
    shown = [row for row in rows if is_shown(row, show)]
    start = number_in(request.GET.get("from", ""))
    return context | {
        "report": report,
        "total": report.cases.total(),
        "failing": sum(bool(row.failures) or row.result is None for row in rows),
        "show": show,
        "rows": shown[start : start + SIZE],
        "count": len(shown),
        "next": start + SIZE if start + SIZE < len(shown) else None,
        "coverage": coverage_rows(report),
        "is_draft": asked == DRAFT,
    }


def number_in(text: str) -> int:
    """A place in a list; 0 for anything else."""
    return int(text) if text.isdecimal() and len(text) < 7 else 0


def is_shown(row: Row, show: str) -> bool:
    """Whether the filter lets a row through."""
    if show == "failing":
        return bool(row.failures) or row.result is None
    return show != "different" or bool(row.differences)


def rows_of(report: CheckReport) -> Iterator[Row]:
    """Every case of the document."""
    if report.rules is None:
        return
    chips = {tier.id: chip_of(tier) for tier in report.rules.tiers}
    results = dict(report.results())
    for index, case in enumerate(report.rules.document.get("cases") or []):
        result = results.get(index)
        expected = case.get("expected")
        wanted = expected.get("tier") if isinstance(expected, Mapping) else None
        yield Row(
            case_id=str(case.get("case_id") or ""),
            story=str(case.get("story") or ""),
            as_of=str(case.get("as_of") or ""),
            wanted=chips.get(wanted) if isinstance(wanted, str) else None,
            found=chips.get(result.tier) if result else None,
            result=result,
            failures=[told(one) for one in failures_of(result)] if result else [],
            differences=[told(one) for one in differences_of(result)] if result else [],
        )


def told(phrase: Phrase) -> str:
    """A phrase in the reader's language."""
    return phrase.message_in(_)


def coverage_rows(report: CheckReport) -> list[tuple[Any, Mapping[str, str]]]:
    """Each rule's counts with its title; those not seen in every way first."""
    if report.rules is None or report.coverage is None:
        return []
    titles = {rule.id: rule.title for rule in report.rules.rules}
    found = sorted(report.coverage.rules, key=lambda one: one.is_complete)
    return [(one, titles[one.rule]) for one in found]


@login_required
@require_POST
def add(request: HttpRequest, rule_set_id: int) -> HttpResponse:
    """Add the cases of an uploaded file to the draft."""
    user = me(request)
    rule_set = find_rule_set(user, rule_set_id, Verb.RULES_UPDATE)
    try:
        cases = uploaded(request)
        add_cases(rule_set, cases, user)
    except Problem as problem:
        context = page(request, rule_set) | {"problem": problem.message_in(_)}
        return render(request, "rules/rule_sets/cases.html", context, status=problem.kind.status)
    count = len(cases)
    messages.success(
        request, ngettext("%(n)s case added.", "%(n)s cases added.", count) % {"n": count}
    )
    return redirect("rule_set_cases", rule_set.pk)


def uploaded(request: HttpRequest) -> list[Mapping[str, Any]]:
    """The cases in the file that was sent. Problems: MISSING, TOO_LARGE, UNPARSEABLE, CASES_SHAPE."""
    file = request.FILES.get("file")
    if file is None:
        raise Problem(MISSING, field="file")
    if (file.size or 0) > LARGEST_FILE:
        raise Problem(TOO_LARGE, limit="5 MB")
    kind = "json" if (file.name or "").lower().endswith(".json") else "yaml"
    document = parse_cases(file.read(), kind)
    found = document.get("cases") if isinstance(document, Mapping) else None
    return found if isinstance(found, list) else [document]


@login_required
@require_POST
def remove(request: HttpRequest, rule_set_id: int) -> HttpResponse:
    """Take one case out of the draft."""
    user = me(request)
    rule_set = find_rule_set(user, rule_set_id, Verb.RULES_UPDATE)
    remove_case(rule_set, request.POST.get("case", ""), user)
    messages.success(request, _("The case is removed from the draft."))
    return redirect("rule_set_cases", rule_set.pk)


urlpatterns = [
    path("rules/<int:rule_set_id>/cases", rule_set_cases, name="rule_set_cases"),
    path("rules/<int:rule_set_id>/cases/add", add, name="rule_set_cases_add"),
    path("rules/<int:rule_set_id>/cases/remove", remove, name="rule_set_case_remove"),
]
