"""A made-up county with a year of work in it, for trying Anhu out. Everything in it is invented (`names`).

The same seed and the same last day give the same county. It must not stand in a production database: everybody knows
its password.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from forms.models import Project
from rules.problems import SAMPLE_EXISTS, SAMPLE_IN_PRODUCTION
from rules.programme.load import find_programme, load_programme
from rules.programme.sample.chance import chance
from rules.programme.sample.children import Child, make_children
from rules.programme.sample.history import live_through
from rules.programme.sample.names import EMAIL_DOMAIN
from rules.programme.sample.papers import blanks
from rules.programme.sample.people import SAMPLE_LOGINS, SAMPLE_PASSWORD, make_people
from rules.programme.sample.places import make_places
from rules.programme.sample.plan import events_of
from rules.programme.sample.world import World
from server import clock
from server.journal.services import record
from server.people.models import User
from server.places.models import School
from server.problems import Problem

__all__ = ["SAMPLE_LOGINS", "SAMPLE_PASSWORD", "generate_county", "has_sample_logins"]


def generate_county(
    seed: int = 1,
    children: int = 300,
    progress: Callable[[str], Any] = lambda line: None,
    until: datetime | None = None,
    *,
    force: bool = False,
) -> None:
    """Make the county of `seed` with that many children and a year of history that ends at `until` (default: now).

    One transaction: broken off it leaves nothing, and no worker sees a past that is still being written. Problems:
    SAMPLE_IN_PRODUCTION (unless `force`), SAMPLE_EXISTS.
    """
    if settings.IS_PRODUCTION and not force:
        raise Problem(SAMPLE_IN_PRODUCTION)
    if has_sample_logins():
        raise Problem(SAMPLE_EXISTS)
    project = find_programme() or load_programme()
    with transaction.atomic():
        world = _found(project, seed, children, until or clock.now())
        live_through(world, progress)
        record(
            "sample.generate",
            subject=f"project:{world.project.pk}",
            project_id=world.project.pk,
            details={"seed": seed, "children": children, "submissions": world.sent},
        )


def has_sample_logins() -> bool:
    """Whether somebody can log in here with the password that everybody knows."""
    return User.objects.filter(email__endswith=f"@{EMAIL_DOMAIN}", is_active=True).exists()


def _classes(children: list[Child]) -> list[tuple[School, str]]:
    """The classes that the children sit in, in a fixed order."""
    found = {
        (at.school.code, at.grade_class): at.school
        for at in (child.schooling for child in children)
        if at.school is not None
    }
    return [(school, name) for (_, name), school in sorted(found.items(), key=lambda item: item[0])]


def _found(project: Project, seed: int, count: int, until: datetime) -> World:
    """Places, people and the plan; nothing has happened yet."""
    county = make_places(chance(seed, "places"), count)
    last = clock.local_day(until) - timedelta(days=1)  # whole days only
    born = make_children(county, seed, count, last)
    people = make_people(project, county, _classes(born), chance(seed, "people"))
    lists = {dataset.name: dataset for dataset in project.datasets.all()}
    by_number = {child.number: child for child in born}
    world = World(seed, project, last, county, people, blanks(project), by_number, lists)
    for child in born:
        for event in events_of(child, seed, last):
            world.expect(event)
    return world
