"""Two simulations of a rule set side by side: tiers, moves and tasks of each, and the difference."""

from dataclasses import dataclass

from rules.engine.rule_set import Tier
from rules.services.simulations.summary import Summary, totals


@dataclass(frozen=True, slots=True)
class Line:
    """One number of both."""

    label: str  # id of a tier or task, or the name of a total
    one: int
    other: int

    @property
    def difference(self) -> int:
        """How much more the second has."""
        return self.other - self.one


@dataclass(frozen=True, slots=True)
class Beside:
    """`one` and `other`, number by number. `is_alike`: the same children were looked at, of the same
    day, so that the difference comes from the rules alone."""

    one: Summary
    other: Summary
    tiers: tuple[tuple[Tier, Line], ...]
    totals: tuple[Line, ...]
    tasks: tuple[Line, ...]
    is_alike: bool


def put_beside(one: Summary, other: Summary) -> Beside:
    """The numbers of both."""
    return Beside(one, other, _tiers(one, other), _totals(one, other), _tasks(one, other),
                  _is_alike(one, other))  # fmt: skip


def _tiers(one: Summary, other: Summary) -> tuple[tuple[Tier, Line], ...]:
    """How many children each new side puts into each tier, the highest first."""
    first, second = totals(one.matrix, 1), totals(other.matrix, 1)
    named = {tier.id: tier for tier in (*one.new_tiers, *other.new_tiers)}
    return tuple(
        (tier, Line(name, first.get(name, 0), second.get(name, 0)))
        for name, tier in sorted(named.items(), key=lambda item: -item[1].rank)
    )


def _totals(one: Summary, other: Summary) -> tuple[Line, ...]:
    both = [_numbers(one), _numbers(other)]
    return tuple(Line(name, both[0][name], both[1][name]) for name in both[0])


def _numbers(summary: Summary) -> dict[str, int]:
    changes = summary.changes()
    tasks = summary.result.comparison.tasks.values()
    return {
        "children": summary.children,
        "up": sum(count for way, _, count in changes if way > 0),
        "down": sum(count for way, _, count in changes if way < 0),
        "insufficient": summary.result.comparison.insufficient[1],
        "tasks": sum(now for _, now, _, _ in tasks),
    }


def _tasks(one: Summary, other: Summary) -> tuple[Line, ...]:
    """The tasks that the two new sides ask for in different numbers, the largest difference first."""
    first, second = one.result.comparison.tasks, other.result.comparison.tasks
    lines = [
        Line(name, first.get(name, (0, 0))[1], second.get(name, (0, 0))[1])
        for name in {**first, **second}
    ]
    return tuple(
        sorted(
            (line for line in lines if line.difference),
            key=lambda line: (-abs(line.difference), line.label),
        )
    )


def _is_alike(one: Summary, other: Summary) -> bool:
    def basis(summary: Summary) -> tuple[object, ...]:
        simulation = summary.simulation
        return simulation.as_of, simulation.scope, summary.children, simulation.base_id

    return basis(one) == basis(other)
