"""Load the programme that Anhu ships (forms, rule set, tasks) and, if wanted, a made-up sample county.

The sample county is for trying things out: its people and children are invented, its passwords are printed.
"""

import argparse

from server import programme


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `anhu load`."""
    parser.add_argument(
        "--if-empty", action="store_true", help="do nothing if the database holds users or forms"
    )
    parser.add_argument(
        "--sample",
        choices=sorted(programme.SAMPLES),
        default=programme.usual_sample(),
        help="size of the sample county (default: %(default)s)",
    )
    parser.add_argument(
        "--force", action="store_true", help="make the sample county even in production"
    )
    parser.add_argument("--seed", type=int, default=1, help="which made-up county (default: 1)")


def run(options: argparse.Namespace) -> int:
    """Load, and say what came in."""
    if options.if_empty and not programme.is_empty(options.sample):
        return 0
    programme.load(sample=options.sample, seed=options.seed, force=options.force)
    return 0
