"""The children of the reader's areas: searched by name or code, filtered by tier and place, in the order of names."""

from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.decorators import login_required
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from forms.models import Entity
from rules.models import TierState
from rules.pages.asking import (
    LIMIT,
    Asked,
    areas_in,
    in_area,
    named_like,
    of_worker,
    read_query,
    workers_in,
)
from rules.pages.people import Child, child_of, workers_of
from rules.pages.queue import task_counts
from rules.pages.scope import readable_children
from rules.pages.tiers import Chip, chips_in_force, rules_in_force
from server import clock
from server.people.access import can, scope_of
from server.people.models import User
from server.people.roles import Verb
from server.people.web import me

SIZE = 50
FILTERS = ("tier", "state", "area", "worker", "q")
STATES: dict[str, Promise] = {
    "waiting": _("Waits for a decision"),
    "override": _("Decided otherwise by a person"),
    "ending": _("Override ends this week"),
    "none": _("Not evaluated yet"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One child of the list."""

    child: Child
    state: TierState | None
    tier: Chip | None
    worker: User | None
    tasks: int
    late: int


@login_required
@require_GET
def registry(request: HttpRequest) -> HttpResponse:
    """The list."""
    user = me(request)
    asked, chips = read_query(request.GET, *FILTERS), chips_in_force(rules_in_force())
    found = narrowed(readable_children(user), asked)
    page, after = page_of(found, asked)
    scope = scope_of(user, Verb.ENTITY_READ)
    context = {
        "rows": rows_of(page, chips),
        "count": found[:LIMIT].count() if asked.is_narrowed and not asked.after else None,
        "asked": asked,
        "next": asked.link(after=after) if after else "",
        "first": asked.link() if asked.after else "",
        "chips": chips,
        "states": STATES,
        "areas": areas_in(scope),
        "workers": workers_in(scope),
        "may_change": can(user, Verb.ENTITY_UPDATE),
    }
    return render(request, "rules/registry.html", context)


def narrowed(children: QuerySet[Entity], asked: Asked) -> QuerySet[Entity]:
    """The children that the filters leave."""
    if tier := asked.get("tier"):
        children = children.filter(tier_state__tier=tier)
    if state := asked.get("state"):
        children = children.filter(_in_state(state))
    if area := asked.get("area"):
        children = children.filter(in_area(area))
    if worker := asked.get("worker"):
        children = children.filter(of_worker(worker))
    if text := asked.get("q"):
        children = children.filter(named_like(text))
    return children


def _in_state(state: str) -> Q:
    if state == "waiting":
        return Q(tier_state__isnull=False) & ~Q(tier_state__review=TierState.Review.NONE)
    if state == "override":
        return Q(tier_state__overridden_until__isnull=False)
    if state == "ending":
        return Q(tier_state__overridden_until__lte=clock.today() + timedelta(days=7))
    return Q(tier_state=None) if state == "none" else Q()


def page_of(children: QuerySet[Entity], asked: Asked) -> tuple[list[Entity], str]:
    """The children after the one that `asked.after` names, and the key of the next page ("": none)."""
    last = (
        Entity.objects.filter(pk=int(asked.after)).first()
        if asked.after.isdecimal() and len(asked.after) < 19
        else None
    )
    if last is not None:
        children = children.filter(Q(label__gt=last.label) | Q(label=last.label, pk__gt=last.pk))
    related = ("area__parent", "school", "tier_state")
    found = list(children.select_related(*related).order_by("label", "pk")[: SIZE + 1])
    return found[:SIZE], str(found[SIZE - 1].pk) if len(found) > SIZE else ""


def rows_of(children: list[Entity], chips: dict[str, Chip]) -> list[Row]:
    """The rows of a page; two queries for all of them."""
    workers, counts = workers_of(children), task_counts([child.pk for child in children])
    return [
        _row(child, chips, workers.get(child.pk), *counts.get(child.pk, (0, 0)))
        for child in children
    ]


def _row(entity: Entity, chips: dict[str, Chip], worker: User | None, tasks: int, late: int) -> Row:
    state: TierState | None = getattr(entity, "tier_state", None)
    tier = chips.get(state.tier) if state else None
    return Row(child_of(entity), state, tier, worker, tasks, late)
