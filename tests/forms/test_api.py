"""The ODK API: the contract's shapes, and every address closed to strangers and to nobody."""

import json
import uuid
from pathlib import Path

import pytest
from django.test import Client

from forms import lists
from forms.models import Dataset, Entity, Form, Project, Submission
from forms.registry import register_submission, write_entity
from forms.services import create_dataset, receive_submission, set_draft
from server.journal.models import Entry, Reaction
from server.people.models import AppUser, User
from server.people.roles import Role
from tests.conftest import PASSWORD, make_user
from tests.forms.field_work import (
    ENUM,
    HOME_VISIT,
    VISIT,
    create_entity,
    instance,
    make_phone,
    make_project,
    new_id,
    publish,
)

INSTRUMENTS = Path(__file__).parents[2] / "forms" / "instruments"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
XML = "application/xml"


class Api:
    """A client with a Bearer token, speaking JSON."""

    def __init__(self, user: User | None) -> None:
        self.client, self.headers = Client(), {}
        if user is not None:
            login = self.client.post(
                "/v1/sessions", {"email": user.email, "password": PASSWORD}, "application/json"
            )
            self.token = login.json()["token"]
            self.headers = {"Authorization": f"Bearer {self.token}"}

    def __call__(
        self,
        method: str,
        path: str,
        body=None,
        content_type: str = "application/json",
        **headers: str,
    ):
        data = (
            body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        )
        return self.client.generic(
            method,
            f"/v1{path}",
            data,
            content_type=content_type,
            headers={**self.headers, **headers},
        )

    def ok(
        self,
        method: str,
        path: str,
        body=None,
        content_type: str = "application/json",
        **headers: str,
    ):
        answer = self(method, path, body, content_type, **headers)
        assert answer.status_code == 200, answer.content
        return answer.json()


@pytest.fixture(autouse=True)
def _fresh_lists():
    lists.shelf.clear()


@pytest.fixture
def project(db: None) -> Project:
    project = make_project()
    create_dataset(project, "child", actor=None, area_property="village_code")
    for form in (ENUM, HOME_VISIT, VISIT):
        publish(project, form)
    return project


@pytest.fixture
def phone(project: Project, lan: User) -> AppUser:
    return make_phone(project, lan)


@pytest.fixture
def root(admin: User) -> Api:
    return Api(admin)


@pytest.fixture
def visit_id(project, phone) -> str:
    """A submission of Lan's, in her village."""
    key = new_id()
    receive_submission(
        project,
        instance("visit", {"note": "好", "photo": "a.png"}, instance_id=key),
        {"a.png": b"png"},
        actor=phone,
    )
    Reaction.objects.all().delete()
    return key


@pytest.fixture
def child(project, country) -> Entity:
    """A child of Lan's village."""
    data = {"village_code": country.village.code, "child_name": "张小明"}
    return write_entity(project.datasets.get(name="child"), uuid.uuid4(), "张小明", data)


# --- sessions
# -----------------------------------------------------------------------------------------------------


def test_a_login_gives_a_token_that_works_until_it_is_logged_out(admin):
    api = Api(admin)
    assert api.ok("GET", "/users/current")["email"] == admin.email
    assert api.ok("GET", "/sessions/restore").keys() == {"csrf", "createdAt", "expiresAt"}
    assert api.ok("DELETE", "/sessions/current") == {"success": True}
    assert api("GET", "/users/current").status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        {"email": "admin@example.org", "password": "wrong"},
        {"email": "nobody@example.org", "password": PASSWORD},
    ],
)
def test_a_wrong_login_says_no_more_than_that(admin, body):
    answer = Client().post("/v1/sessions", body, "application/json")
    assert (answer.status_code, answer.json()["code"]) == (401, "401.2")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"email": 3, "password": "x"}', b"\xff"])
def test_a_login_that_cannot_be_read_is_a_400(db, body):
    assert Client().post("/v1/sessions", body, "application/json").status_code == 400


def test_deleting_a_phones_key_as_a_session_revokes_it(root, phone, project):
    root.ok("DELETE", f"/sessions/{phone.key}")
    assert Client().get(f"/v1/key/{phone.key}/projects/{project.pk}/formList").status_code == 403


def test_current_user_lists_verbs_when_asked(root):
    assert (
        "form.update"
        in root.ok("GET", "/users/current", **{"X-Extended-Metadata": "true"})["verbs"]
    )


# --- projects, phones
# ---------------------------------------------------------------------------------------------


def test_a_project_is_made_changed_and_put_away(root):
    made = root.ok("POST", "/projects", {"name": "关爱"})
    assert {"id", "name", "description", "archived", "keyId"} <= made.keys()
    changed = root.ok("PATCH", f"/projects/{made['id']}", {"archived": True, "description": "x"})
    assert (changed["archived"], changed["name"]) == (True, "关爱")
    assert root.ok("DELETE", f"/projects/{made['id']}") == {"success": True}
    assert root("GET", f"/projects/{made['id']}").status_code == 404


def test_a_project_counts_what_it_holds(root, project, phone, visit_id, child):
    extended = root.ok("GET", f"/projects/{project.pk}", **{"X-Extended-Metadata": "true"})
    assert (extended["forms"], extended["datasets"], extended["appUsers"]) == (3, 1, 1)
    assert extended["lastSubmission"].endswith("Z")


def test_a_phone_made_by_the_api_sees_forms_only_once_assigned(root, project, child):
    made = root.ok("POST", f"/projects/{project.pk}/app-users", {"displayName": "手机"})
    base = f"/v1/key/{made['token']}/projects/{project.pk}"
    assert b"<xform>" not in Client().get(f"{base}/formList").content
    root.ok("POST", f"/projects/{project.pk}/forms/home_visit/assignments/app-user/{made['id']}")
    assert b"home_visit" in Client().get(f"{base}/formList").content
    assert str(child.uuid).encode() in b"".join(
        Client().get(f"{base}/forms/home_visit/attachments/child.csv")
    )
    listed = root.ok("GET", f"/projects/{project.pk}/forms/home_visit/assignments")
    assert listed == [{"actorId": made["id"], "roleId": 2}]
    root.ok("DELETE", f"/projects/{project.pk}/forms/home_visit/assignments/app-user/{made['id']}")
    assert b"<xform>" not in Client().get(f"{base}/formList").content


def test_a_deleted_phone_is_gone_and_its_key_ends(root, project, phone):
    path = f"/projects/{project.pk}/app-users"
    assert [one["token"] for one in root.ok("GET", path)] == [phone.key]
    root.ok("DELETE", f"{path}/{phone.pk}")
    assert root.ok("GET", path) == []
    assert Client().get(f"/v1/key/{phone.key}/projects/{project.pk}/formList").status_code == 403


# --- forms
# --------------------------------------------------------------------------------------------------------


def test_a_workbook_becomes_a_draft_is_published_and_comes_back(root, project):
    sheet = (INSTRUMENTS / "home_visit.xlsx").read_bytes()
    path = f"/projects/{make_project('new').pk}/forms"
    made = root.ok("POST", f"{path}?ignoreWarnings=true", sheet, XLSX)
    assert (made["xmlFormId"], made["publishedAt"]) == ("home_visit", None)
    draft = root.ok("GET", f"{path}/home_visit/draft")
    assert draft["draftToken"]
    assert root.ok("POST", f"{path}/home_visit/draft/publish") == {"success": True}
    form = root.ok("GET", f"{path}/home_visit", **{"X-Extended-Metadata": "true"})
    assert (form["version"], form["submissions"], form["excelContentType"]) == (
        "2026112301",
        0,
        XLSX,
    )
    assert b"".join(root("GET", f"{path}/home_visit.xlsx")) == sheet
    assert root("GET", f"{path}/home_visit.xml").content.startswith(b"<?xml")
    assert {"path", "name", "type", "binary", "selectMultiple"} == root.ok(
        "GET", f"{path}/home_visit/fields"
    )[0].keys()


def test_an_xform_is_taken_and_published_at_once(root, project):
    xml = bytes(Form.objects.get(xml_form_id="visit").current.xml).replace(
        b'id="visit"', b'id="visit2"'
    )
    made = root.ok("POST", f"/projects/{project.pk}/forms?publish=true", xml, XML)
    assert made["publishedAt"] is not None
    assert [
        one["version"] for one in root.ok("GET", f"/projects/{project.pk}/forms/visit2/versions")
    ] == ["1"]


def test_publishing_the_same_version_twice_is_refused_and_another_can_be_named(root, project):
    form = Form.objects.get(xml_form_id="visit")
    set_draft(form, actor=None)
    path = f"/projects/{project.pk}/forms/visit"
    refused = root("POST", f"{path}/draft/publish")
    assert (refused.status_code, refused.json()["code"]) == (409, "409.6")
    root.ok("POST", f"{path}/draft/publish?version=2026-2")
    assert root.ok("GET", path)["version"] == "2026-2"
    assert b'version="2026-2"' in root("GET", f"{path}.xml").content
    assert root("GET", f"{path}/versions/1.xml").status_code == 200


BAD_UPLOADS = {
    "not a workbook": (b"PK\x03\x04 no zip", XLSX, 400, "400.15"),
    "empty": (b" ", XLSX, 400, "400.15"),
    "not xml": (b"<h:html", XML, 400, "400.1"),
    "no type": (b"x", "application/pdf", 415, "415.1"),
    "same form": (VISIT.encode(), "text/markdown", 409, "409.3"),
}


@pytest.mark.parametrize("name", BAD_UPLOADS)
def test_a_bad_upload_is_refused_and_the_published_form_untouched(root, project, name):
    body, content_type, status, code = BAD_UPLOADS[name]
    before = Form.objects.get(xml_form_id="visit").current_id
    answer = root(
        "POST", f"/projects/{project.pk}/forms?publish=true&ignoreWarnings=true", body, content_type
    )
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.content
    form = Form.objects.get(xml_form_id="visit")
    assert (form.current_id, form.draft_id) == (before, None)


def test_a_fault_in_the_workbook_is_named_with_sheet_and_row(root, project):
    broken = VISIT.replace("| | text | note |", "| | txet | note |").encode()
    answer = root("POST", f"/projects/{project.pk}/forms/visit/draft", broken, "text/markdown")
    place = answer.json()["details"]["places"][0]
    assert answer.status_code == 400
    assert (place["sheet"], place["row"]) == ("survey", 3)
    assert Form.objects.get(xml_form_id="visit").draft is None


def test_a_form_with_warnings_needs_them_to_be_ignored(root, project):
    smaller = (
        VISIT.replace("| | text | note | Note |\n", "")
        .replace("| visit | 1 |", "| visit | 2 |")
        .encode()
    )
    path = f"/projects/{project.pk}/forms/visit/draft"
    answer = root("POST", path, smaller, "text/markdown")
    assert (answer.status_code, answer.json()["code"]) == (400, "400.16")
    assert answer.json()["details"]["warnings"]["workflowWarnings"][0]["details"]
    assert root.ok("POST", f"{path}?ignoreWarnings=true", smaller, "text/markdown") == {
        "success": True
    }


def test_a_draft_takes_files_and_links_lists(root, project):
    form = Form.objects.get(xml_form_id="home_visit")
    set_draft(form, actor=None)
    path = f"/projects/{project.pk}/forms/home_visit/draft/attachments"
    assert root.ok("GET", path)[0]["datasetExists"] is True
    root.ok("POST", f"{path}/child.csv", b"name,label\n1,x\n", "text/csv")
    listed = root.ok("GET", path)[0]
    assert (listed["blobExists"], listed["datasetExists"], listed["size"]) == (True, False, 15)
    assert b"".join(root("GET", f"{path}/child.csv")) == b"name,label\n1,x\n"
    assert root.ok("PATCH", f"{path}/child.csv", {"dataset": True})["datasetExists"] is True
    root.ok("DELETE", f"{path}/child.csv")
    assert root.ok("GET", path)[0]["exists"] is False
    assert root("POST", f"{path}/other.csv", b"x", "text/csv").status_code == 404


def test_a_draft_can_be_put_aside(root, project):
    set_draft(Form.objects.get(xml_form_id="visit"), actor=None)
    path = f"/projects/{project.pk}/forms/visit/draft"
    root.ok("DELETE", path)
    assert root("GET", path).status_code == 404


def test_a_form_is_closed_deleted_and_restored(root, project):
    path = f"/projects/{project.pk}/forms"
    assert root.ok("PATCH", f"{path}/visit", {"state": "closed"})["state"] == "closed"
    assert root("PATCH", f"{path}/visit", {"state": "ajar"}).status_code == 400
    number = root.ok("GET", f"{path}/visit")["id"]
    root.ok("DELETE", f"{path}/visit")
    assert [one["xmlFormId"] for one in root.ok("GET", f"{path}?deleted=true")] == ["visit"]
    root.ok("POST", f"{path}/{number}/restore")
    assert root.ok("GET", f"{path}/visit")["state"] == "closed"


def test_what_a_draft_would_change_in_the_lists_is_told(root, project):
    newer = ENUM.replace(
        "| | text | village_code |", "| | text | phone | Phone | phone |\n| | text | village_code |"
    ).replace("| enum | 1 |", "| enum | 2 |")
    root.ok(
        "POST",
        f"/projects/{project.pk}/forms/enum/draft?ignoreWarnings=true",
        newer.encode(),
        "text/markdown",
    )
    found = root.ok("GET", f"/projects/{project.pk}/forms/enum/draft/dataset-diff")[0]
    new = {one["name"]: one["isNew"] for one in found["properties"]}
    assert (found["name"], found["isNew"], new["child_name"]) == ("child", False, False)


# --- submissions
# --------------------------------------------------------------------------------------------------


def test_submissions_are_listed_with_their_current_version(root, project, visit_id, phone):
    path = f"/projects/{project.pk}/forms/visit/submissions"
    one = root.ok("GET", path)[0]
    assert (one["instanceId"], one["submitterId"], one["currentVersion"]["current"]) == (
        visit_id,
        phone.pk,
        True,
    )
    assert root.ok("GET", f"{path}?limit=1&offset=1") == []
    assert root("GET", f"{path}?limit=x").status_code == 400
    assert (
        root.ok("GET", path, **{"X-Extended-Metadata": "true"})[0]["submitter"]["type"]
        == "field_key"
    )


def test_a_submission_is_sent_edited_and_compared_over_rest(root, project):
    path = f"/projects/{project.pk}/forms/visit/submissions"
    first, second = new_id(), new_id()
    root.ok("POST", path, instance("visit", {"note": "a"}, instance_id=first), XML)
    assert (
        root("POST", path, instance("visit", {"note": "a"}, instance_id=first), XML).status_code
        == 409
    )
    root.ok(
        "PUT",
        f"{path}/{first}",
        instance("visit", {"note": "b"}, instance_id=second, replaces=first),
        XML,
    )
    assert [one["instanceId"] for one in root.ok("GET", f"{path}/{first}/versions")] == [
        second,
        first,
    ]
    changes = root.ok("GET", f"{path}/{first}/diffs")[second]
    assert {"path": ["note"], "old": "a", "new": "b"} in changes
    assert b"<note>a</note>" in root("GET", f"{path}/{first}/versions/{first}.xml").content
    assert b"<note>b</note>" in root("GET", f"{path}/{first}.xml").content


def test_an_edit_of_another_submission_is_refused(root, project, visit_id):
    other = new_id()
    path = f"/projects/{project.pk}/forms/visit/submissions"
    root.ok("POST", path, instance("visit", {}, instance_id=other), XML)
    answer = root("PUT", f"{path}/{visit_id}", instance("visit", {}, replaces=other), XML)
    assert (answer.status_code, answer.json()["code"]) == (409, "409.9")


def test_the_files_of_a_submission_are_read_filled_and_cleared(root, project, visit_id):
    path = f"/projects/{project.pk}/forms/visit/submissions/{visit_id}/attachments"
    assert root.ok("GET", path) == [{"name": "a.png", "exists": True}]
    shown = root("GET", f"{path}/a.png")
    assert (b"".join(shown), shown["Content-Disposition"].split(";")[0]) == (b"png", "inline")
    root.ok("DELETE", f"{path}/a.png")
    assert root("GET", f"{path}/a.png").status_code == 404
    root.ok("POST", f"{path}/a.png", b"again", "image/png")
    assert b"".join(root("GET", f"{path}/a.png")) == b"again"


def test_a_review_state_is_set_and_a_wrong_one_refused(root, project, visit_id):
    path = f"/projects/{project.pk}/forms/visit/submissions/{visit_id}"
    assert root.ok("PATCH", path, {"reviewState": "approved"})["reviewState"] == "approved"
    assert root("PATCH", path, {"reviewState": "great"}).status_code == 400


def test_a_deleted_submission_is_gone_until_restored(root, project, visit_id):
    path = f"/projects/{project.pk}/forms/visit/submissions"
    root.ok("DELETE", f"{path}/{visit_id}")
    assert (root.ok("GET", path), len(root.ok("GET", f"{path}?deleted=true"))) == ([], 1)
    root.ok("POST", f"{path}/{visit_id}/restore")
    assert len(root.ok("GET", path)) == 1


def test_a_restricted_form_is_read_only_with_that_right(project, visit_id, lan, county):
    Form.objects.filter(xml_form_id="visit").update(sensitivity="restricted")
    path = f"/projects/{project.pk}/forms/visit/submissions"
    assert Api(lan)("GET", path).status_code == 403
    assert len(Api(county).ok("GET", path)) == 1


def test_reading_a_record_is_journalled(root, project, visit_id, admin):
    root("GET", f"/projects/{project.pk}/forms/visit/submissions/{visit_id}.xml")
    assert Entry.objects.get(action="submission.read").actor_id == admin.pk


# --- lists
# --------------------------------------------------------------------------------------------------------


def test_a_list_is_made_gets_properties_and_entities(root, project):
    path = f"/projects/{project.pk}/datasets"
    made = root.ok("POST", path, {"name": "people"})
    assert made.keys() >= {
        "name",
        "projectId",
        "approvalRequired",
        "ownerOnly",
        "properties",
        "sourceForms",
        "linkedForms",
    }
    root.ok("POST", f"{path}/people/properties", {"name": "age"})
    assert root("POST", f"{path}/people/properties", {"name": "AGE"}).status_code == 409
    assert root("POST", f"{path}/people/properties", {"name": "label"}).status_code == 400
    assert root("POST", path, {"name": "People"}).status_code == 409
    assert root("POST", path, {"name": "__x"}).status_code == 400
    one = root.ok("POST", f"{path}/people/entities", {"label": "Ann", "data": {"age": "7"}})
    assert (one["currentVersion"]["version"], one["currentVersion"]["data"]) == (1, {"age": "7"})
    rows = [
        {"uuid": str(uuid.uuid4()), "label": f"P{n}", "data": {"age": str(n)}} for n in range(600)
    ]
    assert root.ok(
        "POST",
        f"{path}/people/entities",
        {"source": {"name": "f.csv", "size": 1}, "entities": rows},
    ) == {"success": True}
    assert len(root.ok("GET", f"{path}/people/entities")) == 601
    text = b"".join(root("GET", f"{path}/people/entities.csv")).decode()
    assert (
        text.splitlines()[0]
        == "__id,label,age,__createdAt,__creatorId,__creatorName,__updates,__updatedAt,__version"
    )
    assert len(text.splitlines()) == 602


BAD_ENTITIES = [
    {"data": {}},
    {"label": ""},
    {"label": "x", "data": {"nothing": "1"}},
    {"label": "x", "data": {"phone": 3}},
    {"label": "x", "uuid": "no"},
    {"label": "x", "data": []},
    {"entities": []},
    {"entities": [{"label": "x"}]},
    {"entities": [3], "source": {"name": "f"}},
]


@pytest.mark.parametrize("body", BAD_ENTITIES)
def test_a_bad_entity_is_refused_and_nothing_is_stored(root, project, body):
    answer = root("POST", f"/projects/{project.pk}/datasets/child/entities", body)
    assert (answer.status_code, Entity.objects.count()) == (400, 0), answer.content


def test_a_bulk_with_one_known_uuid_stores_none(root, project, child):
    rows = [{"label": "new"}, {"uuid": str(child.uuid), "label": "again"}]
    answer = root(
        "POST",
        f"/projects/{project.pk}/datasets/child/entities",
        {"entities": rows, "source": {"name": "f"}},
    )
    assert (answer.status_code, Entity.objects.count()) == (409, 1)


def test_an_entity_is_changed_only_from_its_current_version(root, project, child):
    path = f"/projects/{project.pk}/datasets/child/entities/{child.uuid}"
    assert root("PATCH", path, {"label": "x"}).status_code == 400
    stale = root("PATCH", f"{path}?baseVersion=7", {"label": "x"})
    assert (stale.status_code, stale.json()["code"]) == (409, "409.15")
    changed = root.ok("PATCH", f"{path}?baseVersion=1", {"data": {"phone": "1"}})
    assert (
        changed["currentVersion"]["version"],
        changed["currentVersion"]["data"]["child_name"],
    ) == (2, "张小明")
    root.ok("PATCH", f"{path}?force=true", {"label": "新名"})
    history = root.ok("GET", f"{path}/versions")
    assert [one["version"] for one in history] == [1, 2, 3]
    assert history[1]["serverDiff"] == ["phone"]
    assert history[2]["baseDiff"] == ["label"]


def test_a_conflict_is_resolved_without_a_new_version(root, project, child):
    Entity.objects.update(conflict="hard")
    path = f"/projects/{project.pk}/datasets/child/entities/{child.uuid}"
    assert root.ok("PATCH", f"{path}?resolve=true&baseVersion=1")["conflict"] is None
    assert Entity.objects.get().version == 1


def test_a_removed_entity_is_listed_as_deleted_and_comes_back(root, project, child):
    path = f"/projects/{project.pk}/datasets/child/entities"
    root.ok("DELETE", f"{path}/{child.uuid}")
    assert (root.ok("GET", path), len(root.ok("GET", f"{path}?deleted=true"))) == ([], 1)
    assert root("GET", f"{path}/{child.uuid}").status_code == 404
    root.ok("POST", f"{path}/{child.uuid}/restore")
    assert len(root.ok("GET", path)) == 1


def test_changing_an_entity_by_hand_asks_for_its_evaluation(root, project, child):
    root.ok(
        "PATCH",
        f"/projects/{project.pk}/datasets/child/entities/{child.uuid}?force=true",
        {"label": "新"},
    )
    assert Reaction.objects.get(event="entity.touched").payload["entity_id"] == child.pk


# --- who may not
# ----------------------------------------------------------------------------------------------------

PERSONAL = [  # what is of Lan's village
    ("GET", "/projects/{p}/forms/visit/submissions/{s}"),
    ("GET", "/projects/{p}/forms/visit/submissions/{s}.xml"),
    ("GET", "/projects/{p}/forms/visit/submissions/{s}/versions"),
    ("GET", "/projects/{p}/forms/visit/submissions/{s}/diffs"),
    ("GET", "/projects/{p}/forms/visit/submissions/{s}/attachments"),
    ("GET", "/projects/{p}/forms/visit/submissions/{s}/attachments/a.png"),
    ("GET", "/projects/{p}/forms/visit/submissions/{s}/versions/{s}.xml"),
    ("PATCH", "/projects/{p}/forms/visit/submissions/{s}"),
    ("PUT", "/projects/{p}/forms/visit/submissions/{s}"),
    ("DELETE", "/projects/{p}/forms/visit/submissions/{s}"),
    ("POST", "/projects/{p}/forms/visit/submissions/{s}/attachments/a.png"),
    ("DELETE", "/projects/{p}/forms/visit/submissions/{s}/attachments/a.png"),
    ("GET", "/projects/{p}/datasets/child/entities/{e}"),
    ("GET", "/projects/{p}/datasets/child/entities/{e}/versions"),
    ("PATCH", "/projects/{p}/datasets/child/entities/{e}?force=true"),
    ("DELETE", "/projects/{p}/datasets/child/entities/{e}"),
]
OFFICE = [  # what only those who run the server may do
    ("POST", "/projects"),
    ("PATCH", "/projects/{p}"),
    ("DELETE", "/projects/{p}"),
    ("GET", "/projects/{p}/app-users"),
    ("POST", "/projects/{p}/app-users"),
    ("POST", "/projects/{p}/forms"),
    ("PATCH", "/projects/{p}/forms/visit"),
    ("DELETE", "/projects/{p}/forms/visit"),
    ("GET", "/projects/{p}/forms/visit/draft"),
    ("POST", "/projects/{p}/forms/visit/draft"),
    ("DELETE", "/projects/{p}/forms/visit/draft"),
    ("POST", "/projects/{p}/forms/visit/draft/publish"),
    ("GET", "/projects/{p}/forms/visit/draft/fields"),
    ("GET", "/projects/{p}/forms/visit/draft/attachments"),
    ("POST", "/projects/{p}/forms/visit/draft/attachments/x"),
    ("GET", "/projects/{p}/forms/visit/draft/submissions"),
    ("GET", "/projects/{p}/forms/visit/draft.xml"),
    ("GET", "/projects/{p}/forms/visit/assignments"),
    ("POST", "/projects/{p}/forms/visit/assignments/app-user/1"),
    ("POST", "/projects/{p}/datasets"),
    ("PATCH", "/projects/{p}/datasets/child"),
    ("POST", "/projects/{p}/datasets/child/properties"),
]
READABLE = [
    ("GET", "/projects/{p}"),
    ("GET", "/projects/{p}/forms"),
    ("GET", "/projects/{p}/forms/visit"),
    ("GET", "/projects/{p}/forms/visit/fields"),
    ("GET", "/projects/{p}/forms/visit/versions"),
    ("GET", "/projects/{p}/forms/visit/attachments"),
    ("GET", "/projects/{p}/forms/visit/submissions"),
    ("GET", "/projects/{p}/datasets"),
    ("GET", "/projects/{p}/datasets/child"),
    ("GET", "/projects/{p}/datasets/child/entities"),
    ("GET", "/projects/{p}/datasets/child/entities.csv"),
    ("GET", "/users/current"),
    ("GET", "/sessions/restore"),
    ("DELETE", "/sessions/current"),
    ("DELETE", "/sessions/x"),
]


def fill(path: str, project: Project, submission: str, entity: Entity) -> str:
    return path.format(p=project.pk, s=submission, e=entity.uuid)


@pytest.mark.parametrize(("method", "path"), PERSONAL)
def test_a_stranger_finds_nothing_of_another_county(
    project, visit_id, child, stranger, method, path
):
    answer = Api(stranger)(
        method, fill(path, project, visit_id, child), b"" if method in ("PUT", "POST") else {}
    )
    assert answer.status_code == 404, answer.content
    assert Submission.objects.get().review_state is None
    assert Entity.objects.get().version == 1


@pytest.mark.parametrize(("method", "path"), OFFICE)
def test_a_field_worker_does_not_run_the_server(project, visit_id, child, lan, method, path):
    answer = Api(lan)(method, fill(path, project, visit_id, child), {})
    assert answer.status_code == 403, answer.content


@pytest.mark.parametrize(("method", "path"), PERSONAL + OFFICE + READABLE)
def test_nobody_is_refused(project, visit_id, child, method, path):
    answer = Api(None)(method, fill(path, project, visit_id, child), {})
    assert answer.status_code == 401, answer.content


@pytest.mark.parametrize(
    ("method", "path"), [*PERSONAL, *OFFICE, *[one for one in READABLE if "sessions" not in one[1]]]
)
def test_a_phones_key_opens_no_desk(project, visit_id, child, phone, method, path):
    address = fill(path, project, visit_id, child)
    answer = Client().generic(
        method, f"/v1/key/{phone.key}{address}", b"{}", content_type="application/json"
    )
    assert answer.status_code in (403, 404), answer.content


def test_lists_hold_only_what_is_within_reach(project, visit_id, child, stranger, county):
    for path in (
        f"/projects/{project.pk}/forms/visit/submissions",
        f"/projects/{project.pk}/datasets/child/entities",
    ):
        assert Api(stranger).ok("GET", path) == []
        assert len(Api(county).ok("GET", path)) == 1
    assert str(child.uuid).encode() not in b"".join(
        Api(stranger)("GET", f"/projects/{project.pk}/datasets/child/entities.csv")
    )
    extended = Api(stranger).ok(
        "GET", f"/projects/{project.pk}/forms/visit", **{"X-Extended-Metadata": "true"}
    )
    assert extended["submissions"] == 0


def test_nobody_sees_an_empty_list_of_projects(project):
    assert Api(None).ok("GET", "/projects") == []


def test_a_bearer_that_fails_never_falls_back(project, admin):
    client = Client()
    client.force_login(admin, backend="django.contrib.auth.backends.ModelBackend")
    assert (
        client.get("/v1/users/current", headers={"Authorization": "Bearer wrong"}).status_code
        == 401
    )


def test_a_class_teacher_sees_the_records_of_her_class(project, phone, country):
    school = country.town.schools.create(code="S1", name="小学")
    create_dataset(project, "pupil", actor=None, school_property="school", class_property="class")
    publish(
        project,
        ENUM.replace("child |", "pupil |")
        .replace("| enum | 1 |", "| pupils | 1 |")
        .replace("village_code | Village | village_code", "school | School | school"),
    )
    teacher = make_user("teacher", Role.CLASS_TEACHER, school=school, class_name="")
    key = str(uuid.uuid4())
    receive_submission(
        project,
        instance("pupils", {"school": "S1"}, entity=create_entity(key, "学生", "pupil")),
        actor=phone,
    )
    register_pending()
    assert len(Api(teacher).ok("GET", f"/projects/{project.pk}/forms/pupils/submissions")) == 1
    Entity.objects.filter(uuid=key).update(class_name="三1班")
    teacher.grants.update(class_name="三1班")
    assert len(Api(teacher).ok("GET", f"/projects/{project.pk}/forms/pupils/submissions")) == 1
    teacher.grants.update(class_name="三2班")
    assert Api(teacher).ok("GET", f"/projects/{project.pk}/forms/pupils/submissions") == []


def register_pending() -> None:
    """Only this floor's jobs."""
    for reaction in Reaction.objects.filter(job="forms.registry.register_submission"):
        register_submission(**reaction.payload)


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("/projects/{p}/forms", 8),
        ("/projects/{p}/forms/visit/submissions", 12),
        ("/projects/{p}/datasets/child/entities", 12),
    ],
)
def test_lists_take_a_fixed_number_of_queries(
    root, project, visit_id, child, phone, path, most, django_assert_max_num_queries
):
    for _ in range(5):
        receive_submission(project, instance("visit", {}), actor=phone)
        write_entity(Dataset.objects.get(name="child"), uuid.uuid4(), "x", {})
    with django_assert_max_num_queries(most):
        root.ok("GET", fill(path, project, visit_id, child), **{"X-Extended-Metadata": "true"})
