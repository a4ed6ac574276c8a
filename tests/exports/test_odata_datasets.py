"""The OData service of an entity list: Central's documented answers, and who may read."""

import json
import uuid

import pytest
from lxml import etree

from forms.models import Dataset, Entity, Project
from forms.services import add_property, create_dataset
from forms.services.entities import NewEntity, create_entity, delete_entity
from server.people.models import User
from server.people.roles import Role
from tests.conftest import make_user
from tests.exports.reading_kit import Reader, content_of
from tests.forms.field_work import make_phone, make_project

ENTITIES = "/datasets/trees.svc/Entities"


@pytest.fixture
def project(db: None) -> Project:
    return make_project()


@pytest.fixture
def trees(project: Project, admin: User) -> Dataset:
    dataset = create_dataset(project, "trees", actor=admin)
    for name in ("species", "circumference.cm"):
        add_property(dataset, name, actor=admin)
    for number, (label, species) in enumerate([("老松树", "pine"), ("Oak", "oak"), ("紫心木", "")]):
        data = {"circumference.cm": str(number)} | ({"species": species} if species else {})
        create_entity(dataset, NewEntity(uuid.UUID(int=number + 1), label, data), actor=admin)
    return dataset


@pytest.fixture
def reader(trees: Dataset, project: Project, admin: User) -> Reader:
    return Reader(admin, project)


def labels(reader: Reader, **query: str) -> list[str]:
    asked = {f"${name}": value for name, value in query.items()}
    return [row["label"] for row in reader.rows(ENTITIES, asked)]


def test_the_documents_of_the_service(reader: Reader) -> None:
    body = reader.body("/datasets/trees.svc")
    assert body["@odata.context"].endswith("/datasets/trees.svc/$metadata")
    assert body["value"] == [{"kind": "EntitySet", "name": "Entities", "url": "Entities"}]
    tree = etree.fromstring(reader.get("/datasets/trees.svc/$metadata").content)
    names = {"e": "http://docs.oasis-open.org/odata/ns/edm"}
    found = tree.xpath("//e:EntityType[@Name='Entities']/e:Property/@Name", namespaces=names)
    assert found == ["__id", "__system", "label", "species", "circumference_cm"]
    assert reader.refused("/datasets/nonsense.svc") == (404, "404.1")


def test_rows_are_as_central_documents_them(reader: Reader, admin: User) -> None:
    body = reader.body(ENTITIES, {"$count": "true"})
    assert body["@odata.context"].endswith("/datasets/trees.svc/$metadata#Entities")
    assert body["@odata.count"] == 3
    first = body["value"][0]
    system = first.pop("__system")
    assert first == {
        "__id": str(uuid.UUID(int=3)),
        "label": "紫心木",
        "species": "",
        "circumference_cm": "2",
    }
    assert system.pop("createdAt").endswith("Z")
    assert system == {
        "creatorId": str(admin.pk),
        "creatorName": "admin",
        "updates": 0,
        "updatedAt": None,
        "deletedAt": None,
        "version": 1,
        "conflict": None,
    }


def test_pages_go_on_behind_the_last_entity(reader: Reader, trees: Dataset, admin: User) -> None:
    page = reader.body(ENTITIES, {"$top": "2"})
    assert [row["label"] for row in page["value"]] == ["紫心木", "Oak"]
    delete_entity(Entity.objects.get(label="Oak"), actor=admin)
    rest = json.loads(content_of(reader.follow(page["@odata.nextLink"])))
    assert [row["label"] for row in rest["value"]] == ["老松树"]
    assert "@odata.nextLink" not in rest
    assert labels(reader, top="1", skip="1") == ["老松树"]
    assert reader.refused(ENTITIES, {"$skiptoken": "nonsense"}) == (400, "400.35")


def test_select_filter_order_and_search(reader: Reader, admin: User) -> None:
    (row, *_) = reader.rows(ENTITIES, {"$select": "label,__system/version,circumference_cm"})
    assert row == {"label": "紫心木", "circumference_cm": "2", "__system": {"version": 1}}
    assert reader.refused(ENTITIES, {"$select": "height"}) == (400, "400.23")
    assert labels(reader, filter=f"__id eq '{uuid.UUID(int=2)}'") == ["Oak"]
    assert labels(reader, filter=f"__system/creatorId ne {admin.pk}") == []
    assert labels(reader, filter="__system/conflict eq 'hard'") == []
    assert len(labels(reader, filter="__system/conflict eq null")) == 3
    assert reader.refused(ENTITIES, {"$filter": "species eq 'oak'"}) == (501, "501.5")
    assert reader.refused(ENTITIES, {"$filter": "__id eq 'nonsense'"}) == (400, "400.11")
    assert labels(reader, orderby="__system/createdAt asc") == ["老松树", "Oak", "紫心木"]
    Entity.objects.filter(label="Oak").update(conflict="hard")
    assert labels(reader, orderby="__system/conflict desc")[0] == "Oak"
    assert labels(reader, search="PINE") == ["老松树"]
    assert labels(reader, search="松") == ["老松树"]
    assert labels(reader, search="oak OR pine") == ["Oak", "老松树"]
    assert labels(reader, search="-pine") == ["紫心木", "Oak"]
    assert labels(reader, search='"老松树" pine') == ["老松树"]
    assert labels(reader, search="oak pine") == []


def test_deleted_entities_come_only_when_asked_for(reader: Reader, admin: User) -> None:
    delete_entity(Entity.objects.get(label="Oak"), actor=admin)
    assert labels(reader) == ["紫心木", "老松树"]
    assert labels(reader, filter="__system/deletedAt ne null") == ["Oak"]


def test_who_may_read_the_list(
    reader: Reader, project: Project, trees: Dataset, county: User, stranger: User, admin: User, country
) -> None:  # fmt: skip
    Dataset.objects.update(area_property="species")
    Entity.objects.update(area=country.village)
    assert len(Reader(county, project).rows(ENTITIES)) == 3
    outside = Reader(stranger, project)
    assert outside.body(ENTITIES, {"$count": "true"})["@odata.count"] == 0
    for path in ("/datasets/trees.svc", "/datasets/trees.svc/$metadata", ENTITIES):
        assert Reader(None, project).get(path).status_code == 401
        rules = make_user(f"r{len(path)}", Role.RULE_ADMIN)
        assert Reader(rules, project).get(path).status_code == 403
    phone = make_phone(project, admin)
    key = f"/v1/key/{phone.key}/projects/{project.pk}{ENTITIES}"
    assert reader.client.get(key).status_code == 403
