"""`anhu`: the command of people who run or develop the server. One table of verbs; a verb's module loads when used.

Exit status: 0 done, 1 it went wrong (the reason is on stderr), 2 wrong usage or wrong settings.
"""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType

from server.problems import Kind, Problem, gettext_noop
from server.serve import end_with_parent

DESCRIPTION = (
    "Anhu 安护: forms, registry, risk tiers and tasks for the care of rural left-behind children."
)
EPILOG = """\
Start here:
  anhu serve --prepare      everything in one go: database, sample county, web and worker
  anhu user create          make a login
  anhu app-user qr          show the code that sets up ODK Collect on a phone

Every setting comes from the environment and is listed in README.md, for example
  PORT=8080 DATA_DIR=/srv/anhu anhu serve
"""


UNFIT_SETTING = Kind("400.8", 400, gettext_noop("The setting %(name)s cannot be read: %(reason)s"))


@dataclass(frozen=True, slots=True)
class Verb:
    """Where a verb lives (`server.commands.<module>`), what it does in a line, and whether it needs Django."""

    module: str
    summary: str
    needs_django: bool = True


VERBS = {
    "serve": Verb("serve", "serve web, worker and scheduler in one process tree", False),
    "web": Verb("web", "serve only the web part (for several hosts or containers)", False),
    "worker": Verb("worker", "work off what is pending; without a broker it also schedules"),
    "beat": Verb("beat", "schedule periodic work through the broker (one process only)"),
    "prepare": Verb(
        "prepare", "migrate, collect static files, load the programme if there is none"
    ),
    "migrate": Verb("migrate", "bring the database up to date"),
    "load": Verb("load", "load the programme, and a sample county if wanted"),
    "user": Verb("user", "create, list and disable logins; set passwords"),
    "app-user": Verb("app_user", "create the key of a phone, show its Collect QR code"),
    "duplicates": Verb("duplicates", "look through all children for those registered twice"),
    "purge": Verb("purge", "empty the trash: what was deleted thirty days ago goes for good"),
    "cases": Verb("cases", "run a file of cases through a rule set and compare"),
    "messages": Verb("messages", "extract, compile and check translations"),
    "assets": Verb("assets", "build what the browser gets (CSS and JavaScript)", False),
    "check": Verb("check", "check settings, database, data folder and built files"),
    "shell": Verb("shell", "open a Python shell with Django loaded"),
    "manage": Verb("manage", "pass a command on to Django, for example: anhu manage dbshell"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; answers the exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "server.settings")
    end_with_parent()
    try:
        return _run(words)
    except Problem as problem:
        return _fail(problem.message_in(_translate), 2 if problem.kind is UNFIT_SETTING else 1)
    except BrokenPipeError:  # the reader of our output has gone: `anhu user list | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        if (status := _known_failure(error)) is None:
            raise
        return _fail(str(error), status)


def _run(words: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="anhu", description=DESCRIPTION, epilog=EPILOG, formatter_class=_Formatter
    )
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", title="verbs")
    chosen = next((word for word in words if not word.startswith("-")), "")
    if chosen == "manage":
        return _load("manage").run_django(words[words.index("manage") + 1 :])
    for name, verb in VERBS.items():
        entry = verbs.add_parser(name, help=verb.summary, formatter_class=_Formatter)
        if name == chosen:
            module = _load(name)
            entry.description = module.__doc__
            module.add_arguments(entry)
            entry.set_defaults(run=module.run)
    options = parser.parse_args(words)
    if not options.verb:
        parser.print_help()
        return 0
    return int(options.run(options))


class _Formatter(argparse.RawDescriptionHelpFormatter):
    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=24)


def _load(name: str) -> ModuleType:
    verb = VERBS[name]
    if verb.needs_django:
        _start_django()
    return importlib.import_module(f"server.commands.{verb.module}")


def _start_django() -> None:
    try:
        importlib.import_module(os.environ["DJANGO_SETTINGS_MODULE"])
    except ValueError as error:
        names = [name for name, value in os.environ.items() if repr(value) in str(error)]
        raise Problem(UNFIT_SETTING, name=" ".join(names), reason=error) from None
    importlib.import_module("django").setup()
    _speak_the_users_language()


def _speak_the_users_language() -> None:
    chinese = os.environ.get("LC_ALL", os.environ.get("LANG", "")).startswith("zh")
    importlib.import_module("django.utils.translation").activate("zh-hans" if chinese else "en")


def _translate(message: str) -> str:
    registry = sys.modules.get("django.apps")
    if registry is None or not registry.apps.ready:
        return message
    return str(importlib.import_module("django.utils.translation").gettext(message))


def _known_failure(error: Exception) -> int | None:
    """The status for failures that need no traceback: wrong settings, or a database that does not answer."""
    kinds = {cls.__name__ for cls in type(error).__mro__ if cls.__module__.startswith("django.")}
    if kinds & {"ImproperlyConfigured", "CommandError"}:
        return 2
    return 1 if kinds & {"OperationalError", "ProgrammingError"} else None


def _fail(message: str, status: int) -> int:
    print(f"anhu: {message}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
