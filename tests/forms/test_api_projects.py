"""Projects over the API: listed with all that stands beside them, changed, archived, put as a whole."""

from typing import Any

import pytest

from forms.models import Dataset, Form, Project
from forms.registry import write_entity
from forms.services import create_dataset, receive_submission
from forms.services.public_links import create_link
from server.journal.models import Entry
from server.people.models import RoleGrant, User
from server.people.roles import Role
from tests.conftest import PASSWORD, make_user
from tests.forms.field_work import (
    ENUM,
    VISIT,
    Phone,
    instance,
    make_phone,
    make_project,
    multipart,
    publish,
)
from tests.forms.test_api import Api

pytestmark = pytest.mark.django_db
WIDE = {"X-Extended-Metadata": "true"}


@pytest.fixture
def project(db):
    made = make_project()
    create_dataset(made, "child", actor=None, area_property="village_code")
    for form in (VISIT, ENUM):
        publish(made, form)
    return made


@pytest.fixture
def root(admin):
    return Api(admin)


def refused(api: Api, method: str, path: str, body=None) -> str:
    answer = api(method, path, body)
    assert answer.status_code >= 400, answer.content
    return answer.json()["code"]


def somebody(name: str = "lin") -> User:
    """A login without any role."""
    return User.objects.create_user(f"{name}@example.org", PASSWORD, display_name=name)


# --- listed


def test_projects_are_listed_with_what_stands_beside_them(root, project, country):
    other = make_project("other")
    phone = make_phone(project)
    receive_submission(project, instance("visit", {"note": "x"}), actor=phone)
    dataset = Dataset.objects.get(name="child")
    write_entity(dataset, "11111111-1111-4111-8111-111111111111", "小明", {})
    wide = {one["id"]: one for one in root.ok("GET", "/projects", **WIDE)}
    mine, theirs = wide[project.pk], wide[other.pk]
    assert (mine["forms"], mine["appUsers"], mine["datasets"]) == (2, 1, 1)
    assert mine["lastSubmission"]
    assert mine["lastEntity"]
    assert (theirs["forms"], theirs["appUsers"], theirs["lastSubmission"]) == (0, 0, None)
    assert "forms" not in root.ok("GET", "/projects")[0]


def test_the_list_nests_forms_and_entity_lists_with_their_numbers(root, project):
    receive_submission(project, instance("visit", {"note": "x"}), actor=make_phone(project))
    (shown,) = root.ok("GET", "/projects?forms=true&datasets=true")
    forms = {one["xmlFormId"]: one for one in shown["formList"]}
    assert (set(forms), forms["visit"]["submissions"]) == ({"visit", "enum"}, 1)
    assert [(one["name"], one["entities"]) for one in shown["datasetList"]] == [("child", 0)]


def test_the_list_asks_the_database_no_more_for_more_projects(
    root, project, django_assert_num_queries, django_assert_max_num_queries
):
    path = "/projects?forms=true&datasets=true"
    with django_assert_max_num_queries(20) as first:
        root.ok("GET", path, **WIDE)
    for number in range(3):
        publish(make_project(str(number)), VISIT)
    with django_assert_num_queries(len(first.captured_queries)):
        assert len(root.ok("GET", path, **WIDE)) == 4


def test_the_last_submission_is_the_last_that_the_reader_may_see(project, lan, stranger):
    receive_submission(project, instance("visit", {"note": "x"}), actor=lan)
    assert Api(lan).ok("GET", f"/projects/{project.pk}", **WIDE)["lastSubmission"]
    assert Api(stranger).ok("GET", f"/projects/{project.pk}", **WIDE)["lastSubmission"] is None


def test_archived_projects_come_last_and_still_take_records(root, project):
    """As the contract has it: archiving sorts a project to the bottom, and no more."""
    other = make_project("z")
    root.ok("PATCH", f"/projects/{project.pk}", {"archived": True})
    assert [one["id"] for one in root.ok("GET", "/projects")] == [other.pk, project.pk]
    theirs = Phone(make_phone(project), project)
    assert b"<formID>visit</formID>" in theirs.get("/formList").content
    assert theirs.send(instance("visit", {"note": "x"})).status_code == 201


def test_a_removed_project_is_gone_for_everybody(root, project, lan):
    phone = Phone(make_phone(project, lan), project)
    root.ok("DELETE", f"/projects/{project.pk}")
    assert refused(root, "GET", f"/projects/{project.pk}") == "404.1"
    assert root.ok("GET", "/projects") == []
    assert phone.get("/formList").status_code in (403, 404)


def test_verbs_tell_what_the_reader_may_do_there(root, project):
    lin = somebody()
    root.ok("POST", f"/projects/{project.pk}/assignments/viewer/{lin.pk}")
    verbs = Api(lin).ok("GET", f"/projects/{project.pk}", **WIDE)["verbs"]
    assert "submission.read" in verbs
    assert "form.update" not in verbs
    assert "project.update" in root.ok("GET", f"/projects/{project.pk}", **WIDE)["verbs"]


# --- a role on one form


def test_a_role_on_one_form_opens_that_form_alone_everywhere(root, project):
    lin = somebody()
    root.ok("POST", f"/projects/{project.pk}/forms/visit/assignments/formfill/{lin.pk}")
    theirs, path = Api(lin), f"/projects/{project.pk}"
    assert [one["id"] for one in theirs.ok("GET", "/projects")] == [project.pk]
    assert theirs.ok("GET", path)["id"] == project.pk
    assert [one["xmlFormId"] for one in theirs.ok("GET", f"{path}/forms")] == ["visit"]
    (nested,) = theirs.ok("GET", "/projects?forms=true&datasets=true")
    assert [one["xmlFormId"] for one in nested["formList"]] == ["visit"]
    assert nested["datasetList"] == []
    assert theirs("GET", f"{path}/forms/visit.xml").status_code == 200
    assert refused(theirs, "GET", f"{path}/forms/enum") == "403.1"
    assert refused(theirs, "GET", f"{path}/forms/visit/submissions") == "403.1"


def test_a_role_on_one_form_counts_for_a_phone_with_a_password(root, project):
    lin = somebody()
    root.ok("POST", f"/projects/{project.pk}/forms/visit/assignments/formfill/{lin.pk}")
    theirs, path = Api(lin), f"/projects/{project.pk}"
    listed = theirs("GET", f"{path}/formList").content
    assert b"<formID>visit</formID>" in listed
    assert b"enum" not in listed
    for form, status in (("visit", 201), ("enum", 403)):
        body, kind = multipart(instance(form, {}), {})
        assert theirs("POST", f"{path}/submission", body, kind).status_code == status


def test_a_role_on_a_project_is_worth_nothing_in_another_for_a_phone(root, project):
    lin, other = somebody(), make_project("other")
    publish(other, VISIT)
    root.ok("POST", f"/projects/{project.pk}/assignments/formfill/{lin.pk}")
    theirs = Api(lin)
    assert b"<formID>" in theirs("GET", f"/projects/{project.pk}/formList").content
    assert theirs("GET", f"/projects/{other.pk}/formList").status_code == 403
    body, kind = multipart(instance("visit", {}), {})
    assert theirs("POST", f"/projects/{other.pk}/submission", body, kind).status_code == 403


def test_an_edit_needs_the_right_where_its_record_stands(project, lan, county, stranger):
    xml = instance("visit", {"note": "1"}, instance_id="uuid:first")
    receive_submission(project, xml, actor=lan)
    edit = instance("visit", {"note": "2"}, replaces="uuid:first")
    body, kind = multipart(edit, {})
    path = f"/projects/{project.pk}/submission"
    assert Api(stranger)("POST", path, body, kind).status_code == 403
    assert Api(county)("POST", path, body, kind).status_code == 201


# --- put as a whole


def test_a_project_its_forms_and_their_users_are_put_at_once(root, project):
    phone = root.ok("POST", f"/projects/{project.pk}/app-users", {"displayName": "p"})
    lin, path = somebody(), f"/projects/{project.pk}"
    body = {
        "name": "新名",
        "archived": True,
        "forms": [
            {"xmlFormId": "visit", "state": "closing",
             "assignments": [{"roleId": 2, "actorId": phone["id"]}, {"roleId": 7, "actorId": lin.pk}]},
            {"xmlFormId": "enum"},
        ],
    }  # fmt: skip
    told = root.ok("PUT", path, body)
    assert (told["name"], told["archived"], told["description"]) == ("新名", True, None)
    assert root.ok("GET", f"{path}/forms/visit")["state"] == "closing"
    assert root.ok("GET", f"{path}/forms/enum")["state"] == "open"
    held = {
        (one["actorId"], one["roleId"]) for one in root.ok("GET", f"{path}/forms/visit/assignments")
    }
    assert held == {(phone["id"], 2), (lin.pk, 7)}
    del body["forms"][0]["state"]
    body["forms"][0]["assignments"] = []
    root.ok("PUT", path, body)
    assert root.ok("GET", f"{path}/forms/visit/assignments") == []
    assert root.ok("GET", f"{path}/forms/visit")["state"] == "closing"


def test_a_put_empties_what_it_leaves_out(root, project):
    path = f"/projects/{project.pk}"
    root.ok("PATCH", path, {"description": "说明", "archived": True})
    told = root.ok("PUT", path, {"name": "a"})
    assert (told["description"], told["archived"]) == (None, False)
    assert refused(root, "PUT", path, {"description": "x"}) == "400.2"


@pytest.mark.parametrize(
    ("forms", "code"),
    [([{"xmlFormId": "visit"}], "501.1"), ([{"xmlFormId": "visit"}] * 2, "501.1"), ([{}], "400.2"),
     ("visit", "400.8"), ([1], "400.8"), ([{"xmlFormId": "visit", "state": "gone"}], "400.8"),
     ([{"xmlFormId": "visit", "assignments": [{"roleId": 2}]}], "400.2"),
     ([{"xmlFormId": "visit", "assignments": [{"roleId": "x", "actorId": 1}]}], "400.8"),
     ([{"xmlFormId": "visit", "assignments": [{"roleId": 99, "actorId": 1}]}], "404.1"),
     ([{"xmlFormId": "visit", "state": "closed"},
       {"xmlFormId": "enum", "assignments": [{"roleId": 7, "actorId": 999999}]}], "404.1")],
)  # fmt: skip
def test_a_put_is_done_whole_or_not_at_all(root, project, forms, code):
    assert refused(root, "PUT", f"/projects/{project.pk}", {"name": "x", "forms": forms}) == code
    assert Project.objects.get(pk=project.pk).name == "关爱"
    assert Form.objects.get(xml_form_id="visit").state == "open"


def test_a_manager_puts_a_project_but_opens_no_rows_by_it(root, project):
    lin, wu = somebody(), somebody("wu")
    root.ok("POST", f"/projects/{project.pk}/assignments/manager/{lin.pk}")
    theirs, path = Api(lin), f"/projects/{project.pk}"
    both: list[dict[str, Any]] = [{"xmlFormId": "visit"}, {"xmlFormId": "enum"}]
    assert theirs.ok("PUT", path, {"name": "b", "forms": both})["name"] == "b"
    both[0]["assignments"] = [{"roleId": 6, "actorId": wu.pk}]
    assert refused(theirs, "PUT", path, {"name": "c", "forms": both}) == "403.1"
    assert not RoleGrant.objects.filter(user=wu).exists()


# --- who may not

CLOSED = [
    ("POST", "/projects"),
    ("PATCH", "/projects/{p}"),
    ("PUT", "/projects/{p}"),
    ("DELETE", "/projects/{p}"),
]


@pytest.mark.parametrize(("method", "path"), CLOSED)
def test_projects_are_changed_by_who_may(method, path, project, lan, stranger):
    path, before = path.format(p=project.pk), Entry.objects.count()
    body = {"name": "x", "archived": True}
    assert refused(Api(None), method, path, body) == "401.2"
    for user in (lan, stranger, make_user("v", Role.VIEWER, project_id=project.pk)):
        assert refused(Api(user), method, path, body) == "403.1"
    phone = make_phone(project, lan)
    assert refused(Api(None), method, f"{path}?st={phone.key}", body) == "403.1"
    logins = Entry.objects.filter(action__in=["user.session.create", "field_key.create"]).count()
    assert Entry.objects.count() == before + logins
    assert Project.objects.get().name == "关爱"


def test_what_is_not_there_is_not_found_or_closed(root, stranger, project):
    for method in ("GET", "PATCH", "PUT", "DELETE"):
        assert refused(root, method, "/projects/999999", {"name": "x"}) == "404.1"
    lin = somebody()
    assert refused(Api(lin), "GET", "/projects/999999") == "403.1"
    assert refused(Api(lin), "GET", f"/projects/{project.pk}") == "403.1"


def test_anybody_may_ask_for_the_list_and_sees_what_is_theirs(project, admin):
    assert Api(None).ok("GET", "/projects") == []
    assert Api(somebody()).ok("GET", "/projects") == []
    link = create_link(Form.objects.get(xml_form_id="visit"), "a", actor=admin)
    assert Api(None).ok("GET", f"/projects?st={link.token}") == []


@pytest.mark.parametrize(
    ("body", "code"),
    [({}, "400.2"), ({"name": " "}, "400.8"), ({"name": "x" * 201}, "400.8"), ({"name": 1}, "400.8"),
     ({"name": "x", "description": 1}, "400.8"), ([], "400.1")],
)  # fmt: skip
def test_a_project_needs_a_name(root, body, code):
    assert refused(root, "POST", "/projects", body) == code
    assert not Project.objects.exists()


def test_every_change_of_a_project_is_in_the_audit_log(root):
    made = root.ok("POST", "/projects", {"name": "a"})
    root.ok("PUT", f"/projects/{made['id']}", {"name": "b"})
    root.ok("DELETE", f"/projects/{made['id']}")
    told = Entry.objects.filter(action__startswith="project.").order_by("id")
    assert [one.action for one in told] == ["project.create", "project.update", "project.delete"]
