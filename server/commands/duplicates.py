"""Look through all children for those registered twice: after an upgrade, or after another SECRET_KEY. New children are
looked at as they come; the pairs are shown under Children, Duplicates.

anhu duplicates
"""

import argparse

from django.utils.module_loading import import_string

# on the floor above, therefore named as text: () -> number of children
INDEX = "forms.services.duplicates.index_everything"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None."""


def run(options: argparse.Namespace) -> int:
    """Index them, and say how many; the worker searches."""
    print(f"children: {import_string(INDEX)()}")
    return 0
