"""The parent's end of a child process that may crash or hang: lines out, lines in, each with a time limit."""

import os
import select
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_KEPT = ("PATH", "LD_LIBRARY_PATH", "TIME_ZONE", "ANHU_DURABLE_TEST")
_CHUNK = 1 << 16
_LONGEST_LINE = 1 << 20


class ChildLost(Exception):
    """The child ended, or was ended: 'hang' (over its time), 'crash' (died), 'garbled' (answered nonsense)."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def environment() -> dict[str, str]:
    """What the child sees of ours. LC_ALL=C: with a comma as the decimal sign the engine takes 1.9 for 1."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {**kept, "LC_ALL": "C", "PYTHONUTF8": "1", "PYTHONPATH": str(ROOT)}


class Pipe:
    """One child process and the lines to and from it. For one caller at a time; never waits longer than it is told."""

    def __init__(self, module: str, arguments: Sequence[str]) -> None:
        is_main = threading.current_thread() is threading.main_thread()
        command = [sys.executable, "-m", module, str(os.getpid()), *arguments, str(int(is_main))]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            cwd=ROOT,
            env=environment(),
            close_fds=True,
        )
        self.pid = self._process.pid
        assert self._process.stdin is not None  # noqa: S101  PIPE was asked for
        assert self._process.stdout is not None  # noqa: S101
        self._in, self._out = self._process.stdin.fileno(), self._process.stdout.fileno()
        os.set_blocking(self._in, False)
        os.set_blocking(self._out, False)
        self._unsent, self._unread = b"", b""
        self.close = weakref.finalize(self, _end, self._process, os.getpid())

    def is_alive(self) -> bool:
        """Whether the child still runs; a dead one is reaped."""
        return self._process.poll() is None

    def send(self, line: bytes) -> None:
        """Queue one line; it leaves while answers are awaited."""
        self._unsent += line

    def receive(self, seconds: float) -> bytes:
        """The next line, within `seconds`; ChildLost otherwise, and the child is gone then."""
        deadline = time.monotonic() + seconds
        while b"\n" not in self._unread:
            left = deadline - time.monotonic()
            if left <= 0:
                raise self._lost("hang")
            self._move(left)
        line, _, self._unread = self._unread.partition(b"\n")
        return line

    def _move(self, seconds: float) -> None:
        """Write and read what can be written and read, waiting at most `seconds` for either."""
        poll = select.poll()
        poll.register(self._out, select.POLLIN)
        if self._unsent:
            poll.register(self._in, select.POLLOUT)
        for ready, event in poll.poll(seconds * 1000):
            if ready == self._in:
                self._write(event)
            else:
                self._read()

    def _write(self, event: int) -> None:
        try:
            self._unsent = self._unsent[os.write(self._in, self._unsent[:_CHUNK]) :]
        except BlockingIOError:
            return
        except OSError:
            self._unsent = b""  # it no longer reads: what it still said is to be read first

    def _read(self) -> None:
        try:
            more = os.read(self._out, _CHUNK)
        except BlockingIOError:
            return
        self._unread += more
        if not more:
            raise self._lost("crash")
        if len(self._unread) > _LONGEST_LINE:
            raise self._lost("garbled")

    def _lost(self, reason: str) -> ChildLost:
        self.close()
        # the child's own alarm ends a hang too, a little later than we would
        return ChildLost("hang" if self._process.returncode == -signal.SIGALRM else reason)


def _end(process: "subprocess.Popen[bytes]", owner: int) -> None:
    """Kill and reap the child, unless we are a fork of its parent; close our ends of the pipes."""
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()
    if os.getpid() != owner:
        process.returncode = 0  # not ours: neither to be waited for nor warned about
        return
    process.kill()
    process.wait()
