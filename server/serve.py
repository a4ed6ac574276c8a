"""`anhu serve`: one process tree of web, worker and (with a broker) beat. Standard library only: it stays small.

The supervisor starts its children, starts one again that ended by itself (waiting 1, 2, 4 ... seconds), and on SIGTERM
or SIGINT ends all of them: SIGTERM first, SIGKILL to what is left after `STOP_SECONDS`. On Linux the kernel ends a
child whose supervisor was killed.
"""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

STOP_SECONDS = 10.0
TICK_SECONDS = 0.1
HEAD_START = 8.0
LONGEST_DELAY = 30.0
STEADY_SECONDS = 60.0  # a child that lived this long starts its delays anew
QUICK_FAILURES = 6  # so many ends in a row without a steady time: give up, a person must look
PARENT = "ANHU_PARENT"  # tells a child the process id of its supervisor
_PR_SET_PDEATHSIG = 1

Say = Callable[[str], None]


def end_with_parent() -> None:
    """Have the kernel send SIGTERM to this process when the one that started it dies (Linux; elsewhere nothing).

    Only inside the tree of `anhu serve`: whoever starts a part by hand may end the shell it was started from.
    """
    supervisor = os.environ.get(PARENT)
    if not supervisor or not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if not _is_alive(int(supervisor)):  # it died before the call above
        os.kill(os.getpid(), signal.SIGTERM)


def _is_alive(pid: int) -> bool:
    """Whether the process runs; one that has ended and waits to be collected does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def is_free(host: str, port: int) -> bool:
    """Whether a server could listen there now. An address that is not ours counts as taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def network_address() -> str:
    """The address under which phones on the same network reach this host, empty if there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(
                ("192.0.2.1", 9)
            )  # a documentation address; a datagram socket sends nothing here
        except OSError:
            return ""
        return str(probe.getsockname()[0])


def answer_of(host: str, port: int) -> int:
    """The status that the web process answers there with, 0 if none. Asks under a name that ALLOWED_HOSTS lets in."""
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  compared, not bound
    names = [name for name in os.environ.get("ALLOWED_HOSTS", "").split(",") if name[:1].isalnum()]
    connection = HTTPConnection(reachable, port, timeout=30)
    try:
        connection.request("GET", "/login", headers={"Host": names[0]} if names else {})
        return connection.getresponse().status
    except (OSError, HTTPException):
        return 0
    finally:
        connection.close()


@dataclass(slots=True)
class Child:
    """One process of the tree: how to start it, the running process, and when to start it again."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    start_again_at: float = 0.0
    failures: int = 0

    def start(self) -> None:
        # a session of its own: Ctrl-C in the terminal reaches only the supervisor, which then stops all in order
        self.process = subprocess.Popen(
            self.command, start_new_session=True, env={**os.environ, PARENT: str(os.getpid())}
        )
        self.started_at = time.monotonic()

    def ended(self) -> int | None:
        """The exit status if the process has just ended; it is then due to start again after a delay."""
        if self.process is None or (status := self.process.poll()) is None:
            return None
        lived = time.monotonic() - self.started_at
        self.failures = 1 if lived > STEADY_SECONDS else self.failures + 1
        self.start_again_at = time.monotonic() + self.delay()
        self.kill()
        return status

    def delay(self) -> float:
        """Seconds until the next start."""
        return float(min(2.0 ** (self.failures - 1), LONGEST_DELAY))

    def ask_to_stop(self) -> None:
        """SIGTERM to the process, which ends what it started itself."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def kill(self) -> None:
        """SIGKILL to the process and to whatever it left behind in its session."""
        if self.process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process = None

    def wait(self, deadline: float) -> None:
        """Wait until `deadline` (monotonic seconds) for the process to end, then kill what is left."""
        if self.process is not None:
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(max(0.0, deadline - time.monotonic()))
        self.kill()


@dataclass(slots=True)
class Supervisor:
    """Runs `children` until told to stop or until one of them cannot be kept alive."""

    children: list[Child]
    say: Say
    is_stopping: bool = False

    def run(self, on_ready: Callable[[], bool]) -> int:
        """Serve until SIGTERM or SIGINT; answers the exit status. Each tick calls `on_ready` until it says true.

        The first child has a head start: the others begin when it is ready, or after `HEAD_START` seconds.
        """
        self._listen()
        for place, child in enumerate(self.children):
            child.start_again_at = time.monotonic() + (HEAD_START if place else 0.0)
        is_ready = False
        while not self.is_stopping:
            if not self._keep_alive():
                self.stop()
                return 1
            time.sleep(TICK_SECONDS)
            if not is_ready and (is_ready := on_ready()):
                for child in self.children:
                    child.start_again_at = min(child.start_again_at, time.monotonic())
        self.stop()
        return 0

    def _listen(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, frame: object) -> None:
        self.is_stopping = True

    def _keep_alive(self) -> bool:
        for child in self.children:
            if (status := child.ended()) is not None:
                if child.failures >= QUICK_FAILURES:
                    self.say(f"{child.name} ends again and again (status {status}); giving up.")
                    return False
                self.say(f"{child.name} ended (status {status}); again in {child.delay():.0f} s.")
            elif child.process is None and time.monotonic() >= child.start_again_at:
                child.start()
        return True

    def stop(self) -> None:
        """End every child and wait for it."""
        for child in self.children:
            child.ask_to_stop()
        deadline = time.monotonic() + STOP_SECONDS
        for child in self.children:
            child.wait(deadline)
