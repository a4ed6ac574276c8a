"""What the bulk engine says of many children, row by row in the order of the facts given."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True, slots=True)
class BulkResult:
    """One row for each child, in every frame.

    `statuses`: a Boolean column per rule in force on the day, named by its id; null is unknown.
    `outcome`: `tier` and `possible` (Int8, ranks), `score` and `possible_score` (Float64),
    `insufficient` (Boolean, never null). `tasks`: a Boolean column per task that a rule in force or
    the asking for facts may open, never null. `derived`: the derived facts. `unknown`: how many of
    the children lack each fact after defaults, those left out whom it does not apply to.
    """

    statuses: pl.DataFrame
    outcome: pl.DataFrame
    tasks: pl.DataFrame
    derived: pl.DataFrame
    unknown: Mapping[str, int]

    @property
    def height(self) -> int:
        """How many children."""
        return self.outcome.height
