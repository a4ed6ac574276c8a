"""An expression computed child by child, for what columns cannot express exactly (compiler.py)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from rules.engine.closures import TODAY, Run


@dataclass(frozen=True, slots=True)
class Rows:
    """The column `name`, filled by `run` from the columns `reads`; the same values are computed
    once."""

    name: str
    run: Run
    reads: tuple[str, ...]
    constants: Mapping[str, Any]
    as_of: date
    dtype: Any

    def column(self, frame: pl.DataFrame) -> pl.Series:
        """The column for the children of `frame`."""
        env = {**self.constants, TODAY: self.as_of}
        if not self.reads:
            return pl.Series(self.name, [self.stored(env)], dtype=self.dtype).new_from_index(
                0, frame.height
            )
        seen: dict[tuple[Any, ...], Any] = {}
        values = []
        for key in zip(*(python_values(frame[name]) for name in self.reads), strict=True):
            if key not in seen:
                env.update(zip(self.reads, key, strict=True))
                seen[key] = self.stored(env)
            values.append(seen[key])
        return pl.Series(self.name, values, dtype=self.dtype)

    def stored(self, env: Mapping[str, Any]) -> Any:
        """One value as a column takes it."""
        value = self.run(env)
        return list(value) if isinstance(value, tuple) else value


def python_values(column: pl.Series) -> list[Any]:
    """The values as closures.py knows them."""
    if isinstance(column.dtype, pl.List):
        return [None if codes is None else tuple(codes) for codes in column.to_list()]
    return column.to_list()
