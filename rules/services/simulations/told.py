"""What was told of some children, as facts by either of two rule sets: each fact is merged once where both merge it
alike, for merging is most of the work of a simulation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from forms.models import Entity
from rules.engine.merge import merge
from rules.engine.observed import Context, Observation, TierSpan
from rules.engine.rule_set import Fact, RuleSet
from rules.language.ast import Value
from rules.surroundings import Ground, surroundings_of

Known = Mapping[str, Value]  # the facts of a child; an absent name is unknown


@dataclass(frozen=True, slots=True)
class Told:
    """Submissions and tiers of some children, by key, as of a day."""

    seen: Mapping[int, list[Observation]]
    spans: Mapping[int, tuple[TierSpan, ...]]
    as_of: date

    def merged(self, rule_set: RuleSet, children: Sequence[Entity]) -> list[Known]:
        """The facts of each (its dataset and area at hand) as `rules.facts.facts_of` gives them; the
        ground that they share is looked up once."""
        grounds: dict[int, Ground] = {}
        found: list[Known] = []
        for child in children:
            ground = grounds.setdefault(child.dataset_id, Ground(child.dataset))
            seen = self.seen[child.pk]
            given = surroundings_of(child, rule_set, self.as_of, seen, ground)
            context = Context(tiers=self.spans[child.pk], given=given)
            found.append(merge(rule_set, seen, self.as_of, context, with_sources=False).values)
        return found


def merged_otherwise(old: RuleSet, new: RuleSet) -> dict[str, Fact]:
    """The facts of `old` that `new` has not, or merges from other answers or in another way."""
    if old.neutral_codes != new.neutral_codes:
        return dict(old.facts)
    return {
        name: fact
        for name, fact in old.facts.items()
        if name not in new.facts
        or _way(fact) != _way(new.facts[name])
        or (fact.external and old.tiers != new.tiers)  # those of the household read tiers
    }


def _way(fact: Fact) -> Fact:
    """The fact without what merging does not read: its words, and when it applies."""
    return replace(fact, title={}, labels={}, applies=None, otherwise=None)
