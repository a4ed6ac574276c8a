"""The review queue: who waits for a decision, why, and since when (screens §6.1).

Highest tier first, then the longest wait, by key: page 40 costs what page 1 does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from rules.engine.rule_set import RuleSet
from rules.models import Appeal, Task, TierState
from rules.pages.asking import LIMIT, Asked, in_area, named_like, of_worker, split_key
from rules.pages.people import Child, child_of, workers_of
from rules.pages.scope import ending_overrides, readable_tasks
from rules.pages.tiers import Chip, chip_of, rules_of
from rules.services.appeals import readable_appeals
from rules.services.words import in_language
from server import clock
from server.people.models import User

SIZE = 50
MOST_REASONS = 3
FILTERS = ("tier", "why", "area", "worker", "q")
Review = TierState.Review
WAITING = (Task.State.OPEN, Task.State.ACCEPTED)
# How long a child may wait before its time is shown in amber, and in red: where the tier acts at once, and else.
AT_ONCE = (timedelta(hours=1), timedelta(hours=3))
PATIENCE = (timedelta(days=3), timedelta(days=7))
WHY = {
    Review.NEW: gettext_lazy("First tier"),
    Review.UP: gettext_lazy("Went up"),
    Review.DOWN: gettext_lazy("May go down"),
    Review.INSUFFICIENT: gettext_lazy("Information lacks"),
    Review.MISMATCH: gettext_lazy("Engines disagree"),
    Review.SECOND: gettext_lazy("Second person"),
}
# the tiles, and how urgent they look
TONES = {
    Review.UP: "bad",
    Review.MISMATCH: "bad",
    Review.SECOND: "warn",
    Review.DOWN: "",
    Review.INSUFFICIENT: "",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One child that waits."""

    state: TierState
    child: Child
    before: Chip | None
    now: Chip | None
    why: str
    reasons: tuple[str, ...]
    more: int
    patience: str  # "", "warn", "bad": how long it has waited for its tier
    worker: User | None
    tasks: int
    late: int

    @property
    def is_rise(self) -> bool:
        """Whether the arrow points up."""
        return self.before is not None and self.now is not None and self.now.rank > self.before.rank


@dataclass(frozen=True, slots=True)
class Tile:
    """A number at the head of the page that is also a filter."""

    label: str
    count: int
    url: str
    tone: str = ""
    is_current: bool = False


def narrowed(states: QuerySet[TierState], asked: Asked) -> QuerySet[TierState]:
    """The states that the filters leave."""
    if tier := asked.get("tier"):
        states = states.filter(tier=tier)
    if why := asked.get("why"):
        states = states.filter(review=why)
    if area := asked.get("area"):
        states = states.filter(in_area(area, "entity__"))
    if worker := asked.get("worker"):
        states = states.filter(of_worker(worker, "entity__"))
    if text := asked.get("q"):
        states = states.filter(named_like(text, "entity__"))
    return states


def page_of(states: QuerySet[TierState], asked: Asked) -> tuple[list[TierState], str]:
    """The states of the page that `asked.after` names, and the key of the next page ("": none)."""
    key = split_key(asked.after, int, datetime.fromisoformat, int)
    if key is not None:
        rank, since, pk = key
        later = Q(waiting_since__gt=since) | Q(waiting_since=since, pk__gt=pk)
        states = states.filter(Q(rank__lt=rank) | Q(rank=rank) & later)
    related = ("entity__area__parent", "entity__school", "evaluation__release__rule_set")
    found = list(
        states.select_related(*related)
        .defer(
            "evaluation__facts",
            "evaluation__release__document",
            "evaluation__release__rule_set__draft",
        )
        .order_by("-rank", "waiting_since", "pk")[: SIZE + 1]
    )
    if len(found) <= SIZE:
        return found, ""
    last = found[SIZE - 1]
    since = last.waiting_since or last.updated_at
    return found[:SIZE], f"{last.rank}~{since.isoformat()}~{last.pk}"


def rows_of(states: Sequence[TierState]) -> list[Row]:
    """The rows of a page; two queries for all of them."""
    entities = [state.entity for state in states]
    workers = workers_of(entities)
    counts = task_counts([entity.pk for entity in entities])
    return [
        _row(state, workers.get(state.entity_id), *counts.get(state.entity_id, (0, 0)))
        for state in states
    ]


def task_counts(entities: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Child -> its live tasks, and how many of them are overdue. One query."""
    late = Count("pk", filter=Q(due_at__lt=clock.now(), state__in=WAITING))
    rows = Task.objects.filter(entity__in=entities, state__in=Task.LIVE).values_list("entity")
    return {pk: (count, overdue) for pk, count, overdue in rows.annotate(n=Count("pk"), late=late)}


def _row(state: TierState, worker: User | None, tasks: int, late: int) -> Row:
    rule_set = rules_of(state.evaluation)
    before, now = change_of(state, rule_set)
    reasons, more = reasons_of(state, rule_set)
    return Row(
        state=state,
        child=child_of(state.entity),
        before=before,
        now=now,
        why=str(WHY.get(Review(state.review), "")),
        reasons=reasons,
        more=more,
        patience=patience_of(state, now, rule_set),
        worker=worker,
        tasks=tasks,
        late=late,
    )


def change_of(state: TierState, rule_set: RuleSet | None) -> tuple[Chip | None, Chip | None]:
    """The tier before and the tier to decide about; before is None when there was no other."""
    if rule_set is None:
        return None, None
    named = {tier.id: tier for tier in rule_set.tiers}
    if state.proposed:
        return chip_of(named.get(state.tier)), chip_of(named.get(state.proposed))
    before = named.get(state.previous) if state.review in (Review.UP, Review.MISMATCH) else None
    return chip_of(before), chip_of(named.get(state.tier))


def reasons_of(state: TierState, rule_set: RuleSet | None) -> tuple[tuple[str, ...], int]:
    """The rules that weigh most, as short texts, and how many more there are; for lacking information what lacks."""
    if rule_set is None or state.evaluation is None:
        return (), 0
    decision = state.evaluation.decision
    fired = fired_rules(decision, rule_set)
    texts = [in_language(rule.title) for rule in fired]
    if state.review == Review.INSUFFICIENT:
        count = len(decision["unknown"])
        lacking = ngettext("%(count)s fact unknown", "%(count)s facts unknown", count) % {
            "count": count
        }
        texts.insert(0, lacking)
    return tuple(texts[:MOST_REASONS]), max(0, len(texts) - MOST_REASONS)


def fired_rules(decision: dict[str, Any], rule_set: RuleSet) -> list[Any]:
    """The rules that are true, those with the highest floor first, then by points."""
    true = {rule["id"] for rule in decision["rules"] if rule["status"] == "true"}
    ranks = {tier.id: tier.rank for tier in rule_set.tiers}
    fired = [rule for rule in rule_set.rules if rule.id in true]
    return sorted(fired, key=lambda rule: (-ranks.get(rule.floor or "", -1), -rule.score))


def patience_of(state: TierState, now: Chip | None, rule_set: RuleSet | None) -> str:
    """ "warn" when it has waited longer than its tier allows, "bad" when far longer."""
    if state.waiting_since is None or state.review == Review.INSUFFICIENT or rule_set is None:
        return ""
    at_once = any(tier.acts_at_once for tier in rule_set.tiers if now and tier.id == now.id)
    warn, bad = AT_ONCE if at_once else PATIENCE
    waited = clock.now() - state.waiting_since
    return "bad" if waited > bad else "warn" if waited > warn else ""


def tiles(states: QuerySet[TierState], reader: User, asked: Asked, top: Chip | None) -> list[Tile]:
    """The head of the page: what waits, by why, and what is late beside it; every count stops at LIMIT.

    `top`: the tier that acts at once.
    """
    review, tasks = reverse("review"), reverse("tasks")
    found = [Tile(_("To review"), states[:LIMIT].count(), review, is_current=not asked.is_narrowed)]
    for kind, tone in TONES.items():
        count = states.filter(review=kind)[:LIMIT].count()
        if kind == Review.MISMATCH and not count:
            continue  # rare: a tile only when it happens
        url, here = f"{review}?why={kind.value}", asked.get("why") == kind.value
        found.append(Tile(str(WHY[kind]), count, url, tone if count else "", here))
    mine = readable_tasks(reader)
    if top is not None:
        late = mine.filter(tier=top.id, due_at__lt=clock.now(), state__in=WAITING)[:LIMIT].count()
        label = _("Overdue tasks: %(tier)s") % {"tier": top.short}
        found.append(
            Tile(label, late, f"{tasks}?who=all&tier={top.id}&late=1", "bad" if late else "")
        )
    nobody = mine.filter(assignee=None, state__in=Task.LIVE)[:LIMIT].count()
    found.append(Tile(_("Tasks of nobody"), nobody, f"{tasks}?who=none", "warn" if nobody else ""))
    ending = ending_overrides(reader)[:LIMIT].count()
    found.append(
        Tile(_("Overrides ending this week"), ending, f"{reverse('children')}?state=ending")
    )
    return [*found, appeal_tile(reader)]


def appeal_tile(reader: User) -> Tile:
    """The open objections to tiers; red when the answer to one is late. One query."""
    waiting = readable_appeals(reader).filter(state=Appeal.State.OPEN).order_by("due_on")
    due = list(waiting.values_list("due_on", flat=True)[:LIMIT])
    tone = "" if not due else "bad" if due[0] < clock.today() else "warn"
    return Tile(_("Objections"), len(due), reverse("appeals"), tone)
