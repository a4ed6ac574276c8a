"""Which rules the cases exercise: for each rule how many cases it fired in, did not, and could not tell."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from rules.cases.comparing import CaseResult
from rules.engine.rule_set import RuleSet


@dataclass(frozen=True, slots=True)
class RuleCoverage:
    """The counts of one rule; a rule that is off or not in force on a case's day is not counted there."""

    rule: str
    fired: int = 0
    not_fired: int = 0
    unknown: int = 0

    @property
    def is_complete(self) -> bool:
        """Whether it was seen in each of the three ways."""
        return bool(self.fired and self.not_fired and self.unknown)


@dataclass(frozen=True, slots=True)
class Coverage:
    """All rules, in the order of the rule set."""

    rules: tuple[RuleCoverage, ...]

    def lacking(self, way: str) -> tuple[str, ...]:
        """The rules never seen in a `way`: fired, not_fired or unknown."""
        return tuple(one.rule for one in self.rules if not getattr(one, way))

    def to_json(self) -> dict[str, Any]:
        """Counts by rule, and the rules that lack a way."""
        return {
            "rules": [
                {
                    "id": one.rule,
                    "fired": one.fired,
                    "not_fired": one.not_fired,
                    "unknown": one.unknown,
                }
                for one in self.rules
            ],
            "never_fired": list(self.lacking("fired")),
            "always_fired": list(self.lacking("not_fired")),
            "never_unknown": list(self.lacking("unknown")),
        }


def coverage_of(rule_set: RuleSet, results: Iterable[CaseResult]) -> Coverage:
    """The coverage of the rules that are on by `results`."""
    ways = {"true": "fired", "false": "not_fired", "unknown": "unknown"}
    counts = {rule.id: dict.fromkeys(ways.values(), 0) for rule in rule_set.rules if rule.is_on}
    for result in results:
        for rule, status in result.statuses.items():
            if rule in counts:
                counts[rule][ways[status]] += 1
    return Coverage(tuple(RuleCoverage(rule, **found) for rule, found in counts.items()))
