"""Run a file of cases (submissions and what is expected of them) through a rule set, and compare.

Exit status 1 on under-triage, a missed must-task or a forbidden task.
"""

import argparse
from pathlib import Path

from django.utils.module_loading import import_string

RUNNER = "rules.cases.main"  # (path, release, as_json, with_coverage) -> exit status


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `anhu cases`."""
    parser.add_argument("file", type=Path, metavar="FILE", help="cases as JSON or YAML")
    parser.add_argument(
        "--release",
        default="draft",
        metavar="draft|active|N|bundled",
        help="which rule set (default: draft)",
    )
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument(
        "--coverage", action="store_true", help="also say which rules the cases exercise"
    )


def run(options: argparse.Namespace) -> int:
    """Print the comparison."""
    return int(import_string(RUNNER)(options.file, options.release, options.json, options.coverage))
