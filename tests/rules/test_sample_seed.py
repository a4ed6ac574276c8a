"""The sample county comes from its seed and its last day, and from nothing else."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import transaction

from forms.models import SubmissionVersion
from rules.models import Task, TierState
from rules.programme.load import load_programme
from rules.programme.sample import generate_county, has_sample_logins
from rules.programme.sample.chance import chance
from rules.programme.sample.children import make_children
from rules.programme.sample.places import make_places
from rules.programme.sample.stories import RED, YELLOW

UNTIL = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def _made(seed: int) -> list[list[Any]]:
    """What a county of that seed holds; it is undone."""
    with transaction.atomic():
        generate_county(seed=seed, children=6, until=UNTIL)
        found: list[list[Any]] = [
            list(TierState.objects.order_by("entity__uuid").values_list("entity__uuid", "tier")),
            list(
                SubmissionVersion.objects.order_by("instance_id").values_list("instance_id", "xml")
            ),
            sorted(Task.objects.values_list("entity__uuid", "code", "episode", "state")),
        ]
        transaction.set_rollback(True)
    return found


def test_the_same_seed_makes_the_same_county_and_another_seed_another() -> None:
    load_programme()
    first = _made(3)
    assert len(first[0]) == 6
    assert _made(3) == first
    assert _made(4)[0] != first[0]


def test_a_county_that_is_broken_off_leaves_nothing() -> None:
    def stop(line: str) -> None:
        raise KeyboardInterrupt

    load_programme()
    with pytest.raises(KeyboardInterrupt):
        generate_county(seed=3, children=6, until=UNTIL, progress=stop)
    assert not has_sample_logins()
    assert not SubmissionVersion.objects.exists()


def test_of_three_hundred_children_two_or_three_in_a_hundred_are_in_danger() -> None:
    county = make_places(chance(1, "places"), 300)
    children = make_children(county, 1, 300, UNTIL.date())
    assert len({child.uuid for child in children}) == len(children) == 300
    assert 6 <= sum(child.story in RED for child in children) <= 9
    assert 18 <= sum(child.story in YELLOW for child in children) <= 26
    assert len({id(child.home) for child in children}) < 290  # brothers and sisters
    assert all(one.born < one.enrolled_on < UNTIL.date() for one in children)
