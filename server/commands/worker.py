"""Work off what is pending. Without a broker this process also schedules; with one, run `anhu beat` beside it."""

import argparse

from server import worker


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`anhu worker` takes its settings from the environment: DATABASE_URL, CELERY_BROKER_URL, WORKER_CONCURRENCY."""


def run(options: argparse.Namespace) -> int:
    """Work until stopped."""
    return worker.run()
