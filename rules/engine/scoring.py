"""Statuses -> score and tier: tier = max(floor of the rules that fire, band of the score) (domain
report 4.1)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rules.engine.program import CompiledRule, Program


@dataclass(frozen=True, slots=True)
class Tally:
    """Uncapped sums and caps per dimension, the score, the highest floor, and the rank of the tier."""

    sums: tuple[float, ...]
    caps: tuple[float | None, ...]
    score: float
    floor: int
    rank: int

    @property
    def dimensions(self) -> tuple[float, ...]:
        """The capped score of each dimension."""
        return tuple(
            round(amount if cap is None else min(amount, cap), 6)
            for amount, cap in zip(self.sums, self.caps, strict=True)
        )


def tally(program: Program, fired: Iterable[CompiledRule], start: Tally | None = None) -> Tally:
    """The score and tier that `fired` rules amount to, on top of those behind `start`."""
    sums = list(start.sums) if start else [0.0] * len(program.caps)
    rank = start.floor if start else 0
    for item in fired:
        sums[item.dimension] += item.score
        if item.floor > rank:
            rank = item.floor
    score = capped(program, sums)
    return Tally(tuple(sums), program.caps, score, rank, max(rank, band(program, score)))


def capped(program: Program, sums: Sequence[float]) -> float:
    """The score that the sums of the dimensions amount to, each up to its cap."""
    score = 0.0
    for amount, cap in zip(sums, program.caps, strict=True):
        score += amount if cap is None or amount < cap else cap
    return round(score, 6)


def band(program: Program, score: float) -> int:
    """The rank of the highest tier whose cut-off `score` reaches."""
    for lowest, rank in program.bands:
        if score >= lowest:
            return rank
    return 0


def plain(number: float) -> int | float:
    """12.0 as 12: how scores are shown and stored."""
    return int(number) if float(number).is_integer() else number
