"""The smallest changes of known facts that would lower or raise the tier (design.md §1.3: "what
would change it").

Single facts first; two at once only where no single one lowers. A bounded search: each trial
re-runs only what reads the changed facts.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import combinations, product
from typing import Any
from weakref import WeakKeyDictionary

from rules.engine.explain import Trace
from rules.engine.parts import Fact, RuleSet
from rules.engine.program import Program, Step, program_of
from rules.engine.scoring import Tally, tally
from rules.engine.values import Values, applies
from rules.language.ast import Call, Compare, Expr, Kind, Literal, facts_of, walk

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


def nearest_changes(rule_set: RuleSet, values: Values, now: Tally, trace: Trace) -> Nearest:
    """The nearest changes from `now`, the certain tally of `values`."""
    return _Search(rule_set, values, now, trace).run()


@dataclass(slots=True)
class _Hints:
    """What a rule set compares each fact with, which steps depend on it, what each step reads, and
    the rules (by index) that read a name themselves."""

    mentioned: dict[str, dict[Any, None]] = field(default_factory=dict)
    steps: dict[str, tuple[Step, ...]] = field(default_factory=dict)
    reads: dict[str, frozenset[str]] = field(default_factory=dict)
    rules: dict[str, tuple[int, ...]] = field(default_factory=dict)


_hints: "WeakKeyDictionary[RuleSet, _Hints]" = WeakKeyDictionary()


def hints_of(rule_set: RuleSet) -> _Hints:
    """The hints of `rule_set`, kept as long as it lives."""
    found = _hints.get(rule_set)
    if found is None:
        found = _hints[rule_set] = _Hints()
        program = program_of(rule_set)
        trees = [rule.when for rule in rule_set.rules]
        trees += [step.tree for step in program.steps if step.tree]
        for tree in trees:
            _collect(tree, rule_set.neutral_codes, found.mentioned)
        found.steps = _dependents(program)
        found.reads = {
            step.name: frozenset(facts_of(step.tree) if step.tree else ()) for step in program.steps
        }
        for index, item in enumerate(program.rules):
            for name in facts_of(item.rule.when):
                found.rules[name] = (*found.rules.get(name, ()), index)
    return found


def _collect(tree: Expr, neutral: frozenset[str], mentioned: dict[str, dict[Any, None]]) -> None:
    for node in walk(tree):
        if not isinstance(node, Compare | Call):
            continue
        literals = [inner.value for inner in walk(node) if isinstance(inner, Literal)]
        words = [word for item in literals if isinstance(item, str) for word in item.split()]
        if isinstance(node, Call) and node.name == "count-selected" and node.args[0].type:
            words += [code for code in node.args[0].type.codes if code not in neutral]
        for name in facts_of(node):
            known = mentioned.setdefault(name, {})
            known.update(dict.fromkeys([*literals, *words]))


def _dependents(program: Program) -> dict[str, tuple[Step, ...]]:
    """For each name the steps to run again when it changes, in their order."""
    touched: dict[str, set[str]] = {}
    for step in reversed(program.steps):
        behind = {step.name, *touched.get(step.name, ())}
        for name in facts_of(step.tree) if step.tree else ():
            touched.setdefault(name, set()).update(behind)
    return {
        name: tuple(step for step in program.steps if step.name in names)
        for name, names in touched.items()
    }


class _Search:
    def __init__(self, rule_set: RuleSet, values: Values, now: Tally, trace: Trace) -> None:
        self.rule_set = rule_set
        self.values = values
        self.now = now
        self.trace = trace
        self.program = program_of(rule_set)
        self.hints = hints_of(rule_set)
        self.in_force = [item.rule.in_force(values.as_of) for item in self.program.rules]
        self.statuses = [
            item.run(values.env) if is_on else False
            for item, is_on in zip(self.program.rules, self.in_force, strict=True)
        ]

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
        highest = max((rank for _, rank in self.program.bands), default=0)
        lifting = {
            index
            for index, item in enumerate(self.program.rules)
            if item.floor > self.now.rank or (item.score and highest > self.now.rank)
        }
        facts = [
            fact
            for fact in self.rule_set.facts.values()
            if not lifting.isdisjoint(self.program.readers.get(fact.name, ()))
        ]
        return self.find(((change,) for fact in facts for change in self.raising(fact)), 1)

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
        statuses = list(self.statuses)
        for index in {index for name in moved for index in self.hints.rules.get(name, ())}:
            if self.in_force[index]:
                statuses[index] = self.program.rules[index].run(env)
        if statuses == self.statuses:
            return self.now.rank
        fired = [
            item
            for item, status in zip(self.program.rules, statuses, strict=True)
            if status is True
        ]
        return tally(self.program, fired).rank

    def spread(self, changes: tuple[Change, ...], env: dict[str, Any]) -> set[str]:
        """Compute in `env` anew what `changes` touch; every name whose value is another one now."""
        moved = {change.fact for change in changes}
        for step in self.steps(changes):
            if self.hints.reads[step.name].isdisjoint(moved):
                continue
            before = env.get(step.name)
            self.again(step, env, changes)
            after = env.get(step.name)
            if after is not before and after != before:
                moved.add(step.name)
        return moved

    def steps(self, changes: tuple[Change, ...]) -> tuple[Step, ...]:
        """The steps that may depend on `changes`, in their order."""
        if len(changes) == 1:
            return self.hints.steps.get(changes[0].fact, ())
        names = {step.name for one in changes for step in self.hints.steps.get(one.fact, ())}
        return tuple(step for step in self.program.steps if step.name in names)

    def again(self, step: Step, env: dict[str, Any], changes: tuple[Change, ...]) -> None:
        """Compute a step anew; a default only where nobody answered."""
        if step.is_derived:
            env[step.name] = step.run(env) if step.run else None
            return
        if any(change.fact == step.name for change in changes):
            return
        if step.name in self.values.defaulted or self.values.env.get(step.name) is None:
            env[step.name] = step.otherwise if applies(step.run, env) is False else None

    def causes(self) -> dict[str, set[int]]:
        """The answered facts behind the rules that fire and count, with the indexes of those rules."""
        found: dict[str, set[int]] = {}
        explainer = self.trace.explainer
        for index, item in enumerate(self.program.rules):
            if self.statuses[index] is not True or not (item.score or item.floor):
                continue
            node = explainer.rule(item.rule.id, item.rule.when)
            for name in self.trace.facts_behind(node):
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
