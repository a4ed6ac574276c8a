"""A project, the states of its forms and who may use them, put at once (the contract's deep update).

True PUT: what is left out of a project is emptied; what is left out of a form (its state, its assignments) stays.
"""

from dataclasses import dataclass
from typing import Any

from django.db import transaction

from forms import problems
from forms.models import Form, Project
from forms.services.phone_scope import phone_for
from forms.services.phones import allow_form, forbid_form, phones_on_form
from forms.services.projects import set_form_state, update_project
from server.accounts.assignments import give_role, grants_on, strip_role
from server.people.access import scope_of
from server.people.central import APP_USER, role_named
from server.people.models import User
from server.people.roles import Verb
from server.problems import FORBIDDEN, MISSING, UNEXPECTED, Problem

Held = tuple[str, int]  # the system name of a role, and the actor who holds it


@dataclass(frozen=True, slots=True)
class WantedForm:
    """What one form shall be; None: as it is."""

    xml_form_id: str
    state: str | None
    held: frozenset[Held] | None


@transaction.atomic
def replace_project(
    project: Project,
    *,
    actor: User,
    name: str,
    description: str,
    archived: bool,
    forms: list[WantedForm] | None,
) -> Project:
    """Bring all of it to what is wanted, or nothing. Problems: NOT_IMPLEMENTED unless `forms` are exactly those of the
    project, 403.1, 404.1, and those of each step.
    """
    changes = {"name": name.strip(), "description": description, "archived": archived}
    update_project(project, actor=actor, **changes)
    if forms is not None:
        rows = {one.xml_form_id: one for one in Form.objects.alive().filter(project=project)}
        names = [one.xml_form_id for one in forms]
        if sorted(names) != sorted(rows):
            raise Problem(problems.BULK_FORMS)
        for wanted in forms:
            _bring(rows[wanted.xml_form_id], wanted, actor)
    return project


def wanted_forms(said: Any) -> list[WantedForm] | None:
    """The `forms` of the body. Problems: 400.2, 400.8, 404.1 for a role that is not there."""
    if said is None:
        return None
    return [_wanted_form(one) for one in _list_of(said, "forms")]


def _wanted_form(said: dict[str, Any]) -> WantedForm:
    name, state, assignments = said.get("xmlFormId"), said.get("state"), said.get("assignments")
    if not isinstance(name, str) or not name:
        raise Problem(MISSING, field="xmlFormId")
    if state is not None and state not in Form.State.values:
        reason = "open, closing or closed"
        raise Problem(UNEXPECTED, field="state", value=str(state)[:40], reason=reason)
    if assignments is None:
        return WantedForm(name, state, None)
    held = frozenset(_held(one) for one in _list_of(assignments, "assignments"))
    return WantedForm(name, state, held)


def _held(said: dict[str, Any]) -> Held:
    return role_named(str(_number(said, "roleId"))).system, _number(said, "actorId")


def _number(said: dict[str, Any], field: str) -> int:
    value = said.get(field)
    if value is None:
        raise Problem(MISSING, field=field)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 2**63:
        reason = "a whole number is expected"
        raise Problem(UNEXPECTED, field=field, value=str(value)[:40], reason=reason)
    return value


def _list_of(said: Any, field: str) -> list[dict[str, Any]]:
    if not isinstance(said, list) or not all(isinstance(one, dict) for one in said):
        reason = "a list of objects is expected"
        raise Problem(UNEXPECTED, field=field, value=str(said)[:40], reason=reason)
    return said


def _bring(form: Form, wanted: WantedForm, actor: User) -> None:
    if wanted.state is not None and wanted.state != form.state:
        set_form_state(form, wanted.state, actor=actor)
    if wanted.held is None:
        return
    if not scope_of(actor, Verb.ASSIGNMENT_CREATE).everywhere:
        raise Problem(FORBIDDEN)
    before = _held_now(form)
    for role, holder in sorted(before - wanted.held):
        _take(form, role, holder, actor)
    for role, holder in sorted(wanted.held - before):
        _give(form, role, holder, actor)


def _held_now(form: Form) -> set[Held]:
    people = {(one.role, one.user_id) for one in grants_on(form.project_id, form.pk)}
    return people | {(APP_USER.system, one.pk) for one in phones_on_form(form)}


def _give(form: Form, role: str, holder: int, actor: User) -> None:
    if role == APP_USER.system:
        allow_form(phone_for(actor, form.project_id, holder), form, actor=actor)
    else:
        give_role(actor, role_named(role), holder, form.project_id, form.pk)


def _take(form: Form, role: str, holder: int, actor: User) -> None:
    if role == APP_USER.system:
        forbid_form(phone_for(actor, form.project_id, holder), form, actor=actor)
    else:
        strip_role(actor, role_named(role), holder, form.project_id, form.pk)
