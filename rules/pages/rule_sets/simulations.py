"""The tab where rules are tried: start a simulation, watch it, read what would change, put two side by
side (ux §6.4)."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from rules.models import Release, RuleSet, Simulation
from rules.pages.asking import areas_in, read_query
from rules.pages.rule_sets import simulation_parts as parts
from rules.pages.rule_sets import simulation_words as words
from rules.pages.rule_sets.frame import find_rule_set, frame
from rules.pages.tiers import chip_of
from rules.services.simulations import DRAFT, Wish, cancel_simulation, start_simulation
from rules.services.simulations.cancelling import LIVE
from rules.services.simulations.comparing import put_beside
from rules.services.simulations.movers import page_of_movers
from rules.services.simulations.summary import Summary, summary_of
from rules.services.words import in_language
from server import clock
from server.people.access import scope_of
from server.people.models import User
from server.people.roles import Verb
from server.people.web import me
from server.places.models import Area
from server.problems import NOT_FOUND, UNEXPECTED, Problem
from server.shell.paging import page_of

FIRST_MOVERS = 10
OFFERED = 50  # releases, and simulations to compare with
SIZE = 25


@login_required
@require_http_methods(["GET", "POST"])
def simulations(request: HttpRequest, rule_set_id: int) -> HttpResponse:
    """The list, and the form that starts another one."""
    user = me(request)
    rule_set = find_rule_set(user, rule_set_id)
    problem = None
    if request.method == "POST":
        try:
            simulation = start_simulation(rule_set, user, wish_of(request.POST))
        except Problem as found:
            problem = found
        else:
            return redirect("simulation", rule_set.pk, simulation.pk)
    context = list_context(request, rule_set, user) | {"problem": problem and problem.message_in(_)}
    status = problem.kind.status if problem else 200
    return render(request, "rules/rule_sets/simulations.html", context, status=status)


def list_context(request: HttpRequest, rule_set: RuleSet, user: User) -> dict[str, Any]:
    """What the list and its form show; what was typed stays."""
    page = page_of(_rows(rule_set).defer("document", "base__document"), request.GET, SIZE)
    releases = rule_set.releases.exclude(status=Release.Status.REFUSED).defer("document")
    given = request.POST if request.method == "POST" else request.GET
    return frame(request, rule_set, "simulations") | {
        "rows": [(one, words.candidate_words(one), moved_of(one)) for one in page.rows],
        "page": page,
        "given": given,
        "releases": list(releases.order_by("-number")[:OFFERED]),
        "has_draft": rule_set.draft_updated_at is not None,
        "areas": areas_in(scope_of(user, Verb.RULES_UPDATE)),
        "today": clock.today(),
    }


def moved_of(simulation: Simulation) -> int | None:
    """How many change tier, from the stored sums alone; None before there are any."""
    if not simulation.result:
        return None
    matrix = simulation.result["comparison"]["matrix"]
    if simulation.base_id is None:
        return 0
    return sum(count for old, row in matrix.items() for new, count in row.items() if new != old)


def wish_of(given: Mapping[str, str]) -> Wish:
    """What the form asks for. Problems: UNEXPECTED, 404.1 for an area."""
    code, sample = given.get("area", ""), given.get("sample", "").strip()
    area = Area.objects.filter(code=code).first() if code else None
    if code and area is None:
        raise Problem(NOT_FOUND)
    if sample and not (sample.isdecimal() and len(sample) < 10):
        raise Problem(
            UNEXPECTED, field=_("Sample"), value=sample[:40], reason=_("a number is needed")
        )
    return Wish(
        candidate=given.get("candidate", "") or DRAFT,
        as_of=_day(given.get("as_of", "")),
        area=area,
        sample=int(sample) if sample else None,
        note=given.get("note", ""),
    )


@login_required
@require_GET
def simulation_page(request: HttpRequest, rule_set_id: int, number: int) -> HttpResponse:
    """One simulation: how far it is, or what would change."""
    user = me(request)
    rule_set = find_rule_set(user, rule_set_id)
    simulation = find_simulation(rule_set, number)
    context = frame(request, rule_set, "simulations") | progress_of(simulation)
    summary = None if simulation.state in LIVE else summary_of(simulation)
    if summary is not None:
        context |= result_context(summary, user)
    return render(request, "rules/rule_sets/simulation.html", context)


@login_required
@require_GET
def simulation_progress(request: HttpRequest, rule_set_id: int, number: int) -> HttpResponse:
    """The bar alone; when it has ended, the whole page is asked for anew."""
    rule_set = find_rule_set(me(request), rule_set_id)
    simulation = find_simulation(rule_set, number)
    if not request.headers.get("HX-Request"):
        return redirect("simulation", rule_set.pk, number)
    context = {"rule_set": rule_set, **progress_of(simulation)}
    answer = render(request, "rules/rule_sets/simulation_progress.html", context)
    if simulation.state not in LIVE:
        answer["HX-Refresh"] = "true"
    return answer


@login_required
@require_POST
def simulation_cancel(request: HttpRequest, rule_set_id: int, number: int) -> HttpResponse:
    """End it."""
    user = me(request)
    rule_set = find_rule_set(user, rule_set_id)
    try:
        cancel_simulation(find_simulation(rule_set, number), user)
    except Problem as problem:
        if problem.kind.status != 409:
            raise
        messages.warning(request, problem.message_in(_))
    return redirect("simulation", rule_set.pk, number)


@login_required
@require_GET
def simulation_movers(request: HttpRequest, rule_set_id: int, number: int) -> HttpResponse:
    """Who moves, filtered by the tiers before and after."""
    user = me(request)
    rule_set = find_rule_set(user, rule_set_id)
    simulation = find_simulation(rule_set, number)
    summary, asked = summary_of(simulation), read_query(request.GET, "from", "to")
    if summary is None:
        return redirect("simulation", rule_set.pk, number)
    found, after = page_of_movers(
        simulation, user, old=asked.get("from"), new=asked.get("to"), after=asked.after
    )
    context = frame(request, rule_set, "simulations") | {
        "simulation": simulation,
        "rows": parts.mover_rows(summary, found),
        "asked": asked,
        "old_tiers": [chip_of(tier) for tier in summary.old_tiers],
        "new_tiers": [chip_of(tier) for tier in summary.new_tiers],
        "next": asked.link(after=after) if after else "",
        "first": asked.link() if asked.after else "",
        "headline": words.headline(summary),
    }
    return render(request, "rules/rule_sets/simulation_movers.html", context)


@login_required
@require_GET
def simulation_compare(request: HttpRequest, rule_set_id: int, number: int) -> HttpResponse:
    """Two simulations side by side."""
    user = me(request)
    rule_set = find_rule_set(user, rule_set_id)
    other = request.GET.get("with", "")
    if not other.isdecimal() or len(other) > 18:
        return redirect("simulation", rule_set.pk, number)
    both = [find_simulation(rule_set, key) for key in (number, int(other))]
    summaries = [summary_of(one) for one in both]
    if summaries[0] is None or summaries[1] is None:
        return redirect("simulation", rule_set.pk, number)
    context = frame(request, rule_set, "simulations")
    context |= compare_context(summaries[0], summaries[1])
    return render(request, "rules/rule_sets/simulation_compare.html", context)


def compare_context(one: Summary, other: Summary) -> dict[str, Any]:
    """The numbers of both, and both matrices."""
    beside = put_beside(one, other)
    tasks = {**one.sides.new.tasks, **other.sides.new.tasks}
    titles = {
        "children": _("Children"),
        "up": _("Go up"),
        "down": _("Go down"),
        "insufficient": _("Too little known"),
        "tasks": _("Tasks asked for"),
    }
    return {
        "beside": beside,
        "sides": [side_of(one), side_of(other)],
        "tiers": [(chip_of(tier), line) for tier, line in beside.tiers],
        "totals": [(titles[line.label], line) for line in beside.totals],
        "tasks": [(in_language(tasks[line.label].title), line) for line in beside.tasks],
    }


def side_of(summary: Summary) -> dict[str, Any]:
    """One simulation as the pages head it, with its matrix."""
    return {
        "simulation": summary.simulation,
        "candidate": words.candidate_words(summary.simulation),
        "headline": words.headline(summary),
        "matrix": parts.matrix_of(summary),
        "columns": parts.columns_of(summary),
    }


def result_context(summary: Summary, user: User) -> dict[str, Any]:
    """All that the page of a result shows."""
    simulation = summary.simulation
    movers, _after = page_of_movers(simulation, user, size=FIRST_MOVERS)
    weeks, work = parts.weeks_of(summary)
    others = (
        _rows(simulation.rule_set).filter(state=Simulation.State.DONE).exclude(pk=simulation.pk)
    )
    return side_of(summary) | {
        "summary": summary,
        "aftermath": words.aftermath(summary),
        "bars": parts.bars_of(summary),
        "reasons": words.reasons(summary),
        "movers": parts.mover_rows(summary, movers),
        "has_more": bool(_after),
        "tasks": parts.tasks_of(summary),
        "weeks": weeks,
        "work": work,
        "groups": parts.groups_of(summary, user),
        "unknown": parts.unknown_of(summary),
        "hits": parts.hits_of(summary),
        "never": parts.never_of(summary),
        "others": [
            (one, words.candidate_words(one))
            for one in others.defer("document", "result", "base__document")[:OFFERED]
        ],
    }


def progress_of(simulation: Simulation) -> dict[str, Any]:
    """How far it is."""
    area = simulation.scope.get("area")
    return {
        "simulation": simulation,
        "candidate": words.candidate_words(simulation),
        "area": Area.objects.filter(pk=area).first() if area else None,
        "is_live": simulation.state in LIVE,
        "elapsed": words.elapsed_words(simulation),
        "remaining": words.remaining_words(simulation),
        "address": reverse("simulation", args=[simulation.rule_set_id, simulation.pk]),
    }


def find_simulation(rule_set: RuleSet, number: int) -> Simulation:
    """One simulation of the rule set, its document not loaded. Problem 404.1."""
    found = _rows(rule_set).defer("document", "base__document", "rule_set__draft")
    simulation = found.filter(pk=number).first() if number < 2**63 else None
    if simulation is None:
        raise Problem(NOT_FOUND)
    return simulation


def _rows(rule_set: RuleSet) -> QuerySet[Simulation]:
    return rule_set.simulations.select_related("rule_set", "base", "actor")


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip()) if text.strip() else None
    except ValueError:
        field, reason = _("As of"), _("a day like 2026-09-01 is needed")
        raise Problem(UNEXPECTED, field=field, value=text[:40], reason=reason) from None


_ONE = "rules/<int:rule_set_id>/simulations/<int:number>"
urlpatterns = [
    path("rules/<int:rule_set_id>/simulations", simulations, name="simulations"),
    path(_ONE, simulation_page, name="simulation"),
    path(f"{_ONE}/progress", simulation_progress, name="simulation_progress"),
    path(f"{_ONE}/cancel", simulation_cancel, name="simulation_cancel"),
    path(f"{_ONE}/movers", simulation_movers, name="simulation_movers"),
    path(f"{_ONE}/compare", simulation_compare, name="simulation_compare"),
]
