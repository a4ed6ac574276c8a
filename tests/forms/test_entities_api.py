"""Entities in numbers, their changes and their journal, by the contract."""

import pytest
from django.test import Client

from forms.models import Entity, Project
from forms.registry import write_entity
from forms.services import create_dataset
from server.people.models import User
from server.people.roles import Role
from tests.conftest import make_user
from tests.forms.field_work import ENUM, make_project, new_id, publish
from tests.forms.test_api import Api


@pytest.fixture
def project(db: None) -> Project:
    project = make_project()
    create_dataset(project, "child", actor=None, area_property="village_code")
    publish(project, ENUM)
    return project


@pytest.fixture
def children(project: Project, country, admin: User) -> list[Entity]:
    dataset = project.datasets.get(name="child")
    data = {"village_code": country.village.code, "child_name": "张"}
    return [
        write_entity(dataset, new_id().removeprefix("uuid:"), label, data, actor=admin)
        for label in ("甲", "乙", "丙")
    ]


def path(project: Project) -> str:
    return f"/projects/{project.pk}/datasets/child/entities"


@pytest.fixture
def keeper(project: Project, country) -> Api:
    return Api(make_user("keeper", Role.COUNTY_CIVIL, country.county))


def test_many_are_removed_and_put_back_together(keeper, project, children):
    ids = [str(one.uuid) for one in children[:2]]
    assert keeper.ok("POST", f"{path(project)}/bulk-delete", {"ids": ids}) == {"success": True}
    assert [one["uuid"] for one in keeper.ok("GET", path(project))] == [str(children[2].uuid)]
    keeper.ok("POST", f"{path(project)}/bulk-restore", {"ids": ids})
    assert len(keeper.ok("GET", path(project))) == 3


@pytest.mark.parametrize(
    ("ids", "status"),
    [(None, 400), ([], 400), ("x", 400), (["x"], 404), ([new_id().removeprefix("uuid:")], 404)],
)
def test_one_that_is_not_there_keeps_all(keeper, project, children, ids, status):
    wanted = [str(children[0].uuid), *ids] if isinstance(ids, list) and ids else ids
    answer = keeper("POST", f"{path(project)}/bulk-delete", {"ids": wanted})
    assert answer.status_code == status
    assert Entity.objects.alive().count() == 3


def test_a_stranger_and_nobody_remove_nothing(project, children, country):
    ids = {"ids": [str(one.uuid) for one in children]}
    stranger = Api(make_user("stranger", Role.COUNTY_CIVIL, country.other_county))
    assert stranger("POST", f"{path(project)}/bulk-delete", ids).status_code == 404
    assert stranger("GET", f"{path(project)}/{children[0].uuid}/diffs").status_code == 404
    assert stranger("GET", f"{path(project)}/{children[0].uuid}/audits").status_code == 404
    assert stranger.ok("GET", f"{path(project)}/creators") == []
    nobody = Client().post(f"/v1{path(project)}/bulk-delete", ids, "application/json")
    assert nobody.status_code == 401
    assert Entity.objects.alive().count() == 3


def test_the_changes_between_versions_name_what_was_and_what_is(keeper, project, children):
    one = f"{path(project)}/{children[0].uuid}"
    keeper.ok("PATCH", f"{one}?baseVersion=1", {"label": "甲一"})
    keeper.ok("PATCH", f"{one}?baseVersion=2", {"data": {"child_name": "李"}})
    assert keeper.ok("GET", f"{one}/diffs") == [
        [{"propertyName": "label", "old": "甲", "new": "甲一"}],
        [{"propertyName": "child_name", "old": "张", "new": "李"}],
    ]


def test_the_journal_of_an_entity_tells_who_did_what_but_not_who_read(keeper, project, children):
    one = f"{path(project)}/{children[0].uuid}"
    keeper.ok("PATCH", f"{one}?baseVersion=1", {"label": "甲一"})
    keeper.ok("GET", one)
    keeper.ok("DELETE", one)
    keeper.ok("POST", f"{one}/restore")
    told = [entry["action"] for entry in keeper.ok("GET", f"{one}/audits")]
    assert told == ["entity.restore", "entity.delete", "entity.update.version", "entity.create"]


def test_who_has_made_entities_is_listed_by_name(keeper, project, children, admin):
    assert [one["id"] for one in keeper.ok("GET", f"{path(project)}/creators")] == [admin.pk]
