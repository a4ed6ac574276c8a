"""One writer at a time on SQLite, in the order of arrival.

SQLite lets a second writer poll with growing sleeps of up to 100 ms; among the threads of one
process a lock is fair and wakes at once. Other processes (the worker) are still told apart by
SQLite itself. PostgreSQL needs none of this.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

_turn = threading.Lock()


@contextmanager
def write_turn() -> Iterator[None]:
    """`transaction.atomic()`, entered when the other threads' short transactions are done."""
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        with transaction.atomic():
            yield
        return
    with _turn, transaction.atomic():
        yield
