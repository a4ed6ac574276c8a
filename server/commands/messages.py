"""Translations: `extract` brings the catalogues up to date with the code, `compile` makes what the server reads,
`check` fails where a text has no Chinese.
"""

import argparse
import sys

from server import translations


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `anhu messages`."""
    parser.add_argument("step", choices=["extract", "compile", "check"])


def run(options: argparse.Namespace) -> int:
    """Do one step for all four floors."""
    return {"extract": _extract, "compile": _compile, "check": _check}[options.step]()


def _extract() -> int:
    for floor in translations.FLOORS:
        texts, missing = translations.update_floor(floor)
        print(f"{floor}: {texts} texts, {missing} without Chinese")
    return 0


def _compile() -> int:
    for floor in translations.FLOORS:
        if translations.compile_floor(floor):
            print(f"compiled {floor}")
    return 0


def _check() -> int:
    found = [gap for floor in translations.FLOORS for gap in translations.gaps(floor)]
    for gap in found:
        print(gap, file=sys.stderr)
    return 1 if found else 0
