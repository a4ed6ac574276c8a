"""Values -> a Decision: tier, score, reasons, gaps and tasks (design.md §6, §7). Pure, total,
deterministic.

The certain tier counts the rules that fire; the possible tier counts the unknown ones too. When
they differ, the decision is `insufficient` and asks for the facts that could make the difference.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Protocol

from rules.engine.explain import Explainer, explainer_of
from rules.engine.nearest import Nearest, nearest_changes
from rules.engine.outcome import Decision, DimensionScore, Gap, Reason, RuleOutcome, TaskCall
from rules.engine.parts import Due, RuleSet, Task
from rules.engine.program import CompiledRule, Program, program_of
from rules.engine.scoring import Tally, tally
from rules.engine.standing import population_of
from rules.engine.values import Values

__all__ = ["Decision", "Provenance", "SourceLike", "decide"]


class SourceLike(Protocol):
    """Where a fact was answered; the newest answer comes first."""

    @property
    def form(self) -> str: ...
    @property
    def date(self) -> date: ...
    @property
    def instance_id(self) -> str: ...
    @property
    def worker(self) -> str: ...


Provenance = Mapping[str, Sequence[SourceLike]]


def decide(
    rule_set: RuleSet,
    values: Values,
    provenance: Provenance | None = None,
    *,
    release: int | str | None = None,
    with_nearest: bool = True,
) -> Decision:
    """The decision for `values` (of `resolve`). `provenance` names the answers behind facts;
    `with_nearest=False` leaves out the search for the smallest changes, for bulk work."""
    run = _Run(rule_set, values, provenance or {})
    certain, possible = run.certain, run.possible
    tiers = [tier.id for tier in rule_set.tiers]
    gaps = run.gaps()
    population, possible_population = population_of(run.program, values.env)
    limit = rule_set.conference_score
    return Decision(
        tier=tiers[certain.rank],
        possible_tier=tiers[possible.rank],
        score=certain.score,
        possible_score=possible.score,
        dimensions=run.dimensions(),
        rules=run.outcomes(),
        unknown=gaps,
        tasks=run.tasks(gaps),
        population=population,
        possible_population=possible_population,
        nearest=nearest_changes(rule_set, values, certain, run.trace, run.statuses)
        if with_nearest
        else Nearest(),
        needs_conference=limit is not None and certain.score >= limit,
        as_of=values.as_of,
        sha256=rule_set.sha256,
        release=release,
    )


class _Run:
    """One decision in the making."""

    def __init__(self, rule_set: RuleSet, values: Values, provenance: Provenance) -> None:
        self.rule_set = rule_set
        self.values = values
        self.provenance = provenance
        self.program: Program = program_of(rule_set)
        self.explainer: Explainer = explainer_of(rule_set)
        self.found: list[tuple[CompiledRule, bool | None]] = []
        self.statuses: list[bool | None] = []
        for item in self.program.rules:
            is_on = item.rule.in_force(values.as_of)
            status = item.run(values.env) if is_on else False
            self.statuses.append(status)
            if is_on:
                self.found.append((item, status))
        self.true = [item for item, status in self.found if status is True]
        self.open = [item for item, status in self.found if status is None]
        self.trace = self.explainer.trace(values, [*self.true, *self.open])
        self.reasons: dict[str, Reason] = {}
        self.certain: Tally = tally(self.program, self.true)
        self.possible: Tally = tally(self.program, self.open, self.certain)

    def dimensions(self) -> dict[str, DimensionScore]:
        certain, possible = self.certain.dimensions, self.possible.dimensions
        return {
            dimension.id: DimensionScore(certain[index], possible[index], dimension.cap)
            for index, dimension in enumerate(self.rule_set.dimensions)
        }

    def outcomes(self) -> tuple[RuleOutcome, ...]:
        return tuple(
            RuleOutcome(
                item.rule.id, status, item.score, item.rule.floor,
                () if status is False else self.because(item),
            )
            for item, status in self.found
        )  # fmt: skip

    def because(self, item: CompiledRule) -> tuple[Reason, ...]:
        names = self.trace.behind_rule(item.rule)
        return tuple(self.reason(name) for name in names if name not in self.rule_set.parameters)

    def reason(self, name: str) -> Reason:
        found = self.reasons.get(name)
        if found is None:
            value = self.values.get(name)
            sources = self.provenance.get(name, ()) if value is not None else ()
            found = Reason(name, value)
            if sources:
                at = sources[0]
                found = Reason(name, value, at.form, at.date, at.instance_id, at.worker)
            self.reasons[name] = found
        return found

    def gaps(self) -> tuple[Gap, ...]:
        """Unanswered facts, those that could raise the tier most first, then by score, then as
        listed."""
        waiting: dict[str, list[CompiledRule]] = {}
        for item in self.open:
            node = self.explainer.rule(item.rule.id, item.rule.when)
            for name in self.trace.unknowns_behind(node):
                if name in self.rule_set.facts:
                    waiting.setdefault(name, []).append(item)
        order = {name: index for index, name in enumerate(self.rule_set.facts)}
        reach = {name: tally(self.program, items, self.certain) for name, items in waiting.items()}
        ranked = sorted(
            waiting, key=lambda name: (-reach[name].rank, -reach[name].score, order[name])
        )
        return tuple(self.gap(name, waiting[name], reach[name].rank) for name in ranked)

    def gap(self, name: str, items: list[CompiledRule], rank: int) -> Gap:
        fact = self.rule_set.facts[name]
        rules = tuple(item.rule.id for item in items)
        return Gap(name, fact.question, fact.forms, self.rule_set.tiers[rank].id, rules)

    def tasks(self, gaps: tuple[Gap, ...]) -> tuple[TaskCall, ...]:
        """The tasks of the rules that fire, each once, its shortest time limit winning; then the
        one to ask for facts."""
        tier = self.rule_set.tiers[self.certain.rank].id
        limits: dict[str, list[Due]] = {}
        rules: dict[str, list[str]] = {}
        for item in self.true:
            for use in item.rule.tasks:
                task = self.rule_set.tasks[use.id]
                limit = use.due or task.due_in(tier)
                rules.setdefault(use.id, []).append(item.rule.id)
                limits.setdefault(use.id, []).extend([limit] if limit else [])
        asked = self.asked(gaps)
        ask = self.rule_set.ask_for_facts
        if ask and asked and ask not in rules:
            limit = self.rule_set.tasks[ask].due_in(tier)
            rules[ask], limits[ask] = [], [limit] if limit else []
        return tuple(
            task_call(
                self.rule_set.tasks[name], limits[name], rules[name], asked if name == ask else ()
            )
            for name in rules
        )

    def asked(self, gaps: tuple[Gap, ...]) -> tuple[str, ...]:
        """The facts to ask for: those that could raise the tier, or, if only together, all that are
        open."""
        if self.possible.rank == self.certain.rank:
            return ()
        tier = self.rule_set.tiers[self.certain.rank].id
        alone = tuple(gap.fact for gap in gaps if gap.could_reach != tier)
        return alone or tuple(gap.fact for gap in gaps)


def task_call(task: Task, limits: list[Due], rules: list[str], facts: tuple[str, ...]) -> TaskCall:
    """The task with the shortest of `limits`; of equal ones the first."""
    due = min(limits, key=lambda limit: limit.hours) if limits else None
    return TaskCall(task.id, task.assignee, due, tuple(rules), facts)
