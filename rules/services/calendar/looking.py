"""One child as the calendar sees it. Reads only; nothing where the rule set has no calendar."""

from dataclasses import dataclass
from typing import Any

from forms.models import Entity
from rules.engine.calendar.conditions import asks_of
from rules.engine.calendar.openings import ChildView, lasts
from rules.engine.calendar.parts import CalendarItem
from rules.engine.observed import Facts
from rules.engine.rule_set import RuleSet
from rules.engine.values import resolve
from rules.models import TierState
from rules.services.calendar.moves import moves_of
from server import clock


@dataclass(frozen=True, slots=True)
class Look:
    """The child's view, and the items whose work is still asked for: a task of theirs has not lost its cause."""

    view: ChildView
    lasting: frozenset[str] = frozenset()


def look(entity: Entity, rule_set: RuleSet, state: TierState, facts: Facts) -> Look:
    """What the calendar reads of `entity` today: its facts, the submissions behind them, tier and moves."""
    if not rule_set.calendar:
        return Look(ChildView({}))
    today = clock.today()
    env = resolve(rule_set, facts.values, today).env
    view = ChildView(
        env=env,
        events=sorted(facts.observations, key=lambda seen: (seen.occurred_on, seen.received_at)),
        tier=state.tier,
        since=state.since,
        since_on=clock.local_day(state.since) if state.since else None,
        moves=moves_of(entity, rule_set),
    )
    return Look(view, lasting_of(rule_set, view))


def lasting_of(rule_set: RuleSet, view: ChildView) -> frozenset[str]:
    """The items that still ask for what they opened: not switched off, their condition not known to be false."""
    today, ranks = clock.today(), {tier.id: tier.rank for tier in rule_set.tiers}
    return frozenset(
        item.id
        for item in rule_set.calendar
        if item.is_on
        and may_ask(rule_set, item, view.env, view.tier) is not False
        and lasts(item, view, today, ranks)
    )


def may_ask(rule_set: RuleSet, item: CalendarItem, env: Any, tier: str) -> bool | None:
    """Whether `item` is for this child. Visits are for everybody above the lowest tier, and below that where the
    condition is not known to be false."""
    told = asks_of(rule_set, item, env)
    if item.trigger.kind != "visits" or told:
        return told
    ranks = {one.id: one.rank for one in rule_set.tiers}
    return told is None or ranks.get(tier, 0) > 0
