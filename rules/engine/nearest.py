"""The smallest changes of known facts that would lower or raise the tier (design.md §1.3: "what
would change it").

Single facts first; two at once only where no single one lowers. A bounded search: each trial
re-runs only what reads
the changed facts.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any
from weakref import WeakKeyDictionary

from rules.engine.explain import explainer_of
from rules.engine.parts import Fact, RuleSet
from rules.engine.program import CompiledRule, Program, Step, program_of
from rules.engine.scoring import Tally, tally
from rules.engine.values import Values, applies
from rules.language.ast import Call, Compare, Expr, Kind, Literal, facts_of, walk

MAX_FOUND = 8
MAX_PAIRS = 300
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


def nearest_changes(rule_set: RuleSet, values: Values, now: Tally) -> Nearest:
    """The nearest changes from `now`, the certain tally of `values`."""
    return _Search(rule_set, values, now).run()


@dataclass(slots=True)
class _Hints:
    """What a rule set compares each fact with, and which steps depend on it."""

    mentioned: dict[str, dict[Any, None]] = field(default_factory=dict)
    steps: dict[str, tuple[Step, ...]] = field(default_factory=dict)


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
            _collect(tree, found.mentioned)
        found.steps = _dependents(program)
    return found


def _collect(tree: Expr, mentioned: dict[str, dict[Any, None]]) -> None:
    for node in walk(tree):
        if not isinstance(node, Compare | Call):
            continue
        literals = [inner.value for inner in walk(node) if isinstance(inner, Literal)]
        words = [word for item in literals if isinstance(item, str) for word in item.split()]
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
    def __init__(self, rule_set: RuleSet, values: Values, now: Tally) -> None:
        self.rule_set = rule_set
        self.values = values
        self.now = now
        self.program = program_of(rule_set)
        self.hints = hints_of(rule_set)
        self.in_force = [item.rule.in_force(values.as_of) for item in self.program.rules]
        self.statuses = [
            item.run(values.env) if is_on else False
            for item, is_on in zip(self.program.rules, self.in_force, strict=True)
        ]

    def run(self) -> Nearest:
        lower: list[Outlook] = []
        if self.now.rank > 0:
            trials = [change for fact in self.causes() for change in self.lowering(fact)]
            lower = self.find(((change,) for change in trials), -1)
            if not lower:
                useful = [change for change in trials if self.rank((change,))[1] != self.statuses]
                pairs = (pair for pair in combinations(useful, 2) if pair[0].fact != pair[1].fact)
                lower = self.find(pairs, -1)
        higher: list[Outlook] = []
        if self.now.rank < len(self.rule_set.tiers) - 1:
            trials = [
                change for fact in self.rule_set.facts.values() for change in self.raising(fact)
            ]
            higher = self.find(((change,) for change in trials), 1)
        return Nearest(tuple(lower), tuple(higher))

    def find(self, trials: Iterator[tuple[Change, ...]], direction: int) -> list[Outlook]:
        """The first trials that move the tier in `direction`; one for each set of facts."""
        found: dict[tuple[str, ...], Outlook] = {}
        for count, changes in enumerate(trials):
            if len(found) >= MAX_FOUND or (len(changes) > 1 and count >= MAX_PAIRS):
                break
            names = tuple(change.fact for change in changes)
            if names in found:
                continue
            rank, _ = self.rank(changes)
            if (rank - self.now.rank) * direction > 0:
                found[names] = Outlook(changes, self.rule_set.tiers[rank].id)
        return list(found.values())

    def rank(self, changes: tuple[Change, ...]) -> tuple[int, list[bool | None]]:
        """The rank after `changes`, and the statuses of all rules."""
        env = dict(self.values.env)
        steps: dict[str, Step] = {}
        for change in changes:
            env[change.fact] = change.new
            for step in self.hints.steps.get(change.fact, ()):
                steps[step.name] = step
        for step in (one for one in self.program.steps if one.name in steps) if steps else ():
            self.again(step, env, changes)
        statuses = list(self.statuses)
        for change in changes:
            for index in self.program.readers.get(change.fact, ()):
                if self.in_force[index]:
                    statuses[index] = self.program.rules[index].run(env)
        if statuses == self.statuses:
            return self.now.rank, statuses
        fired = [
            item
            for item, status in zip(self.program.rules, statuses, strict=True)
            if status is True
        ]
        return tally(self.program, fired).rank, statuses

    def again(self, step: Step, env: dict[str, Any], changes: tuple[Change, ...]) -> None:
        """Compute a step anew; a default only where nobody answered."""
        if step.is_derived:
            env[step.name] = step.run(env) if step.run else None
            return
        if any(change.fact == step.name for change in changes):
            return
        if step.name in self.values.defaulted or self.values.env.get(step.name) is None:
            env[step.name] = step.otherwise if applies(step.run, env) is False else None

    def causes(self) -> list[Fact]:
        """The answered facts behind the rules that fire, in the order of the rules."""
        explainer = explainer_of(self.rule_set)
        found: dict[str, None] = {}
        for item in self.fired():
            node = explainer.rule(item.rule.id, item.rule.when)
            found.update(dict.fromkeys(explainer.facts_behind(node, self.values)))
        return [self.rule_set.facts[name] for name in found if name in self.rule_set.facts]

    def fired(self) -> Iterator[CompiledRule]:
        for item, status in zip(self.program.rules, self.statuses, strict=True):
            if status is True and (item.score or item.floor):
                yield item

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
                others = [(*old, code) for code in codes if code not in old]
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
