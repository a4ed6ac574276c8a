"""What changes around children is told to them: a hazard site near their homes, a brother or sister in danger.

A child whose home has no position hears of sites with the day's look at all children (`reevaluation.days`).
"""

from collections.abc import Iterable
from datetime import timedelta

from forms.models import Entity, EntityVersion
from rules.engine.observed import Facts
from rules.engine.rule_set import RuleSet
from rules.models import HomePosition, TierDecision
from rules.surroundings.neighbours import find_household
from rules.surroundings.points import Point, home_of, point_in
from rules.surroundings.register import box_around
from rules.surroundings.sites import NEAR
from rules.surroundings.view import SITE_DATASETS
from server import clock
from server.journal.services import emit

MOST = 200  # children told in one transaction; further ones hear with the day's look
_SAME_PLACE = 1e-6  # degrees: a tenth of a metre
_HOUSEHOLD = ("household_in_danger", "household_highest_tier")


def tell_children_near(entity: Entity) -> int:
    """Have the children near a hazard site, where it is and where it was, evaluated again; answers how many. Nothing
    for entities of other lists."""
    if entity.dataset.name not in SITE_DATASETS:
        return 0
    versions = EntityVersion.objects.filter(entity=entity).order_by("-version")
    points = [point_in(data) for data in versions.values_list("data", flat=True)[:20]]
    found: dict[int, None] = {}
    for point in dict.fromkeys(filter(None, points)):
        found |= dict.fromkeys(_near(entity.dataset.project_id, point))
    return _touch(list(found)[:MOST], "site", entity)


def _near(project_id: int, point: Point) -> Iterable[int]:
    south, north, west, east = box_around(point, NEAR)
    homes = HomePosition.objects.filter(
        entity__dataset__project_id=project_id,
        entity__deleted_at=None,
        latitude__range=(south, north),
        longitude__range=(west, east),
    ).order_by("entity_id")
    for home in homes:
        if Point(home.latitude, home.longitude).metres_to(point) <= NEAR:
            yield home.entity_id


def follow_surroundings(
    entity: Entity, rule_set: RuleSet, facts: Facts, rise: TierDecision | None
) -> None:
    """After an evaluation: keep where the child lives, and let its household hear that its tier rose."""
    names = {fact.external for fact in rule_set.facts.values() if fact.external}
    if "open_high_sites_500m" in names:
        _keep_home(entity, facts)
    if rise is not None and names.intersection(_HOUSEHOLD):
        others = find_household(entity, clock.today()) or []
        _touch([one.pk for one in others][:MOST], "household", entity)


def _keep_home(entity: Entity, facts: Facts) -> None:
    point = home_of(entity, facts.observations, clock.today() + timedelta(days=1))
    known = HomePosition.objects.filter(entity=entity).first()
    if point is None:
        if known is not None:
            known.delete()
        return
    is_same = (
        known is not None
        and abs(known.latitude - point.latitude) < _SAME_PLACE
        and abs(known.longitude - point.longitude) < _SAME_PLACE
    )
    if not is_same:
        HomePosition.objects.update_or_create(
            entity=entity,
            defaults={
                "latitude": point.latitude,
                "longitude": point.longitude,
                "updated_at": clock.now(),
            },
        )


def _touch(keys: list[int], cause: str, by: Entity) -> int:
    for key in keys:
        emit(
            "entity.touched",
            {"entity_id": key, "cause": cause, "cause_subject": f"entity:{by.uuid}"},
        )
    return len(keys)
