"""OpenRosa posts per second and p99, and the time from a 201 to the child's evaluation.

    python -m tests.bench.posts [--n 4000] [--clients 8] [--children 40]

The form has 100 questions in 10 groups. Baseline of the same run: commits per second of the same bytes into a bare
SQLite table with the same durability, from as many threads: what the disk alone allows.
"""

import argparse
import sqlite3
import statistics
import tempfile
import threading
import time
import uuid
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

from tests.bench.server import Client, administrator, multipart, running

GROUPS, EACH = 10, 10


def form_xml(form_id: str) -> bytes:
    """An XForm with 100 questions of mixed types."""
    kinds = ["string", "int", "decimal", "date"]
    names = [(f"g{g}", f"q{g}_{q}", kinds[(g + q) % 4]) for g in range(GROUPS) for q in range(EACH)]
    groups = "".join(
        f"<g{g}>"
        + "".join(f"<{name}/>" for group, name, _ in names if group == f"g{g}")
        + f"</g{g}>"
        for g in range(GROUPS)
    )
    binds = "".join(
        f'<bind nodeset="/data/{group}/{name}" type="{kind}"/>' for group, name, kind in names
    )
    inputs = "".join(
        f'<input ref="/data/{group}/{name}"><label>{name}</label></input>'
        for group, name, _ in names
    )
    return (
        '<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml"><h:head>'
        f'<h:title>{form_id}</h:title><model><instance><data id="{form_id}" version="1">{groups}'
        f"<meta><instanceID/></meta></data></instance>{binds}"
        '<bind nodeset="/data/meta/instanceID" type="string" readonly="true()"/></model></h:head>'
        f"<h:body>{inputs}</h:body></h:html>"
    ).encode()


def submission_xml(form_id: str, number: int) -> bytes:
    """A filled instance of `form_xml`."""
    values = {
        0: f"答案 {number}",
        1: str(number),
        2: f"{number / 7:.3f}",
        3: str(date(2026, 1, 1) + timedelta(number % 300)),
    }
    groups = "".join(
        f"<g{g}>"
        + "".join(f"<q{g}_{q}>{values[(g + q) % 4]}</q{g}_{q}>" for q in range(EACH))
        + f"</g{g}>"
        for g in range(GROUPS)
    )
    return (
        f'<data id="{form_id}" version="1">{groups}<meta><instanceID>uuid:{uuid.uuid4()}</instanceID></meta></data>'
    ).encode()


def hammer(work: list[Callable[[], None]], threads: int) -> tuple[float, list[float]]:
    """Run `work` from `threads` threads; wall seconds and the seconds of each piece."""
    times: list[float] = []
    lock = threading.Lock()
    queue = iter(work)

    def run() -> None:
        while True:
            with lock:
                piece = next(queue, None)
            if piece is None:
                return
            start = time.perf_counter()
            piece()
            times.append(time.perf_counter() - start)

    crew = [threading.Thread(target=run) for _ in range(threads)]
    start = time.perf_counter()
    for one in crew:
        one.start()
    for one in crew:
        one.join()
    return time.perf_counter() - start, sorted(times)


def baseline(bodies: list[bytes], threads: int) -> float:
    """Bare durable commits per second."""
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "bare.sqlite3")
        local = threading.local()

        def connection() -> sqlite3.Connection:
            if not hasattr(local, "db"):
                local.db = sqlite3.connect(path, timeout=20, isolation_level=None)
                local.db.execute("PRAGMA journal_mode=WAL")
                local.db.execute("PRAGMA synchronous=FULL")
            return local.db

        connection().execute("CREATE TABLE s (id INTEGER PRIMARY KEY, body BLOB)")

        def insert(body: bytes) -> Callable[[], None]:
            def work() -> None:
                db = connection()
                db.execute("BEGIN IMMEDIATE")
                db.execute("INSERT INTO s (body) VALUES (?)", (body,))
                db.execute("COMMIT")

            return work

        seconds, _ = hammer([insert(body) for body in bodies], threads)
        return len(bodies) / seconds


def phone_path(admin: Client, project: int, form_id: str) -> str:
    """Where a new app user that may use this form sends to."""
    user = admin.send("POST", f"/v1/projects/{project}/app-users", {"displayName": "bench"}).json()
    form = f"/v1/projects/{project}/forms/{form_id}"
    admin.send("POST", f"{form}/assignments/app-user/{user['id']}")
    return f"/v1/key/{user['token']}/projects/{project}/submission?deviceID=collect%3Abench"


def measure_posts(port: int, admin: Client, count: int, threads: int) -> None:
    project = admin.send("POST", "/v1/projects", {"name": "bench"}).json()["id"]
    admin.send(
        "POST",
        f"/v1/projects/{project}/forms?publish=true",
        form_xml("bench"),
        Content_Type="application/xml",
    )
    path = phone_path(admin, project, "bench")
    local = threading.local()

    def post(body: bytes, content_type: str) -> Callable[[], None]:
        def work() -> None:
            if not hasattr(local, "client"):
                local.client = Client(port, {"X-OpenRosa-Version": "1.0"})
            answer = local.client.send("POST", path, body, Content_Type=content_type)
            assert answer.status == 201, answer.body[:500]

        return work

    bodies = [multipart(submission_xml("bench", number)) for number in range(count + 200)]
    hammer([post(*body) for body in bodies[:200]], threads)
    seconds, times = hammer([post(*body) for body in bodies[200:]], threads)
    rate, bare = count / seconds, baseline([body for body, _ in bodies[200:]], threads)
    p50, p99 = times[len(times) // 2] * 1e3, times[int(len(times) * 0.99)] * 1e3
    print(
        f"posts: {rate:.0f}/s with {threads} clients, p50 {p50:.1f} ms, p99 {p99:.1f} ms; "
        f"{len(bodies[200][0])} bytes each"
    )
    print(f"baseline, bare durable commits: {bare:.0f}/s; ratio {rate / bare:.2f}")


def measure_evaluation(port: int, admin: Client, children: int) -> None:
    """From the 201 of an enumeration to the child's evaluation, one after the other."""
    project = next(
        one for one in admin.send("GET", "/v1/projects").json() if one["name"] != "bench"
    )["id"]
    path = phone_path(admin, project, "child_enum")
    version = admin.send("GET", f"/v1/projects/{project}/forms/child_enum").json()["version"]
    waits = []
    for number in range(children):
        child = str(uuid.uuid4())
        body, content_type = multipart(enumeration_xml(version, child, number))
        sent = Client(port).send("POST", path, body, Content_Type=content_type)
        assert sent.status == 201, sent.body
        start = time.perf_counter()
        address = f"/v1/projects/{project}/datasets/child/entities/{child}/evaluation"
        while admin.send("GET", address).status != 200:
            time.sleep(0.004)
            if time.perf_counter() - start > 20:
                raise TimeoutError("no evaluation after 20 s")
        waits.append(time.perf_counter() - start)
    waits.sort()
    print(
        f"201 to evaluation: median {statistics.median(waits) * 1e3:.0f} ms, "
        f"p95 {waits[int(len(waits) * 0.95)] * 1e3:.0f} ms, max {waits[-1] * 1e3:.0f} ms ({children} children)"
    )


def enumeration_xml(version: str, child: str, number: int) -> bytes:
    """A minimal enumeration (F01) that creates the child."""
    today = date.today().isoformat()
    return f"""<data id="child_enum" version="{version}" xmlns:entities="http://www.opendatakit.org/xforms/entities">
<g_meta><enum_date>{today}</enum_date></g_meta>
<g_child><child_name>测试{number}</child_name><sex>female</sex><dob>2016-05-04</dob>
<hukou_registered>yes</hukou_registered><hukou_type>rural</hukou_type></g_child>
<g_end><urgent_flag>no</urgent_flag></g_end>
<meta><instanceID>uuid:{uuid.uuid4()}</instanceID>
<entity dataset="child" id="{child}" create="1"><label>测试{number}</label></entity></meta></data>""".encode()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--n", type=int, default=4000)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--children", type=int, default=40)
    options = parser.parse_args()
    with running(load=("load", "--sample", "none")) as (port, _):
        admin = administrator(port)
        measure_evaluation(port, admin, options.children)
        measure_posts(port, admin, options.n, options.clients)


if __name__ == "__main__":
    main()
