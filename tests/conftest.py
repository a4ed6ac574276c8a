"""What every test may ask for: a small country, three stock people, their clients, and `drain()`.

`lan` directs the children's work of one village, `county` is her manager, `stranger` sits in another county.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from server.journal.models import Reaction
from server.journal.services import run_pending
from server.people.models import RoleGrant, User
from server.people.roles import Role
from server.places.models import Area

PASSWORD = "correct horse battery"


@dataclass(frozen=True, slots=True)
class Country:
    """Two counties: the first with two towns and three villages, the second with one of each."""

    county: Area
    town: Area
    village: Area
    next_village: Area
    other_town: Area
    other_town_village: Area
    other_county: Area
    other_county_town: Area
    other_county_village: Area


def make_area(code: str, name: str, kind: Area.Kind, parent: Area | None = None) -> Area:
    """One area below `parent`."""
    path = Area.path_of(code, parent)
    return Area.objects.create(code=code, name=name, kind=kind, parent=parent, path=path)


def make_user(
    name: str, role: Role, area: Area | None = None, email: str = "", **grant: object
) -> User:
    """A person who holds `role` over `area` (everywhere if None) and logs in with `PASSWORD`."""
    user = User.objects.create_user(email or f"{name}@example.org", PASSWORD, display_name=name)
    RoleGrant.objects.create(user=user, role=role, area=area, **grant)
    return user


@pytest.fixture(autouse=True)
def _site_language(settings: Any) -> Iterator[None]:
    """Each test begins in the site's language: a request of the one before may have left another."""
    with translation.override(settings.LANGUAGE_CODE):
        yield


@pytest.fixture
def country(db: None) -> Country:
    """The areas in which the stock people work."""
    kind = Area.Kind
    county = make_area("529901", "清水县", kind.COUNTY)
    town = make_area("529901100", "河口镇", kind.TOWN, county)
    other_town = make_area("529901101", "石桥镇", kind.TOWN, county)
    other_county = make_area("529902", "白石县", kind.COUNTY)
    other_county_town = make_area("529902100", "松林镇", kind.TOWN, other_county)
    return Country(
        county=county,
        town=town,
        village=make_area("529901100201", "柳树村", kind.VILLAGE, town),
        next_village=make_area("529901100202", "枫香村", kind.VILLAGE, town),
        other_town=other_town,
        other_town_village=make_area("529901101201", "上寨村", kind.VILLAGE, other_town),
        other_county=other_county,
        other_county_town=other_county_town,
        other_county_village=make_area("529902100201", "岩脚村", kind.VILLAGE, other_county_town),
    )


@pytest.fixture
def lan(country: Country) -> User:
    """The child director of one village."""
    return make_user("lan", Role.CHILD_DIRECTOR, country.village)


@pytest.fixture
def county(country: Country) -> User:
    """Lan's manager: county civil affairs."""
    return make_user("county", Role.COUNTY_CIVIL, country.county)


@pytest.fixture
def stranger(country: Country) -> User:
    """The same office in another county: must see nothing of Lan's."""
    return make_user("stranger", Role.COUNTY_CIVIL, country.other_county)


@pytest.fixture
def admin(db: None) -> User:
    """The administrator: everything, everywhere."""
    return make_user("admin", Role.ADMIN)


@pytest.fixture
def client_for() -> Callable[[User], Client]:
    """A browser in which that person is logged in; a failure of the server raises."""

    def make(user: User) -> Client:
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return make


@pytest.fixture
def drain(db: None) -> Callable[[], int]:
    """Run what is pending until nothing is left; answers how many Reactions ran. A failed one is an error."""

    def run() -> int:
        total = 0
        while taken := run_pending(100):
            total += taken
        failed = Reaction.objects.filter(done_at=None).exclude(last_error="")
        assert not failed, [f"{reaction.job}: {reaction.last_error}" for reaction in failed]
        return total

    return run
