"""Logins: create, list, disable, set a password. A role is held over an area and everything below it.

anhu user create lan@example.org --name "兰" --role child_director --area 529901100201
"""

import argparse
import getpass
import json
import secrets
import sys
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from server.journal.services import record
from server.people.models import RoleGrant, User
from server.people.roles import Role
from server.places.models import Area, School
from server.problems import CONFLICT, UNEXPECTED, Problem


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `anhu user`."""
    steps = parser.add_subparsers(dest="step", metavar="STEP", required=True)
    create = steps.add_parser("create", help="make a login; asks for the password")
    create.add_argument("email")
    create.add_argument("--name", default="", help="as others see it")
    create.add_argument("--role", choices=Role.values, help="what they do (default: nothing yet)")
    create.add_argument("--area", metavar="CODE", help="where (default: everywhere)")
    create.add_argument("--school", metavar="CODE", help="where, instead of an area")
    create.add_argument("--class", dest="class_name", default="", help="one class of the school")
    for step, summary in (
        ("password", "set the password, end open sessions"),
        ("disable", "end all access; the person's entries stay"),
        ("enable", "give access back"),
    ):
        steps.add_parser(step, help=summary).add_argument("email")
    for asking in (create, steps.choices["password"]):
        asking.add_argument("--generate", action="store_true", help="make a password and print it")
    listing = steps.add_parser("list", help="who can log in, with roles and areas")
    listing.add_argument("--json", action="store_true", help="print as JSON")


def run(options: argparse.Namespace) -> int:
    """Do one step; everything that changes is journalled."""
    steps = {
        "create": _create, "list": _list, "password": _password, "disable": _disable, "enable": _enable,
    }  # fmt: skip
    steps[options.step](options)
    return 0


def _create(options: argparse.Namespace) -> None:
    if User.objects.filter(email=options.email.strip().lower()).exists():
        raise Problem(CONFLICT, what="user", field="email", value=options.email)
    try:
        validate_email(options.email)
    except ValidationError as error:
        raise _unfit("email", options.email, error) from None
    grant = _grant_of(options)
    password = _new_password(options)
    with transaction.atomic():
        user = User.objects.create_user(options.email, password, display_name=options.name)
        if grant:
            RoleGrant.objects.create(user=user, **grant)
        record("user.create", subject=f"actor:{user.pk}", details={"email": user.email})
    print(f"{user.email} can log in.")


def _grant_of(options: argparse.Namespace) -> dict[str, Any]:
    if not options.role:
        return {}
    area = _by_code(Area, "area", options.area) if options.area else None
    school = _by_code(School, "school", options.school) if options.school else None
    return {
        "role": options.role, "area": area, "school": school, "class_name": options.class_name,
    }  # fmt: skip


def _by_code(model: type[Area] | type[School], field: str, code: str) -> Area | School:
    found = model._default_manager.filter(code=code).first()
    if found is None:
        raise Problem(
            UNEXPECTED, field=field, value=code, reason=f"there is no {field} of this code"
        )
    return found


def _new_password(options: argparse.Namespace) -> str:
    if options.generate:
        password = secrets.token_urlsafe(12)
        print(f"Password: {password}")
        return password
    asks = sys.stdin.isatty()
    password = getpass.getpass("Password: ") if asks else sys.stdin.readline().rstrip("\n")
    if asks and getpass.getpass("Again: ") != password:
        raise Problem(UNEXPECTED, field="password", value="***", reason="the two differ")
    try:
        validate_password(password)
    except ValidationError as error:
        raise _unfit("password", "***", error) from None
    return password


def _unfit(field: str, value: str, error: ValidationError) -> Problem:
    return Problem(UNEXPECTED, field=field, value=value, reason=" ".join(error.messages))


def _list(options: argparse.Namespace) -> None:
    users = User.objects.filter(deleted_at=None).order_by("email")
    rows = [_row(user) for user in users.prefetch_related("grants__area", "grants__school")]
    if options.json:
        print(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for row in rows:
        state = "" if row["active"] else "  (disabled)"
        print(f"{row['email']:32} {row['name']}{state}  {'; '.join(row['grants'])}")


def _row(user: User) -> dict[str, Any]:
    grants = [
        f"{grant.role} @ {grant.area or grant.school or '*'} {grant.class_name}".strip()
        for grant in user.grants.all()
    ]
    return {
        "email": user.email, "name": user.display_name, "active": user.is_active, "grants": grants,
    }  # fmt: skip


def _existing(email: str) -> User:
    user = User.objects.filter(email=email.strip().lower(), deleted_at=None).first()
    if user is None:
        raise Problem(UNEXPECTED, field="email", value=email, reason="there is no such login")
    return user


def _password(options: argparse.Namespace) -> None:
    user = _existing(options.email)
    user.set_password(_new_password(options))
    _save(user, "user.update", {"password": True})
    print(f"{user.email} has a new password; open sessions have ended.")


def _disable(options: argparse.Namespace) -> None:
    user = _existing(options.email)
    user.is_active = False
    _save(user, "user.update", {"active": False})
    print(f"{user.email} can no longer log in; the keys of their phones have stopped working.")


def _enable(options: argparse.Namespace) -> None:
    user = _existing(options.email)
    user.is_active = True
    _save(user, "user.update", {"active": True})
    print(f"{user.email} can log in again.")


@transaction.atomic
def _save(user: User, action: str, details: dict[str, Any]) -> None:
    user.save(update_fields=["password", "is_active"])
    user.api_sessions.all().delete()
    record(action, subject=f"actor:{user.pk}", details=details)
