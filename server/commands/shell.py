"""Open a Python shell with Django loaded and every model imported."""

import argparse

from django.core.management import call_command


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `anhu shell`."""
    parser.add_argument("--code", metavar="TEXT", help="run this instead of asking")


def run(options: argparse.Namespace) -> int:
    """Ask until the person leaves."""
    call_command("shell", command=options.code, verbosity=0 if options.code else 1)
    return 0
