"""A phone's key carries its worker's whole access: nobody hands out, lists or ends keys outside their own areas."""

import json

import pytest
from django.test import Client

from forms.lists import entity_list
from forms.models import Dataset, Entity, Project
from forms.registry import reach_of, write_entity
from forms.registry.placing import Reach
from forms.services import create_app_user, create_dataset, set_draft
from server.people.access import Scope
from server.people.models import AppUser, RoleGrant, User
from server.people.roles import Role
from tests.conftest import make_user
from tests.forms.field_work import new_id, publish

PICK = """| survey | | | |
| | type | name | label |
| | select_one_from_file task.csv | task | Task |
| settings | | | |
| | form_title | form_id | version |
| | Pick | pick | 1 |
"""

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


@pytest.fixture
def free_tasks(project, country) -> Dataset:
    """A list that stands in no area, with an unassigned row about a child of each of two counties, and one of none."""
    dataset = create_dataset(project, "task", actor=None)
    for label, area in (
        ("near", country.village),
        ("far", country.other_county_village),
        ("general", None),
    ):
        write_entity(dataset, new_id().removeprefix("uuid:"), label, {}, area=area)
    dataset.refresh_from_db()
    return dataset


def labels(dataset: Dataset, reach: Reach) -> set[str]:
    text = (entity_list(dataset, reach).content or b"").decode()
    return {line.split(",")[1] for line in text.splitlines()[1:]}


def test_an_unassigned_task_reaches_no_phone_outside_the_childs_area(free_tasks, lan):
    reach = reach_of(lan)
    assert labels(free_tasks, reach) == {"near", "general"}
    rows = Entity.objects.select_related("area").filter(dataset=free_tasks)
    writable = {one.label for one in rows if reach.covers(free_tasks, one)}
    assert writable == {"near", "general"}
    everyone = Reach(Scope(everywhere=True), None)
    assert labels(free_tasks, everyone) == {"near", "far", "general"}


def test_a_draft_lists_only_whom_its_tester_may_read(project, free_tasks, country, client_for):
    clerk = make_user("clerk", Role.RULE_ADMIN)
    reader = make_user("reader", Role.COUNTY_CIVIL, country.county)
    form = publish(project, PICK).form
    base = f"/projects/{project.pk}/forms/pick/draft/attachments/task.csv"
    for maker, seen in ((clerk, set()), (reader, {"near", "general"})):
        draft = set_draft(form, actor=maker)
        answer = Client().get(f"/v1/test/{draft.draft_token}{base}")
        text = b"".join(answer).decode()
        assert {line.split(",")[1] for line in text.splitlines()[1:]} == seen
