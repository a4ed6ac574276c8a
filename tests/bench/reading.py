"""Reading out: OData in full, the first page with its count, `submissions.csv.zip`; against ODK Central's figures.

    python -m tests.bench.reading BENCH.PY [--n 10099] [--reps 5]
    DATABASE_URL=postgres://user@host/empty_database python -m tests.bench.reading BENCH.PY

BENCH.PY is the client that measured the peer; it is run as it is, against `anhu serve` on a fresh data folder (SQLite)
or on the empty database that DATABASE_URL names. The records go in through the services, not over HTTP: this is about
reading. Ratios are Central's wall time by ours; its figures are of a quiet machine with two cores, so on a busy one
only the processor seconds say anything: they are printed beside it.

How posts fare is `tests.bench.posts`, and BENCH.PY run with `--phases submit`.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.bench.server import EMAIL, PASSWORD, running

# ODK Central 2026.3 with 10,099 records of the same form: seconds, and processor seconds of its parts together
PEER = {
    "odata_full": (3.22, 3.37),
    "csv_zip": (2.98, 3.02),
    "odata_paged_1000": (4.41, 4.1),
    "odata_top50": (0.0649, 0.0766),
}
FILL = """
import sys
import django
django.setup()
from tests.bench.reading import fill
fill(sys.argv[1], int(sys.argv[2]))
"""


def fill(bench: str, count: int) -> None:
    """Store `count` records of the client's form, received an hour ago. Runs inside the server's settings."""
    from django.db import connection  # noqa: PLC0415  needs the settings

    from forms.models import FormVersion  # noqa: PLC0415
    from forms.registry.tallies import fold_tally  # noqa: PLC0415
    from forms.services import receive_submission  # noqa: PLC0415
    from server import clock  # noqa: PLC0415
    from server.journal.services import pending  # noqa: PLC0415
    from server.people.models import User  # noqa: PLC0415

    client: dict[str, Any] = {}
    exec(Path(bench).read_text().split("ap = argparse")[0], client)  # noqa: S102  the measuring client, given by hand
    version = FormVersion.objects.select_related("form").get(form__xml_form_id="bench100")
    sender = User.objects.get(email=EMAIL)
    with clock.at(clock.now() - timedelta(hours=1)):
        for number in range(count):
            xml = client["submission_xml"]("bench100", number).encode()
            receive_submission(version.form.project_id, xml, actor=sender, device_id="bench:1")
    fold_tally(version.form_id, least=1)
    while pending().exists():  # the worker still registers them
        time.sleep(1)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")


def measure(bench: str, port: int, folder: Path, count: int, reps: int) -> dict[str, Any]:
    """The client's own report."""
    state, out = folder / "state.json", folder / "out.json"
    base = f"http://127.0.0.1:{port}"
    known = f"--email {EMAIL} --state {state} --entities 0 --extra-forms 0".split()
    _quietly(bench, "setup", "--base", base, "--password", PASSWORD, *known)
    env = {**os.environ, "DATA_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "server.settings"}
    subprocess.run([sys.executable, "-c", FILL, bench, str(count)], env=env, check=True)
    asked = f"--state {state} --out {out} --phases odata,csv --reps {reps}".split()
    groups = ["--group", "web=granian", "--group", "database=postgres:"]
    _quietly(bench, "run", *asked, *groups)
    report: dict[str, Any] = json.loads(out.read_text())
    return report


def _quietly(*words: str) -> None:
    subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL)


def tell(report: dict[str, Any]) -> None:
    """Each phase beside the peer's."""
    print(f"{report['submissions_in_form']} records; load {report['loadavg'][0]:.1f}")
    for name, (seconds, processor) in PEER.items():
        phase = report["phases"][name]
        runs = phase.get("runs", [phase])
        wall = phase.get("median_s") or phase.get("seconds") or phase["p50_ms"] / 1e3
        used = min(sum(v for k, v in run["cpu_s"].items() if k != "client") for run in runs)
        used /= phase.get("n", 1)
        print(
            f"{name:17} {wall:7.3f} s, {seconds / wall:5.1f} x the peer; "
            f"processor {used:6.3f} s, {processor / max(used, 1e-4):5.1f} x"
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("bench")
    parser.add_argument("--n", type=int, default=10_099)
    parser.add_argument("--reps", type=int, default=5)
    options = parser.parse_args()
    with running() as (port, folder):
        tell(measure(options.bench, port, folder, options.n, options.reps))


if __name__ == "__main__":
    main()
