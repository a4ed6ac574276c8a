"""One writer at a time on SQLite, in the order of arrival; and small work of many threads in one transaction.

SQLite lets a second writer poll with growing sleeps of up to 100 ms; among the threads of one
process a lock is fair and wakes at once. Among processes (web and worker) a locked file beside the
database is looked at every 2 ms, so that a phone gets the gap between two children that are being
evaluated. PostgreSQL needs none of this.
"""

import fcntl
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db import connection, transaction

_turn = threading.Lock()
_LOOK_SECONDS = 0.002
_LONGEST_SECONDS = 20.0  # then SQLite's own waiting decides


@contextmanager
def write_turn() -> Iterator[None]:
    """`transaction.atomic()`, entered when the short transactions of other threads and processes are done."""
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        with transaction.atomic():
            yield
        return
    with _turn, _among_processes(str(connection.settings_dict["NAME"])), transaction.atomic():
        yield


@contextmanager
def _among_processes(database: str) -> Iterator[None]:
    """Hold the file of turns beside `database`, if that is a file; without it once the wait gets too long."""
    if not os.path.isabs(database):  # in memory
        yield
        return
    handle = os.open(f"{database}.turn", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        ends = time.monotonic() + _LONGEST_SECONDS
        while not _locked(handle) and time.monotonic() < ends:
            time.sleep(_LOOK_SECONDS)
        yield
    finally:
        os.close(handle)  # which also lets it go


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


T = TypeVar("T")


@dataclass(slots=True)
class _Slip(Generic[T]):
    """One piece of work in the queue, and what became of it."""

    work: T
    is_done: bool = False
    error: Exception | None = None


class Together(Generic[T]):
    """Does what several threads bring at the same moment in one transaction: one commit, and one statement a table,
    for all of them. Whoever finds nobody at work does everybody's that waits.

    `do` gets the pieces; what it raises, all of them get, and nothing of them is kept.
    """

    def __init__(self, do: Callable[[list[T]], None], most: int = 32) -> None:
        self._do, self._most = do, most
        self._waiting: deque[_Slip[T]] = deque()
        self._turn = threading.Lock()

    def __call__(self, work: T) -> None:
        """Returns once `work` is committed."""
        if connection.in_atomic_block:  # the caller's transaction, which nobody else may join
            with transaction.atomic():
                self._do([work])
            return
        slip = _Slip(work)
        self._waiting.append(slip)
        with self._turn:
            while not slip.is_done:
                self._work_off()
        if slip.error is not None:
            raise slip.error

    def _work_off(self) -> None:
        number = min(self._most, len(self._waiting))  # only the holder of the turn takes any away
        slips = [self._waiting.popleft() for _ in range(number)]
        try:
            with write_turn():
                self._do([one.work for one in slips])
        except Exception as error:
            for one in slips:
                one.error = error
        finally:
            for one in slips:
                one.is_done = True
