"""Objections to a tier: the list with those due first, taking one down from a child's page, the
decision with its written answer, and the letter (domain report, section 7.4)."""

import uuid
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from forms.models import Entity
from rules.models import Appeal
from rules.pages.asking import Asked, areas_in, in_area, named_like, read_query
from rules.pages.decide import choices_of
from rules.pages.explanation import explained
from rules.pages.people import Child, child_of, name_of
from rules.pages.review import state_of
from rules.pages.scope import find_child, may
from rules.pages.tiers import Chip, chip_of, chips_in_force, rules_in_force, rules_of
from rules.services import appeals
from server import clock
from server.journal.services import record
from server.people.access import scope_of
from server.people.models import User
from server.people.roles import Verb
from server.people.web import me
from server.problems import FORBIDDEN, NOT_FOUND, UNEXPECTED, Problem

SIZE = 50
FILTERS = ("state", "area", "q")
State = Appeal.State


@dataclass(frozen=True, slots=True)
class Row:
    """One objection of the list; `left` are the days until its answer is due, negative when late."""

    appeal: Appeal
    child: Child
    tier: Chip | None
    left: int

    @property
    def tone(self) -> str:
        """The class of the deadline's chip."""
        return "bad" if self.left < 0 else "warn" if self.left <= 5 else ""


@login_required
@require_GET
def appeal_list(request: HttpRequest) -> HttpResponse:
    """The objections that the reader may see, open ones unless asked otherwise, those due first."""
    user, asked = me(request), read_query(request.GET, *FILTERS)
    rows, after = appeals.page_of(
        narrowed(appeals.readable_appeals(user), asked), asked.after, SIZE
    )
    chips = chips_in_force(rules_in_force())
    context = {
        "rows": [row_of(one, chips) for one in rows],
        "asked": asked,
        "next": asked.link(after=after) if after else "",
        "first": asked.link() if asked.after else "",
        "states": State,
        "areas": areas_in(scope_of(user, Verb.ENTITY_READ)),
    }
    return render(request, "rules/appeals/list.html", context)


def narrowed(rows: QuerySet[Appeal], asked: Asked) -> QuerySet[Appeal]:
    """What the filters leave."""
    state = asked.get("state") or State.OPEN.value
    if state != "all":
        rows = rows.filter(state=state)
    if area := asked.get("area"):
        rows = rows.filter(in_area(area, "entity__"))
    if text := asked.get("q"):
        rows = rows.filter(named_like(text, "entity__"))
    return rows


def row_of(appeal: Appeal, chips: dict[str, Chip]) -> Row:
    """An objection for the list."""
    left = (appeal.due_on - clock.today()).days
    return Row(appeal, child_of(appeal.entity), chips.get(appeal.tier), left)


@login_required
@require_http_methods(["GET", "POST"])
def new_appeal(request: HttpRequest, child: uuid.UUID) -> HttpResponse:
    """Take an objection down about this child."""
    user = me(request)
    entity = find_child(user, child)
    if not appeals.may_take_down(user, entity):
        raise Problem(FORBIDDEN)
    if request.method == "POST":
        given = request.POST
        appeal = appeals.open_appeal(
            entity,
            user,
            by=given.get("by", ""),
            grounds=given.get("grounds", ""),
            name=given.get("name", ""),
            contact=given.get("contact", ""),
            received_on=day_of(given.get("received_on", ""), "received_on"),
        )
        messages.success(
            request, _("Noted. The answer is due on %(day)s.") % {"day": appeal.due_on}
        )
        return redirect("appeal", appeal.pk)
    state = state_of(entity)
    rule_set = rules_of(state.evaluation) if state else None
    context = {
        "child": child_of(entity),
        "entity": entity,
        "tier": chip_of(rule_set.tier(state.tier)) if rule_set and state and state.tier else None,
        "kinds": Appeal.By.choices,
        "today": clock.today().isoformat(),
        "days": appeals.DAYS,
        "waiting": Appeal.objects.filter(entity=entity, state=State.OPEN).first(),
    }
    return render(request, "rules/appeals/new.html", context)


def day_of(text: str, field: str) -> date | None:
    """A day as a form sends it; None for an empty field. Problem UNEXPECTED."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise Problem(UNEXPECTED, field=field, value=text[:20], reason="YYYY-MM-DD") from error


def find_appeal(reader: User, appeal_id: int) -> Appeal:
    """An objection that `reader` may see. Problem 404.1 otherwise, whether it exists or not."""
    rows = appeals.readable_appeals(reader).select_related(*appeals.RELATED)
    found = rows.filter(pk=appeal_id).first()
    if found is None:
        raise Problem(NOT_FOUND)
    return found


@login_required
@require_GET
def appeal_page(request: HttpRequest, appeal_id: int) -> HttpResponse:
    """One objection: who, why, until when; and its answer, or what decides it."""
    user = me(request)
    appeal = find_appeal(user, appeal_id)
    journal_reading(user, appeal)
    return render(request, "rules/appeals/appeal.html", detail_of(appeal, user))


def detail_of(appeal: Appeal, user: User) -> dict[str, Any]:
    """What the page of an objection shows."""
    entity = appeal.entity
    state = state_of(entity)
    is_open = appeal.state == State.OPEN
    may_decide = is_open and appeals.may_decide(appeal, user)
    rule_set = rules_of(state.evaluation) if state else None
    chips = chips_in_force([rule_set] if rule_set else [])
    grounds = appeals.grounds_of(appeal) if may_decide else None
    return {
        "appeal": appeal,
        "row": row_of(appeal, chips),
        "child": child_of(entity),
        "state": state,
        "tier": chips.get(state.tier) if state else None,
        "decided_tier": chips.get(appeal.decided_tier),
        "may_decide": may_decide,
        "is_reviewer": may(user, Verb.TIER_REVIEW, entity),
        "may_withdraw": is_open and appeals.may_take_down(user, entity),
        "tiers": [chip for chip in chips.values() if state and chip.id != state.tier],
        "reasons": choices_of(entity, state, user).get("reasons", []) if may_decide else [],
        "draft": appeals.drafted_answer(appeal) if may_decide else "",
        "withheld": grounds.withheld if grounds else (),
        "explanation": explained(state.evaluation, entity, user) if state and may_decide else None,
    }


def journal_reading(user: User, appeal: Appeal) -> None:
    """Who looked at an objection stands in the journal: it names a child and who objects."""
    record(
        "appeal.read",
        actor=user,
        subject=f"entity:{appeal.entity.uuid}",
        project_id=appeal.entity.dataset.project_id,
        details={"appeal": appeal.pk},
    )


@login_required
@require_POST
def decide_appeal(request: HttpRequest, appeal_id: int) -> HttpResponse:
    """Uphold or dismiss it, then to its page with the letter."""
    user, given = me(request), request.POST
    appeal = find_appeal(user, appeal_id)
    evaluation = given.get("evaluation", "")
    appeals.decide_appeal(
        appeal.pk,
        user,
        outcome=given.get("outcome", ""),
        answer=given.get("answer", ""),
        tier=given.get("tier", ""),
        reason_code=given.get("reason_code", "discretionary"),
        until=day_of(given.get("until", ""), "until"),
        evaluation_id=int(evaluation) if evaluation.isdecimal() and len(evaluation) < 19 else None,
    )
    messages.success(request, _("Decided. The letter can be printed."))
    return redirect("appeal", appeal.pk)


@login_required
@require_POST
def withdraw_appeal(request: HttpRequest, appeal_id: int) -> HttpResponse:
    """Note that whoever objected took it back."""
    user = me(request)
    appeal = find_appeal(user, appeal_id)
    appeals.withdraw_appeal(appeal.pk, user, request.POST.get("note", ""))
    messages.success(request, _("Noted: withdrawn."))
    return redirect("appeal", appeal.pk)


@login_required
@require_GET
def appeal_letter(request: HttpRequest, appeal_id: int) -> HttpResponse:
    """The written answer on paper: no colour of a tier stands on it. Problem 404.1 while open."""
    user = me(request)
    appeal = find_appeal(user, appeal_id)
    if appeal.state not in (State.UPHELD, State.DISMISSED) or appeal.decided_at is None:
        raise Problem(NOT_FOUND)
    journal_reading(user, appeal)
    area = appeal.entity.area
    context = {
        "appeal": appeal,
        "name": name_of(appeal.entity),
        "on": clock.local_day(appeal.decided_at),
        "office": area.parent.name if area and area.parent else "",
    }
    return render(request, "rules/appeals/letter.html", context)


def appeals_about(entity: Entity, reader: User) -> list[Appeal]:
    """The objections about a child that `reader` may see, the newest first. One query."""
    return list(appeals.readable_appeals(reader).filter(entity=entity).order_by("-pk")[:20])


urlpatterns = [
    path("appeals", appeal_list, name="appeals"),
    path("appeals/<int:appeal_id>", appeal_page, name="appeal"),
    path("appeals/<int:appeal_id>/decide", decide_appeal, name="appeal_decide"),
    path("appeals/<int:appeal_id>/withdraw", withdraw_appeal, name="appeal_withdraw"),
    path("appeals/<int:appeal_id>/letter", appeal_letter, name="appeal_letter"),
    path("children/<uuid:child>/appeal", new_appeal, name="child_appeal"),
]
