"""The page with which a coordinator's day begins, its drawer, and confirming several at once (screens §6.1)."""

import uuid
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from forms.models import Entity, Subject
from rules.models import Task, TierState
from rules.pages import queue
from rules.pages.asking import areas_in, read_query, workers_in
from rules.pages.decide import choices_of
from rules.pages.explanation import explained
from rules.pages.people import child_of
from rules.pages.scope import find_child, may, reviewable
from rules.pages.tiers import chips_in_force, rules_in_force
from rules.services.tiers import confirm_tier
from server.people.access import scope_of
from server.people.models import User
from server.people.roles import Verb
from server.people.web import me
from server.problems import Problem

MOST_AT_ONCE = 100
Review = TierState.Review


@login_required
@require_GET
def review(request: HttpRequest) -> HttpResponse:
    """The queue of the reader's children, with the numbers at its head as filters."""
    user = me(request)
    waiting, asked = reviewable(user), read_query(request.GET, *queue.FILTERS)
    states, after = queue.page_of(queue.narrowed(waiting, asked), asked)
    rule_sets = rules_in_force()
    chips = chips_in_force(rule_sets)
    top = next((chips[t.id] for one in rule_sets for t in one.tiers if t.acts_at_once), None)
    scope = scope_of(user, Verb.TIER_REVIEW)
    context = {
        "rows": queue.rows_of(states),
        "tiles": queue.tiles(waiting, user, asked, top),
        "asked": asked,
        "next": asked.link(after=after) if after else "",
        "first": asked.link() if asked.after else "",
        "chips": chips,
        "kinds": queue.WHY,
        "areas": areas_in(scope),
        "workers": workers_in(scope),
    }
    return render(request, "rules/review.html", context)


@login_required
@require_GET
def drawer(request: HttpRequest, child: uuid.UUID) -> HttpResponse:
    """One child of the queue at the right of the page; without scripts its own page."""
    if not request.headers.get("HX-Request"):
        return redirect("child", child)
    user = me(request)
    entity = find_child(user, child)
    state = state_of(entity)
    context = {
        "entity": entity,
        "child": child_of(entity),
        "state": state,
        "row": next(iter(queue.rows_of([state])), None) if state else None,
        "explanation": explained(state.evaluation, entity, user) if state else None,
        "visits": last_visits(entity, user),
        "tasks": live_tasks(entity)[:5],
        "can": choices_of(entity, state, user),
    }
    return render(request, "rules/drawer.html", context)


def state_of(entity: Entity) -> TierState | None:
    """Where the child stands, with the evaluation and its release at hand."""
    related = ("evaluation__release__rule_set", "requested_by")
    states = TierState.objects.select_related(*related).defer(
        "evaluation__release__document", "evaluation__release__rule_set__draft"
    )
    state = states.filter(entity=entity).first()
    if state is not None:
        state.entity = entity
    return state


def live_tasks(entity: Entity) -> list[Task]:
    """The child's open work, the most urgent first."""
    live = Task.objects.filter(entity=entity, state__in=Task.LIVE)
    return list(live.select_related("assignee").order_by("due_at", "pk")[:50])


def last_visits(entity: Entity, reader: User) -> list[Subject]:
    """The three newest submissions about the child that the reader may know of."""
    known = Subject.objects.filter(
        entity=entity, submission__deleted_at=None, submission__is_draft=False
    )
    if not may(reader, Verb.SUBMISSION_RESTRICTED, entity):
        known = known.exclude(submission__form__sensitivity="restricted")
    related = ("submission__form__current", "submission__submitter")
    return list(
        known.select_related(*related)
        .defer("submission__form__current__xml")
        .order_by("-submission_id")[:3]
    )


@dataclass(frozen=True, slots=True)
class Chosen:
    """What confirming the chosen rows would do: the rows it takes, counted by change, and those left out."""

    rows: list[queue.Row]
    left_out: list[queue.Row]
    counts: list[tuple[queue.Row, int]]


@login_required
@require_POST
def confirm_chosen(request: HttpRequest) -> HttpResponse:
    """First a summary of the chosen rows; with `sure`, confirm each in a transaction of its own."""
    user = me(request)
    wanted = [one for one in request.POST.getlist("child")[:MOST_AT_ONCE] if one.isdecimal()]
    states, _after = queue.page_of(reviewable(user).filter(pk__in=wanted), read_query({}))
    chosen = sort_chosen(queue.rows_of(states), user)
    if "sure" not in request.POST:
        template = (
            "rules/chosen.html" if request.headers.get("HX-Request") else "rules/chosen_page.html"
        )
        return render(request, template, {"chosen": chosen})
    done, refused = confirm_all(chosen.rows, user, request.POST)
    if done:
        said = ngettext("%(count)s child confirmed.", "%(count)s children confirmed.", done)
        messages.success(request, said % {"count": done})
    for name, problem in refused:
        messages.warning(request, f"{name}: {problem.message_in(_)}")
    return redirect("review")


def sort_chosen(rows: Iterable[queue.Row], user: User) -> Chosen:
    """Rows that a bulk confirmation may take; doubtful ones, and those that take two persons, need a look each."""
    rows = list(rows)
    fit = [row for row in rows if is_plain(row, user)]
    counts = Counter((row.before, row.now) for row in fit)
    first = {(row.before, row.now): row for row in reversed(fit)}
    return Chosen(
        fit,
        [row for row in rows if row not in fit],
        [(first[key], n) for key, n in counts.most_common()],
    )


def is_plain(row: queue.Row, user: User) -> bool:
    """Whether this row can be confirmed without a reason and without doubt."""
    plain = row.state.review in (Review.NEW, Review.UP, Review.DOWN, Review.INSUFFICIENT)
    return plain and bool(choices_of(row.child.entity, row.state, user).get("confirm"))


def confirm_all(
    rows: Iterable[queue.Row], user: User, seen: QueryDict
) -> tuple[int, list[tuple[str, Problem]]]:
    """Confirm what the person saw; a child that was evaluated again meanwhile is left, with the reason."""
    done, refused = 0, []
    for row in rows:
        evaluation = seen.get(f"evaluation-{row.state.pk}", "")
        try:
            confirm_tier(
                row.child.entity,
                user,
                evaluation_id=int(evaluation) if evaluation.isdecimal() else 0,
            )
            done += 1
        except Problem as problem:
            refused.append((row.child.code, problem))
    return done, refused
