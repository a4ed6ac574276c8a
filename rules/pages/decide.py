"""Decisions about a tier from a page: confirm, override, ask to lower, approve, refuse (screens §6.1)."""

import uuid
from collections.abc import Callable
from datetime import date
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from forms.models import Entity
from rules.engine.rule_set import RuleSet
from rules.models import TierState
from rules.pages.people import name_of
from rules.pages.scope import find_child, may
from rules.pages.tiers import chip_of, rules_of
from rules.services.tasks import ask_for_facts
from rules.services.tiers import (
    REASONS,
    approve_downgrade,
    confirm_tier,
    override_tier,
    refuse_downgrade,
    request_downgrade,
)
from rules.services.words import in_language, listed
from server.people.access import person_of
from server.people.models import User
from server.people.roles import Verb
from server.people.web import me
from server.problems import NOT_FOUND, UNEXPECTED, Problem
from server.shell.templatetags.shell import masked

Decide = Callable[[Entity, User, QueryDict], TierState]
REASON_WORDS = {
    "policy": gettext_lazy("Policy: the rules do not know this case"),
    "discretionary": gettext_lazy("Judgement: I have seen something that no form asks"),
    "exception": gettext_lazy("Exception of the county (below a rule that holds, 90 days at most)"),
}


@login_required
@require_POST
def decide(request: HttpRequest, child: uuid.UUID, action: str) -> HttpResponse:
    """Do it, then back to where the person came from; for htmx the row leaves the queue and the drawer closes."""
    user, take = me(request), ACTIONS.get(action)
    if take is None:
        raise Problem(NOT_FOUND)
    entity = find_child(user, child)
    state = take(entity, user, request.POST)
    said = outcome_of(entity, state, action)
    back = request.POST.get("next", "")
    if request.headers.get("HX-Request") and not back:
        return render(request, "rules/decided.html", {"entity": entity, "said": said})
    messages.success(request, said)
    is_ours = url_has_allowed_host_and_scheme(back, {request.get_host()})
    target = back if is_ours else reverse("child", args=[child])
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": target})
    return redirect(target)


def outcome_of(entity: Entity, state: TierState, action: str) -> str:
    """What came of it, for the notice."""
    rule_set = rules_of(state.evaluation)
    tier = chip_of(rule_set.tier(state.tier)) if rule_set else None
    names = {"name": masked(name_of(entity)), "tier": tier.title if tier else state.tier}
    if state.review == TierState.Review.SECOND:
        return _("%(name)s: asked to lower the tier. Another person of the county decides.") % names
    if action == "refuse":
        return _("%(name)s stays in %(tier)s.") % names
    return _("%(name)s is in %(tier)s: decided by you.") % names


def _confirm(entity: Entity, user: User, given: QueryDict) -> TierState:
    return confirm_tier(
        entity, user, evaluation_id=_evaluation(given), reason=given.get("reason", "")
    )


def _override(entity: Entity, user: User, given: QueryDict) -> TierState:
    return override_tier(
        entity,
        user,
        tier=given.get("tier", ""),
        reason_code=given.get("reason_code", ""),
        reason=given.get("reason", ""),
        until=_day(given.get("until", "")),
        evaluation_id=_evaluation(given),
    )


def _request(entity: Entity, user: User, given: QueryDict) -> TierState:
    return request_downgrade(
        entity,
        user,
        tier=given.get("tier", ""),
        reason=given.get("reason", ""),
        reason_code=given.get("reason_code", "policy"),
        evaluation_id=_evaluation(given),
    )


def _approve(entity: Entity, user: User, given: QueryDict) -> TierState:
    return approve_downgrade(
        entity, user, evaluation_id=_evaluation(given), reason=given.get("reason", "")
    )


def _refuse(entity: Entity, user: User, given: QueryDict) -> TierState:
    return refuse_downgrade(entity, user, reason=given.get("reason", ""))


ACTIONS: dict[str, Decide] = {
    "confirm": _confirm,
    "override": _override,
    "request": _request,
    "approve": _approve,
    "refuse": _refuse,
}


def _evaluation(given: QueryDict) -> int | None:
    text = given.get("evaluation", "")
    return int(text) if text.isdecimal() and len(text) < 19 else None


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Problem(UNEXPECTED, field="until", value=text, reason="YYYY-MM-DD") from error


@login_required
@require_POST
def ask(request: HttpRequest, child: uuid.UUID) -> HttpResponse:
    """Ask the field for facts; the child stays where it is in the queue."""
    user = me(request)
    entity = find_child(user, child)
    task = ask_for_facts(entity, user, request.POST.get("note", ""))
    who = task.assignee.display_name if task.assignee else _("nobody")
    said = _("Asked: %(task)s, %(who)s.") % {"task": in_language(task.title), "who": who}
    if request.headers.get("HX-Request"):
        return render(request, "rules/asked.html", {"task": task, "said": said})
    messages.success(request, said)
    return redirect("child", child)


def choices_of(entity: Entity, state: TierState | None, user: User) -> dict[str, Any]:
    """What this person may decide about the child, for the buttons and dialogs; empty where nothing may be."""
    rule_set = rules_of(state.evaluation) if state else None
    if (
        state is None
        or rule_set is None
        or not state.tier
        or not may(user, Verb.TIER_REVIEW, entity)
    ):
        return {}
    now = rule_set.tier(state.tier)
    takes_two, is_county = now.downgrade_approvals > 1, may(user, Verb.TIER_REVIEW_RED, entity)
    asked, person = state.requested_by, person_of(user)
    is_asker = asked is not None and person is not None and asked.pk == person.pk
    waits = state.review not in (TierState.Review.NONE, TierState.Review.SECOND)
    lower = [tier for tier in rule_set.tiers if tier.rank < now.rank]
    return {
        "ask": rule_set.ask_for_facts is not None and may(user, Verb.TASK_ASSIGN, entity),
        "confirm": waits and not (state.proposed and takes_two) and (is_county or not takes_two),
        "lower": [chip_of(tier) for tier in lower[-1:]]
        if takes_two and not state.requested_tier
        else [],
        "second": bool(state.requested_tier) and is_county and not is_asker,
        "asked_by": asked if state.requested_tier else None,
        "tiers": [
            chip_of(tier)
            for tier in reversed(rule_set.tiers)
            if tier.rank > now.rank
            or (tier.id == now.id and state.proposed)  # to keep it against a proposal
            or (tier.rank < now.rank and not takes_two)
        ],
        "reasons": [
            (code, REASON_WORDS[code]) for code in REASONS if code != "exception" or is_county
        ],
        "gaps": gaps_of(state, rule_set),
    }


def gaps_of(state: TierState, rule_set: RuleSet) -> str:
    """The questions whose answers could raise the tier, to begin the asking with."""
    unknown = state.evaluation.decision["unknown"] if state.evaluation else []
    ranks = {tier.id: tier.rank for tier in rule_set.tiers}
    now = ranks.get(state.tier, 0)
    names = [one["fact"] for one in unknown if ranks.get(one["couldReach"], 0) > now]
    return listed(rule_set.facts[name].title for name in names if name in rule_set.facts)
