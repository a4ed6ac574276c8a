"""Accounts of people: made, changed, disabled, deleted, their passwords. Whoever calls has checked the right to."""

from typing import Any

from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from server import clock
from server.journal.services import record
from server.people import problems
from server.people.models import Actor, AppUser, PasswordToken, RoleGrant, User
from server.people.roles import Role
from server.problems import CONFLICT, UNEXPECTED, Problem

SHORTEST, LONGEST = 10, 72  # characters; bytes (Central's bcrypt reads no more)


def check_new_password(password: str) -> str:
    """The password, if it may be one. Problems: PASSWORD_SHORT, PASSWORD_LONG, PASSWORD_COMMON."""
    if len(password) < SHORTEST:
        raise Problem(problems.PASSWORD_SHORT)
    if len(password.encode("utf-8", "surrogatepass")) > LONGEST:
        raise Problem(problems.PASSWORD_LONG)
    try:
        CommonPasswordValidator().validate(password)
    except ValidationError as error:
        raise Problem(problems.PASSWORD_COMMON) from error
    return password


def checked_email(email: str) -> str:
    """The address as it is kept, in lower case. Problem UNEXPECTED."""
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError as error:
        reason = "an email address is expected"
        raise Problem(UNEXPECTED, field="email", value=email[:80], reason=reason) from error
    return email


@transaction.atomic
def create_account(
    email: str,
    *,
    actor: Actor | None,
    display_name: str = "",
    password: str | None = None,
    phone: str = "",
    language: str = "",
    invite: bool = True,
) -> User:
    """A login without any role; `invite`: a mail tells how to set a password.

    Problems: UNEXPECTED, CONFLICT, those of `check_new_password`.
    """
    email = checked_email(email)
    if password is not None:
        check_new_password(password)
    _check_free(email)
    try:
        with transaction.atomic():
            user = User.objects.create_user(
                email, password, display_name=(display_name.strip() or email)[:100],
                phone=phone, language=language,
            )  # fmt: skip
    except IntegrityError as error:  # somebody else took the address between the two
        raise Problem(CONFLICT, what="user", field="email", value=email) from error
    invitation = {"event": "mail.due", "payload": {"kind": "invitation", "user_id": user.pk}}
    note(user, "user.create", actor, {"data": {"email": email}}, **(invitation if invite else {}))
    return user


@transaction.atomic
def update_account(user: User, *, actor: Actor | None, **changes: str) -> User:
    """Change `display_name`, `email`, `phone` or `language`. Problems: UNEXPECTED, CONFLICT."""
    if "email" in changes:
        changes["email"] = checked_email(changes["email"])
        if changes["email"] != user.email:
            _check_free(changes["email"])
    for name, value in changes.items():
        setattr(user, name, value)
    user.updated_at = clock.now()
    user.save(update_fields=[*changes, "updated_at"])
    note(user, "user.update", actor, {"data": changes})
    return user


@transaction.atomic
def set_password(user: User, password: str, *, actor: Actor | None) -> None:
    """A new password; every session and mailed token of the old one ends. Problems of `check_new_password`."""
    user.set_password(check_new_password(password))
    _save_password(user)
    note(user, "user.update", actor, {"data": {"password": True}})


@transaction.atomic
def invalidate_password(user: User, *, actor: Actor | None) -> None:
    """No password opens the account any more, and whoever is in is out."""
    user.set_unusable_password()
    _save_password(user)
    note(user, "user.update", actor, {"data": {"password": None}})


@transaction.atomic
def set_active(user: User, is_active: bool, *, actor: Actor | None) -> None:
    """Let the person in, or keep them and their phones out. Problem LAST_ADMIN."""
    if not is_active:
        keep_an_administrator(user)
    user.is_active = is_active
    user.updated_at = clock.now()
    user.save(update_fields=["is_active", "updated_at"])
    end_sessions(user)
    note(user, "user.update", actor, {"data": {"active": is_active}})


@transaction.atomic
def delete_account(user: User, *, actor: Actor | None) -> None:
    """Remove the account: its sessions and roles end, its phones stop, its address is free; what the person did
    keeps their name. Problem LAST_ADMIN.
    """
    keep_an_administrator(user)
    user.former_email, user.email = user.email, f"{user.pk}@deleted.invalid"
    user.is_active, user.deleted_at = False, clock.now()
    user.set_unusable_password()
    user.save(update_fields=["former_email", "email", "is_active", "deleted_at", "password"])
    end_sessions(user)
    user.grants.all().delete()
    user.preferences.all().delete()
    note(user, "user.delete", actor, {"email": user.former_email})


def end_sessions(user: User) -> None:
    """Web sessions end by the password's hash or by `is_active`; API sessions and mailed tokens are rows."""
    user.api_sessions.all().delete()
    user.password_tokens.all().delete()


def keep_an_administrator(user: User) -> None:
    """Problem LAST_ADMIN if nobody else administers everything."""
    admins = RoleGrant.objects.filter(
        role=Role.ADMIN, area=None, school=None, project_id=None, user__deleted_at=None, user__is_active=True
    )  # fmt: skip
    if admins.filter(user=user).exists() and not admins.exclude(user=user).exists():
        raise Problem(problems.LAST_ADMIN)


def phones_of(user: User) -> list[AppUser]:
    """The keys that act for this person."""
    return list(user.app_users.filter(revoked_at=None, deleted_at=None).order_by("pk"))


def user_of_token(digest: str) -> User | None:
    """Whose password the mailed token with this digest may set, if it still may."""
    token = PasswordToken.objects.filter(digest=digest, expires_at__gt=clock.now())
    found = token.select_related("user").filter(user__deleted_at=None, user__is_active=True).first()
    return found.user if found else None


def note(user: User, action: str, actor: Actor | None, details: Any, **more: Any) -> None:
    """One line of the journal about `user`."""
    record(action, actor=actor, subject=f"actor:{user.pk}", details=details, **more)


def _check_free(email: str) -> None:
    if User.objects.filter(email=email).exists():
        raise Problem(CONFLICT, what="user", field="email", value=email)


def _save_password(user: User) -> None:
    user.updated_at = clock.now()
    user.save(update_fields=["password", "updated_at"])
    end_sessions(user)
