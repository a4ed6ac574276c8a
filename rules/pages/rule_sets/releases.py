"""The tab of releases: asked for, decided by another person, put into force now or on a day, brought back; the pass
over all children; a candidate watched beside them (ux §6.4)."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from rules.models import Release, RuleSet
from rules.pages.rule_sets import release_parts as parts
from rules.pages.rule_sets.frame import find_rule_set, frame
from rules.services import releases as service
from rules.services.reevaluation import (
    find_reevaluation,
    pause_reevaluation,
    resume_reevaluation,
)
from rules.services.releases.asking import is_withdrawable
from rules.services.shadow.reporting import shadow_report
from server.people.models import User
from server.people.roles import Verb
from server.people.web import me
from server.problems import NOT_FOUND, UNEXPECTED, Problem
from server.shell.paging import page_of

SIZE = 25
_LOADED = (
    "author",
    "approver",
    "editor",
    "base",
    "simulation",
    "rule_set__active",
    "rule_set__project",
)
_LATER = ("document", "base__document", "rule_set__draft", "rule_set__active__document",
          "simulation__document", "simulation__result")  # fmt: skip


@login_required
@require_GET
def releases(request: HttpRequest, rule_set_id: int) -> HttpResponse:
    """The list, and the form that asks for the next one."""
    rule_set = find_rule_set(me(request), rule_set_id)
    page = page_of(_rows(rule_set).order_by("-number"), request.GET, SIZE)
    context = frame(request, rule_set, "releases") | {
        "page": page,
        "rows": page.rows,
        "has_draft": rule_set.draft_updated_at is not None,
        "waiting": [one.pk for one in page.rows if is_withdrawable(one)],
    }
    return render(request, "rules/rule_sets/releases.html", context)


@login_required
@require_GET
def release_page(request: HttpRequest, rule_set_id: int, number: int) -> HttpResponse:
    """One release with all that its approver needs."""
    user = me(request)
    rule_set = find_rule_set(user, rule_set_id)
    release = find_release(rule_set, number)
    other = parts.other_side(release)
    rows, more = parts.rows_between(other, release)
    context = frame(request, rule_set, "releases") | {
        "release": release,
        "is_active": rule_set.active_id == release.pk,
        "is_scheduled": is_withdrawable(release) and release.status == Release.Status.APPROVED,
        "is_outdated": release.base_id != rule_set.active_id
        and release.status == Release.Status.REQUESTED,
        "other": other,
        "changes": rows,
        "more": more,
        "can": parts.buttons_for(user, release),
        "steps": parts.steps_of(release),
        "suggested": parts.suggested_moment(),
        "report": shadow_report(release),
        **parts.progress_of(release.reevaluations.first()),
    }
    return render(request, "rules/rule_sets/release.html", context)


@login_required
@require_GET
def release_progress(request: HttpRequest, rule_set_id: int, number: int) -> HttpResponse:
    """The pass alone; when it has ended, the whole page is asked for anew."""
    rule_set = find_rule_set(me(request), rule_set_id)
    release = find_release(rule_set, number)
    if not request.headers.get("HX-Request"):
        return redirect("release", rule_set.pk, number)
    context = frame(request, rule_set, "releases") | {"release": release}
    context |= parts.progress_of(find_reevaluation(release))
    answer = render(request, "rules/rule_sets/release_progress.html", context)
    if not context["is_live"]:
        answer["HX-Refresh"] = "true"
    return answer


@login_required
@require_POST
def request_release(request: HttpRequest, rule_set_id: int) -> HttpResponse:
    """Ask for the release of the draft."""
    user = me(request)
    rule_set = find_rule_set(user, rule_set_id, Verb.RULES_UPDATE)
    try:
        release = service.request_release(rule_set, user, request.POST.get("note", ""))
    except Problem as problem:
        messages.error(request, problem.message_in(_))
        return redirect("releases", rule_set.pk)
    if release.simulation_id is None:
        messages.warning(
            request, _("Nobody has tried this document yet: the approver will miss it.")
        )
    return redirect("release", rule_set.pk, release.number)


@login_required
@require_POST
def act_on_release(
    request: HttpRequest, rule_set_id: int, number: int, action: str
) -> HttpResponse:
    """Approve, refuse, withdraw, put into force again, pause, resume."""
    user = me(request)
    verb, work = _ACTIONS.get(action, (Verb.RULES_READ, None))
    rule_set = find_rule_set(user, rule_set_id, verb)
    release = find_release(rule_set, number)
    if work is None:
        raise Problem(NOT_FOUND)
    try:
        work(release, user, request)
    except Problem as problem:
        if problem.kind.status == 404:
            raise
        messages.error(request, problem.message_in(_))
    return redirect("release", rule_set.pk, number)


def _approve(release: Release, user: User, request: HttpRequest) -> None:
    when, at = request.POST.get("when", "now"), None
    if when == "later":
        text = request.POST.get("activate_at", "")
        at = parts.moment_from(text)
        if at is None:
            reason = _("a day and time are needed")
            raise Problem(UNEXPECTED, field=_("In force from"), value=text[:40], reason=reason)
    service.approve_release(release, user, at)
    messages.success(request, _("Approved for its day.") if at else _("Approved and in force."))


def _refuse(release: Release, user: User, request: HttpRequest) -> None:
    service.refuse_release(release, user, request.POST.get("note", ""))


def _withdraw(release: Release, user: User, request: HttpRequest) -> None:
    service.withdraw_release(release, user, request.POST.get("note", ""))


def _activate(release: Release, user: User, request: HttpRequest) -> None:
    service.roll_back(release, user, request.POST.get("note", ""))
    messages.success(request, _("In force again."))


def _pause(release: Release, user: User, request: HttpRequest) -> None:
    pause_reevaluation(find_reevaluation(release), user)


def _resume(release: Release, user: User, request: HttpRequest) -> None:
    resume_reevaluation(find_reevaluation(release), user)


Work = Callable[[Release, User, HttpRequest], None]
_ACTIONS: dict[str, tuple[Verb, Work]] = {
    "approve": (Verb.RULES_RELEASE, _approve),
    "refuse": (Verb.RULES_RELEASE, _refuse),
    "withdraw": (Verb.RULES_UPDATE, _withdraw),
    "activate": (Verb.RULES_RELEASE, _activate),
    "pause": (Verb.RULES_RELEASE, _pause),
    "resume": (Verb.RULES_RELEASE, _resume),
}


def find_release(rule_set: RuleSet, number: int) -> Release:
    """One release of the rule set. Problem 404.1."""
    found = _rows(rule_set).filter(number=number).first() if number < 2**31 else None
    if found is None:
        raise Problem(NOT_FOUND)
    return found


def _rows(rule_set: RuleSet) -> Any:
    return rule_set.releases.select_related(*_LOADED).defer(*_LATER)


_ONE = "rules/<int:rule_set_id>/releases/<int:number>"
urlpatterns = [
    path("rules/<int:rule_set_id>/releases", releases, name="releases"),
    path("rules/<int:rule_set_id>/releases/request", request_release, name="release_request"),
    path(_ONE, release_page, name="release"),
    path(f"{_ONE}/progress", release_progress, name="release_progress"),
    path(f"{_ONE}/<slug:action>", act_on_release, name="release_act"),
]
