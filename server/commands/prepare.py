"""Make ready to serve: migrate, collect static files that changed, load the programme into an empty database."""

import argparse
import contextlib
import sys

from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from server import programme, statics


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `anhu prepare`."""
    parser.add_argument(
        "--sample",
        choices=sorted(programme.SAMPLES),
        default=programme.usual_sample(),
        help="size of the sample county for an empty database (default: %(default)s)",
    )
    parser.add_argument(
        "--no-static", action="store_true", help="static files are collected already (containers)"
    )
    parser.add_argument("--greet", action="store_true", help="print logins and a Collect QR code")
    parser.add_argument("--only-greet", action="store_true", help="leave the database as it is")


def run(options: argparse.Namespace) -> int:
    """Prepare; what a person should read goes to stdout, the progress to stderr."""
    with contextlib.redirect_stdout(sys.stderr):
        if not options.no_static:
            statics.collect()
        if not options.only_greet:
            _migrate()
            if programme.is_empty(options.sample):
                programme.load(sample=options.sample, seed=1)
    if options.greet:
        print(programme.greeting(), end="")
    return 0


def _migrate() -> None:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", interactive=False, verbosity=0)
