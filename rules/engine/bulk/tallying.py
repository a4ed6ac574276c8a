"""Statuses in columns -> scores and tiers: the mirror of scoring.py, sum by sum in its order."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from rules.engine.program import CompiledRule, Program

ROW = "~row"  # a column that every frame has
_ZERO = pl.lit(0, dtype=pl.Int8)
_TOGETHER = 50  # sums written as one expression: a longer one would be nested too deep
_SCORES = ("score", "possible_score")

Columns = tuple[pl.Expr, ...]


@dataclass(frozen=True, slots=True)
class Tallying:
    """How to come from the statuses to the outcome: columns to add, one after the other."""

    steps: tuple[Columns, ...]
    tiers: Columns

    def outcome(self, statuses: pl.DataFrame) -> pl.DataFrame:
        """`tier`, `possible` (ranks), `score`, `possible_score`, `insufficient` of every child."""
        frame = statuses
        for columns in self.steps:
            frame = frame.with_columns(columns)
        found = frame.select("floor", "reach", *(_rounded(frame[name]) for name in _SCORES))
        found = found.select(*self.tiers, *_SCORES)
        return found.with_columns(insufficient=pl.col("tier") != pl.col("possible"))


def tallying_of(program: Program, rules: Sequence[CompiledRule]) -> Tallying:
    """What the `rules` in force amount to."""
    fired = [pl.col(item.rule.id).fill_null(False) for item in rules]
    open_ = [pl.col(item.rule.id).is_null() for item in rules]
    sums = [f"~sum:{index}" for index in range(len(program.caps))]
    certain, possible = _score(program, sums), _highest(rules, open_, pl.col("floor"))
    steps = (
        tuple(pl.lit(0.0).alias(name) for name in sums),
        *_added(rules, fired, sums),
        (certain.alias("score"), _highest(rules, fired, _ZERO).alias("floor")),
        *_added(rules, open_, sums),
        (certain.alias("possible_score"), possible.alias("reach")),
    )
    tiers = (
        pl.max_horizontal("floor", _band(program, "score")).alias("tier"),
        pl.max_horizontal("reach", _band(program, "possible_score")).alias("possible"),
    )
    return Tallying(steps, tiers)


def _added(
    rules: Sequence[CompiledRule], counted: Sequence[pl.Expr], sums: Sequence[str]
) -> Iterator[Columns]:
    """The sums with the scores of the rules counted. Floats are added one by one in the order of the
    rules: in another, the last digit may differ."""
    for start in range(0, len(rules), _TOGETHER):
        added = {name: pl.col(name) for name in sums}
        for item, condition in list(zip(rules, counted, strict=True))[start : start + _TOGETHER]:
            score = pl.when(condition).then(float(item.score)).otherwise(0.0)
            added[sums[item.dimension]] += score
        yield tuple(expr.alias(name) for name, expr in added.items())


def _score(program: Program, sums: Sequence[str]) -> pl.Expr:
    total = pl.lit(0.0)
    for name, cap in zip(sums, program.caps, strict=True):
        total = total + (pl.col(name) if cap is None else pl.col(name).clip(upper_bound=float(cap)))
    return total


def _rounded(total: pl.Series) -> pl.Series:
    """To six digits as Python rounds, where there is anything to round."""
    if (total == total.floor()).all():
        return total
    rounded = {score: round(score, 6) for score in total.unique().to_list()}
    return pl.Series(total.name, [rounded[score] for score in total.to_list()], dtype=pl.Float64)


def _highest(rules: Sequence[CompiledRule], counted: Sequence[pl.Expr], start: pl.Expr) -> pl.Expr:
    """The highest floor among `start` and the rules counted."""
    floors = [
        pl.when(condition).then(pl.lit(item.floor, dtype=pl.Int8)).otherwise(_ZERO)
        for item, condition in zip(rules, counted, strict=True)
        if item.floor
    ]
    return pl.max_horizontal(start, *floors)


def _band(program: Program, score: str) -> pl.Expr:
    """The rank of the highest tier whose cut-off the score reaches."""
    rank = _ZERO
    for lowest, reached in reversed(program.bands):
        rank = pl.when(pl.col(score) >= lowest).then(pl.lit(reached, dtype=pl.Int8)).otherwise(rank)
    return rank
