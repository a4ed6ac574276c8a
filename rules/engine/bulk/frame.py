"""Merged facts of many children -> columns (design.md §6)."""

from collections.abc import Iterable, Mapping

import polars as pl

from rules.engine.parts import RuleSet
from rules.language.ast import Value


def frame_of(rule_set: RuleSet, rows: Iterable[Mapping[str, Value | None]]) -> pl.DataFrame:
    """One row for each of `rows` (`Facts.values` of a child: fact -> value, absent or None:
    unknown), one column for each fact of `rule_set`, in its order; null is unknown. Raises
    UNKNOWN_FACT and FACT_VALUE as `resolve` does."""
    raise NotImplementedError
