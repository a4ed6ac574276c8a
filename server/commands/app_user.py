"""The keys of phones: create one for a worker, show the QR code that sets up ODK Collect.

anhu app-user create "兰的手机" --worker lan@example.org
anhu app-user qr "兰的手机"
"""

import argparse
from typing import Any

import segno
from django.apps import apps
from django.conf import settings
from django.utils.module_loading import import_string

from server.people.models import AppUser, User
from server.problems import UNEXPECTED, Problem

# on the floor above, therefore named as text: (project, display_name, worker, actor) and (project, app_user, base_url)
CREATE = "forms.services.create_app_user"
QR_TEXT = "forms.services.collect_qr"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `anhu app-user`."""
    steps = parser.add_subparsers(dest="step", metavar="STEP", required=True)
    create = steps.add_parser("create", help="make a key and show its QR code")
    create.add_argument("name", help="of the phone or its holder")
    create.add_argument("--worker", metavar="EMAIL", help="whose area and tasks the phone gets")
    create.add_argument("--project", type=int, metavar="ID", help="default: the only or first one")
    show = steps.add_parser("qr", help="show the QR code of a key in the terminal")
    show.add_argument("name", help="of the app user, or the key itself")
    for step in (create, show):
        step.add_argument("--svg", metavar="FILE", help="write a picture instead")
        step.add_argument(
            "--url", default="", help="address of the server as phones reach it (default: BASE_URL)"
        )


def run(options: argparse.Namespace) -> int:
    """Create if asked, then show the code."""
    app_user = _create(options) if options.step == "create" else _find(options.name)
    text = qr_text(app_user, options.url)
    code = segno.make(text, error="l", micro=False)
    if options.svg:
        code.save(options.svg, scale=8)
        print(f"{app_user.display_name}: {options.svg}")
    else:
        print(app_user.display_name)
        code.terminal(compact=True)
    return 0


def qr_text(app_user: AppUser, url: str = "") -> str:
    """What Collect scans, for the address `url` (default: BASE_URL, else this host's HOST and PORT)."""
    address = url or settings.BASE_URL or f"http://{settings.HOST}:{settings.PORT}"
    link: Any = getattr(app_user, "project_link", None)
    if link is None:
        raise Problem(
            UNEXPECTED, field="app user", value=app_user.display_name, reason="no project"
        )
    return str(import_string(QR_TEXT)(link.project, app_user, address.rstrip("/")))


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
    app_user: AppUser = import_string(CREATE)(project, options.name, worker, None)
    return app_user


def _find(name: str) -> AppUser:
    alive = AppUser.objects.filter(revoked_at=None, deleted_at=None)
    found = alive.filter(key=name).first() or alive.filter(display_name=name).first()
    if found is None:
        raise Problem(
            UNEXPECTED, field="app user", value=name, reason="no key of this name is in use"
        )
    return found
