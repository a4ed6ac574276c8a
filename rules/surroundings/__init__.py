"""What the server knows around a child: hazard sites, household, school. Facts of `source:` (rules.engine.sources).

In: an entity, what was sent about it, a day. Out: values by the names of facts; a name that is absent is unknown.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date

from forms.models import Entity
from rules.engine.observed import Observation
from rules.engine.rule_set import RuleSet
from rules.language.ast import Value
from rules.surroundings.household import (
    household_children,
    household_highest_tier,
    household_in_danger,
)
from rules.surroundings.schools import school_boarding_free
from rules.surroundings.sites import open_high_sites_500m, site_register
from rules.surroundings.view import Around, Ground

__all__ = ["PROVIDERS", "Around", "Ground", "surroundings_of", "surroundings_of_many"]

Provider = Callable[[Around], Value | None]

# One function for each name of rules.engine.sources.SOURCES; None: unknown.
PROVIDERS: dict[str, Provider] = {
    "site_register": site_register,
    "open_high_sites_500m": open_high_sites_500m,
    "household_children": household_children,
    "household_in_danger": household_in_danger,
    "household_highest_tier": household_highest_tier,
    "school_boarding_free": school_boarding_free,
}


def surroundings_of(
    entity: Entity,
    rule_set: RuleSet,
    as_of: date,
    observations: Sequence[Observation] = (),
    ground: Ground | None = None,
) -> Mapping[str, Value]:
    """The known facts around `entity` on the day `as_of` (site's zone) that `rule_set` asks for.

    `observations`: what was sent about it. `ground`: what children of one project share, kept by whoever asks for
    many. Queries: none where the rule set names no source; else the sites once for each ground, the household once.
    """
    wanted = [fact for fact in rule_set.facts.values() if fact.external in PROVIDERS]
    if not wanted:
        return {}
    around = Around(entity, rule_set, as_of, observations, ground or Ground(entity.dataset))
    found = {fact.name: PROVIDERS[fact.external](around) for fact in wanted}
    return {name: value for name, value in found.items() if value is not None}


def surroundings_of_many(
    entity_ids: Collection[int],
    rule_set: RuleSet,
    as_of: date,
    observations: Mapping[int, Sequence[Observation]],
) -> dict[int, Mapping[str, Value]]:
    """The same of many entities, by id; those that are gone have none. The ground is looked up once for each list."""
    found: dict[int, Mapping[str, Value]] = {pk: {} for pk in entity_ids}
    if not any(fact.external in PROVIDERS for fact in rule_set.facts.values()):
        return found
    grounds: dict[int, Ground] = {}
    rows = Entity.objects.filter(pk__in=list(entity_ids))
    for entity in rows.select_related("dataset", "area", "school"):
        ground = grounds.setdefault(entity.dataset_id, Ground(entity.dataset))
        found[entity.pk] = surroundings_of(entity, rule_set, as_of, observations[entity.pk], ground)
    return found
