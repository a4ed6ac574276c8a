"""Hazard sites near the home (domain report, rule R-S17: 500米内有未整改重大隐患点)."""

from rules.surroundings.register import town_of
from rules.surroundings.view import Around

NEAR = 500.0  # metres


def site_register(around: Around) -> bool:
    """Whether hazard sites are registered here at all."""
    return around.ground.sites is not None


def open_high_sites_500m(around: Around) -> int | None:
    """How many sites of grade high that are not closed lie within 500 m of the home on that day.

    Unknown without a register; unknown without the home's position while such a site is open in its town (else there
    is nothing to be near to); and unknown while one of them in the town has no position itself and none is near.
    """
    sites = around.ground.sites
    if sites is None:
        return None
    town = town_of(around.entity.area.path if around.entity.area else None)
    if around.home is None:
        return None if sites.in_town(town, around.as_of) else 0
    count = len(sites.near(around.home, NEAR, around.as_of))
    return None if not count and sites.nowhere(town, around.as_of) else count
