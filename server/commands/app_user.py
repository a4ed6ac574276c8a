"""The keys of phones: create one for a worker, show the QR code that sets up ODK Collect.

anhu app-user create "兰的手机" --worker lan@example.org
anhu app-user qr "兰的手机"
"""

import argparse

import segno
from django.apps import apps
from django.db.models import QuerySet
from django.utils.module_loading import import_string

from server import programme
from server.people.models import AppUser, User
from server.problems import UNEXPECTED, Problem

# on the floor above, therefore named as text: (project, display_name, worker, *, actor) -> AppUser
CREATE = "forms.services.create_app_user"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `anhu app-user`."""
    steps = parser.add_subparsers(dest="step", metavar="STEP", required=True)
    create = steps.add_parser("create", help="make a key and show its QR code")
    create.add_argument("name", help="of the phone or its holder")
    create.add_argument("--worker", metavar="EMAIL", help="whose area and tasks the phone gets")
    create.add_argument("--project", type=int, metavar="ID", help="default: the only or first one")
    show = steps.add_parser("qr", help="show the QR code of a key in the terminal")
    show.add_argument("name", help="of the app user, or the key itself")
    steps.add_parser("list", help="keys in use, with the worker of each")
    for step in (create, show):
        step.add_argument("--text", action="store_true", help="print what the code says instead")
        step.add_argument("--svg", metavar="FILE", help="write a picture instead")
        step.add_argument(
            "--url", default="", help="address of the server as phones reach it (default: BASE_URL)"
        )


def run(options: argparse.Namespace) -> int:
    """List, or create if asked and show the code."""
    if options.step == "list":
        for app_user in _in_use().select_related("worker").order_by("pk"):
            print(f"{app_user.display_name}\t{app_user.worker.email if app_user.worker else ''}")
        return 0
    app_user = _create(options) if options.step == "create" else _find(options.name)
    _show(app_user.display_name, programme.qr_text(app_user, options.url), options)
    return 0


def _show(name: str, text: str, options: argparse.Namespace) -> None:
    if options.text:
        print(text)
    elif options.svg:
        segno.make(text, error="l", micro=False).save(options.svg, scale=8)
        print(f"{name}: {options.svg}")
    else:
        print(f"{name}\n{programme.qr_picture(text)}", end="")


def _create(options: argparse.Namespace) -> AppUser:
    projects = apps.get_model("forms", "Project")._default_manager.filter(deleted_at=None)
    chosen = projects.filter(pk=options.project) if options.project else projects.order_by("pk")
    project = chosen.first()
    if project is None:
        raise Problem(UNEXPECTED, field="project", value=options.project, reason="there is none")
    worker = None
    if options.worker:
        worker = User.objects.filter(email=options.worker.strip().lower(), deleted_at=None).first()
        if worker is None:
            raise Problem(UNEXPECTED, field="worker", value=options.worker, reason="no such login")
    app_user: AppUser = import_string(CREATE)(project, options.name, worker, actor=None)
    return app_user


def _in_use() -> QuerySet[AppUser]:
    return AppUser.objects.filter(revoked_at=None, deleted_at=None)


def _find(name: str) -> AppUser:
    alive = _in_use()
    found = alive.filter(key=name).first() or alive.filter(display_name=name).first()
    if found is None:
        raise Problem(
            UNEXPECTED, field="app user", value=name, reason="no key of this name is in use"
        )
    return found
