"""What two rule sets say of the same children, summed: chunks add up, and the sums are JSON
(design.md §1.5)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

NO_TIER = "none"  # the old side where no rule set is in force

Matrix = Mapping[tuple[str, str], int]  # (old tier id, new tier id) -> children


@dataclass(frozen=True, slots=True)
class Comparison:
    """The sums over `total` children; `a + b` joins two chunks, b's rows following a's.

    `insufficient`: (old, new). `tasks`: task id -> (asked before, asked now, opened, cancelled).
    `unknown`: fact of the new rule set -> children without it whom it applies to. `hits`: rule id ->
    (old fired, new fired, new unknown), every rule in force on either side. `groups`: column ->
    value -> matrix ('' stands for no value). `moved`: `row` (Int64, counted over all chunks),
    `old` and `new` (Int8, each the rank in its own rule set): the children whose tier has another
    id; none where there is no old side.
    """

    total: int
    matrix: Matrix
    insufficient: tuple[int, int]
    tasks: Mapping[str, tuple[int, int, int, int]]
    unknown: Mapping[str, int]
    hits: Mapping[str, tuple[int, int, int]]
    groups: Mapping[str, Mapping[str, Matrix]]
    moved: pl.DataFrame

    def __add__(self, other: "Comparison") -> "Comparison":
        raise NotImplementedError

    def to_json(self) -> dict[str, Any]:
        """The sums as JSON; `moved` is left out, since its rows are children, not sums. Matrices
        are written {old: {new: n}}."""
        raise NotImplementedError

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Comparison":
        """The sums of `to_json`, `moved` empty: they can be added to."""
        raise NotImplementedError

    @classmethod
    def empty(cls) -> "Comparison":
        """Of no children: where adding begins."""
        raise NotImplementedError
