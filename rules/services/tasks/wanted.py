"""A Decision -> the tasks that it asks for, each with its limit, its rank and its reasons in
words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from rules.engine.limits import WorkingDays
from rules.engine.outcome import Decision, Reason
from rules.engine.rule_set import Due, Rule, RuleSet, Task
from rules.services.deadlines import DEFAULT_DUE, due_at

GAP = "unknown"  # stands among a task's rules for "asks for facts that nobody has answered"
MOST_FACTS = 8


@dataclass(frozen=True, slots=True)
class Wanted:
    """One task that is asked for. `tier` is the highest that its rules stand for; `at`: due then, whatever `due` is."""

    kind: Task
    rules: tuple[str, ...]
    due: Due
    tier: str
    rank: int
    why: dict[str, str]
    instance_id: str | None  # the newest submission behind it
    at: datetime | None = None

    def due_from(self, now: datetime, days: WorkingDays) -> datetime:
        """The moment it is due when it is asked for `now`."""
        return self.at or due_at(now, self.due, days)


def wanted_tasks(rule_set: RuleSet, decision: Decision) -> dict[str, Wanted]:
    """The tasks of `decision` by code, in its order."""
    rules = {rule.id: rule for rule in rule_set.rules}
    newest = {item.id: _newest(item.because) for item in decision.rules if item.status}
    wanted = {}
    for call in decision.tasks:
        sources = [rules[name] for name in call.rules]
        tier = _tier_of(rule_set, sources)
        behind = [found for name in call.rules if (found := newest.get(name)) is not None]
        wanted[call.id] = Wanted(
            kind=rule_set.tasks[call.id],
            rules=(*call.rules, GAP) if call.facts else call.rules,
            due=call.due or DEFAULT_DUE,
            tier=tier,
            rank=rule_set.tier(tier).rank,
            why=_why(rule_set, sources, call.facts),
            instance_id=max(behind)[1] if behind else None,
        )
    return wanted


def unsettled_rules(decision: Decision) -> frozenset[str]:
    """The rules that are not known to be false: a task of theirs has not lost its cause."""
    held = {item.id for item in decision.rules if item.status is not False}
    return frozenset(held | ({GAP} if decision.insufficient else set()))


def _newest(because: Iterable[Reason]) -> tuple[str, str] | None:
    dated = [
        (reason.answered_on.isoformat(), reason.instance_id)
        for reason in because
        if reason.answered_on and reason.instance_id
    ]
    return max(dated, default=None)


def _tier_of(rule_set: RuleSet, sources: list[Rule]) -> str:
    floors = [rule_set.tier(rule.floor) for rule in sources if rule.floor]
    return max(floors, key=lambda tier: tier.rank).id if floors else rule_set.tiers[0].id


def _why(rule_set: RuleSet, sources: list[Rule], facts: tuple[str, ...]) -> dict[str, str]:
    """The titles of the rules, or the questions to ask."""
    titles = [rule.title for rule in sources]
    asked = [rule_set.facts[name].title for name in facts[:MOST_FACTS]]
    zh, en = "；".join(title["zh"] for title in titles), "; ".join(title["en"] for title in titles)
    if asked:
        zh = "；".join(filter(None, [zh, "请核实：" + "、".join(title["zh"] for title in asked)]))
        en = "; ".join(filter(None, [en, "Please find out: " + ", ".join(t["en"] for t in asked)]))
    return {"zh": zh, "en": en}
