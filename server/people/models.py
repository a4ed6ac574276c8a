"""Who: actors (people and devices), the roles people hold over areas and schools, and API sessions.

`Actor` is ODK Central's notion: whoever can act and be named in the journal. A `User` logs in; an `AppUser` is a
key on a
phone and acts for the worker who carries it, with that worker's scope.
"""

import hashlib
import secrets
from datetime import timedelta
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from server import clock
from server.people.roles import Role
from server.places.models import Area, School


def new_token() -> str:
    """A 64-character URL-safe secret, as Central's tokens are."""
    return secrets.token_urlsafe(48)


def token_digest(token: str) -> str:
    """What is kept of a session token."""
    return hashlib.sha256(token.encode()).hexdigest()


class Actor(models.Model):
    """Whoever can act."""

    class Type(models.TextChoices):
        USER = "user", _("User")
        FIELD_KEY = "field_key", _("App user")
        PUBLIC_LINK = "public_link", _("Public link")
        SYSTEM = "system", _("System")

    type = models.CharField(max_length=12, choices=Type)
    display_name = models.CharField(max_length=100)
    created_at = models.DateTimeField(default=clock.now)
    updated_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    # Central's actor properties, of phones and public links: name -> text
    properties = models.JSONField(default=dict, blank=True)

    def __str__(self) -> str:
        return self.display_name


class UserManager(BaseUserManager["User"]):
    def create_user(
        self,
        email: str,
        password: str | None = None,
        *,
        display_name: str = "",
        **fields: object,
    ) -> "User":
        """A user who can log in with `email` (kept in lower case) and `password`."""
        user = self.model(
            type=Actor.Type.USER,
            email=email.strip().lower(),
            display_name=display_name or email,
            **fields,
        )
        user.set_password(password)
        user.save()
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").strip().lower(), deleted_at=None)


class User(AbstractBaseUser, Actor):
    """A person with a login."""

    email = models.EmailField(_("Email"), unique=True)
    # of a deleted account, whose address is free for a new one
    former_email = models.CharField(max_length=254, blank=True)
    phone = models.CharField(max_length=20, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)  # Django's admin pages: support staff only
    language = models.CharField(max_length=10, blank=True)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    objects: ClassVar[UserManager] = UserManager()

    def has_perm(self, perm: str, obj: object = None) -> bool:
        return self.is_active and self.is_staff

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_active and self.is_staff


class RoleGrant(models.Model):
    """A role over an area and all below it, or over a school, or one class of it; over everything if none is named.

    With `project_id` it holds only there (Central's assignments), with `form_id` only on that form of it.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="grants")
    role = models.CharField(max_length=20, choices=Role)
    area = models.ForeignKey(
        Area, null=True, blank=True, on_delete=models.PROTECT, related_name="grants"
    )
    school = models.ForeignKey(
        School, null=True, blank=True, on_delete=models.PROTECT, related_name="grants"
    )
    class_name = models.CharField(max_length=50, blank=True)
    project_id = models.BigIntegerField(null=True, blank=True)
    form_id = models.BigIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        indexes = [
            models.Index(
                fields=["project_id", "role"],
                name="grant_of_project",
                condition=Q(project_id__isnull=False),
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "role", "area", "school", "class_name", "project_id", "form_id"],
                name="grant_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(area=None) | Q(school=None), name="grant_area_or_school"
            ),
            models.CheckConstraint(
                condition=Q(project_id=None, form_id=None)
                | Q(project_id__isnull=False, area=None, school=None),
                name="grant_area_or_project",
            ),
        ]


class AppUser(Actor):
    """A key on a phone. The key is kept readable, because its QR code must be shown again."""

    key = models.CharField(max_length=64, unique=True, default=new_token)
    worker = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="app_users"
    )
    created_by = models.ForeignKey(
        Actor, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)


def session_end() -> object:
    """Central's sessions last 24 hours."""
    return clock.now() + timedelta(hours=24)


class ApiSession(models.Model):
    """A Bearer token of `POST /v1/sessions`; only its digest is kept."""

    digest = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_sessions")
    csrf = models.CharField(max_length=64, default=new_token)
    created_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField(default=session_end)


def token_end() -> object:
    """An invitation or a forgotten password is good for a day, as Central's."""
    return clock.now() + timedelta(hours=24)


class PasswordToken(models.Model):
    """What a mail carries so that its reader may set a password; only the digest is kept."""

    digest = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="password_tokens")
    created_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField(default=token_end)


class Preference(models.Model):
    """What somebody likes on the site or in one project: a value of any JSON type under a name."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="preferences")
    project_id = models.BigIntegerField(null=True, blank=True)
    name = models.CharField(max_length=100)
    value = models.JSONField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "project_id", "name"],
                name="preference_once",
                nulls_distinct=False,
            )
        ]


class ActorProperty(models.Model):
    """A name under which phones and public links of a project may keep a text (Central's actor properties)."""

    project_id = models.BigIntegerField()
    name = models.CharField(max_length=128)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project_id", "name"], name="actor_property_once")
        ]
