"""Projects: made, renamed, archived, put away."""

from typing import Any

from django.db import transaction

from forms.models import Form, Project
from server import clock
from server.journal.services import record
from server.people.models import Actor


@transaction.atomic
def create_project(name: str, *, description: str = "", actor: Actor | None) -> Project:
    """A new, empty project."""
    project = Project.objects.create(name=name.strip(), description=description)
    record("project.create", actor=actor, subject=f"project:{project.pk}", project_id=project.pk)
    return project


@transaction.atomic
def update_project(project: Project, *, actor: Actor | None, **changes: Any) -> Project:
    """Change name, description or archived."""
    for name, value in changes.items():
        setattr(project, name, value)
    project.updated_at = clock.now()
    project.save(update_fields=[*changes, "updated_at"])
    record(
        "project.update",
        actor=actor,
        subject=f"project:{project.pk}",
        project_id=project.pk,
        details={"data": changes},
    )
    return project


@transaction.atomic
def delete_project(project: Project, *, actor: Actor | None) -> None:
    """Put the project away: nobody sees it, its data stays."""
    project.deleted_at = clock.now()
    project.save(update_fields=["deleted_at"])
    record("project.delete", actor=actor, subject=f"project:{project.pk}", project_id=project.pk)


@transaction.atomic
def set_form_state(form: Form, state: str, *, actor: Actor | None) -> Form:
    """Open, closing or closed."""
    form.state = Form.State(state)
    form.updated_at = clock.now()
    form.save(update_fields=["state", "updated_at"])
    record(
        "form.update",
        actor=actor,
        subject=f"form:{form.xml_form_id}",
        project_id=form.project_id,
        details={"data": {"state": state}},
    )
    return form


@transaction.atomic
def delete_form(form: Form, *, actor: Actor | None) -> None:
    """Put the form into the trash; its submissions stay."""
    form.deleted_at = clock.now()
    form.save(update_fields=["deleted_at"])
    record(
        "form.delete", actor=actor, subject=f"form:{form.xml_form_id}", project_id=form.project_id
    )


@transaction.atomic
def restore_form(form: Form, *, actor: Actor | None) -> None:
    """Take the form out of the trash."""
    form.deleted_at = None
    form.save(update_fields=["deleted_at"])
    record(
        "form.restore", actor=actor, subject=f"form:{form.xml_form_id}", project_id=form.project_id
    )
