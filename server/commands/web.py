"""Serve only the web part: one granian process with a pool of threads, in place of this one."""

import argparse
import os
import sys

from server.serve import answer_of

WAITING_THREADS = 64


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `anhu web`; its settings are HOST, PORT, WEB_WORKERS, WEB_THREADS and ACCESS_LOG."""
    parser.add_argument(
        "--probe", action="store_true", help="ask the running one whether it answers"
    )


def run(options: argparse.Namespace) -> int:
    """Become granian, which does not return; or probe."""
    setting = os.environ.get
    if options.probe:
        status = answer_of(setting("HOST", "127.0.0.1"), int(setting("PORT", "8000")))
        return 0 if 0 < status < 500 else 1
    words = [sys.executable, "-m", "granian", "--interface", "wsgi", "--http", "1", "--no-ws"]
    words += ["--host", setting("HOST", "127.0.0.1"), "--port", setting("PORT", "8000")]
    words += ["--workers", setting("WEB_WORKERS", "1")]
    # most of them only wait for bodies; server/reception.py lets WEB_THREADS of them work
    words += ["--blocking-threads", str(WAITING_THREADS)]
    words += ["--workers-kill-timeout", "8", "--respawn-failed-workers", "--log-level", "error"]
    if setting("ACCESS_LOG", "").lower() in ("1", "true", "yes", "on"):
        words += ["--access-log", "--log-level", "info"]
    os.execv(sys.executable, [*words, "server.wsgi:application"])
