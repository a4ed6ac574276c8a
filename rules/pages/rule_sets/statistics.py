"""The tab that shows what the rules did: which fire, which never, what they wait for, and how often
people decide otherwise (screens §6.4, operations)."""

from datetime import date, timedelta

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_GET

from rules.pages.rule_sets.frame import find_rule_set, frame
from rules.pages.tiers import chips_in_force
from rules.services.in_force import compiled
from rules.services.statistics import FactLine, Report, rule_statistics
from server import clock
from server.people.web import me
from server.problems import UNEXPECTED, Problem

SPAN = timedelta(days=90)
SPANS = (30, 90, 365)
MOST_FACTS = 30


@login_required
@require_GET
def statistics(request: HttpRequest, rule_set_id: int) -> HttpResponse:
    """The report on a span of days, the last 90 unless asked otherwise."""
    rule_set = find_rule_set(me(request), rule_set_id)
    until = _day(request, "to") or clock.today()
    since = _day(request, "from") or until - SPAN
    report = rule_statistics(rule_set, since, until)
    rules = [compiled(rule_set.active)] if rule_set.active else []
    context = frame(request, rule_set, "statistics") | {
        "report": report,
        "facts": lacking(report),
        "chips": chips_in_force(rules),
        "spans": [(days, (clock.today() - timedelta(days=days)).isoformat()) for days in SPANS],
        "decisions": report.agreed + report.raised + report.lowered,
    }
    return render(request, "rules/rule_sets/statistics.html", context)


def lacking(report: Report) -> list[FactLine]:
    """The facts that are unknown most often, those that a rule waited for."""
    return [one for one in report.facts if one.needed][:MOST_FACTS]


def _day(request: HttpRequest, field: str) -> date | None:
    text = request.GET.get(field, "")
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Problem(UNEXPECTED, field=field, value=text[:20], reason="YYYY-MM-DD") from None


urlpatterns = [path("rules/<int:rule_set_id>/statistics", statistics, name="rule_statistics")]
