"""Workbooks are converted in a child process, so that none can hold a thread or the memory of the
server: a child that takes too long is killed, one that takes too much memory gives up.

One child works at a time and stays warm for a minute (starting one costs half a second); a few
uploads may wait for it, more are sent away at once.
"""

import os
import pickle
import selectors
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import IO, Any

from forms import problems
from forms.xlsform.child import LENGTH
from forms.xlsform.guards import MAX_WORKBOOK, MB
from forms.xlsform.workbook import Converted
from server.problems import Kind, Problem

MEMORY = 768 << 20  # bytes of address space; 15,000 questions take 170 MB
IDLE = 60.0  # seconds
PATIENCE = 30.0
WAITING = 3  # uploads that wait for the one being converted
WORKBOOKS = 200  # that a child converts before a fresh one takes over


# those who catch a Problem compare kinds by identity, which a copy from the child has lost
_KINDS = {one.message: one for one in vars(problems).values() if isinstance(one, Kind)}


class Gone(Exception):
    """The child ended without an answer."""


@dataclass(slots=True)
class Converter:
    """The child and who waits for it. Safe for threads."""

    memory: int = MEMORY
    idle: float = IDLE
    _child: "subprocess.Popen[bytes] | None" = None
    _converted: int = 0
    _turn: threading.Lock = field(default_factory=threading.Lock)
    _room: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(1 + WAITING))

    def convert(
        self, content: bytes, filename: str, fallback: str, *, patience: float = PATIENCE
    ) -> Converted:
        """As `read_workbook`, within `patience` seconds for the turn and for the work.

        Problems: its own, WORKBOOK_TOO_HEAVY, SERVER_BUSY when too many are being converted.
        """
        if len(content) > MAX_WORKBOOK:
            raise Problem(problems.WORKBOOK_TOO_LARGE, limit=f"{MAX_WORKBOOK // MB} MB")
        if not self._room.acquire(blocking=False):
            raise Problem(problems.SERVER_BUSY)
        try:
            if not self._turn.acquire(timeout=patience):
                raise Problem(problems.SERVER_BUSY)
            try:
                kind, found = self._ask(pickle.dumps((content, filename, fallback)), patience)
            finally:
                self._turn.release()
        finally:
            self._room.release()
        if kind == "form":
            form: Converted = found
            return form
        said, places, details, tokens = found
        raise Problem(_KINDS.get(said.message, said), places=places, details=details, **tokens)

    def _ask(self, question: bytes, patience: float) -> tuple[str, Any]:
        """The child's answer. A warm child may have ended meanwhile; a fresh one that ends has run
        out of memory.
        """
        if self._is_warm():
            try:
                return self._exchange(question, patience)
            except Gone:
                self.close()
        self.close()
        self._start()
        try:
            return self._exchange(question, patience)
        except Gone:
            self.close()
            raise Problem(problems.WORKBOOK_TOO_HEAVY) from None

    def _is_warm(self) -> bool:
        return (
            self._child is not None and self._child.poll() is None and self._converted < WORKBOOKS
        )

    def _start(self) -> None:
        words = [sys.executable, "-P", "-m", "forms.xlsform.child"]
        self._child = subprocess.Popen(
            [*words, str(self.memory), str(self.idle)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
        )
        self._converted = 0

    def _exchange(self, question: bytes, patience: float) -> tuple[str, Any]:
        child, deadline = self._child, time.monotonic() + patience
        if child is None or child.stdin is None or child.stdout is None:
            raise Gone
        self._converted += 1
        try:
            # the child reads all before it works, so writing does not wait for the work
            _write(child.stdin, LENGTH.pack(len(question)) + question)
            answers = child.stdout.fileno()
            (size,) = LENGTH.unpack(_read(answers, LENGTH.size, deadline))
            found: tuple[str, Any] = pickle.loads(_read(answers, size, deadline))  # noqa: S301  our own child
        except BrokenPipeError:
            raise Gone from None
        except TimeoutError:
            self.close()
            raise Problem(problems.WORKBOOK_TOO_HEAVY) from None
        return found

    def close(self) -> None:
        """End the child, whatever it is doing."""
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        for pipe in (child.stdin, child.stdout):
            if pipe:
                pipe.close()
        child.wait()


def _write(stream: IO[bytes], block: bytes) -> None:
    view = memoryview(block)
    while view:
        view = view[stream.write(view) :]


def _read(stream: int, size: int, deadline: float) -> bytes:
    """So many bytes; TimeoutError at the deadline, Gone when the stream ends before."""
    found = bytearray()
    with selectors.DefaultSelector() as waiting:
        waiting.register(stream, selectors.EVENT_READ)
        while len(found) < size:
            left = deadline - time.monotonic()
            if left <= 0 or not waiting.select(left):
                raise TimeoutError
            piece = os.read(stream, min(size - len(found), 1 << 20))
            if not piece:
                raise Gone
            found += piece
    return bytes(found)


_converter = Converter()


def convert_apart(content: bytes, filename: str = "", fallback_form_id: str = "") -> Converted:
    """`read_workbook` in the child of this process. Problems: see `Converter.convert`."""
    return _converter.convert(content, filename, fallback_form_id)
