"""A simulation's sums, put so that a person sees who moves and why: for pages, API and comparisons."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from rules.engine.bulk import NO_TIER
from rules.engine.rule_set import RuleSet, Task, Tier
from rules.models import Simulation
from rules.services.simulations.looking import Sides, sides_of
from rules.services.simulations.ordering import direction, joined_tiers
from rules.services.simulations.result import Result

# Where there was no rule set: a tier of that name, which belongs to no document.
NOTHING = Tier(NO_TIER, {"zh": "未分级", "en": "No tier"}, -1, None)

Matrix = Mapping[tuple[str, str], int]


@dataclass(frozen=True, slots=True)
class Workload:
    """Tasks of one kind: how many children it is asked for on either side, and the difference."""

    task: Task
    before: int
    now: int
    opened: int
    cancelled: int


@dataclass(frozen=True)
class Summary:
    """The sums of `simulation` so far, and both rule sets compiled."""

    simulation: Simulation
    sides: Sides
    result: Result

    @property
    def children(self) -> int:
        """How many were looked at."""
        return self.result.comparison.total

    @property
    def matrix(self) -> Matrix:
        """(old tier, new tier) -> children."""
        return self.result.comparison.matrix

    @cached_property
    def tiers(self) -> dict[str, Tier]:
        """The tiers of both sides by id, from the lowest."""
        return joined_tiers(self.sides.old, self.sides.new)

    @cached_property
    def old_tiers(self) -> list[Tier]:
        """The rows of the matrix, the highest first."""
        return self._highest_first(self.sides.old) if self.sides.old else [NOTHING]

    @cached_property
    def new_tiers(self) -> list[Tier]:
        """The columns of the matrix, the highest first."""
        return self._highest_first(self.sides.new)

    def direction(self, old: str, new: str) -> int:
        """1: the new tier is higher, -1: lower, 0: the same, or there was none."""
        return direction(self.tiers, old, new)

    @property
    def moved(self) -> int:
        """The children whose tier is another one."""
        return sum(count for _way, _tier, count in self.changes())

    def changes(self) -> list[tuple[int, Tier, int]]:
        """(direction, new tier, children) of those who move: rises first, the highest tier first."""
        counts: dict[tuple[int, str], int] = {}
        for (old, new), count in self.matrix.items():
            if way := self.direction(old, new):
                counts[way, new] = counts.get((way, new), 0) + count
        order = list(self.tiers)
        ranked = sorted(counts, key=lambda key: (-key[0], -order.index(key[1])))
        return [(way, self.tiers[new], counts[way, new]) for way, new in ranked]

    def workloads(self) -> list[Workload]:
        """The tasks whose number differs or that either side asks for, the largest change first."""
        both = {**(dict(self.sides.old.tasks) if self.sides.old else {}), **self.sides.new.tasks}
        found = [
            Workload(both[name], *counts)
            for name, counts in self.result.comparison.tasks.items()
            if any(counts)
        ]
        return sorted(found, key=lambda one: (-one.opened - one.cancelled, -one.now, one.task.id))

    def unknown(self) -> list[tuple[str, int]]:
        """Facts by how many children lack them, the worst first."""
        lacking = self.result.comparison.unknown.items()
        return sorted(
            ((name, count) for name, count in lacking if count),
            key=lambda item: (-item[1], item[0]),
        )

    def never_hit(self) -> list[str]:
        """The rules of the new side that are in force and fire for nobody, in their order."""
        hits = self.result.comparison.hits
        day = self.simulation.as_of
        return [
            rule.id
            for rule in self.sides.new.rules
            if rule.in_force(day) and not hits.get(rule.id, (0, 0, 0))[1]
        ]

    def title_of(self, rule_id: str) -> Mapping[str, str]:
        """The title of a rule, as the new side has it, else the old."""
        for rule_set in filter(None, (self.sides.new, self.sides.old)):
            for rule in rule_set.rules:
                if rule.id == rule_id:
                    return rule.title
        return {"zh": rule_id, "en": rule_id}

    def _highest_first(self, rule_set: RuleSet) -> list[Tier]:
        own = {tier.id for tier in rule_set.tiers}
        return [tier for name, tier in reversed(self.tiers.items()) if name in own]


def summary_of(simulation: Simulation) -> Summary | None:
    """The sums so far; None before the first chunk. Both documents are compiled, once per process."""
    if not simulation.result:
        return None
    return Summary(simulation, sides_of(simulation), Result.from_json(simulation.result))


def totals(matrix: Matrix, side: int) -> dict[str, int]:
    """Tier -> children on one side of a matrix (0: old, 1: new)."""
    counts: dict[str, int] = {}
    for pair, count in matrix.items():
        counts[pair[side]] = counts.get(pair[side], 0) + count
    return counts


def moves_in(summary: Summary, matrix: Matrix) -> tuple[int, int, int]:
    """(children, up, down) of one group's matrix."""
    ways: Iterable[tuple[int, Any]] = (
        (summary.direction(*pair), count) for pair, count in matrix.items()
    )
    listed = list(ways)
    up = sum(count for way, count in listed if way > 0)
    down = sum(count for way, count in listed if way < 0)
    return sum(matrix.values()), up, down
