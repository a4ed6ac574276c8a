"""What two rule sets say of the same children, summed: chunks add up, and the sums are JSON
(design.md §1.5)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import polars as pl

NO_TIER = "none"  # the old side where no rule set is in force

Matrix: TypeAlias = Mapping[tuple[str, str], int]  # (old tier id, new tier id) -> children
Counts: TypeAlias = tuple[int, ...]

MOVED = {"row": pl.Int64, "old": pl.Int8, "new": pl.Int8}


@dataclass(frozen=True, slots=True)
class Comparison:
    """The sums over `total` children; `a + b` joins two chunks, b's rows following a's.

    `insufficient`: (old, new). `tasks`: task id -> (asked before, asked now, opened, cancelled).
    `unknown`: fact of the new rule set -> children without it whom it applies to. `hits`: rule id ->
    (old fired, new fired, new unknown), every rule in force on either side. `groups`: column ->
    value -> matrix ('' stands for no value). `moved`: `row` (Int64, counted over all chunks), `old`
    and `new` (Int8, each the rank in its own rule set): the children whose tier has another id;
    none where there is no old side.
    """

    total: int
    matrix: Matrix
    insufficient: Counts
    tasks: Mapping[str, Counts]
    unknown: Mapping[str, int]
    hits: Mapping[str, Counts]
    groups: Mapping[str, Mapping[str, Matrix]]
    moved: pl.DataFrame

    def __add__(self, other: "Comparison") -> "Comparison":
        later = other.moved.with_columns(pl.col("row") + self.total)
        return Comparison(
            total=self.total + other.total,
            matrix=_added(self.matrix, other.matrix),
            insufficient=_sums(self.insufficient, other.insufficient),
            tasks=_joined(self.tasks, other.tasks),
            unknown=_added(self.unknown, other.unknown),
            hits=_joined(self.hits, other.hits),
            groups=_grouped(self.groups, other.groups),
            moved=pl.concat([self.moved, later]),
        )

    def to_json(self) -> dict[str, Any]:
        """The sums as JSON; `moved` is left out, since its rows are children, not sums. Matrices
        are written {old: {new: n}}."""
        return {
            "total": self.total,
            "matrix": _nested(self.matrix),
            "insufficient": list(self.insufficient),
            "tasks": {name: list(counts) for name, counts in self.tasks.items()},
            "unknown": dict(self.unknown),
            "hits": {name: list(counts) for name, counts in self.hits.items()},
            "groups": {
                column: {value: _nested(matrix) for value, matrix in values.items()}
                for column, values in self.groups.items()
            },
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Comparison":
        """The sums of `to_json`, `moved` empty: they can be added to."""
        return cls(
            total=data["total"],
            matrix=_flat(data["matrix"]),
            insufficient=tuple(data["insufficient"]),
            tasks={name: tuple(counts) for name, counts in data["tasks"].items()},
            unknown=dict(data["unknown"]),
            hits={name: tuple(counts) for name, counts in data["hits"].items()},
            groups={
                column: {value: _flat(matrix) for value, matrix in values.items()}
                for column, values in data["groups"].items()
            },
            moved=pl.DataFrame(schema=MOVED),
        )

    @classmethod
    def empty(cls) -> "Comparison":
        """Of no children: where adding begins."""
        return cls(0, {}, (0, 0), {}, {}, {}, {}, pl.DataFrame(schema=MOVED))


def _added(one: Mapping[Any, int], other: Mapping[Any, int]) -> dict[Any, int]:
    return {key: one.get(key, 0) + other.get(key, 0) for key in {**one, **other}}


def _sums(one: Counts, other: Counts) -> Counts:
    return tuple(here + there for here, there in zip(one, other, strict=True))


def _joined(one: Mapping[str, Counts], other: Mapping[str, Counts]) -> dict[str, Counts]:
    found = dict(one)
    for key, counts in other.items():
        found[key] = _sums(found[key], counts) if key in found else counts
    return found


def _grouped(
    one: Mapping[str, Mapping[str, Matrix]], other: Mapping[str, Mapping[str, Matrix]]
) -> dict[str, dict[str, Matrix]]:
    """Column by column, value by value."""
    return {
        column: {
            value: _added(one.get(column, {}).get(value, {}), other.get(column, {}).get(value, {}))
            for value in {**one.get(column, {}), **other.get(column, {})}
        }
        for column in {**one, **other}
    }


def _nested(matrix: Matrix) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for (old, new), count in matrix.items():
        found.setdefault(old, {})[new] = count
    return found


def _flat(nested: Mapping[str, Mapping[str, int]]) -> dict[tuple[str, str], int]:
    return {(old, new): count for old, row in nested.items() for new, count in row.items()}
