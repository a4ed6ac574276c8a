"""One child with its surroundings, each part looked up once; and the ground that the children of a project share."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from forms.models import Dataset, Entity
from rules.engine.observed import Observation
from rules.engine.rule_set import RuleSet
from rules.surroundings.neighbours import find_household
from rules.surroundings.points import Point, home_of
from rules.surroundings.register import SiteIndex, site_index
from server.prepared import Prepared, partial

SITE_DATASETS = ("site", "hazard_site")
# each evaluation asks
_LISTS = Prepared(
    lambda marks: (
        Dataset.objects.filter(project_id=marks.number("project"), name__in=SITE_DATASETS)
        .order_by("id")
        .values_list("pk", "changed_at")
    )
)


class Ground:
    """What all children of a project stand on: its register of hazard sites. One or two queries, then kept."""

    def __init__(self, dataset: Dataset) -> None:
        self.project_id = dataset.project_id

    @cached_property
    def sites(self) -> SiteIndex | None:
        """The hazard sites with their history; None where no such list has a row."""
        rows = _LISTS.rows(project=self.project_id)
        lists = (partial(Dataset, id=pk, changed_at=changed_at) for pk, changed_at in rows)
        found = [index for one in lists if (index := site_index(one)).sites]
        return found[0] if found else None


@dataclass(frozen=True, eq=False)
class Around:
    """The child, the rules that ask, the day, and what was sent about the child."""

    entity: Entity
    rule_set: RuleSet
    as_of: date
    observations: Sequence[Observation]
    ground: Ground

    @cached_property
    def home(self) -> Point | None:
        """Where the child lives, from the newest answer that says so until that day."""
        return home_of(self.entity, self.observations, self.as_of)

    @cached_property
    def household(self) -> list[Entity] | None:
        """The other living children of the household; None where nothing names it. One query."""
        return find_household(self.entity, self.as_of)
