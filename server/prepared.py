"""Queries and inserts whose SQL is built once and run many times.

Building a query takes the ORM 0.5 to 1.5 ms, several times what SQLite needs to run it; three of
them were 43 % of receiving a submission (profile of 200 posts). Only for what every phone's request
asks; the query itself is still written with the ORM.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from django.db import connection, connections
from django.db.models import Field, Model, QuerySet

M = TypeVar("M", bound=Model)

_FIRST_NUMBER = 7_300_000_000_000_000_000  # no key is ever this large


class Marks:
    """Stand-ins for the parameters while the query is built."""

    def __init__(self) -> None:
        self.names: dict[Any, str] = {}

    def text(self, name: str) -> str:
        """A text parameter."""
        mark = f"\x01{name}\x01"
        self.names[mark] = name
        return mark

    def number(self, name: str) -> int:
        """A whole-number parameter (a key)."""
        mark = _FIRST_NUMBER + len(self.names)
        self.names[mark] = name
        return mark


class Prepared:
    """`make` writes a `values_list` query with marks for its parameters, in the order of its columns;
    times, days and JSON come as the ORM would give them.
    """

    def __init__(self, make: Callable[[Marks], QuerySet[Any, Any]]) -> None:
        self._make = make
        self._compiled: dict[str, _Compiled] = {}

    def first(self, **values: Any) -> tuple[Any, ...] | None:
        """The first row, None if there is none."""
        return next(iter(self.rows(**values)), None)

    def rows(self, **values: Any) -> list[tuple[Any, ...]]:
        """All rows."""
        query = self._compiled.get(connection.vendor) or self._compile()
        names = query.names
        filled = [values[names[one]] if one in names else one for one in query.params]
        with connection.cursor() as cursor:
            cursor.execute(query.sql, filled)
            found: list[tuple[Any, ...]] = cursor.fetchall()
        return [query.converted(row) for row in found] if query.converters else found

    def _compile(self) -> "_Compiled":
        marks = Marks()
        compiler = self._make(marks).query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        missing = set(marks.names) - set(params)
        if missing:
            raise ValueError(f"{missing} are not parameters of {sql}")
        converters = compiler.get_converters([one[0] for one in compiler.select])
        compiled = _Compiled(sql, tuple(params), marks.names, tuple(converters.items()))
        self._compiled[connection.vendor] = compiled
        return compiled


@dataclass(frozen=True, slots=True)
class _Compiled:
    """The SQL of a query for one kind of database, and how its columns become values."""

    sql: str
    params: tuple[Any, ...]
    names: dict[Any, str]
    converters: tuple[tuple[int, tuple[list[Callable[..., Any]], Any]], ...]

    def converted(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        """A row of the driver as the ORM gives it."""
        values = list(row)
        for place, (converters, expression) in self.converters:
            for convert in converters:
                values[place] = convert(values[place], expression, connection)
        return tuple(values)


def partial(model: type[M], **columns: Any) -> M:
    """An object with only these columns (by attname) at hand; others are fetched when asked for."""
    names = [one.attname for one in model._meta.concrete_fields if one.attname in columns]
    return model.from_db(connection.alias, names, [columns[name] for name in names])


def insert(row: M) -> M:
    """Store a new object of a model without parents, as `save(force_insert=True)` would; it gets
    its key.

    A plain insert costs the ORM 0.7 ms of building; four of them are in every submission.
    """
    insert_many([row])
    return row


def insert_many(rows: Sequence[M], by: str = "", *, skip_known: bool = False) -> None:
    """Store new objects of one model in one statement. With `by`, the attname of a column in which they differ,
    each gets its key; so does a single one. `skip_known`: one that meets a unique constraint is left out and keeps
    None as its key.
    """
    names = [getattr(one, by) for one in rows] if by else []
    if len(set(names)) < len(names):  # nothing would tell them apart
        for row in rows:
            insert_many([row], by, skip_known=skip_known)
        return
    here = connections["default"]  # not the proxy: it looks the thread's connection up at each step
    insertion = _insertion(type(rows[0]), here.vendor)
    fields = insertion.fields
    values = [one.get_db_prep_save(one.pre_save(row, True), here) for row in rows for one in fields]
    alone = len(rows) == 1 and insertion.has_key
    with here.cursor() as cursor:
        cursor.execute(insertion.sql(len(rows), by, skip_known=skip_known), values)
        found = cursor.fetchall() if by or alone else []
    keys = {name: key for key, *rest in found for name in rest or [None]}
    for row, name in zip(rows, names or [None] * len(rows), strict=True):
        if insertion.has_key:
            row.pk = keys.get(name)
        row._state.adding, row._state.db = False, here.alias


@dataclass(frozen=True, slots=True)
class _Insertion:
    """How objects of a model are stored: the parts of the statement, and the fields that it fills."""

    into: str
    marks: str  # of one row
    key: str
    fields: "tuple[Field[Any, Any], ...]"
    columns: dict[str, str]  # attname -> quoted column
    has_key: bool  # whether the database makes it
    statements: dict[tuple[int, str, bool], str]

    def sql(self, number: int, by: str, *, skip_known: bool) -> str:
        """The statement for so many rows."""
        asked = (number, by, skip_known)
        text = self.statements.get(asked)
        if text is None:
            text = f"{self.into} VALUES {', '.join([self.marks] * number)}"
            text += " ON CONFLICT DO NOTHING" if skip_known else ""
            if by or (number == 1 and self.has_key):
                text += f" RETURNING {self.key}" + (f", {self.columns[by]}" if by else "")
            self.statements[asked] = text
        return text


@cache
def _insertion(model: type[Model], vendor: str) -> _Insertion:
    meta = model._meta
    if meta.parents:
        raise TypeError(f"{model.__name__} cannot be inserted this way")
    quote = connection.ops.quote_name
    fields = tuple(one for one in meta.concrete_fields if one is not meta.auto_field)
    # a field may need its value wrapped (JSON on PostgreSQL is cast)
    marks = [
        one.get_placeholder(None, None, connection) if hasattr(one, "get_placeholder") else "%s"
        for one in fields
    ]
    columns = {one.attname: quote(str(one.column)) for one in meta.concrete_fields}
    names = ", ".join(columns[one.attname] for one in fields)
    into = f"INSERT INTO {quote(meta.db_table)} ({names})"
    key = columns[meta.pk.attname]
    is_made = meta.auto_field is not None
    return _Insertion(into, f"({', '.join(marks)})", key, fields, columns, is_made, {})
