"""Preferences of people, kept for the clients of ODK Central's API."""

from typing import Any

from django.db import transaction

from server.accounts.users import note
from server.people.models import User
from server.problems import NOT_FOUND, TOO_LARGE, Problem

MOST = 500  # of one person


@transaction.atomic
def keep_preference(user: User, project_id: int | None, name: str, value: Any) -> None:
    """Set one, on the site (None) or in a project. Problem TOO_LARGE beyond `MOST` names."""
    _, is_new = user.preferences.update_or_create(
        project_id=project_id, name=name, defaults={"value": value}
    )
    if is_new and user.preferences.count() > MOST:
        raise Problem(TOO_LARGE, limit=f"{MOST}")
    details = {"projectId": project_id, "propertyName": name, "propertyValue": value}
    note(user, "user.preference.update", user, details)


@transaction.atomic
def forget_preference(user: User, project_id: int | None, name: str) -> None:
    """Remove one. Problem 404.1."""
    gone, _ = user.preferences.filter(project_id=project_id, name=name).delete()
    if not gone:
        raise Problem(NOT_FOUND)
    details = {"projectId": project_id, "propertyName": name}
    note(user, "user.preference.delete", user, details)
