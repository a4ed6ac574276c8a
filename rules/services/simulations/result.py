"""What a simulation has summed up so far: chunks add up, and the sums are JSON."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rules.engine.bulk import Comparison, Deciding

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Result:
    """`work`: (role, Monday of the week in which the task would be due) -> tasks (opened,
    cancelled). `reasons`: a rule with its status on both sides -> children whom it moves. `last`:
    children up to this key are in it."""

    comparison: Comparison
    work: Mapping[tuple[str, str], Pair] = field(default_factory=dict)
    reasons: Mapping[Deciding, int] = field(default_factory=dict)
    last: int = 0

    def __add__(self, other: "Result") -> "Result":
        work, reasons = dict(self.work), dict(self.reasons)
        for key, (opened, cancelled) in other.work.items():
            before = work.get(key, (0, 0))
            work[key] = (before[0] + opened, before[1] + cancelled)
        for reason, count in other.reasons.items():
            reasons[reason] = reasons.get(reason, 0) + count
        last = max(self.last, other.last)
        return Result(self.comparison + other.comparison, work, reasons, last)

    def to_json(self) -> dict[str, Any]:
        """As stored in `Simulation.result`."""
        return {
            "comparison": self.comparison.to_json(),
            "work": [[*key, *counts] for key, counts in sorted(self.work.items())],
            "reasons": [[*reason, count] for reason, count in self._ranked()],
            "last": self.last,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Result":
        """What was stored; {} is a simulation that has not begun."""
        if not stored:
            return cls(Comparison.empty())
        work = {
            (role, week): (opened, cancelled) for role, week, opened, cancelled in stored["work"]
        }
        reasons = {Deciding(*reason): count for *reason, count in stored["reasons"]}
        return cls(Comparison.from_json(stored["comparison"]), work, reasons, stored["last"])

    def _ranked(self) -> list[tuple[Deciding, int]]:
        return sorted(self.reasons.items(), key=lambda item: (-item[1], item[0]))
