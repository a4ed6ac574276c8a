"""Schedule periodic work through the broker. Run exactly one; without a broker `anhu worker` does it."""

import argparse

from django.conf import settings

from server.worker import run_beat


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`anhu beat` takes its settings from the environment: CELERY_BROKER_URL, DATA_DIR."""


def run(options: argparse.Namespace) -> int:
    """Schedule until stopped."""
    if settings.CELERY_BROKER_URL.startswith("memory"):
        print("anhu: without CELERY_BROKER_URL `anhu worker` schedules by itself.")
        return 2
    return run_beat()
