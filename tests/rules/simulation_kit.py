"""A village of five children whose tiers are known, and drafts that change the small rule set."""

from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from forms.models import Entity, Project
from rules.models import RuleSet, Simulation
from rules.services.drafts import put_draft
from rules.services.simulations import Wish, start_simulation
from server import clock
from server.people.models import User
from tests.conftest import Country
from tests.rules.county_kit import ALL_WELL, DOCUMENT, NOON, make_child, release_small, store

# name -> what is answered about the child; the tier under the small rule set stands behind
ANSWERS = {
    "张红": ALL_WELL | {"danger": "yes"},  # red
    "李黄": ALL_WELL | {"alone": "yes"},  # yellow
    "王蓝": ALL_WELL | {"poor": "yes"},  # blue
    "赵绿": ALL_WELL,  # green
    "孙空": {},  # green, and nothing is known
}


@dataclass(frozen=True, slots=True)
class Village:
    """The children by name, their rule set, and who may change it."""

    children: dict[str, Entity]
    rule_set: RuleSet
    author: User

    @property
    def project(self) -> Project:
        """Where all of it is."""
        return self.rule_set.project

    def start(self, document: dict[str, Any] | None = None, **wish: Any) -> Simulation:
        """A simulation of `document`, put as the draft."""
        if document is not None:
            put_draft(self.rule_set, document, self.author)
        self.rule_set.refresh_from_db()
        return start_simulation(self.rule_set, self.author, Wish(**wish))


def make_village(country: Country, author: User) -> Village:
    """The five, registered and visited at NOON; the small rule set is in force."""
    with clock.at(NOON):
        children = {}
        project = Project.objects.create(name="关爱")
        release = release_small(project)
        for name, answers in ANSWERS.items():
            children[name] = make_child(country.village, project, name)
            if answers:
                store(children[name], "home_visit", answers)
    return Village(children, release.rule_set, author)


def changed(section: str, name: str, **columns: Any) -> dict[str, Any]:
    """The small document with columns of the row `name` changed."""
    document = deepcopy(DOCUMENT)
    row = next(row for row in document[section] if name in (row.get("id"), row.get("name")))
    row.update(columns)
    return document


def moved(simulation: Simulation) -> dict[str, tuple[str, str]]:
    """Child -> (old tier, new tier) of those who move."""
    rows = simulation.moves.values_list("entity__data__child_name", "old_tier", "new_tier")
    return {name: (old, new) for name, old, new in rows.order_by("pk")}


def matrix(simulation: Simulation) -> dict[str, dict[str, int]]:
    """The stored matrix."""
    found: dict[str, dict[str, int]] = simulation.result["comparison"]["matrix"]
    return found
