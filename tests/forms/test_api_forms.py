"""Forms over the API, call by call as the contract has them: drafts, versions, files, the trash."""

import io
from urllib.parse import quote

import openpyxl
import pytest
from django.test import Client

from forms.models import Form, FormVersion, Project, Submission
from forms.services import create_dataset, upload_form
from server.journal.models import Entry
from server.people.models import RoleGrant, User
from server.people.roles import Role
from tests.conftest import make_user
from tests.forms.field_work import instance, make_phone, make_project, multipart
from tests.forms.test_api import XLSX, XML, Api

EXTENDED = {"X-Extended-Metadata": "true"}
FORM_KEYS = {
    "id", "projectId", "xmlFormId", "name", "version", "hash", "keyId", "state", "enketoId",
    "createdAt", "updatedAt", "publishedAt",
}  # fmt: skip
NAMES = [
    "家访 表",
    "a/b",
    "http://openrosa.org/formdesigner/ABC-1",
    "50% & more?#+;=@",
    "draft/versions-2",
]


def xform(
    form_id: str = "visit",
    version: str = "1",
    *,
    kind: str = "string",
    media: str = "",
    title: str = "家访",
) -> bytes:
    """A small XForm; `media` names a file beside it."""
    instance_ = f'<instance id="more" src="jr://file/{media}"/>' if media else ""
    escaped = form_id.replace("&", "&amp;")
    return (
        '<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml"'
        ' xmlns:jr="http://openrosa.org/javarosa"><h:head>'
        f'<h:title>{title}</h:title><model><instance><data id="{escaped}" version="{version}">'
        f"<note/><when/><meta><instanceID/></meta></data></instance>{instance_}"
        f'<bind nodeset="/data/note" type="{kind}"/><bind nodeset="/data/when" type="date"/>'
        '<bind nodeset="/data/meta/instanceID" type="string" preload="uid"/></model></h:head>'
        '<h:body><input ref="/data/note"><label>x</label></input></h:body></h:html>'
    ).encode()


def workbook(*rows: tuple[str, ...], **settings: str) -> bytes:
    """An .xlsx with these rows, by default one question (type, name, label)."""
    book = openpyxl.Workbook()
    survey = book.active
    survey.title = "survey"
    for row in rows or (("type", "name", "label"), ("text", "note", "记录")):
        survey.append(row)
    if settings:
        sheet = book.create_sheet("settings")
        sheet.append(tuple(settings))
        sheet.append(tuple(settings.values()))
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def put(project: Project, content: bytes, *, publish: bool = True) -> Form:
    """The form of an XForm."""
    version = upload_form(project, content, XML, actor=None, publish=publish, ignore_warnings=True)
    return version.form


@pytest.fixture
def project(db: None) -> Project:
    return make_project()


@pytest.fixture
def root(admin: User) -> Api:
    return Api(admin)


@pytest.fixture
def path(project: Project) -> str:
    return f"/projects/{project.pk}/forms"


# --- names


@pytest.mark.parametrize("name", NAMES)
def test_a_form_of_any_name_and_version_is_found_at_its_address(root, project, path, name):
    root.ok("POST", f"{path}?publish=true", xform(name, "1/1 稿?", media="清单 1.csv"), XML)
    here = f"{path}/{quote(name, safe='')}"
    version = f"{here}/versions/{quote('1/1 稿?', safe='')}"
    assert root.ok("GET", here)["xmlFormId"] == name
    assert root.ok("GET", version)["version"] == "1/1 稿?"
    assert root.ok("GET", f"{version}/fields")[0]["path"] == "/note"
    assert root("GET", f"{version}.xml").content == root("GET", f"{here}.xml").content
    root.ok("POST", f"{here}/draft")
    root.ok("POST", f"{here}/draft/attachments/{quote('清单 1.csv')}", b"a,b\n", "text/csv")
    root.ok("POST", f"{here}/draft/publish?version={quote('2+2')}")
    assert b"".join(root("GET", f"{here}/attachments/{quote('清单 1.csv')}")) == b"a,b\n"
    assert [one["version"] for one in root.ok("GET", f"{here}/versions")] == ["2+2", "1/1 稿?"]
    sent = instance(name.replace("&", "&amp;"), {"note": "好"}, version="2+2")
    root.ok("POST", f"{here}/submissions", sent, XML)
    assert len(root.ok("GET", f"{here}/submissions")) == 1
    root.ok("DELETE", here)
    assert root("GET", here).status_code == 404


def test_what_phones_are_told_of_such_a_form_leads_to_it(project, lan):
    put(project, xform("a/b c", "1/2", media="x.csv"))
    phone = make_phone(project, lan)
    client = Client()
    listed = client.get(f"/v1/key/{phone.key}/projects/{project.pk}/formList").content.decode()
    url = listed.partition("<downloadUrl>http://testserver")[2].partition("<")[0]
    assert client.get(url).content == xform("a/b c", "1/2", media="x.csv")
    assert client.get(f"{url.removesuffix('.xml')}/manifest").status_code == 200


# --- uploads


def test_the_name_in_the_header_is_the_forms_where_the_sheet_gives_none(root, path):
    headers = {"X-XlsForm-FormId-Fallback": quote("家访 v1.2.xlsx")}
    made = root.ok("POST", path, workbook(), XLSX, **headers)
    assert (made["xmlFormId"], made["publishedAt"]) == ("家访 v1.2", None)
    here = f"{path}/{quote('家访 v1.2')}"
    root.ok(
        "POST", f"{here}/draft", workbook(("type", "name", "label"), ("text", "note", "新")), XLSX
    )
    sheet = root("GET", f"{here}/draft.xlsx")
    assert sheet["Content-Type"] == XLSX
    assert "UTF-8''%E5%AE%B6" in sheet["Content-Disposition"]
    again = root("GET", f"{here}/draft.xlsx", **{"If-None-Match": sheet["ETag"]})
    assert (again.status_code, root("GET", f"{here}/draft.xls").status_code) == (304, 404)


def test_warnings_are_told_in_centrals_shape_and_can_be_ignored(root, project, path):
    half = ("type", "name", "label::中文 (zh)", "label::English (en)", "hint::中文 (zh)")
    sheet = workbook(half, ("text", "note", "记录", "Note", "写"), form_id="w", form_title="W")
    put(project, xform("w"))
    root.ok("DELETE", f"{path}/w")
    answer = root("POST", path, sheet, XLSX)
    assert (answer.status_code, answer.json()["code"]) == (400, "400.16")
    told = answer.json()["details"]["warnings"]
    assert [one for one in told["xlsFormWarnings"] if "hint" in one]
    assert told["workflowWarnings"] == [
        {"type": "deletedFormExists", "details": {"xmlFormId": "w"}}
    ]
    assert root.ok("POST", f"{path}?ignoreWarnings=true", sheet, XLSX)["xmlFormId"] == "w"


def test_a_question_that_goes_is_warned_of_by_its_name(root, project, path):
    put(project, xform())
    less = (
        xform(version="2")
        .replace(b"<when/>", b"")
        .replace(b'<bind nodeset="/data/when" type="date"/>', b"")
    )
    answer = root("POST", f"{path}/visit/draft", less, XML)
    assert answer.json()["details"]["warnings"] == {
        "workflowWarnings": [{"type": "structureChanged", "details": ["when"]}]
    }


def test_a_question_keeps_its_type_or_becomes_text(root, project, path):
    put(project, xform(kind="int"))
    root.ok("POST", f"{path}/visit/draft", xform(version="2", kind="string"), XML)
    answer = root("POST", f"{path}/visit/draft?ignoreWarnings=true", xform(kind="date"), XML)
    assert (answer.status_code, answer.json()["code"]) == (400, "400.17")
    assert answer.json()["details"] == {"path": "/note", "type": "int"}


@pytest.mark.parametrize(
    ("content", "content_type", "status", "code"),
    [
        (xform("other"), XML, 400, "400.8"),
        (b"<html/>", XML, 400, "400.1"),
        (b"{}", "application/json", 415, "415.1"),
        (b"PK\x03\x04", XLSX, 400, "400.15"),
        (xform(media="n" * 256), XML, 400, "400.1"),
    ],
)
def test_a_draft_that_cannot_be_leaves_the_one_before(
    root, project, path, content, content_type, status, code
):
    before = put(project, xform(), publish=False).draft_id
    answer = root("POST", f"{path}/visit/draft", content, content_type)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert Form.objects.get().draft_id == before


# --- details


def test_a_form_has_the_contracts_keys_and_more_when_asked(root, project, path, admin):
    put(project, xform())
    assert root.ok("GET", f"{path}/visit").keys() >= FORM_KEYS
    root.ok("POST", f"{path}/visit/draft")
    root.ok(
        "POST", f"{path}/visit/draft/publish?version=2", **{"X-Action-Notes": quote("修正 标签")}
    )
    told = root.ok("GET", f"{path}/visit", **EXTENDED)
    assert (told["submissions"], told["publicLinks"], told["entityRelated"]) == (0, 0, False)
    assert told["reviewStates"] == {"received": 0, "hasIssues": 0, "edited": 0}
    assert (told["publishNotes"], told["excelContentType"]) == ("修正 标签", None)
    version = root.ok("GET", f"{path}/visit/versions/2", **EXTENDED)
    assert (version["publishedBy"]["id"], version["publishNotes"]) == (admin.pk, "修正 标签")
    assert Entry.objects.get(action="form.update.publish", actor=admin).notes == "修正 标签"
    assert "publishNotes" not in root.ok("GET", f"{path}/visit")


def test_what_was_said_at_publishing_is_for_those_who_change_forms(project, path, lan):
    form = put(project, xform())
    FormVersion.objects.filter(current_of=form).update(publish_notes="intern")
    assert "publishNotes" not in Api(lan).ok("GET", f"{path}/visit", **EXTENDED)
    manager = make_user("manager", Role.MANAGER, project_id=project.pk)
    assert Api(manager).ok("GET", f"{path}/visit", **EXTENDED)["publishNotes"] == "intern"


def test_the_list_of_forms_costs_the_same_queries_however_many_there_are(
    root, project, path, django_assert_max_num_queries
):
    for number in range(6):
        put(project, xform(f"f{number}"))
    with django_assert_max_num_queries(9):
        assert len(root.ok("GET", path, **EXTENDED)) == 6


def test_names_are_written_as_odata_has_them_when_asked(root, path):
    odd = xform("odd").replace(b"note", b"no.te-1")
    root.ok("POST", f"{path}?publish=true", odd, XML)
    plain, odata = (root.ok("GET", f"{path}/odd/fields{query}")[0] for query in ("", "?odata=true"))
    assert (plain["path"], plain["name"]) == ("/no.te-1", "no.te-1")
    assert (odata["path"], odata["name"]) == ("/no_te_1", "no_te_1")
    assert odata["type"] == "string"


# --- drafts and versions


@pytest.mark.parametrize("version", ["x" * 256, "a\x07b"])
def test_a_version_that_cannot_be_is_refused_at_publishing(root, project, path, version):
    put(project, xform(), publish=False)
    answer = root("POST", f"{path}/visit/draft/publish?version={quote(version)}")
    assert (answer.status_code, answer.json()["code"]) == (400, "400.8")
    assert Form.objects.get().current is None


def test_the_draft_of_a_form_that_was_never_published_cannot_be_put_aside(root, project, path):
    put(project, xform(), publish=False)
    answer = root("DELETE", f"{path}/visit/draft")
    assert (answer.status_code, answer.json()["code"]) == (409, "409.7")
    assert root.ok("GET", f"{path}/visit")["publishedAt"] is None


def test_a_draft_is_tested_with_its_token_and_counts_its_own_records(root, project, path):
    put(project, xform())
    root.ok("POST", f"{path}/visit/draft", xform(version="2", media="a.csv"), XML)
    draft = root.ok("GET", f"{path}/visit/draft")
    test = f"/v1/test/{draft['draftToken']}/projects/{project.pk}/forms/visit/draft"
    client = Client()
    assert b"<version>2</version>" in client.get(f"{test}/formList").content
    assert client.get(f"{test}.xml").content == xform(version="2", media="a.csv")
    assert client.get(f"{test}/manifest").status_code == 200
    body, kind = multipart(instance("visit", {"note": "x"}, version="2"), {})
    assert client.post(f"{test}/submission", body, content_type=kind).status_code == 201
    told = root.ok("GET", f"{path}/visit/draft", **EXTENDED)
    assert (told["submissions"], told["draftToken"]) == (1, draft["draftToken"])
    assert root.ok("GET", f"{path}/visit", **EXTENDED)["submissions"] == 0
    root.ok("POST", f"{path}/visit/draft/publish")
    assert client.get(f"{test}/formList").status_code == 404


def test_the_empty_version_has_an_address_of_three_underscores(root, project, path):
    put(project, xform(version=""))
    assert root.ok("GET", f"{path}/visit/versions/___")["version"] == ""
    assert root("GET", f"{path}/visit/versions/___.xml")["Content-Type"].startswith(
        "application/xml"
    )
    assert root("GET", f"{path}/visit/versions/9").status_code == 404


# --- files


def test_a_file_place_takes_a_list_only_if_there_is_one_of_its_name(root, project, path):
    create_dataset(project, "people", actor=None)
    put(project, xform(media="people.csv"), publish=False)
    place = f"{path}/visit/draft/attachments/people.csv"
    filled = root.ok("POST", place, b"name,label\n", "text/csv")
    assert filled["success"] is True
    assert (filled["blobExists"], filled["size"]) == (True, 11)
    kept = root.ok("PATCH", place, {"dataset": False})
    assert (kept["blobExists"], kept["datasetExists"]) == (True, False)
    linked = root.ok("PATCH", place, {"dataset": True})
    assert (linked["datasetExists"], linked["blobExists"]) == (True, False)
    assert root.ok("PATCH", place, {"dataset": False})["exists"] is False
    project.datasets.all().delete()
    assert root("PATCH", place, {"dataset": True}).status_code == 404
    assert root("PATCH", place, {}).json()["code"] == "400.2"
    assert root("PATCH", place, {"dataset": "yes"}).json()["code"] == "400.8"


def test_a_list_does_not_stand_for_a_picture(root, project, path):
    create_dataset(project, "a", actor=None)
    put(project, xform(media="a.png"), publish=False)
    FormVersion.objects.get().attachments.update(type="image")
    answer = root("PATCH", f"{path}/visit/draft/attachments/a.png", {"dataset": True})
    assert (answer.status_code, answer.json()["code"]) == (409, "409.12")


def test_files_are_carried_over_to_the_next_draft_and_sent_only_when_changed(root, project, path):
    put(project, xform(media="a.csv"), publish=False)
    root.ok("POST", f"{path}/visit/draft/attachments/a.csv", b"1", "text/csv")
    root.ok("POST", f"{path}/visit/draft", xform(version="2", media="a.csv"), XML)
    root.ok("POST", f"{path}/visit/draft/publish")
    file = root("GET", f"{path}/visit/attachments/a.csv")
    assert (b"".join(file), file["Content-Type"]) == (b"1", "text/csv")
    assert 'filename="a.csv"' in file["Content-Disposition"]
    same = root(
        "GET", f"{path}/visit/versions/2/attachments/a.csv", **{"If-None-Match": file["ETag"]}
    )
    assert same.status_code == 304


# --- the trash


def test_a_form_does_not_come_back_beside_another_of_its_name(root, project, path):
    old = put(project, xform())
    root.ok("DELETE", f"{path}/visit")
    put(project, xform())
    answer = root("POST", f"{path}/{old.pk}/restore")
    assert (answer.status_code, answer.json()["code"]) == (409, "409.3")
    root.ok("DELETE", f"{path}/visit")
    assert len(root.ok("GET", f"{path}?deleted=true")) == 2
    root.ok("POST", f"{path}/{old.pk}/restore")
    assert root.ok("GET", f"{path}/visit")["id"] == old.pk


def test_a_form_does_not_come_back_without_the_lists_that_it_writes(root, project, path):
    form = put(project, xform())
    declared = {"dataset": "child", "saves": {"phone": "/note"}}
    FormVersion.objects.update(entities=[declared])
    root.ok("DELETE", f"{path}/visit")
    answer = root("POST", f"{path}/{form.pk}/restore")
    assert (answer.status_code, answer.json()["code"]) == (409, "409.23")
    create_dataset(project, "child", actor=None).properties.create(name="phone")
    root.ok("POST", f"{path}/{form.pk}/restore")


def test_a_form_of_another_project_is_not_restored_from_here(root, project, path):
    form = put(make_project("other"), xform())
    Form.objects.update(deleted_at=form.created_at)
    assert root("POST", f"{path}/{form.pk}/restore").status_code == 404


# --- who may

CHANGES = [
    ("POST", ""),
    ("PATCH", "/visit"),
    ("DELETE", "/visit"),
    ("POST", "/{id}/restore"),
    ("GET", "/visit/draft"),
    ("POST", "/visit/draft"),
    ("DELETE", "/visit/draft"),
    ("POST", "/visit/draft/publish"),
    ("GET", "/visit/draft/fields"),
    ("GET", "/visit/draft/attachments"),
    ("GET", "/visit/draft/attachments/a.csv"),
    ("POST", "/visit/draft/attachments/a.csv"),
    ("PATCH", "/visit/draft/attachments/a.csv"),
    ("DELETE", "/visit/draft/attachments/a.csv"),
    ("GET", "/visit/draft/dataset-diff"),
    ("GET", "/visit/draft.xml"),
    ("GET", "/visit/draft.xlsx"),
]
READS = [
    ("GET", ""),
    ("GET", "/visit"),
    ("GET", "/visit.xml"),
    ("GET", "/visit/fields"),
    ("GET", "/visit/attachments"),
    ("GET", "/visit/versions"),
    ("GET", "/visit/versions/1"),
    ("GET", "/visit/versions/1.xml"),
    ("GET", "/visit/versions/1/fields"),
    ("GET", "/visit/versions/1/attachments"),
    ("GET", "/visit/dataset-diff"),
]


@pytest.fixture
def held(project: Project, lan: User, stranger: User) -> Form:
    """A published form with a draft."""
    form = put(project, xform())
    form.draft = put(make_project("x"), xform(media="a.csv"), publish=False).draft
    FormVersion.objects.filter(draft_of__isnull=False).update(form=form)
    form.save()
    Form.objects.exclude(pk=form.pk).update(draft=None)
    return form


def test_forms_are_changed_by_nobody_else(held, project, path, lan, stranger):
    viewer = make_user("viewer", Role.VIEWER, project_id=project.pk)
    elsewhere = make_user("elsewhere", Role.MANAGER, project_id=make_project("y").pk)
    for method, end in CHANGES:
        address = path + end.format(id=held.pk)
        for who in (lan, stranger, viewer, elsewhere):
            assert Api(who)(method, address, {}).status_code == 403, (who, method, end)
        assert Api(None)(method, address, {}).status_code == 401, (method, end)
    held.refresh_from_db()
    assert (held.state, held.deleted_at, held.draft_id is not None) == ("open", None, True)


def test_forms_are_read_by_all_who_work_here_and_nobody_else(held, project, path, lan):
    manager = make_user("manager", Role.MANAGER, project_id=project.pk)
    elsewhere = make_user("elsewhere", Role.VIEWER, project_id=make_project("y").pk)
    for method, end in READS:
        for who in (lan, manager):
            assert Api(who)(method, path + end).status_code == 200, (who, end)
        assert Api(elsewhere)(method, path + end).status_code == 403, end
        assert Api(None)(method, path + end).status_code == 401, end


def test_a_manager_of_the_project_does_it_all(held, project, path):
    api = Api(make_user("manager", Role.MANAGER, project_id=project.pk))
    for method, end in CHANGES[4:]:
        address, body = path + end, {"dataset": False} if method == "PATCH" else None
        if method != "DELETE" and not end.endswith(("draft", ".xlsx", "publish")):
            assert api(method, address, body).status_code in (200, 404), (method, end)
    api.ok("POST", f"{path}/visit/draft/publish?version=2")
    api.ok("PATCH", f"{path}/visit", {"state": "closing"})
    api.ok("DELETE", f"{path}/visit")
    api.ok("POST", f"{path}/{held.pk}/restore")


def test_a_grant_on_one_form_opens_no_other(held, project, path):
    other = put(project, xform("other"))
    user = make_user("one-form", Role.VIEWER, project_id=project.pk, form_id=other.pk)
    assert RoleGrant.objects.get(user=user).form_id == other.pk
    assert Api(user)("GET", f"{path}/other").status_code == 200
    assert Api(user)("GET", f"{path}/visit").status_code == 403


def test_no_id_that_is_not_there_is_a_fault_of_the_server(root, project, path):
    for end in ("/nothing", "/nothing/draft", "/nothing/versions/1", "/nothing/fields", "/nothing.xml",
                "/nothing.xlsx", "/nothing/dataset-diff", "/999999999999999999/restore"):  # fmt: skip
        method = "POST" if end.endswith("restore") else "GET"
        assert root(method, path + end).json()["code"] == "404.1", end
    for far in (f"/projects/{2**63}/forms", f"{path.removesuffix('/forms')}/app-users/{2**70}"):
        assert root("GET", far).status_code in (400, 404)
    assert Submission.objects.count() == 0
