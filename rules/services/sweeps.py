"""Evaluations that no submission asks for: after a release, when overrides end, and when days pass
(birthdays, windows)."""

from collections.abc import Iterator
from datetime import datetime, time

from django.db import transaction

from forms.models import Entity
from rules.models import Release, RuleSet, TierDecision, TierState
from rules.services.evaluate import SWEEP, evaluate_entity
from server import clock
from server.journal.services import emit, record

CHUNK = 50  # children between two looks at what else waits; each is its own transaction


def evaluate_stale() -> int:
    """Evaluate every entity that this day (the site's) has not seen yet, each in its own
    transaction; answers how many.

    Killed in the middle, the next run goes on where this one stopped.
    """
    midnight = datetime.combine(clock.today(), time.min, clock.site_zone())
    count = 0
    for rule_set in RuleSet.objects.filter(active__isnull=False).only("project_id", "dataset"):
        for entity_id in _entities(rule_set, unseen_since=midnight):
            evaluate_entity(entity_id, SWEEP)
            count += 1
    return count


def _entities(
    rule_set: RuleSet, after: int = 0, unseen_since: datetime | None = None
) -> Iterator[int]:
    """The living entities of a rule set by id, read in chunks."""
    wanted = Entity.objects.alive().filter(
        dataset__project_id=rule_set.project_id, dataset__name=rule_set.dataset
    )
    if unseen_since is not None:
        wanted = wanted.exclude(tier_state__updated_at__gte=unseen_since)
    while found := list(
        wanted.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:CHUNK]
    ):
        yield from found
        after = found[-1]


@transaction.atomic
def evaluate_release(release_id: int, after: int = 0) -> None:
    """Evaluate the next children under a release that came into force, and ask for those after
    them. A Reaction's job."""
    release = Release.objects.defer("document").select_related("rule_set").get(pk=release_id)
    if release.rule_set.active_id != release.pk:
        return  # another one has come into force since
    done = 0
    for entity_id in _entities(release.rule_set, after):
        if done == CHUNK:
            emit("release.activated", {"release_id": release_id, "after": after})
            return
        evaluate_entity(entity_id, "release")
        done, after = done + 1, entity_id


def expire_overrides() -> int:
    """End the overrides whose last day has passed, and let the rules speak again; answers how
    many."""
    ended = TierState.objects.filter(overridden_until__lt=clock.today()).order_by("entity_id")
    return sum(map(_expire, list(ended.values_list("entity_id", flat=True))))


@transaction.atomic
def _expire(entity_id: int) -> int:
    state = (
        TierState.objects.select_for_update(of=("self",))
        .select_related("entity__dataset")
        .filter(entity_id=entity_id, overridden_until__lt=clock.today())
        .first()
    )
    if state is None:
        return 0
    entity = state.entity
    TierDecision.objects.create(
        entity=entity,
        action=TierDecision.Action.EXPIRE,
        from_tier=state.tier,
        to_tier=state.tier,
        evaluation_id=state.evaluation_id,
        until=state.overridden_until,
    )
    state.overridden_until, state.override_floor = None, ""
    state.save(update_fields=["overridden_until", "override_floor"])
    record(
        "tier.expire",
        subject=f"entity:{entity.uuid}",
        project_id=entity.dataset.project_id,
        details={"tier": state.tier},
    )
    evaluate_entity(entity_id, "override.expired")
    return 1
