"""Roles become verbs, and verbs hold only where the role was granted."""

import pytest

from server.people.access import can, grants_of, holders, require, roles_of, scope_of
from server.people.models import AppUser, RoleGrant
from server.people.roles import CAPABILITIES, Role, Verb
from server.places.models import Area, School
from server.problems import FORBIDDEN, UNAUTHENTICATED, Problem
from tests.conftest import make_user

pytestmark = pytest.mark.django_db


def test_every_role_has_its_capabilities_written_down():
    assert set(CAPABILITIES) == set(Role)


def test_a_village_worker_sees_her_village_and_not_the_next(country, lan):
    scope = scope_of(lan, Verb.ENTITY_READ)
    assert scope.covers(country.village.path)
    assert not scope.covers(country.next_village.path)
    assert list(Area.objects.within(scope.paths)) == [country.village]


def test_a_county_sees_all_below_it_and_nothing_of_another(country, county):
    scope = scope_of(county, Verb.ENTITY_READ)
    assert scope.covers(country.other_town_village.path)
    assert not scope.covers(country.other_county_village.path)


def test_a_code_that_begins_alike_is_not_below(country):
    near = Area.objects.create(
        code="5299011", name="x", kind=Area.Kind.COUNTY, path=Area.path_of("5299011", None)
    )
    assert near not in Area.objects.within([country.county.path])


def test_nobody_and_nothing_granted_is_nowhere(country, lan):
    assert not scope_of(None, Verb.ENTITY_READ)
    assert not scope_of(lan, Verb.TIER_REVIEW)
    assert not scope_of(lan, Verb.TIER_REVIEW).covers(country.village.path)


def test_a_phone_acts_for_the_worker_who_carries_it(country, lan):
    phone = AppUser.objects.create(type="field_key", display_name="phone", worker=lan)
    assert scope_of(phone, Verb.ENTITY_READ) == scope_of(lan, Verb.ENTITY_READ)


def test_a_phone_whose_worker_left_can_do_nothing(country, lan):
    phone = AppUser.objects.create(type="field_key", display_name="phone", worker=lan)
    lan.is_active = False
    assert grants_of(phone) == []


def test_a_class_teacher_holds_one_class_of_one_school(country):
    school = School.objects.create(code="s1", name="河口小学", area=country.town)
    teacher = make_user("wu", Role.CLASS_TEACHER, school=school, class_name="三年级1班")
    scope = scope_of(teacher, Verb.ENTITY_READ)
    assert scope.covers(country.village.path, school.pk, "三年级1班")
    assert not scope.covers(country.village.path, school.pk, "三年级2班")
    assert not scope.covers(country.village.path, None)


def test_several_roles_add_up_verb_by_verb(country, lan):
    RoleGrant.objects.create(user=lan, role=Role.TOWN_SUPERVISOR, area=country.other_town)
    assert roles_of(lan) == {"child_director", "town_supervisor"}
    assert scope_of(lan, Verb.TIER_REVIEW).paths == (country.other_town.path,)
    assert set(scope_of(lan, Verb.ENTITY_READ).paths) == {
        country.village.path,
        country.other_town.path,
    }


def test_require_tells_who_is_unknown_from_who_may_not(lan):
    with pytest.raises(Problem) as unknown:
        require(None, Verb.FORM_READ)
    with pytest.raises(Problem) as refused:
        require(lan, Verb.FORM_UPDATE)
    assert (unknown.value.kind, refused.value.kind) == (UNAUTHENTICATED, FORBIDDEN)
    assert can(lan, Verb.FORM_READ)


def test_the_nearest_holder_of_a_role_comes_first(country, lan):
    wide = make_user("wide", Role.CHILD_DIRECTOR, country.town)
    make_user("elsewhere", Role.CHILD_DIRECTOR, country.other_town)
    assert holders(Role.CHILD_DIRECTOR, country.village.path) == [lan, wide]
    assert holders(Role.CHILD_DIRECTOR, country.next_village.path) == [wide]
    assert holders(Role.CHILD_DIRECTOR, country.other_county_village.path) == []


def test_rule_administrators_see_no_case(country):
    clerk = make_user("clerk", Role.RULE_ADMIN)
    assert not scope_of(clerk, Verb.ENTITY_READ)
    assert not scope_of(clerk, Verb.SUBMISSION_READ)
