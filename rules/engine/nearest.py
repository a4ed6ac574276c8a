"""The smallest changes of known facts that would lower or raise the tier (design.md §1.3: "what
would change it").

Single facts first; two at once only where no single one lowers. A bounded search: each trial
re-runs only what reads the changed facts.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any

from rules.engine.explain import Trace
from rules.engine.hints import hints_of
from rules.engine.parts import Fact, RuleSet
from rules.engine.program import CompiledRule, Step, program_of
from rules.engine.scoring import Tally, band, capped
from rules.engine.values import Values, applies
from rules.language.ast import Kind

MAX_FOUND = 8
MAX_PAIRS = 200
_CHANGEABLE = (Kind.YES_NO, Kind.SELECT_ONE, Kind.SELECT_MULTIPLE, Kind.INTEGER, Kind.NUMBER)


@dataclass(frozen=True, slots=True)
class Change:
    """A fact that would have to be otherwise."""

    fact: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class Outlook:
    """Changes that together lead to `tier`."""

    changes: tuple[Change, ...]
    tier: str


@dataclass(frozen=True, slots=True)
class Nearest:
    """What would lower and what would raise the tier; empty when nothing small does, or nobody
    looked."""

    lower: tuple[Outlook, ...] = ()
    higher: tuple[Outlook, ...] = ()

    def to_json(self, json_value: Callable[[Any], Any]) -> dict[str, Any]:
        """Two lists of {tier, changes: [{fact, from, to}]}."""

        def plain(outlook: Outlook) -> dict[str, Any]:
            changes = [
                {"fact": one.fact, "from": json_value(one.old), "to": json_value(one.new)}
                for one in outlook.changes
            ]
            return {"tier": outlook.tier, "changes": changes}

        return {"lower": list(map(plain, self.lower)), "higher": list(map(plain, self.higher))}


def nearest_changes(
    rule_set: RuleSet,
    values: Values,
    now: Tally,
    trace: Trace,
    statuses: Sequence[bool | None],
) -> Nearest:
    """The nearest changes from `now`, the certain tally of `values`.

    `statuses`: of each rule of the program, False for one that is not in force.
    """
    return _Search(rule_set, values, now, trace, statuses).run()


class _Search:
    def __init__(
        self,
        rule_set: RuleSet,
        values: Values,
        now: Tally,
        trace: Trace,
        statuses: Sequence[bool | None],
    ) -> None:
        self.rule_set = rule_set
        self.values = values
        self.now = now
        self.trace = trace
        self.program = program_of(rule_set)
        self.hints = hints_of(rule_set)
        self.statuses = statuses
        self.floors = [0] * len(rule_set.tiers)  # how many rules hold each rank
        for item, status in zip(self.program.rules, self.statuses, strict=True):
            if status is True:
                self.floors[item.floor] += 1

    def run(self) -> Nearest:
        """Both directions."""
        return Nearest(tuple(self.lower()), tuple(self.higher()))

    def lower(self) -> list[Outlook]:
        """What takes the tier down: every rule whose floor holds it must fall."""
        if self.now.rank == 0:
            return []
        behind = self.causes()
        holding = {index for rules in behind.values() for index in rules if self.is_holding(index)}
        trials = {name: self.lowering(self.rule_set.facts[name]) for name in behind}
        singles = [name for name in behind if behind[name] >= holding]
        found = self.find(((change,) for name in singles for change in trials[name]), -1)
        if found:
            return found
        pairs = (
            pair
            for one, other in combinations(behind, 2)
            if behind[one] | behind[other] >= holding
            for pair in product(trials[one], trials[other])
        )
        return self.find(pairs, -1)

    def is_holding(self, index: int) -> bool:
        return self.program.rules[index].floor == self.now.rank

    def higher(self) -> list[Outlook]:
        """What takes the tier up: only facts that a rule reads which could do it."""
        rank = self.now.rank
        facts = self.hints.lifting.get(rank)
        if facts is None:
            facts = self.hints.lifting[rank] = tuple(self.lifting(rank))
        return self.find(((change,) for fact in facts for change in self.raising(fact)), 1)

    def lifting(self, rank: int) -> Iterator[Fact]:
        """The facts read by a rule whose firing could take the tier above `rank`."""
        highest = max((rank for _, rank in self.program.bands), default=0)
        rules = {
            index
            for index, item in enumerate(self.program.rules)
            if item.floor > rank or (item.score and highest > rank)
        }
        for fact in self.rule_set.facts.values():
            if not rules.isdisjoint(self.program.readers.get(fact.name, ())):
                yield fact

    def find(self, trials: Iterator[tuple[Change, ...]], direction: int) -> list[Outlook]:
        """The first trials that move the tier in `direction`; one for each set of facts."""
        found: dict[tuple[str, ...], Outlook] = {}
        for count, changes in enumerate(trials):
            if len(found) >= MAX_FOUND or (len(changes) > 1 and count >= MAX_PAIRS):
                break
            names = tuple(change.fact for change in changes)
            if names in found:
                continue
            rank = self.rank(changes)
            if (rank - self.now.rank) * direction > 0:
                found[names] = Outlook(changes, self.rule_set.tiers[rank].id)
        return list(found.values())

    def rank(self, changes: tuple[Change, ...]) -> int:
        """The rank after `changes`."""
        env = dict(self.values.env)
        env.update((change.fact, change.new) for change in changes)
        moved = self.spread(changes, env)
        turned = []
        for index in {index for name in moved for index in self.hints.rules.get(name, ())}:
            item = self.program.rules[index]
            fires = item.run(env) is True
            if fires is not (self.statuses[index] is True) and item.rule.in_force(
                self.values.as_of
            ):
                turned.append((item, 1 if fires else -1))
        return self.rank_with(turned) if turned else self.now.rank

    def rank_with(self, turned: list[tuple[CompiledRule, int]]) -> int:
        """The rank when rules come to fire (1) or cease to (-1)."""
        sums, floors = list(self.now.sums), self.floors.copy()
        for item, sign in turned:
            sums[item.dimension] += sign * item.score
            floors[item.floor] += sign
        rank = len(floors) - 1
        while rank and not floors[rank]:
            rank -= 1
        return max(rank, band(self.program, capped(self.program, sums)))

    def spread(self, changes: tuple[Change, ...], env: dict[str, Any]) -> set[str]:
        """Compute in `env` anew what `changes` touch; every name whose value is another one now."""
        moved = {change.fact for change in changes}
        reads = self.hints.reads
        for step in self.steps(changes):
            name = step.name
            if reads[name].isdisjoint(moved):
                continue
            before = env.get(name)
            if step.is_derived:
                env[name] = after = step.run(env) if step.run else None
            else:
                after = self.otherwise(step, env, changes)
            if after is not before and after != before:
                moved.add(name)
        return moved

    def steps(self, changes: tuple[Change, ...]) -> tuple[Step, ...]:
        """The steps that may depend on `changes`, in their order."""
        if len(changes) == 1:
            return self.hints.steps.get(changes[0].fact, ())
        names = {step.name for one in changes for step in self.hints.steps.get(one.fact, ())}
        return tuple(step for step in self.program.steps if step.name in names)

    def otherwise(self, step: Step, env: dict[str, Any], changes: tuple[Change, ...]) -> Any:
        """Compute the default of a fact anew; it counts only where nobody answered."""
        name = step.name
        is_changed = any(change.fact == name for change in changes)
        if not is_changed and (name in self.values.defaulted or self.values.env.get(name) is None):
            env[name] = step.otherwise if applies(step.run, env) is False else None
        return env.get(name)

    def causes(self) -> dict[str, set[int]]:
        """The answered facts behind the rules that fire and count, with the indexes of those rules."""
        found: dict[str, set[int]] = {}
        for index, item in enumerate(self.program.rules):
            if self.statuses[index] is not True or not (item.score or item.floor):
                continue
            for name in self.trace.behind_rule(item.rule):
                if name in self.rule_set.facts:
                    found.setdefault(name, set()).add(index)
        return found

    def lowering(self, fact: Fact) -> list[Change]:
        """Other answers to `fact`: any listed code, fewer codes, the other side of a limit."""
        old = self.values.get(fact.name)
        if old is None or fact.type.kind not in _CHANGEABLE:
            return []
        others: list[Any] = []
        match fact.type.kind:
            case Kind.YES_NO:
                others = [not old]
            case Kind.SELECT_ONE:
                mentioned = self.hints.mentioned.get(fact.name, {})
                others = sorted(fact.type.codes, key=lambda code: code in mentioned)
            case Kind.SELECT_MULTIPLE if isinstance(old, tuple):
                others = [tuple(code for code in old if code != gone) for gone in old]
                others += [()] if len(old) > 1 else []
            case _:
                others = self.limits(fact)
        return [Change(fact.name, old, new) for new in others if new != old]

    def raising(self, fact: Fact) -> list[Change]:
        """Other answers to `fact` that some rule speaks of."""
        old = self.values.get(fact.name)
        if (
            old is None
            or fact.type.kind not in _CHANGEABLE
            or fact.name not in self.program.readers
        ):
            return []
        mentioned = self.hints.mentioned.get(fact.name, {})
        codes = [code for code in fact.type.codes if code in mentioned]
        match fact.type.kind:
            case Kind.YES_NO:
                others: list[Any] = [not old]
            case Kind.SELECT_ONE:
                others = codes
            case Kind.SELECT_MULTIPLE if isinstance(old, tuple):
                neutral = self.rule_set.neutral_codes
                kept = tuple(code for code in old if code not in neutral)
                others = [(*kept, code) for code in codes if code not in (*old, *neutral)]
            case _:
                others = self.limits(fact)
        return [Change(fact.name, old, new) for new in others if new != old]

    def limits(self, fact: Fact) -> list[int | float]:
        """Numbers on and beside the limits that some rule sets for `fact`, nearest first."""
        old = self.values.get(fact.name)
        marks = [
            mark
            for mark in self.hints.mentioned.get(fact.name, {})
            if isinstance(mark, int | float)
        ]
        around = {number for mark in marks for number in (mark - 1, mark, mark + 1) if number >= 0}
        base = old if isinstance(old, int | float) else 0
        return sorted(around, key=lambda number: (abs(number - base), number))[:6]
