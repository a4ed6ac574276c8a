"""Random facts for a rule set: of the right types, near every number that its conditions name, often unknown."""

import random
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta

from rules.engine.parts import RuleSet
from rules.language.ast import Compare, Expr, FactRef, Kind, Literal, Value, walk


class RandomFacts:
    """Draws raw facts for `rule_set`; the same seed gives the same children."""

    def __init__(self, rule_set: RuleSet, seed: int, as_of: date) -> None:
        self.rule_set = rule_set
        self.as_of = as_of
        self.random = random.Random(seed)
        self.near = numbers_near(trees_of(rule_set))

    def draw(self) -> dict[str, Value]:
        """One child; between none and nearly all of its facts are unknown."""
        unknown = self.random.choice((0.0, 0.05, 0.2, 0.5, 0.9))
        return {
            name: self.value(name)
            for name in self.rule_set.facts
            if self.random.random() >= unknown
        }

    def value(self, name: str) -> Value:
        """A value of the fact's type."""
        wanted, pick = self.rule_set.facts[name].type, self.random
        match wanted.kind:
            case Kind.YES_NO:
                return pick.random() < 0.5
            case Kind.SELECT_ONE:
                return pick.choice(wanted.codes or ("a", "b"))
            case Kind.SELECT_MULTIPLE:
                return tuple(code for code in wanted.codes if pick.random() < 0.2)
            case Kind.DATE:
                return self.day()
            case Kind.INTEGER:
                return round(self.number(name))
            case Kind.NUMBER:
                return self.number(name)
        return pick.choice(("", "a", "某村", 'quo"te', "back\\slash", "\n", "长" * 300))

    def number(self, name: str) -> float:
        """On, just beside or far from a number that the fact is compared with."""
        near = self.random.choice(sorted(self.near[name] | self.near[""] | {0.0}))
        return near + self.random.choice((-1, -0.5, 0, 0, 0, 0.5, 1, 40, -40, 1e-7))

    def day(self) -> date:
        """A day in the past eighteen years, often a whole number of months ago or a day beside."""
        months = self.random.choice((0, 1, 3, 6, 12, *range(24, 220, 6)))
        shift = self.random.choice((-1, 0, 0, 1, 15))
        year, month = divmod(self.as_of.year * 12 + self.as_of.month - 1 - months, 12)
        return date(year, month + 1, min(self.as_of.day, 28)) + timedelta(days=shift)


def trees_of(rule_set: RuleSet) -> Iterator[Expr]:
    """All conditions and expressions."""
    yield from (rule.when for rule in rule_set.rules)
    yield from (derived.expr for derived in rule_set.derived)
    yield from (fact.applies for fact in rule_set.facts.values() if fact.applies)


def numbers_near(trees: Iterator[Expr]) -> "defaultdict[str, set[float]]":
    """Fact -> the numbers it is compared with; under '' those that anything else is compared with."""
    found: defaultdict[str, set[float]] = defaultdict(set)
    for tree in trees:
        for node in walk(tree):
            match node:
                case Compare(
                    left=FactRef(name=name), right=Literal(value=int() | float() as value)
                ):
                    found[name].add(float(value))
                case Literal(value=int() | float() as value):
                    found[""].add(float(value))
    return found
