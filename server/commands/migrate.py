"""Bring the database up to date. Safe to repeat; keeps the data."""

import argparse

from django.core.management import call_command


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `anhu migrate`."""
    parser.add_argument("--quiet", action="store_true", help="say nothing")


def run(options: argparse.Namespace) -> int:
    """Apply what is unapplied."""
    call_command("migrate", interactive=False, verbosity=0 if options.quiet else 1)
    return 0
