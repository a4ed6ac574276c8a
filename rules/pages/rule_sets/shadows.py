"""A candidate watched beside the rules in force: begun, ended, and how they compare (ux §6.4)."""

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from rules.pages.rule_sets.frame import find_rule_set, frame
from rules.pages.rule_sets.release_parts import moment_from
from rules.pages.rule_sets.releases import find_release
from rules.pages.rule_sets.shadow_parts import differing_rows, matrix_of, rule_names
from rules.services.shadow import start_shadow, stop_shadow
from rules.services.shadow.reporting import differing_for, shadow_report
from server.people.roles import Verb
from server.people.web import me
from server.problems import UNEXPECTED, Problem


@login_required
@require_GET
def release_shadow(request: HttpRequest, rule_set_id: int, number: int) -> HttpResponse:
    """What a candidate said beside the release in force."""
    user = me(request)
    rule_set = find_rule_set(user, rule_set_id)
    release = find_release(rule_set, number)
    report = shadow_report(release)
    found, after = differing_for(release, user, after=request.GET.get("after", ""))
    context = frame(request, rule_set, "releases") | {
        "release": release,
        "report": report,
        "agreement": 100 * report.agreement,
        "is_running": rule_set.candidate_id == release.pk,
        "matrix": matrix_of(report, release, rule_set.active),
        "rules": rule_names(rule_set, report),
        "rows": differing_rows(release, found, rule_set.active),
        "next": f"?after={after}" if after else "",
    }
    return render(request, "rules/rule_sets/release_shadow.html", context)


@login_required
@require_POST
def shadow_begin(request: HttpRequest, rule_set_id: int) -> HttpResponse:
    """Watch the draft, or a release, beside the one in force."""
    user = me(request)
    rule_set = find_rule_set(user, rule_set_id, Verb.RULES_UPDATE)
    wanted, days = request.POST.get("candidate", "draft"), request.POST.get("until", "")
    try:
        release = find_release(rule_set, int(wanted)) if wanted.isdecimal() else None
        until = moment_from(days)
        if until is None:
            raise Problem(
                UNEXPECTED, field=_("Until"), value=days[:40], reason=_("a day is needed")
            )
        if len(days) == len("2026-09-01"):
            until += timedelta(days=1)  # the whole of its last day
        candidate = start_shadow(rule_set, user, release, until)
    except Problem as problem:
        messages.error(request, problem.message_in(_))
        return redirect("releases", rule_set.pk)
    return redirect("release_shadow", rule_set.pk, candidate.number)


@login_required
@require_POST
def shadow_end(request: HttpRequest, rule_set_id: int) -> HttpResponse:
    """End the watch."""
    user = me(request)
    rule_set = find_rule_set(user, rule_set_id, Verb.RULES_UPDATE)
    try:
        stop_shadow(rule_set, user)
    except Problem as problem:
        messages.warning(request, problem.message_in(_))
    return redirect("releases", rule_set.pk)


urlpatterns = [
    path("rules/<int:rule_set_id>/shadow", shadow_begin, name="shadow_begin"),
    path("rules/<int:rule_set_id>/shadow/end", shadow_end, name="shadow_end"),
    path(
        "rules/<int:rule_set_id>/releases/<int:number>/shadow",
        release_shadow,
        name="release_shadow",
    ),
]
