"""Central's assignments of people: roles on the site, on a project, on a form. They are rows of `RoleGrant`.

Whoever gives a role that reads rows (manager, viewer) must administer everything: it shows all children of the
project. A project manager may give the role of data collector.
"""

from django.db import transaction
from django.db.models import QuerySet

from server.accounts.users import keep_an_administrator, note
from server.people import problems
from server.people.access import require, scope_of
from server.people.central import FOR_PEOPLE, CentralRole
from server.people.models import Actor, RoleGrant, User
from server.people.roles import Role, Verb
from server.problems import FORBIDDEN, NOT_FOUND, Problem


def grants_on(project_id: int | None, form_id: int | None = None) -> QuerySet[RoleGrant]:
    """The grants of Central's roles exactly on the site (None), on a project, or on a form; roles over areas are
    not among them."""
    return (
        RoleGrant.objects.filter(
            role__in=FOR_PEOPLE, area=None, school=None, project_id=project_id, form_id=form_id,
            user__deleted_at=None,
        )
        .select_related("user")
        .order_by("user_id", "role")
    )  # fmt: skip


def grants_on_forms(project_id: int) -> QuerySet[RoleGrant]:
    """The grants on single forms of a project."""
    rows = RoleGrant.objects.filter(project_id=project_id, form_id__isnull=False)
    return rows.filter(user__deleted_at=None).select_related("user").order_by("user_id", "id")


@transaction.atomic
def give_role(
    giver: User,
    role: CentralRole,
    actor_id: int,
    project_id: int | None,
    form_id: int | None = None,
) -> RoleGrant:
    """Let a person hold `role` there; twice is once. Problems: 403.1, 404.1, NO_SUCH_ACTOR."""
    check_giver(giver, role, project_id)
    user = _person(actor_id)
    grant, is_new = RoleGrant.objects.get_or_create(
        user=user, role=role.system, area=None, school=None, class_name="", project_id=project_id, form_id=form_id
    )  # fmt: skip
    if is_new:
        _note(user, "user.assignment.create", giver, grant)
    return grant


@transaction.atomic
def strip_role(
    giver: User,
    role: CentralRole,
    actor_id: int,
    project_id: int | None,
    form_id: int | None = None,
) -> None:
    """Take `role` from a person there. Problems: 403.1, 404.1, LAST_ADMIN."""
    check_giver(giver, role, project_id)
    grant = grants_on(project_id, form_id).filter(role=role.system, user=actor_id).first()
    if grant is None:
        raise Problem(NOT_FOUND)
    if role.system == Role.ADMIN:
        keep_an_administrator(grant.user)
    _note(grant.user, "user.assignment.delete", giver, grant)
    grant.delete()


def check_giver(giver: User, role: CentralRole, project_id: int | None) -> None:
    """Problem 403.1 unless `giver` may hand out `role` there; 404.1 for one that no person can hold, or an
    administrator of a project."""
    require(giver, Verb.ASSIGNMENT_CREATE)
    if role.system not in FOR_PEOPLE or (role.system == Role.ADMIN and project_id is not None):
        raise Problem(NOT_FOUND)
    needed = Verb.ASSIGNMENT_CREATE if role.system == Role.FORMFILL else Verb.USER_CREATE
    if project_id is None:
        needed = Verb.USER_CREATE
    if not scope_of(giver, needed).everywhere:
        raise Problem(FORBIDDEN)


def _person(actor_id: int) -> User:
    found = User.objects.filter(pk=actor_id, deleted_at=None).first()
    if found is None:
        raise Problem(problems.NO_SUCH_ACTOR)
    return found


def _note(user: User, action: str, actor: Actor, grant: RoleGrant) -> None:
    details = {"role": grant.role, "projectId": grant.project_id, "formId": grant.form_id}
    note(user, action, actor, details)
