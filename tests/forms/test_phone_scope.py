"""A phone's key carries its worker's whole access: nobody hands out, lists or ends keys outside their own areas."""

import json

import pytest
from django.test import Client

from forms.models import Project
from forms.services import create_app_user
from server.people.models import AppUser, RoleGrant, User
from server.people.roles import Role
from tests.conftest import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return Project.objects.create(name="x")


@pytest.fixture
def town(country) -> User:
    return make_user("town", Role.TOWN_SUPERVISOR, country.town)


def ask(client: Client, method: str, path: str, body: dict | None = None):
    return client.generic(method, path, json.dumps(body) if body else "", "application/json")


def test_a_supervisor_equips_her_own_workers(project, town, lan, client_for):
    client, path = client_for(town), f"/v1/projects/{project.pk}/app-users"
    made = ask(client, "POST", path, {"displayName": "a", "workerId": lan.pk})
    assert made.status_code == 200
    assert [one["id"] for one in client.get(path).json()] == [made.json()["id"]]


@pytest.mark.parametrize("worker", ["county", "stranger", "admin", None])
def test_no_key_for_wider_access_than_ones_own(project, town, worker, request, client_for):
    number = request.getfixturevalue(worker).pk if worker else None
    body = {"displayName": "a"} | ({"workerId": number} if worker else {})
    answer = ask(client_for(town), "POST", f"/v1/projects/{project.pk}/app-users", body)
    assert answer.status_code == (400 if worker else 403)
    assert not AppUser.objects.exists()


def test_keys_of_others_are_neither_shown_nor_ended(project, town, lan, county, admin, client_for):
    RoleGrant.objects.create(user=lan, role=Role.CHILD_DIRECTOR, area=county.grants.get().area)
    phone = create_app_user(project, "a", lan, actor=admin)
    client, path = client_for(town), f"/v1/projects/{project.pk}/app-users"
    assert client.get(path).json() == []
    assert client.get(f"{path}/{phone.pk}").status_code == 404
    assert client.delete(f"{path}/{phone.pk}").status_code == 404
    assert client.delete(f"/v1/sessions/{phone.key}").status_code == 404
    phone.refresh_from_db()
    assert phone.revoked_at is None


def test_who_edits_forms_and_rules_reaches_no_case_through_a_phone(project, lan, client_for):
    clerk = make_user("clerk", Role.RULE_ADMIN)
    path = f"/v1/projects/{project.pk}/app-users"
    assert (
        ask(client_for(clerk), "POST", path, {"displayName": "a", "workerId": lan.pk}).status_code
        == 403
    )
    assert client_for(clerk).get(path).status_code == 403
