"""Roles over areas, schools and classes, given and taken. Whoever calls has checked the right to."""

from django.db import transaction

from server.accounts.users import keep_an_administrator, note
from server.people.models import Actor, RoleGrant, User
from server.people.roles import Role
from server.places.models import Area, School
from server.problems import NOT_FOUND, UNEXPECTED, Problem


@transaction.atomic
def give_role_over(
    user: User, role: str, *, area: str = "", school: str = "", class_name: str = "", actor: Actor
) -> RoleGrant:
    """Let `user` hold `role` over the area or the school of this code, everywhere if neither is named; twice is once.

    Problem UNEXPECTED for unknown roles and codes, for both codes at once, and for a class without a school.
    """
    if role not in Role.values:
        raise Problem(UNEXPECTED, field="role", value=role[:40], reason="there is no such role")
    if area and school:
        raise Problem(
            UNEXPECTED, field="school", value=school[:40], reason="an area or a school, not both"
        )
    if class_name and not school:
        raise Problem(
            UNEXPECTED, field="class", value=class_name[:40], reason="a class needs a school"
        )
    grant, is_new = RoleGrant.objects.get_or_create(
        user=user, role=role, project_id=None, form_id=None, class_name=class_name[:50],
        area=_area(area), school=_school(school),
    )  # fmt: skip
    if is_new:
        note(user, "user.assignment.create", actor, _told(grant))
    return grant


@transaction.atomic
def take_grant(user: User, grant_id: int, *, actor: Actor) -> None:
    """Take one grant from `user`. Problems: 404.1, LAST_ADMIN."""
    grant = user.grants.select_related("area", "school").filter(pk=grant_id).first()
    if grant is None:
        raise Problem(NOT_FOUND)
    if grant.role == Role.ADMIN and not (grant.area_id or grant.school_id):
        keep_an_administrator(user)
    note(user, "user.assignment.delete", actor, _told(grant))
    grant.delete()


def _area(code: str) -> Area | None:
    found = Area.objects.filter(code=code).first() if code else None
    if code and found is None:
        raise _unknown("area", code)
    return found


def _school(code: str) -> School | None:
    found = School.objects.filter(code=code).first() if code else None
    if code and found is None:
        raise _unknown("school", code)
    return found


def _unknown(field: str, code: str) -> Problem:
    reason = f"there is no {field} of this code"
    return Problem(UNEXPECTED, field=field, value=code[:40], reason=reason)


def _told(grant: RoleGrant) -> dict[str, object]:
    return {
        "role": grant.role, "area": grant.area.code if grant.area else None,
        "school": grant.school.code if grant.school else None, "class": grant.class_name or None,
    }  # fmt: skip
