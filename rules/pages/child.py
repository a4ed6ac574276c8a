"""The page of one child: who it is (masked), where it stands and why, what is being done, what happened
(screens §6.2, §6.3)."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_GET, require_POST

from forms.models import Entity
from rules.engine.rule_set import RuleSet
from rules.models import Evaluation, TierDecision, TierState
from rules.pages.appeals import appeals_about
from rules.pages.band import band_of
from rules.pages.child_people import people_of
from rules.pages.decide import choices_of
from rules.pages.explanation import explained, masked_day, value_text
from rules.pages.feed import feed_of
from rules.pages.people import child_of, name_of, workers_of
from rules.pages.queue import change_of
from rules.pages.review import live_tasks, state_of
from rules.pages.scope import find_child
from rules.pages.tiers import chip_of, rules_of
from rules.services.appeals import may_take_down
from rules.services.calendar import manual_items
from rules.services.case_making import may_make_case
from rules.services.words import in_language
from server import clock
from server.journal.services import record
from server.people.models import User
from server.people.web import me
from server.problems import NOT_FOUND, Problem
from server.shell.templatetags.shell import masked

KINDS: dict[str, Promise] = {
    "": _("Everything"),
    "submission": _("Forms"),
    "evaluation": _("Evaluations"),
    "decision": _("Decisions"),
    "appeal": _("Objections"),
    "task": _("Tasks"),
    "entity": _("Registry"),
}
# What the registry keeps of a child, in this order; the rest of its columns is the server's own or a code of a place.
IDENTITY: dict[str, Promise] = {
    "child_name": pgettext_lazy("of a person", "Name"),
    "dob": _("Date of birth"),
    "caregiver_name": _("Caregiver"),
    "caregiver_phone": _("Caregiver's phone"),
    "father_phone": _("Father's phone"),
    "mother_phone": _("Mother's phone"),
}
SITUATION = ("caregiver_relation", "living_arrangement", "entrust_status", "school_stage")
CLASS = pgettext_lazy("of a school", "Class")


@dataclass(frozen=True, slots=True)
class Detail:
    """One line of the card."""

    label: str
    text: str


@login_required
@require_GET
def child_page(request: HttpRequest, child: uuid.UUID) -> HttpResponse:
    """Everything about one child, names and phones masked. Reading it is journalled."""
    user = me(request)
    entity = find_child(user, child)
    record(
        "entity.read",
        actor=user,
        subject=f"entity:{entity.uuid}",
        project_id=entity.dataset.project_id,
    )
    return render(request, "rules/child.html", page_of(request, user, entity))


@login_required
@require_POST
def reveal(request: HttpRequest, child: uuid.UUID) -> HttpResponse:
    """The card with name, birthday and phones; who looked is journalled."""
    user = me(request)
    entity = find_child(user, child)
    record(
        "entity.reveal",
        actor=user,
        subject=f"entity:{entity.uuid}",
        project_id=entity.dataset.project_id,
    )
    if request.headers.get("HX-Request"):
        state = state_of(entity)
        return render(request, "rules/identity.html", card_of(entity, state, is_revealed=True))
    return render(request, "rules/child.html", page_of(request, user, entity, is_revealed=True))


@login_required
@require_GET
def feed(request: HttpRequest, child: uuid.UUID) -> HttpResponse:
    """The timeline alone, for filtering it in place."""
    user = me(request)
    entity = find_child(user, child)
    state = state_of(entity)
    rule_set = rules_of(state.evaluation) if state else None
    return render(request, "rules/feed.html", history_of(request, user, entity, rule_set))


@login_required
@require_GET
def past_evaluation(request: HttpRequest, child: uuid.UUID, number: int) -> HttpResponse:
    """An earlier evaluation with its explanation: a permanent address."""
    user = me(request)
    entity = find_child(user, child)
    known = Evaluation.objects.select_related("release__rule_set").defer(
        "release__document", "facts"
    )
    explanation = explained(known.filter(entity=entity, pk=number).first(), entity, user)
    if explanation is None:
        raise Problem(NOT_FOUND)
    context = {"child": child_of(entity), "explanation": explanation, "state": state_of(entity)}
    return render(request, "rules/evaluation.html", context)


def page_of(
    request: HttpRequest, user: User, entity: Entity, *, is_revealed: bool = False
) -> dict[str, Any]:
    """What the page shows."""
    state = state_of(entity)
    rule_set = rules_of(state.evaluation) if state else None
    before, now = change_of(state, rule_set) if state else (None, None)
    return {
        **card_of(entity, state, is_revealed=is_revealed),
        **history_of(request, user, entity, rule_set),
        "now": now,
        "before": before,
        "computed": computed_of(state, rule_set),
        "explanation": explained(state.evaluation, entity, user) if state else None,
        "band": band_of(entity, rule_set) if rule_set else None,
        "tasks": live_tasks(entity),
        "can": choices_of(entity, state, user),
        "decision": last_decision(entity),
        "may_make_case": may_make_case(user, entity),
        "next_url": request.path,
        "appeals": appeals_about(entity, user),
        "may_appeal": may_take_down(user, entity),
        "by_hand": manual_items(entity, user),
        "people": people_of(entity, user),
    }


def card_of(
    entity: Entity, state: TierState | None, *, is_revealed: bool = False
) -> dict[str, Any]:
    """The card at the left: masked unless revealed."""
    rule_set = rules_of(state.evaluation) if state else None
    tier = rule_set.tier(state.tier) if rule_set and state and state.tier else None
    child = child_of(entity)
    visit = (
        child.last_visit + timedelta(days=tier.visit_days)
        if tier and tier.visit_days and child.last_visit
        else None
    )
    return {
        "entity": entity,
        "child": child,
        "state": state,
        "tier": chip_of(tier),
        "is_revealed": is_revealed,
        "name": name_of(entity),
        "identity": identity_of(entity.data, is_revealed=is_revealed),
        "situation": situation_of(entity, rule_set),
        "worker": workers_of([entity]).get(entity.pk),
        "next_visit": visit,
        "is_visit_late": visit is not None and visit < clock.today(),
    }


def identity_of(data: Mapping[str, str], *, is_revealed: bool) -> list[Detail]:
    """Who the child is and whom to call; phones keep their first three and last two digits."""
    known = [(name, data[name]) for name in IDENTITY if data.get(name)]
    return [
        Detail(str(IDENTITY[name]), text if is_revealed else _masked(name, text))
        for name, text in known
    ]


def _masked(name: str, text: str) -> str:
    if name == "dob":
        return masked_day(text)
    if name.endswith("phone"):
        return f"{text[:3]}******{text[-2:]}" if len(text) > 6 else "***"
    return masked(text)


def situation_of(entity: Entity, rule_set: RuleSet | None) -> list[Detail]:
    """What the registry's columns say, in the words of the facts of the same name."""
    found = []
    for name in SITUATION:
        known = rule_set.names.get(name) if rule_set else None
        if entity.data.get(name) and known is not None and rule_set is not None:
            found.append(
                Detail(in_language(known.title), value_text(rule_set, name, entity.data[name]))
            )
    if entity.school_id and entity.school:
        found.append(Detail(str(_("School")), entity.school.name))
    if entity.data.get("grade_class"):
        found.append(Detail(str(CLASS), entity.data["grade_class"]))
    return found


def computed_of(state: TierState | None, rule_set: RuleSet | None) -> Any:
    """The tier that the rules say, where a person has set another one."""
    if (
        state is None
        or state.evaluation is None
        or rule_set is None
        or state.evaluation.tier == state.tier
    ):
        return None
    return chip_of(rule_set.tier(state.evaluation.tier))


def last_decision(entity: Entity) -> TierDecision | None:
    """The newest decision of a person."""
    decisions = TierDecision.objects.filter(entity=entity).exclude(
        action=TierDecision.Action.AUTOMATIC
    )
    return decisions.select_related("actor").first()


def history_of(
    request: HttpRequest, user: User, entity: Entity, rule_set: RuleSet | None
) -> dict[str, Any]:
    """The timeline as the reader may see it, of one kind if asked."""
    asked = request.GET.get("kind", "")
    kind = asked if asked in KINDS else ""
    return {
        "items": feed_of(entity, user, kind, rule_set),
        "kind": kind,
        "kinds": KINDS,
        "feed_of": entity,
    }
