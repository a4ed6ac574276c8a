"""Whole days, months and years between two columns of days: the mirror of days.py."""

import polars as pl

USES = 6  # how often a formula below writes its arguments out


def days_between(start: pl.Expr, end: pl.Expr) -> pl.Expr:
    """Days from `start` to `end`; negative when `end` comes first."""
    return (end.cast(pl.Int32) - start.cast(pl.Int32)).cast(pl.Int64)


def months_between(start: pl.Expr, end: pl.Expr) -> pl.Expr:
    """Full months: as numbers 100 a month, of which the day takes less than half."""
    return _whole(_months(end) * 100 + _day(end) - _months(start) * 100 - _day(start), 100)


def years_between(start: pl.Expr, end: pl.Expr) -> pl.Expr:
    """Full years: as numbers yyyymmdd, 10,000 a year."""
    return _whole(_as_number(end) - _as_number(start), 10_000)


def _whole(distance: pl.Expr, unit: int) -> pl.Expr:
    """Whole units, towards zero: back in time counts as forward, with a minus."""
    return distance.abs() // unit * distance.sign()


def _as_number(day: pl.Expr) -> pl.Expr:
    return _year(day) * 10_000 + day.dt.month().cast(pl.Int64) * 100 + _day(day)


def _months(day: pl.Expr) -> pl.Expr:
    return _year(day) * 12 + day.dt.month().cast(pl.Int64)


def _year(day: pl.Expr) -> pl.Expr:
    return day.dt.year().cast(pl.Int64)


def _day(day: pl.Expr) -> pl.Expr:
    return day.dt.day().cast(pl.Int64)
