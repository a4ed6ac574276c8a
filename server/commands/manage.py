"""Pass a command on to Django: `anhu manage dbshell`, `anhu manage makemigrations`, `anhu manage help`."""

from collections.abc import Sequence

from django.core.management import execute_from_command_line


def run_django(words: Sequence[str]) -> int:
    """Run Django's command of that name."""
    execute_from_command_line(["anhu manage", *words])
    return 0
