"""`anhu serve`: one process tree that answers, mends itself, and ends whole. Real processes, an own data folder."""

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import pytest

from server import serve
from server.serve import Child, Supervisor, answer_of, is_free

ROOT = Path(__file__).resolve().parents[2]
ANHU = [sys.executable, "-m", "server.cli"]
linux_only = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(condition: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)


@dataclass(frozen=True, slots=True)
class Tree:
    """A running `anhu serve`."""

    process: subprocess.Popen[str]
    port: int
    folder: Path

    def members(self) -> dict[int, str]:
        """Process id -> command of every living process that this supervisor started, directly or not."""
        mark = f"ANHU_PARENT={self.process.pid}".encode()
        found = {}
        for entry in Path("/proc").iterdir():
            try:
                if entry.name.isdecimal() and mark in (entry / "environ").read_bytes().split(b"\0"):
                    words = (entry / "cmdline").read_bytes().split(b"\0")
                    if words != [b""]:  # a zombie has none
                        found[int(entry.name)] = b" ".join(words).decode()
            except OSError:
                continue
        return found

    def part(self, name: str) -> int:
        """The process id of the part whose command ends with `name` and that was started first."""
        return min((pid for pid, words in self.members().items() if name in words), default=0)


def environment_of(folder: Path, port: int) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    own = {"DATA_DIR": str(folder), "PORT": str(port), "DJANGO_SETTINGS_MODULE": "server.settings"}
    return inherited | own


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database without rows, made once and copied for each tree."""
    folder = tmp_path_factory.mktemp("migrated")
    subprocess.run(
        [*ANHU, "migrate", "--quiet"], cwd=ROOT, env=environment_of(folder, 0), check=True
    )
    return folder / "db.sqlite3"


@pytest.fixture
def tree(tmp_path: Path, migrated: Path) -> Iterator[Tree]:
    port = free_port()
    shutil.copy(migrated, tmp_path)
    process = subprocess.Popen(
        [*ANHU, "serve", "--quiet"], cwd=ROOT, env=environment_of(tmp_path, port), text=True,
        stdout=subprocess.PIPE,
    )  # fmt: skip
    tree = Tree(process, port, tmp_path)
    try:
        wait_for(lambda: answer_of("127.0.0.1", port) or process.poll() is not None)
        yield tree
    finally:
        members = tree.members()
        process.kill()
        for pid in members:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.communicate()


@linux_only
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_one_signal_ends_the_whole_tree_cleanly(tree: Tree, number: signal.Signals) -> None:
    wait_for(lambda: tree.part("worker") and len(tree.members()) >= 3)
    started = time.monotonic()
    tree.process.send_signal(number)
    assert tree.process.wait(15) == 0
    assert time.monotonic() - started < 8
    assert tree.members() == {}
    assert is_free("127.0.0.1", tree.port)


@linux_only
def test_nothing_outlives_a_killed_supervisor(tree: Tree) -> None:
    wait_for(lambda: tree.part("worker") and len(tree.members()) >= 3)
    tree.process.kill()
    wait_for(lambda: not tree.members(), 15)
    assert is_free("127.0.0.1", tree.port)


@linux_only
def test_a_killed_worker_comes_back_and_does_what_was_left(tree: Tree) -> None:
    wait_for(lambda: tree.part("server.cli worker"))
    killed = tree.part("server.cli worker")
    os.kill(killed, signal.SIGKILL)
    with sqlite3.connect(tree.folder / "db.sqlite3", timeout=20) as database:
        database.execute(
            "INSERT INTO journal_reaction (event, job, payload, created_at, run_at, claim, tries, last_error)"
            " VALUES ('test', 'builtins.dict', '{}', '2026-01-01', '2026-01-01', '', 0, '')"
        )
    wait_for(lambda: tree.part("server.cli worker") not in (0, killed))

    def is_done() -> bool:
        with sqlite3.connect(tree.folder / "db.sqlite3", timeout=20) as database:
            return bool(database.execute("SELECT done_at FROM journal_reaction").fetchone()[0])

    wait_for(is_done)


@linux_only
def test_a_killed_web_process_comes_back(tree: Tree) -> None:
    killed = tree.part("granian")
    os.kill(killed, signal.SIGKILL)
    wait_for(lambda: tree.part("granian") not in (0, killed))
    wait_for(lambda: answer_of("127.0.0.1", tree.port) in range(200, 500))


def test_long_request_lines_and_broken_requests_are_answered(tree: Tree) -> None:
    port = tree.port
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request(
        "GET", "/nowhere?id=" + "uuid:0123456789," * 2500
    )  # 40 kB: 1,000 ids and more
    assert connection.getresponse().status == 404
    with socket.create_connection(("127.0.0.1", port), timeout=30) as raw:
        raw.sendall(b"NONSENSE\r\n\r\n")
        assert raw.recv(100).startswith(b"HTTP/1.1 400")


def test_a_taken_port_is_said_with_the_way_out() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            [*ANHU, "serve"], cwd=ROOT, env={**os.environ, "PORT": str(port)}, capture_output=True,
            text=True, timeout=30, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert f"PORT={port + 1} make run" in done.stdout


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """No delays between starts; answers what the supervisor says. Puts back the signal handlers."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    monkeypatch.setattr(serve, "LONGEST_DELAY", 0.01)
    yield []
    for number, handler in handlers.items():
        signal.signal(number, handler)


def test_a_child_that_cannot_live_is_given_up_with_status_1(quick: list[str]) -> None:
    child = Child("web", [sys.executable, "-c", "raise SystemExit(7)"])
    steady = Child("worker", [sys.executable, "-c", "import time; time.sleep(600)"])
    assert Supervisor([child, steady], quick.append).run(lambda: False) == 1
    assert "giving up" in quick[-1]
    assert "status 7" in quick[-1]
    assert steady.process is None


def test_a_child_that_ignores_sigterm_is_killed(
    quick: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(serve, "STOP_SECONDS", 0.5)
    mark = tmp_path / "ready"
    code = (
        "import pathlib, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        f"pathlib.Path({str(mark)!r}).touch(); time.sleep(600)"
    )
    child = Child("stubborn", [sys.executable, "-c", code])
    supervisor = Supervisor([child], quick.append)

    def stop_when_ready() -> bool:
        supervisor.is_stopping = mark.exists()
        return supervisor.is_stopping

    assert supervisor.run(stop_when_ready) == 0
    assert child.process is None
