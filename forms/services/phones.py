"""App users: the keys on phones, and the settings that Collect reads from a QR code
(collect-checklist section 9).
"""

import base64
import json
import zlib
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from forms.models import Form, Project, ProjectAppUser
from server import clock
from server.journal.services import record
from server.people.models import Actor, AppUser, User


def phone_may_use(app_user_id: int, project: str, form: str) -> Q:
    """A filter: rows whose project (field path `project`) is the phone's and whose form it may use."""
    links = ProjectAppUser.objects.filter(app_user_id=app_user_id, project_id=OuterRef(project))
    return Q(Exists(links.filter(Q(all_forms=True) | Q(forms=OuterRef(form)))))


@transaction.atomic
def create_app_user(
    project: Project,
    display_name: str,
    worker: User | None = None,
    *,
    actor: Actor | None,
    all_forms: bool = True,
    sees_all_entities: bool = False,
) -> AppUser:
    """A key for one phone of `project`. With a `worker` it sees what the worker sees;
    `sees_all_entities` is Central's way, for keys without one.
    """
    phone = AppUser.objects.create(
        type=Actor.Type.FIELD_KEY, display_name=display_name[:100], worker=worker, created_by=actor
    )
    ProjectAppUser.objects.create(
        project=project,
        app_user=phone,
        all_forms=all_forms,
        sees_all_entities=sees_all_entities and worker is None,
    )
    record("field_key.create", actor=actor, subject=f"app_user:{phone.pk}", project_id=project.pk)
    return phone


@transaction.atomic
def revoke_app_user(app_user: AppUser, *, actor: Actor | None) -> None:
    """End the key at once. What the phone has not sent yet stays on it."""
    if app_user.revoked_at is not None:
        return
    app_user.revoked_at = clock.now()
    app_user.save(update_fields=["revoked_at"])
    record("field_key.session.end", actor=actor, subject=f"app_user:{app_user.pk}")


def collect_settings(project: Project, app_user: AppUser, base_url: str) -> dict[str, Any]:
    """Collect's settings for this key. `base_url`: scheme and host of the server as phones reach
    it.
    """
    return {
        "general": {
            "protocol": "odk_default",
            "server_url": f"{base_url.rstrip('/')}/v1/key/{app_user.key}/projects/{project.pk}",
            "form_update_mode": "match_exactly",
            "periodic_form_updates_check": "every_fifteen_minutes",
            "automatic_update": True,
            "autosend": "wifi_and_cellular",
            "hide_old_form_versions": True,
            "delete_send": False,
            "constraint_behavior": "on_swipe",
            "image_size": "medium",
            "app_language": "zh",
            "metadata_username": app_user.display_name,
        },
        "admin": {
            # what a village worker could change by mistake and then reach nobody
            "change_server": False,
            "form_update_mode": False,
            "change_autosend": False,
            "automatic_update": False,
            "delete_saved": True,
            "edit_saved": True,
            "send_finalized": True,
            "view_sent": True,
            "get_blank": True,
            "change_project_display": True,
        },
        "project": {"name": project.name, "icon": "🛡️", "color": "#0f766e"},
    }


def collect_qr(project: Project, app_user: AppUser, base_url: str) -> str:
    """The text of the QR code: base64 of zlib of the settings as JSON."""
    text = json.dumps(
        collect_settings(project, app_user, base_url), ensure_ascii=False, separators=(",", ":")
    )
    return base64.b64encode(zlib.compress(text.encode())).decode()


@transaction.atomic
def delete_app_user(app_user: AppUser, *, actor: Actor | None) -> None:
    """Take the phone off the list; what it sent keeps its name."""
    app_user.deleted_at = clock.now()
    app_user.save(update_fields=["deleted_at"])
    record("field_key.delete", actor=actor, subject=f"app_user:{app_user.pk}")


@transaction.atomic
def allow_form(app_user: AppUser, form: Form, *, actor: Actor | None) -> None:
    """Let the phone use `form`."""
    app_user.project_link.forms.add(form)
    record(
        "field_key.assignment.create",
        actor=actor,
        subject=f"app_user:{app_user.pk}",
        details={"form": form.xml_form_id},
    )


@transaction.atomic
def forbid_form(app_user: AppUser, form: Form, *, actor: Actor | None) -> None:
    """No longer let the phone use `form`; one that could use all keeps the others."""
    link = app_user.project_link
    if link.all_forms:
        link.all_forms = False
        link.save(update_fields=["all_forms"])
        link.forms.set(Form.objects.alive().filter(project=link.project).exclude(pk=form.pk))
    link.forms.remove(form)
    record(
        "field_key.assignment.delete",
        actor=actor,
        subject=f"app_user:{app_user.pk}",
        details={"form": form.xml_form_id},
    )


@transaction.atomic
def allow_project(app_user: AppUser, *, actor: Actor | None) -> None:
    """Let the phone use every form of its project."""
    _set_all_forms(app_user, True, "field_key.assignment.create", actor)


@transaction.atomic
def forbid_project(app_user: AppUser, *, actor: Actor | None) -> None:
    """No longer every form: only those that the phone was given one by one."""
    _set_all_forms(app_user, False, "field_key.assignment.delete", actor)


def _set_all_forms(app_user: AppUser, value: bool, action: str, actor: Actor | None) -> None:
    link = app_user.project_link
    link.all_forms = value
    link.save(update_fields=["all_forms"])
    subject = f"app_user:{app_user.pk}"
    record(action, actor=actor, subject=subject, project_id=link.project_id)


def phones_on_project(project: Project) -> list[AppUser]:
    """The phones that may use every form of it."""
    links = ProjectAppUser.objects.filter(
        project=project, all_forms=True, app_user__deleted_at=None
    )
    return [one.app_user for one in links.select_related("app_user").order_by("app_user_id")]


def phones_on_form(form: Form) -> list[AppUser]:
    """The phones that may use this form."""
    links = ProjectAppUser.objects.filter(project_id=form.project_id, app_user__deleted_at=None)
    mine = links.filter(Q(forms=form) | Q(all_forms=True)).distinct()
    return [one.app_user for one in mine.select_related("app_user").order_by("app_user_id")]


def phones_on_forms(project: Project) -> list[tuple[AppUser, int]]:
    """Each phone with the key of each form that it may use."""
    links = ProjectAppUser.objects.filter(project=project, app_user__deleted_at=None)
    forms = list(Form.objects.alive().filter(project=project).values_list("pk", flat=True))
    rows = links.select_related("app_user").prefetch_related("forms").order_by("app_user_id")
    return [
        (link.app_user, form_id)
        for link in rows
        for form_id in (forms if link.all_forms else sorted(form.pk for form in link.forms.all()))
    ]
