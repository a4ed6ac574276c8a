"""Check that this installation is fit: settings, database, data folder, translations and built files.

Exit status 1 where something is wrong; each line says what to do.
"""

import argparse
import tempfile
from collections.abc import Callable

from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from server import translations


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `anhu check`."""
    parser.add_argument("--deploy", action="store_true", help="judge as strictly as for production")


def run(options: argparse.Namespace) -> int:
    """Print one line for each thing looked at."""
    try:
        call_command("check", deploy=options.deploy, fail_level="WARNING", verbosity=0)
        wrong = 0
    except SystemCheckError as error:
        print(error)
        wrong = 1
    for name, look in LOOKS.items():
        cure = look()
        print(f"{'wrong' if cure else 'ok':6} {name}{f': {cure}' if cure else ''}")
        wrong += bool(cure)
    return 1 if wrong else 0


def _database() -> str:
    try:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        return f"it does not answer ({error}). Look at DATABASE_URL."
    return f"{len(plan)} migrations are missing. Run: anhu migrate" if plan else ""


def _data_folder() -> str:
    try:
        with tempfile.NamedTemporaryFile(dir=settings.DATA_DIR):
            return ""
    except OSError as error:
        return f"{settings.DATA_DIR} cannot be written ({error.strerror}). Set DATA_DIR."


def _translations() -> str:
    missing = [
        floor
        for floor in translations.FLOORS
        if translations.catalogue_path(floor).exists()
        and not translations.catalogue_path(floor).with_suffix(".mo").exists()
    ]
    return f"not compiled: {', '.join(missing)}. Run: anhu messages compile" if missing else ""


def _assets() -> str:
    return "" if finders.find("build/app.css") else "not built. Run: anhu assets"


LOOKS: dict[str, Callable[[], str]] = {
    "database": _database,
    "data folder": _data_folder,
    "translations": _translations,
    "assets": _assets,
}
