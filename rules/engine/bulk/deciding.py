"""Why children move between two rule sets: the rules that make the difference."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import polars as pl

from rules.engine.bulk.result import BulkResult
from rules.engine.parts import Rule, RuleSet

_WORDS = {True: "true", False: "false", None: "unknown"}


class Deciding(NamedTuple):
    """A rule behind a move; `old` and `new` are true | false | unknown | absent (not in force)."""

    rule: str
    old: str
    new: str


def deciding_rules(
    old: BulkResult,
    new: BulkResult,
    old_rules: RuleSet,
    new_rules: RuleSet,
    rows: Sequence[int],
) -> list[tuple[Deciding, ...]]:
    """For each of `rows` (places in `old` and `new`), the rules that decide its move, the weightiest
    first: those that fire on one side only, or on both with another score, floor or dimension. Where
    there are none (cut-offs or caps were changed), the rules that carry the new tier by floor or
    else by score; the old tier, where nothing carries the new one."""
    places = pl.Series(rows, dtype=pl.UInt32)
    before, now = _side(old, old_rules, places), _side(new, new_rules, places)
    everyone = pl.repeat(True, len(rows), eager=True)
    found = _collect(before, now, lambda name: _differs(before, now, name), everyone)
    for carried in (now.by_floor, now.by_score, before.by_floor, before.by_score):
        without = pl.Series([not rules for rules in found], dtype=pl.Boolean)
        if not without.any():
            break
        more = _collect(before, now, carried, without)
        found = [rules or others for rules, others in zip(found, more, strict=True)]
    return [tuple(rules) for rules in found]


@dataclass(frozen=True, slots=True)
class _Side:
    """What one rule set says of the children looked at."""

    rules: Mapping[str, Rule]  # in force
    ranks: Mapping[str, int]  # tier -> rank
    statuses: pl.DataFrame
    tier: pl.Series

    def fired(self, name: str) -> pl.Series:
        if name not in self.rules:
            return self.nobody()
        return self.statuses[name].fill_null(False)

    def nobody(self) -> pl.Series:
        return pl.repeat(False, len(self.tier), eager=True)

    def floor(self, name: str) -> int:
        rule = self.rules.get(name)
        return self.ranks[rule.floor] if rule and rule.floor else 0

    def weight(self, name: str) -> tuple[int, float]:
        """How much the rule counts: its floor before its score."""
        return self.floor(name), self.rules[name].score if name in self.rules else 0

    def by_floor(self, name: str) -> pl.Series:
        """Whom the rule holds in their tier."""
        floor = self.floor(name)
        return self.fired(name) & (self.tier == floor) if floor else self.nobody()

    def by_score(self, name: str) -> pl.Series:
        """Whose score the rule adds to, when that may have brought them above the lowest tier."""
        _, score = self.weight(name)
        return self.fired(name) & (self.tier > 0) if score else self.nobody()

    def words(self, name: str, places: pl.Series) -> Iterable[str]:
        """The statuses of the rule at `places`."""
        if name not in self.rules:
            return ["absent"] * len(places)
        return [_WORDS[status] for status in self.statuses[name].gather(places).to_list()]


def _side(result: BulkResult, rule_set: RuleSet, places: pl.Series) -> _Side:
    in_force = set(result.statuses.columns)
    return _Side(
        {rule.id: rule for rule in rule_set.rules if rule.id in in_force},
        {tier.id: tier.rank for tier in rule_set.tiers},
        pl.DataFrame([column.gather(places) for column in result.statuses]),
        result.outcome["tier"].gather(places),
    )


def _differs(before: _Side, now: _Side, name: str) -> pl.Series:
    """For whom the rule counts otherwise than before."""
    there, here = before.fired(name), now.fired(name)
    one, other = before.rules.get(name), now.rules.get(name)
    if one and other and (_counts_as(one) != _counts_as(other)):
        return there | here
    return there != here


def _counts_as(rule: Rule) -> tuple[float, str | None, str]:
    return rule.score, rule.floor, rule.dimension


def _collect(
    before: _Side, now: _Side, decides: Callable[[str], pl.Series], among: pl.Series
) -> list[list[Deciding]]:
    """Child by child the rules that `decides` names, for the children `among`."""
    found: list[list[Deciding]] = [[] for _ in range(len(among))]
    names = dict.fromkeys([*now.rules, *before.rules])
    for name in sorted(names, key=lambda name: _heaviest(before, now, name), reverse=True):
        places = (decides(name) & among).arg_true()
        words = zip(before.words(name, places), now.words(name, places), strict=True)
        for place, (old, new) in zip(places.to_list(), words, strict=True):
            found[place].append(Deciding(name, old, new))
    return found


def _heaviest(before: _Side, now: _Side, name: str) -> tuple[int, float]:
    return max(before.weight(name), now.weight(name))
