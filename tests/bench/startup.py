"""`make run` on a clean checkout: seconds to the first page with nothing cached, and of the second run.

    python -m tests.bench.startup [--keep-cache]

Baseline of the same run: the second run, which installs and loads nothing.
"""

import argparse
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from tests.bench.server import free_port, wait_for


def run_once(checkout: Path, env: dict[str, str]) -> float:
    """Seconds from `make run` to its first page; everything is stopped after."""
    start = time.perf_counter()
    process = subprocess.Popen(["make", "run"], cwd=checkout, env=env, stdout=subprocess.DEVNULL)
    try:
        wait_for(int(env["PORT"]), seconds=900)
        return time.perf_counter() - start
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--keep-cache", action="store_true", help="leave the package caches of this machine in use"
    )
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="anhu-startup-"))
    try:
        checkout = folder / "anhu"
        subprocess.run(["git", "clone", "-q", ".", str(checkout)], check=True)
        env = {**os.environ, "PORT": str(free_port())}
        for name in ("VIRTUAL_ENV", "DATA_DIR", "DATABASE_URL"):
            env.pop(name, None)
        if not options.keep_cache:
            env |= {
                "PIP_NO_CACHE_DIR": "1",
                "npm_config_cache": str(folder / "npm"),
                "XDG_CACHE_HOME": str(folder / "cache"),
            }
        first, second = run_once(checkout, env), run_once(checkout, env)
        print(
            f"make run, empty caches: {first:.1f} s to the first page; again: {second:.1f} s; "
            f"ratio {first / second:.1f}"
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
