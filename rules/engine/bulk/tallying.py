"""Statuses in columns -> scores and tiers: the mirror of scoring.py, sum by sum in its order."""

from collections.abc import Iterable, Sequence

import polars as pl

from rules.engine.program import CompiledRule, Program


def outcome_of(
    program: Program, rules: Sequence[CompiledRule], statuses: pl.DataFrame, height: int
) -> pl.DataFrame:
    """`tier`, `possible` (ranks), `score`, `possible_score` and `insufficient` of `height` children."""
    fired = [statuses[item.rule.id].fill_null(False) for item in rules]
    open_ = [statuses[item.rule.id].is_null() for item in rules]
    sums = [pl.repeat(0.0, height, dtype=pl.Float64, eager=True) for _ in program.caps]
    floor = pl.repeat(0, height, dtype=pl.Int8, eager=True)
    _add(rules, fired, sums)
    score, certain = _score(program, sums), _highest(rules, fired, floor)
    _add(rules, open_, sums)
    possible_score, possible = _score(program, sums), _highest(rules, open_, certain)
    found = pl.DataFrame({
        "certain": certain, "reachable": possible, "score": score, "possible_score": possible_score,
    })  # fmt: skip
    return found.select(
        pl.max_horizontal("certain", _band(program, "score")).alias("tier"),
        pl.max_horizontal("reachable", _band(program, "possible_score")).alias("possible"),
        "score",
        "possible_score",
    ).with_columns(insufficient=pl.col("tier") != pl.col("possible"))


def _add(
    rules: Sequence[CompiledRule], counted: Sequence[pl.Series], sums: list[pl.Series]
) -> None:
    """Floats are added one by one in the order of the rules: in another the last digit may differ."""
    for item, column in zip(rules, counted, strict=True):
        if item.score:
            sums[item.dimension] = sums[item.dimension] + column.cast(pl.Float64) * item.score


def _score(program: Program, sums: Sequence[pl.Series]) -> pl.Series:
    total = sums[0] * 0.0
    for amount, cap in zip(sums, program.caps, strict=True):
        total = total + (amount if cap is None else amount.clip(upper_bound=float(cap)))
    return _rounded(total)


def _rounded(total: pl.Series) -> pl.Series:
    """To six digits as Python rounds, where there is anything to round."""
    if (total == total.floor()).all():
        return total
    rounded = {score: round(score, 6) for score in total.unique().to_list()}
    return pl.Series(total.name, [rounded[score] for score in total.to_list()], dtype=pl.Float64)


def _highest(
    rules: Sequence[CompiledRule], counted: Iterable[pl.Series], start: pl.Series
) -> pl.Series:
    """The highest floor among `start` and the rules counted."""
    highest = start
    for item, column in zip(rules, counted, strict=True):
        if item.floor:
            raised = column.cast(pl.Int8) * item.floor
            highest = highest.zip_with(highest >= raised, raised)
    return highest


def _band(program: Program, score: str) -> pl.Expr:
    """The rank of the highest tier whose cut-off the score reaches."""
    rank = pl.lit(0, dtype=pl.Int8)
    for lowest, reached in reversed(program.bands):
        rank = pl.when(pl.col(score) >= lowest).then(pl.lit(reached, dtype=pl.Int8)).otherwise(rank)
    return rank
