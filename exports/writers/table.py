"""A table as every writer takes it: titles, and rows that are made while they are written."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

Cell = str | int | float | bool | Decimal | date | datetime | None


@dataclass(frozen=True, slots=True)
class Table:
    """`name` becomes the sheet's name; `rows` is called once per writing and must not hold the table in memory."""

    name: str
    header: tuple[str, ...]
    rows: Callable[[], Iterator[Sequence[Cell]]]
