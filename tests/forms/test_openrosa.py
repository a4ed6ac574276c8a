"""OpenRosa over HTTP as Collect speaks it (collect-checklist sections 1-8)."""

import hashlib
import uuid

import pytest
from django.test import Client
from lxml import etree

from forms import lists
from forms.models import Project, Submission, SubmissionAttachment, SubmissionVersion
from forms.registry import remove_entity, write_entity
from forms.services import create_dataset, publish_draft, revoke_app_user, set_draft
from server.people.models import AppUser, User
from tests.forms.field_work import (
    ENUM,
    HOME_VISIT,
    VISIT,
    Phone,
    instance,
    make_phone,
    make_project,
    multipart,
    new_id,
    publish,
)

LIST = {"x": "http://openrosa.org/xforms/xformsList"}
MANIFEST = {"m": "http://openrosa.org/xforms/xformsManifest"}
RESPONSE = "{http://openrosa.org/http/response}"


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
def app_user(project: Project, lan: User) -> AppUser:
    return make_phone(project, lan)


@pytest.fixture
def phone(project: Project, app_user: AppUser) -> Phone:
    return Phone(app_user, project)


@pytest.fixture
def child(project, country):
    """Write a child of a village; answers it."""

    def child(name="张小明", village=None):
        dataset = project.datasets.get(name="child")
        data = {"village_code": (village or country.village).code, "child_name": name}
        return write_entity(dataset, uuid.uuid4(), name, data)

    return child


def xml(response) -> etree._Element:
    assert response["Content-Type"] == "text/xml; charset=utf-8"
    assert response["X-OpenRosa-Version"] == "1.0"
    assert response["Date"]
    assert "no-cache" in response["Cache-Control"]
    return etree.fromstring(response.content)


def message(response) -> str:
    return xml(response).findtext(f"{RESPONSE}message") or ""


def test_the_form_list_names_each_open_form_with_the_md5_of_its_xml(phone):
    rows = xml(phone.get("/formList")).xpath("//x:xform", namespaces=LIST)
    assert [row.findtext("x:formID", namespaces=LIST) for row in rows] == [
        "enum",
        "home_visit",
        "visit",
    ]
    for row in rows:
        url = row.findtext("x:downloadUrl", namespaces=LIST)
        assert url.startswith(f"http://testserver{phone.base}/forms/")
        body = phone.client.get(url).content
        assert (
            row.findtext("x:hash", namespaces=LIST)
            == f"md5:{hashlib.md5(body, usedforsecurity=False).hexdigest()}"
        )


def test_only_forms_with_files_have_a_manifest(phone):
    listed = xml(phone.get("/formList"))
    with_files = listed.xpath("//x:xform[x:manifestUrl]/x:formID/text()", namespaces=LIST)
    assert with_files == ["home_visit"]


@pytest.mark.parametrize("state", ["closing", "closed"])
def test_a_form_that_is_not_open_is_not_offered(phone, project, state):
    project.forms.filter(xml_form_id="visit").update(state=state)
    assert "visit" not in xml(phone.get("/formList")).xpath("//x:formID/text()", namespaces=LIST)


def test_the_form_list_can_be_asked_for_one_form_and_for_all_versions(phone, project):
    form = project.forms.get(xml_form_id="visit")
    newer = VISIT.replace("| visit | 1 |", "| visit | 2 |").encode()
    set_draft(form, newer, "text/markdown", actor=None, filename="f.md", ignore_warnings=True)
    publish_draft(form, actor=None)
    one = xml(phone.get("/formList?formID=visit")).xpath("//x:version/text()", namespaces=LIST)
    everything = xml(phone.get("/formList?formID=visit&listAllVersions=true"))
    assert one == ["2"]
    assert everything.xpath("//x:version/text()", namespaces=LIST) == ["2", "1"]
    for url in everything.xpath("//x:downloadUrl/text()", namespaces=LIST):
        assert phone.client.get(url).status_code == 200


def test_a_document_that_the_phone_has_is_answered_304(phone):
    for path in (
        "/formList",
        "/forms/home_visit/manifest",
        "/forms/visit.xml",
        "/forms/home_visit/attachments/child.csv",
    ):
        first = phone.get(path)
        assert phone.get(path, headers={"If-None-Match": first["ETag"]}).status_code == 304, path
        assert phone.get(path, headers={"If-None-Match": '"other"'}).status_code == 200, path


def test_trailing_slashes_are_tolerated(phone):
    assert phone.get("/formList/").status_code == 200
    assert phone.client.head(f"{phone.base}/submission/").status_code == 204


def test_the_manifest_gives_the_md5_of_the_list_as_this_phone_gets_it(phone, child):
    child()
    media = xml(phone.get("/forms/home_visit/manifest")).xpath(
        "//m:mediaFile", namespaces=MANIFEST
    )[0]
    body = b"".join(phone.client.get(media.findtext("m:downloadUrl", namespaces=MANIFEST)))
    assert media.get("type") == "entityList"
    assert (
        media.findtext("m:hash", namespaces=MANIFEST)
        == f"md5:{hashlib.md5(body, usedforsecurity=False).hexdigest()}"
    )
    assert media.findtext("m:integrityUrl", namespaces=MANIFEST).endswith(
        "/datasets/child/integrity"
    )


def test_a_list_that_needs_approval_says_so(phone, project):
    project.datasets.filter(name="child").update(approval_required=True)
    media = xml(phone.get("/forms/home_visit/manifest")).xpath(
        "//m:mediaFile/@type", namespaces=MANIFEST
    )
    assert media == ["approvalEntityList"]


def test_the_list_holds_the_children_of_the_workers_area_and_no_others(
    phone, child, country, project
):
    mine, other = child("本村"), child("邻村", country.next_village)
    text = b"".join(phone.get("/forms/home_visit/attachments/child.csv")).decode()
    assert text.splitlines()[0].startswith("name,label,__version,")
    assert f"{mine.uuid},本村,1" in text
    assert str(other.uuid) not in text


def test_the_list_follows_a_change_at_once(phone, child):
    before = phone.get("/forms/home_visit/manifest").content
    kid = child()
    after = phone.get("/forms/home_visit/manifest").content
    remove_entity(kid)
    assert before != after
    assert (
        str(kid.uuid) not in b"".join(phone.get("/forms/home_visit/attachments/child.csv")).decode()
    )


def test_a_workers_own_rows_are_for_nobody_else(project, lan, county, child, country):
    dataset = project.datasets.get(name="child")
    task = write_entity(
        dataset, uuid.uuid4(), "任务", {"village_code": country.village.code}, worker=lan
    )
    path = "/forms/home_visit/attachments/child.csv"
    hers = b"".join(Phone(make_phone(project, lan), project).get(path)).decode()
    managers = b"".join(Phone(make_phone(project, county), project).get(path)).decode()
    assert str(task.uuid) in hers
    assert str(task.uuid) not in managers


def test_a_phone_without_worker_sees_no_child_unless_made_for_the_whole_project(project, child):
    kid = child()
    path = "/forms/home_visit/attachments/child.csv"
    nobody = b"".join(Phone(make_phone(project), project).get(path)).decode()
    central = b"".join(
        Phone(make_phone(project, sees_all_entities=True), project).get(path)
    ).decode()
    assert str(kid.uuid) not in nobody
    assert str(kid.uuid) in central


def test_a_phone_whose_worker_is_gone_gets_nothing(project, phone, lan):
    lan.is_active = False
    lan.save()
    assert phone.get("/formList").status_code == 403


def test_integrity_answers_for_every_id(phone, child):
    kept, gone, never = child(), child(), str(uuid.uuid4())
    remove_entity(gone)
    answer = xml(
        phone.get(
            f"/datasets/child/integrity?id={kept.uuid},{gone.uuid},{never}&deviceID=collect%3Ax"
        )
    )
    assert {
        one.get("id"): one.findtext("deleted") for one in answer.xpath("/data/entities/entity")
    } == {
        str(kept.uuid): "false",
        str(gone.uuid): "true",
        never: "false",
    }


def test_integrity_takes_a_thousand_ids(phone, child):
    ids = [str(uuid.uuid4()) for _ in range(1000)]
    answer = xml(phone.get(f"/datasets/child/integrity?id={','.join(ids)}"))
    assert len(list(answer.iter("{*}entity"))) == 1000


def test_head_says_how_much_may_come(phone):
    answer = phone.client.head(f"{phone.base}/submission?deviceID=collect%3Ax")
    assert answer.status_code == 204
    assert int(answer["X-OpenRosa-Accept-Content-Length"]) > 0
    assert answer["Location"].startswith("http://testserver/")


def test_a_submission_with_files_is_answered_201_with_a_message(phone, app_user):
    answer = phone.send(instance("visit", {"photo": "a.png"}), {"a.png": b"png"})
    assert answer.status_code == 201
    assert message(answer)
    kept = SubmissionVersion.objects.get()
    assert (kept.device_id, kept.submitter_id) == ("collect:test", app_user.pk)
    assert SubmissionAttachment.objects.get().blob.size == 3


def test_a_split_submission_is_taken_part_by_part_and_again(phone):
    body = instance("visit", {"photo": "a.png"})
    codes = [phone.send(body, {"a.png": b"1"}, incomplete=True).status_code for _ in range(2)]
    codes.append(phone.send(body, {"b.png": b"2"}).status_code)
    assert codes == [201, 201, 201]
    assert SubmissionVersion.objects.get().is_complete
    assert SubmissionAttachment.objects.count() == 2


def test_chinese_file_names_survive(phone):
    phone.send(instance("visit", {"photo": "照片 1.png"}), {"照片 1.png": b"1"})
    assert SubmissionAttachment.objects.get().name == "照片 1.png"


BAD_BODIES = {
    "not xml": (b"<data><unclosed></data>", 400),
    "empty": (b"", 400),
    "dtd": (
        b"<?xml version='1.0'?><!DOCTYPE d [<!ENTITY a 'b'>]><data id='visit' version='1'>&a;</data>",
        400,
    ),
    "no instance id": (b"<data id='visit' version='1'><note/></data>", 400),
    "no form id": (b"<data><meta><instanceID>uuid:1</instanceID></meta></data>", 400),
    "unknown form": (instance("nothing", {}), 404),
    "unknown version": (instance("visit", {}, version="99"), 404),
    "edit of nothing": (instance("visit", {}, replaces=new_id()), 404),
    "random bytes": (bytes(range(256)), 400),
    "too deep": (b"<data id='visit'>" + b"<a>" * 5000, 400),
}


@pytest.mark.parametrize("name", BAD_BODIES)
def test_a_bad_submission_is_refused_with_a_message_and_nothing_is_stored(phone, name):
    body, status = BAD_BODIES[name]
    answer = phone.send(body)
    assert answer.status_code == status
    assert message(answer)
    assert not Submission.objects.exists()


def test_a_torn_transfer_is_refused_and_nothing_is_stored(phone):
    body, content_type = multipart(instance("visit", {"photo": "a.png"}), {"a.png": b"x" * 5000})
    for length in (10, 300, len(body) - 3000, len(body) - 4):
        answer = phone.client.post(
            f"{phone.base}/submission", body[:length], content_type=content_type
        )
        assert answer.status_code == 400, length
        assert message(answer)
    assert not Submission.objects.exists()


def test_a_submission_without_its_xml_is_refused(phone):
    body, content_type = multipart(None, {"a.png": b"x"})
    assert (
        phone.client.post(f"{phone.base}/submission", body, content_type=content_type).status_code
        == 400
    )


def test_another_content_type_is_refused(phone):
    answer = phone.client.post(
        f"{phone.base}/submission", b"x=1", content_type="application/x-www-form-urlencoded"
    )
    assert answer.status_code == 415
    assert message(answer)


def test_a_file_beyond_the_limit_is_refused(phone, settings):
    settings.MAX_ATTACHMENT_BYTES = 1000
    answer = phone.send(instance("visit", {}), {"a.png": b"x" * 2000})
    assert answer.status_code == 413
    assert not Submission.objects.exists()


def test_a_revoked_key_ends_at_once(phone, app_user):
    assert phone.get("/formList").status_code == 200
    revoke_app_user(app_user, actor=None)
    for answer in (
        phone.get("/formList"),
        phone.client.head(f"{phone.base}/submission"),
        phone.send(instance("visit", {})),
    ):
        assert answer.status_code == 403
    assert not Submission.objects.exists()


OPEN_TO_PHONES = [
    "/formList",
    "/forms/home_visit/manifest",
    "/forms/visit.xml",
    "/forms/home_visit/attachments/child.csv",
    "/forms/visit/versions/1.xml",
    "/forms/home_visit/versions/1/manifest",
    "/datasets/child/integrity",
    "/submission",
]


@pytest.mark.parametrize("path", OPEN_TO_PHONES)
def test_a_phone_of_another_project_sees_nothing(project, lan, path):
    foreign = Phone(make_phone(make_project("other"), lan), project)
    assert foreign.get(path).status_code in (403, 404)


@pytest.mark.parametrize("path", OPEN_TO_PHONES)
def test_nobody_is_asked_to_log_in(project, path):
    answer = Client().get(f"/v1/projects/{project.pk}{path}")
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Basic ")


@pytest.mark.parametrize("path", OPEN_TO_PHONES)
def test_an_unknown_key_is_refused(project, path):
    assert Client().get(f"/v1/key/{'x' * 64}/projects/{project.pk}{path}").status_code == 403


def test_a_phone_with_chosen_forms_gets_only_those(project, lan):
    app_user = make_phone(project, lan, all_forms=False)
    app_user.project_link.forms.add(project.forms.get(xml_form_id="visit"))
    phone = Phone(app_user, project)
    assert xml(phone.get("/formList")).xpath("//x:formID/text()", namespaces=LIST) == ["visit"]
    assert phone.get("/forms/enum.xml").status_code == 404
    assert phone.send(instance("enum", {})).status_code == 404
    assert phone.send(instance("visit", {})).status_code == 201


def test_a_draft_is_tested_with_its_token_and_its_records_stay_apart(project):
    form = project.forms.get(xml_form_id="home_visit")
    draft = set_draft(form, actor=None)
    base = f"/v1/test/{draft.draft_token}/projects/{project.pk}/forms/home_visit/draft"
    client = Client()
    listed = xml(client.get(f"{base}/formList"))
    for kind in ("downloadUrl", "manifestUrl"):
        address = next(listed.iter(f"{{*}}{kind}")).text or ""
        assert client.get(address).status_code == 200
    assert client.head(f"{base}/submission").status_code == 204
    body, content_type = multipart(instance("home_visit", {}), {})
    assert client.post(f"{base}/submission", body, content_type=content_type).status_code == 201
    assert Submission.objects.get().is_draft
    publish_draft_version = client.get(
        f"/v1/test/{'x' * 64}/projects/{project.pk}/forms/home_visit/draft/formList"
    )
    assert publish_draft_version.status_code == 404


def test_place_lists_hold_the_workers_towns_villages_and_the_countys_schools(
    project, phone, country
):
    form = ENUM.replace(
        "| | text | village_code | Village | village_code |",
        "\n".join(
            f"| | select_one_from_file {name}.csv | {name} | {name} | |"
            for name in ("town", "village", "school")
        ),
    ).replace("| enum | 1 |", "| places | 1 |")
    publish(project, form)
    read = {
        name: phone.get(f"/forms/places/attachments/{name}.csv").content.decode()
        for name in ("town", "village", "school")
    }
    assert read["town"] == f"name,label\n{country.town.code},河口镇\n"
    assert (
        read["village"]
        == f"name,label,town_code\n{country.village.code},柳树村,{country.town.code}\n"
    )
    assert read["school"] == "name,label,town_code\n"
    files = xml(phone.get("/forms/places/manifest")).xpath("//m:mediaFile", namespaces=MANIFEST)
    assert [one.get("type") for one in files] == [None, None, None]


def test_the_hot_path_takes_few_queries(phone, django_assert_max_num_queries):
    phone.send(instance("visit", {"note": "warm"}))
    with django_assert_max_num_queries(
        11
    ):  # two of them are the savepoints around the view's transaction
        assert phone.send(instance("visit", {"note": "x"})).status_code == 201


@pytest.mark.parametrize(
    ("path", "most"), [("/formList", 7), ("/forms/visit.xml", 6), ("/forms/home_visit/manifest", 9)]
)
def test_what_phones_ask_often_takes_few_queries(phone, path, most, django_assert_max_num_queries):
    phone.get(path)
    with django_assert_max_num_queries(most):
        phone.get(path)


def test_a_list_is_downloaded_as_the_manifest_announced_it(project, phone, child):
    """The county goes on between a manifest and the download it leads to."""
    child()
    manifest = xml(phone.get("/forms/home_visit/manifest"))
    entry = next(
        one for one in manifest.iter("{*}mediaFile") if one.findtext("{*}filename") == "child.csv"
    )
    address = (entry.findtext("{*}downloadUrl") or "").partition(f"/projects/{project.pk}")[2]
    announced = (entry.findtext("{*}hash") or "").removeprefix("md5:")
    child("another")
    answer = phone.get(address)
    body = b"".join(answer) if answer.streaming else answer.content
    assert hashlib.md5(body, usedforsecurity=False).hexdigest() == announced
    now = xml(phone.get("/forms/home_visit/manifest"))
    assert f"md5:{announced}" not in {one.text for one in now.iter("{*}hash")}
