"""Statuses -> score and tier: tier = max(floor of the rules that fire, band of the score) (domain
report 4.1)."""

from collections.abc import Iterable
from dataclasses import dataclass

from rules.engine.program import CompiledRule, Program


@dataclass(frozen=True, slots=True)
class Tally:
    """Capped score per dimension, their sum, and the rank of the tier."""

    dimensions: tuple[float, ...]
    score: float
    rank: int


def tally(program: Program, fired: Iterable[CompiledRule]) -> Tally:
    """The score and tier that `fired` rules amount to."""
    sums = [0.0] * len(program.caps)
    rank = 0
    for item in fired:
        sums[item.dimension] += item.score
        rank = max(rank, item.floor)
    capped = tuple(
        round(amount if cap is None else min(amount, cap), 6)
        for amount, cap in zip(sums, program.caps, strict=True)
    )
    score = round(sum(capped), 6)
    return Tally(capped, score, max(rank, band(program, score)))


def band(program: Program, score: float) -> int:
    """The rank of the highest tier whose cut-off `score` reaches."""
    for lowest, rank in program.bands:
        if score >= lowest:
            return rank
    return 0


def plain(number: float) -> int | float:
    """12.0 as 12: how scores are shown and stored."""
    return int(number) if float(number).is_integer() else number
