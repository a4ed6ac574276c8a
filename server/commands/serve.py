"""Serve web, worker and scheduler in one process tree. Ctrl-C or SIGTERM stops all of it.

HOST and PORT say where (default 127.0.0.1:8000). HOST=0.0.0.0 lets phones on the same network in.
"""

import argparse
import os
import subprocess
import sys
import time

from server.problems import UNEXPECTED, Problem
from server.serve import PARENT, Child, Supervisor, answer_of, is_free, network_address

ANHU = (sys.executable, "-m", "server.cli")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `anhu serve`."""
    parser.add_argument(
        "--prepare",
        action="store_true",
        help="first migrate, collect static files, and load the programme if the database is empty",
    )
    parser.add_argument("--quiet", action="store_true", help="print no logins and no QR code")


def run(options: argparse.Namespace) -> int:
    """Serve until stopped."""
    started = time.monotonic()
    host, port = os.environ.get("HOST", "127.0.0.1"), _port()
    if not is_free(host, port):
        say(f"anhu: {host}:{port} is taken, or not an address of this host.")
        say(f"      Stop what listens there, or choose another port: PORT={port + 1} make run")
        return 1
    child_of_this = {**os.environ, PARENT: str(os.getpid())}
    if options.prepare and (status := subprocess.call([*ANHU, "prepare"], env=child_of_this)):
        return status
    greeting = None if options.quiet else _start_greeting(prepared=options.prepare)

    def greet_when_ready() -> bool:
        if not (status := answer_of(host, port)) or (greeting and greeting.poll() is None):
            return False
        if status >= 500:
            say(f"The pages fail (status {status}); what went wrong stands above. Try: anhu check")
        said = greeting.communicate()[0] if greeting else ""
        say(f"{said}{_addresses(host, port)}  (up in {time.monotonic() - started:.1f} s)")
        return True

    try:
        return Supervisor(_children(), say).run(greet_when_ready)
    finally:
        if greeting:
            greeting.kill()
            greeting.wait()


def _port() -> int:
    given = os.environ.get("PORT", "8000")
    if not given.isdecimal() or not 0 < int(given) < 65536:
        reason = "a port is a number from 1 to 65535"
        raise Problem(UNEXPECTED, field="PORT", value=given, reason=reason)
    return int(given)


def say(line: str) -> None:
    """One line for the person at the terminal."""
    print(line, flush=True)


def _start_greeting(*, prepared: bool) -> "subprocess.Popen[str]":
    """Put the greeting together while the web process starts; it loads as much and takes as long."""
    words = ["prepare", "--only-greet", "--greet", *(["--no-static"] if prepared else [])]
    environment = {**os.environ, PARENT: str(os.getpid())}
    return subprocess.Popen([*ANHU, *words], stdout=subprocess.PIPE, text=True, env=environment)


def _children() -> list[Child]:
    parts = ["web", "worker"]
    if os.environ.get("CELERY_BROKER_URL"):
        parts.append("beat")
    return [Child(part, [*ANHU, part]) for part in parts]


def _addresses(host: str, port: int) -> str:
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104  compared, not bound
    lines = [f"Anhu serves at http://{shown}:{port}/"]
    if address := network_address():
        if shown != host:
            lines.append(f"Phones on this network: http://{address}:{port}/")
        elif host.startswith("127."):
            lines.append(
                f"For phones on this network: HOST=0.0.0.0 make run, then http://{address}:{port}/"
            )
    return "\n".join(lines)
