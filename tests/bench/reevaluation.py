"""A new release evaluates all children again while phones upload: how long an upload takes with and without.

    python -m tests.bench.reevaluation [--children 10000] [--rounds 3] [--seconds 20] [--rate 20] [--first]

`anhu serve` on SQLite, the programme in force, children of six submissions each, all evaluated once before. Then a
second release comes into force. In turns the pass over all children is paused (baseline of the same run) and resumed;
in each turn phones send enumerations of new children at a steady rate, each of which is registered and evaluated by the
same worker. `--rate 0` sends without pause from --clients connections instead. `--first` measures beside the first
evaluation of all instead, where each child gets its tier and its tasks: more to write, and no hour of preparation.
"""

import argparse
import os
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path
from typing import Any

from tests.bench.posts import enumeration_xml, phone_path
from tests.bench.server import EMAIL, PASSWORD, Client, multipart, running

SECOND = "second@example.org"
RULES = "left_behind_children"


def command(folder: Path, *words: str, module: str = "server.cli", typed: str = "") -> None:
    """Run a command on the data folder of the bench."""
    env = {**os.environ, "DATA_DIR": str(folder), "LOG_LEVEL": "WARNING"}
    env["DJANGO_SETTINGS_MODULE"] = "server.settings"
    line = [sys.executable, "-m", module, *words]
    subprocess.run(line, env=env, check=True, stdout=subprocess.DEVNULL, input=typed.encode())


def logged_in(port: int, email: str) -> Client:
    """A client with a session."""
    client = Client(port)
    body = {"email": email, "password": PASSWORD}
    token = client.send("POST", "/v1/sessions", body).json()["token"]
    client.headers["Authorization"] = f"Bearer {token}"
    return client


def ok(client: Client, method: str, path: str, body: Any = None) -> Any:
    """The answer's JSON; AssertionError where it is no success."""
    client.connection = None  # the last one may have been closed while nothing was asked
    answer = client.send(method, path, body)
    assert answer.status < 300, (path, answer.status, answer.body[:600])
    return answer.json() if answer.body else None


def release(author: Client, approver: Client, rules: str, score: int) -> int:
    """Change one weight, and let a second person put it into force; answers the number."""
    document = ok(author, "GET", rules)["document"]
    rule = next(one for one in document["rules"] if one["id"] == "R-E06")
    rule["score"] = score
    ok(author, "PUT", f"{rules}/draft", document)
    number = ok(author, "POST", f"{rules}/draft/request", {"note": "bench"})["number"]
    ok(approver, "POST", f"{rules}/draft/release", {"number": number})
    return int(number)


def wait_done(client: Client, path: str) -> float:
    """Seconds until the pass is done; prints how far it is."""
    start, told = time.perf_counter(), 0.0
    while (run := ok(client, "GET", path))["state"] != "done":
        if time.perf_counter() - told > 30:
            told = time.perf_counter()
            print(f"  {run['done']} of {run['total']}", flush=True)
        time.sleep(0.5)
    return time.perf_counter() - start


class Phones:
    """Phones that send enumerations of new children."""

    def __init__(self, port: int, admin: Client, project: int, clients: int) -> None:
        self.port, self.clients = port, clients
        self.path = phone_path(admin, project, "child_enum")
        self.version = ok(admin, "GET", f"/v1/projects/{project}/forms/child_enum")["version"]
        self.local = threading.local()

    def send(self, number: int) -> None:
        """One upload."""
        if not hasattr(self.local, "client"):
            self.local.client = Client(self.port, {"X-OpenRosa-Version": "1.0"})
        body, kind = multipart(enumeration_xml(self.version, str(uuid.uuid4()), number))
        answer = self.local.client.send("POST", self.path, body, Content_Type=kind)
        assert answer.status == 201, answer.body[:500]

    def go(self, seconds: float, rate: float) -> list[float]:
        """Send for so long; the milliseconds of each upload, counted from when it was due."""
        times: list[float] = []
        start, lock = time.perf_counter(), threading.Lock()
        numbers = iter(range(10**9))

        def work() -> None:
            while True:
                with lock:
                    number = next(numbers)
                due = start + number / rate if rate else time.perf_counter()
                if due - start > seconds:
                    return
                time.sleep(max(0.0, due - time.perf_counter()))
                self.send(number)
                times.append((time.perf_counter() - due) * 1e3)

        crew = [threading.Thread(target=work) for _ in range(self.clients)]
        for one in crew:
            one.start()
        for one in crew:
            one.join()
        return times


def quiet(port: int, admin: Client, project: int) -> None:
    """Wait until the worker has caught up: a child sent now is evaluated at once."""
    phones = Phones(port, admin, project, 1)
    while True:
        child, start = str(uuid.uuid4()), time.perf_counter()
        body, kind = multipart(enumeration_xml(phones.version, child, 0))
        Client(port, {"X-OpenRosa-Version": "1.0"}).send(
            "POST", phones.path, body, Content_Type=kind
        )
        address = f"/v1/projects/{project}/datasets/child/entities/{child}/evaluation"
        while admin.send("GET", address).status != 200:
            time.sleep(0.02)
        if time.perf_counter() - start < 1:
            return


def told(name: str, times: list[float]) -> float:
    """Print the spread; answers the p99."""
    times = sorted(times)
    p50, p95, p99 = (times[int(len(times) * share)] for share in (0.5, 0.95, 0.99))
    print(
        f"{name:32} {len(times):6} uploads   p50 {p50:7.1f}   p95 {p95:7.1f}   p99 {p99:7.1f} ms",
        flush=True,
    )
    return p99


def run(options: argparse.Namespace, port: int, folder: Path) -> None:
    """Fill, evaluate once, then measure in turns."""
    command(folder, "user", "create", SECOND, "--role", "admin", typed=f"{PASSWORD}\n")
    admin, second = logged_in(port, EMAIL), logged_in(port, SECOND)
    project = ok(admin, "GET", "/v1/projects")[0]["id"]
    rules = f"/v1/projects/{project}/rule-sets/{RULES}"
    command(folder, str(options.children), module="tests.bench.county")
    pass_ = f"{rules}/releases/{release(admin, second, rules, 6)}/reevaluation"
    if not options.first:
        seconds = wait_done(admin, pass_)
        print(f"first evaluation of all: {options.children / seconds:.0f} children/s")
        pass_ = f"{rules}/releases/{release(admin, second, rules, 7)}/reevaluation"
    ok(admin, "POST", f"{pass_}/pause")
    phones = Phones(port, admin, project, options.clients)
    phones.go(3, options.rate)
    alone: list[float] = []
    beside: list[float] = []
    done, spent = 0, 0.0
    for _ in range(options.rounds):
        quiet(port, admin, project)
        alone += phones.go(options.seconds, options.rate)
        quiet(port, admin, project)
        before, start = ok(admin, "GET", pass_)["done"], time.perf_counter()
        ok(admin, "POST", f"{pass_}/resume")
        beside += phones.go(options.seconds, options.rate)
        if ok(admin, "GET", pass_)["state"] == "running":
            ok(admin, "POST", f"{pass_}/pause")
        done += ok(admin, "GET", pass_)["done"] - before
        spent += time.perf_counter() - start
    baseline, with_pass = told("uploads alone", alone), told("while children are evaluated", beside)
    print(
        f"p99 ratio {with_pass / baseline:.2f}; meanwhile {done / spent:.1f} children/s evaluated again"
    )
    if not options.first and ok(admin, "GET", pass_)["state"] == "paused":
        ok(admin, "POST", f"{pass_}/resume")
        left = options.children - done
        seconds = wait_done(admin, pass_)
        print(f"without uploads: {left / seconds:.0f} children/s evaluated again")
    print(ok(admin, "GET", pass_)["summary"])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--children", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--rate", type=float, default=20, help="uploads a second; 0: no pause")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--first", action="store_true", help="beside the first evaluation")
    options = parser.parse_args()
    with running(load=("load", "--sample", "none")) as (port, folder):
        run(options, port, folder)


if __name__ == "__main__":
    main()
