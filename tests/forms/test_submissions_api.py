"""Every call of the contract about submissions, of forms and of drafts, with who may and who may not."""

import json
from typing import Any

import pytest
from django.test import Client

from forms.api import submissions as views
from forms.models import Comment, Form, Project, Submission
from forms.services import receive_submission, set_draft
from server.journal.models import Entry
from server.people.models import AppUser, User
from tests.forms.field_work import VISIT, instance, make_phone, make_project, new_id, publish
from tests.forms.test_api import XML, Api


@pytest.fixture
def project(db: None) -> Project:
    project = make_project()
    publish(project, VISIT)
    return project


@pytest.fixture
def phone(project: Project, lan: User) -> AppUser:
    return make_phone(project, lan)


@pytest.fixture
def root(admin: User) -> Api:
    return Api(admin)


@pytest.fixture
def base(project: Project) -> str:
    return f"/projects/{project.pk}/forms/visit/submissions"


@pytest.fixture
def visit(project: Project, phone: AppUser) -> str:
    """A record of Lan's phone, with a photo."""
    key = new_id()
    xml = instance("visit", {"note": "好", "photo": "a.png"}, instance_id=key)
    receive_submission(project, xml, {"a.png": b"png"}, actor=phone, user_agent="Collect")
    return key


@pytest.fixture
def drafts(project: Project) -> str:
    """The records of a draft: their address."""
    set_draft(Form.objects.get(), VISIT.encode(), "text/markdown", actor=None, ignore_warnings=True)
    return f"/projects/{project.pk}/forms/visit/draft/submissions"


def edit(root: Api, base: str, first: str, note: str, replaces: str = "") -> str:
    """Edit a record over REST; answers the new instanceID."""
    key = new_id()
    xml = instance("visit", {"note": note}, instance_id=key, replaces=replaces or first)
    root.ok("PUT", f"{base}/{first}", xml, XML)
    return key


def refused(answer: Any, status: int, code: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.content


# --- edits


def test_an_edit_must_say_what_it_replaces(root, base, visit):
    xml = instance("visit", {})
    refused(root("PUT", f"{base}/{visit}", xml, XML), 400, "400.19")


def test_an_edit_of_an_old_version_is_a_conflict_and_the_same_edit_again_is_not(root, base, visit):
    xml = instance("visit", {"note": "b"}, replaces=visit)
    root.ok("PUT", f"{base}/{visit}", xml, XML)
    root.ok("PUT", f"{base}/{visit}", xml, XML)  # the answer was lost
    refused(
        root("PUT", f"{base}/{visit}", instance("visit", {}, replaces=visit), XML), 409, "409.9"
    )
    assert len(root.ok("GET", f"{base}/{visit}/versions")) == 2


def test_an_edit_under_an_id_that_is_taken_is_a_conflict(root, base, visit):
    other = new_id()
    root.ok("POST", base, instance("visit", {}, instance_id=other), XML)
    xml = instance("visit", {"note": "x"}, instance_id=other, replaces=visit)
    refused(root("PUT", f"{base}/{visit}", xml, XML), 409, "409.8")


def test_a_record_sent_again_over_rest_is_a_conflict_even_from_the_trash(root, base, visit):
    xml = instance("visit", {"note": "other"}, instance_id=visit)
    refused(root("POST", base, xml, XML), 409, "409.3")
    root.ok("DELETE", f"{base}/{visit}")
    refused(root("POST", base, xml, XML), 409, "409.3")


@pytest.mark.parametrize("body", [b"", b"{}", b"<data", b'<data id="other"/>', b"\x00\xff"])
def test_what_is_no_submission_is_a_400(root, base, visit, body):
    for method, path in (("POST", base), ("PUT", f"{base}/{visit}")):
        answer = root(method, path, body, XML)
        assert answer.status_code == 400, answer.content
        assert answer.json()["code"].startswith("400.")
    assert Submission.objects.count() == 1


def test_the_address_of_a_version_leads_to_its_record(root, base, visit):
    second = edit(root, base, visit, "b")
    for tail in ("", ".xml", "/attachments", "/attachments/a.png?x=1"):
        answer = root("GET", f"{base}/{second}{tail}")
        assert answer.status_code == 301
        assert answer["Location"] == f"/v1{base}/{visit}/versions/{second}{tail}"
    refused(root("GET", f"{base}/{new_id()}"), 404, "404.1")


def test_the_record_keeps_the_agent_that_sent_it_first(root, base, visit):
    edit(root, base, visit, "b")
    for one in (root.ok("GET", f"{base}/{visit}"), root.ok("GET", base)[0]):
        assert one["userAgent"] == "Collect"
        assert one["currentVersion"]["userAgent"] is None


def test_two_who_edit_the_same_version_are_told_apart_over_the_wire(root, base, visit):
    edit(root, base, visit, "mine")
    theirs = instance("visit", {"note": "theirs"}, replaces=visit)
    refused(root("PUT", f"{base}/{visit}", theirs, XML), 409, "409.9")
    assert b"<note>mine</note>" in root("GET", f"{base}/{visit}.xml").content


# --- review, trash


@pytest.mark.parametrize("state", ["edited", "hasIssues", "rejected", "approved", None])
def test_every_review_state_of_the_contract_can_be_set(root, base, visit, state):
    assert root.ok("PATCH", f"{base}/{visit}", {"reviewState": state})["reviewState"] == state


@pytest.mark.parametrize("state", ["great", 5, [], {}, True])
def test_another_review_state_is_refused(root, base, visit, state):
    refused(root("PATCH", f"{base}/{visit}", {"reviewState": state}), 400, "400.8")


def test_a_patch_without_a_state_changes_nothing(root, base, visit):
    root.ok("PATCH", f"{base}/{visit}", {"reviewState": "approved"})
    assert root.ok("PATCH", f"{base}/{visit}", {})["reviewState"] == "approved"


def test_what_is_said_about_an_action_is_told_in_the_audits(root, base, visit):
    path = f"{base}/{visit}"
    root.ok("PATCH", path, {"reviewState": "hasIssues"}, **{"X-Action-Notes": "%E5%9C%B0%E5%9D%80"})
    newest = root.ok("GET", f"{path}/audits")[0]
    assert (newest["action"], newest["notes"]) == ("submission.update", "地址")
    assert newest["details"]["reviewState"] == "hasIssues"


# --- audits, comments, submitters, edit


def test_the_audits_tell_all_that_was_done_to_the_record_and_to_no_other(
    root, base, visit, project
):
    second = edit(root, base, visit, "b")
    root.ok("POST", f"{base}/{visit}/comments", {"body": "hm"})
    root.ok("DELETE", f"{base}/{visit}")
    root.ok("POST", f"{base}/{visit}/restore")
    root("GET", f"{base}/{visit}.xml")  # reading is in the journal, but nothing that was done to it
    other = publish(project, VISIT.replace("| Visit | visit |", "| Other | other |")).form
    xml = instance(other, {}, instance_id=visit)  # the same ID in another form
    root.ok("POST", f"/projects/{project.pk}/forms/other/submissions", xml, XML)
    found = root.ok("GET", f"{base}/{visit}/audits", **{"X-Extended-Metadata": "true"})
    assert [one["action"] for one in found] == [
        "submission.restore", "submission.delete", "submission.comment",
        "submission.update.version", "submission.create",
    ]  # fmt: skip
    assert found[3]["details"]["instanceId"] == second
    assert (found[4]["actor"]["type"], found[4]["actee"]["xmlFormId"]) == ("field_key", "visit")
    assert "actor" not in root.ok("GET", f"{base}/{visit}/audits")[0]


def test_comments_are_listed_newest_first_with_who_made_them(root, base, visit, admin):
    for body in ("first", "第二"):
        said = root.ok("POST", f"{base}/{visit}/comments", {"body": body})
        assert (said["body"], said["actorId"]) == (body, admin.pk)
    assert [one["body"] for one in root.ok("GET", f"{base}/{visit}/comments")] == ["第二", "first"]
    extended = root.ok("GET", f"{base}/{visit}/comments", **{"X-Extended-Metadata": "true"})
    assert extended[0]["actor"]["displayName"] == "admin"
    assert not Entry.objects.filter(details__icontains="第二").exists()


@pytest.mark.parametrize(
    "body", [{}, {"body": ""}, {"body": 5}, {"body": "x" * 10_001}, [], {"body": "\0"}]
)
def test_a_comment_without_words_is_refused(root, base, visit, body):
    assert root("POST", f"{base}/{visit}/comments", body).status_code == 400
    assert not Comment.objects.exists()


def test_submitters_are_named_once_and_only_to_who_sees_a_record(
    root, base, visit, phone, lan, stranger, project
):
    receive_submission(project, instance("visit", {}), actor=phone)
    make_phone(project)
    for reader, expected in ((root, [phone.pk]), (Api(lan), [phone.pk]), (Api(stranger), [])):
        assert [one["id"] for one in reader.ok("GET", f"{base}/submitters")] == expected


def test_the_edit_address_leads_to_our_own_page_while_the_form_is_open(root, base, visit, project):
    answer = root("GET", f"{base}/{visit}/edit")
    page = f"/projects/{project.pk}/forms/visit/submissions/{visit}/edit"
    assert (answer.status_code, answer["Location"]) == (302, page)
    Form.objects.update(state="closing")
    refused(root("GET", f"{base}/{visit}/edit"), 409, "409.12")


# --- lists


def test_a_long_list_is_told_whole_in_parts(root, base, project, phone, monkeypatch):
    monkeypatch.setattr(views, "CHUNK", 3)
    keys = [new_id() for _ in range(8)]
    for key in keys:
        receive_submission(project, instance("visit", {}, instance_id=key), actor=phone)

    def listed(query: str = "") -> list[str]:
        answer = root("GET", f"{base}{query}")
        return [one["instanceId"] for one in json.loads(answer.getvalue())]

    keys.reverse()
    assert listed() == keys
    assert listed("?offset=2") == keys[2:]
    assert listed("?limit=7&offset=1") == keys[1:8]
    assert listed("?limit=3") == keys[:3]
    assert listed("?limit=0") == listed("?offset=99") == []


def test_numbers_of_a_list_are_numbers(root, base, visit):
    for query in ("limit=x", "offset=-1", "limit=١", "offset=9999999999"):
        refused(root("GET", f"{base}?{query}"), 400, "400.8")


# --- drafts


def test_the_records_of_a_draft_answer_every_call_and_stay_apart(root, base, drafts, visit):
    first, second = new_id(), new_id()
    root.ok(
        "POST", drafts, instance("visit", {"note": "a", "photo": "p.png"}, instance_id=first), XML
    )
    edited = instance("visit", {"note": "b", "photo": "p.png"}, instance_id=second, replaces=first)
    root.ok("PUT", f"{drafts}/{first}", edited, XML)
    assert [one["instanceId"] for one in root.ok("GET", drafts)] == [first]
    assert root.ok("GET", f"{drafts}/{first}")["currentVersion"]["instanceId"] == second
    assert b"<note>b</note>" in root("GET", f"{drafts}/{first}.xml").content
    assert b"<note>a</note>" in root("GET", f"{drafts}/{first}/versions/{first}.xml").content
    assert len(root.ok("GET", f"{drafts}/{first}/versions")) == 2
    assert second in root.ok("GET", f"{drafts}/{first}/diffs")
    assert root.ok("GET", f"{drafts}/{first}/versions/{second}")["current"] is True
    root.ok("POST", f"{drafts}/{first}/attachments/p.png", b"png", "image/png")
    assert b"".join(root("GET", f"{drafts}/{first}/attachments/p.png")) == b"png"
    assert root.ok("GET", f"{drafts}/{first}/attachments") == [{"name": "p.png", "exists": True}]
    root.ok("DELETE", f"{drafts}/{first}/versions/{second}/attachments/p.png")
    assert root("GET", f"{drafts}/{first}/versions/{second}/attachments/p.png").status_code == 404
    assert len(root.ok("GET", f"{drafts}/{first}/audits")) == 4
    assert len(root.ok("GET", f"{drafts}/submitters")) == 1
    assert [one["instanceId"] for one in root.ok("GET", base)] == [visit]
    assert root("GET", f"{base}/{first}").status_code == 404
    assert root("PATCH", f"{drafts}/{first}", {}).status_code == 405
    assert root("DELETE", f"{drafts}/{first}").status_code == 405


def test_a_test_token_sends_and_reads_nothing(root, drafts, project):
    token = Form.objects.get().draft.draft_token
    path = f"/v1/test/{token}{drafts}"
    nobody, xml = Client(), instance("visit", {})
    assert nobody.post(path, xml, content_type=XML).status_code == 200
    assert nobody.post(path, xml, content_type=XML).json()["code"] == "409.3"
    assert nobody.get(path).status_code == 405
    assert nobody.post(path.replace(token, "x" * 64), xml, content_type=XML).status_code == 404


# --- files


def test_a_file_beyond_the_limit_is_refused_and_nothing_changes(root, base, visit, settings):
    settings.MAX_ATTACHMENT_BYTES = 1_000_000
    path = f"{base}/{visit}/attachments/a.png"
    refused(root("POST", path, b"x" * 1_000_001, "image/png"), 413, "413.1")
    assert b"".join(root("GET", path)) == b"png"
    root.ok("POST", path, b"x" * 1_000_000, "image/png")
    assert len(b"".join(root("GET", path))) == 1_000_000


def test_a_file_that_the_record_does_not_name_is_a_404(root, base, visit):
    path = f"{base}/{visit}/attachments/other.png"
    for method in ("GET", "POST", "DELETE"):
        refused(root(method, path, b"x", "image/png"), 404, "404.1")


def test_a_file_is_not_sent_twice_to_who_has_it(root, base, visit):
    path = f"{base}/{visit}/attachments/a.png"
    tag = root("GET", path)["ETag"]
    assert root("GET", path, **{"If-None-Match": tag}).status_code == 304


# --- who may not

READING = [
    ("GET", ""), ("GET", ".xml"), ("GET", "/versions"), ("GET", "/diffs"), ("GET", "/attachments"),
    ("GET", "/attachments/a.png"), ("GET", "/audits"), ("GET", "/comments"), ("GET", "/versions/{id}"),
    ("GET", "/versions/{id}.xml"), ("GET", "/versions/{id}/attachments"), ("GET", "/versions/{id}/attachments/a.png"),
]  # fmt: skip
CHANGING = [
    ("PUT", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/comments"), ("GET", "/edit"),
    ("POST", "/attachments/a.png"), ("DELETE", "/attachments/a.png"),
    ("DELETE", "/versions/{id}/attachments/a.png"), ("POST", "/restore"),
]  # fmt: skip
TAILS = READING + CHANGING
OF_DRAFTS = [one for one in READING if one[1] != "/comments"]


def statuses(asker: Api, path: str, tails: list[tuple[str, str]], key: str) -> set[int]:
    return {asker(method, path + tail.format(id=key), {}).status_code for method, tail in tails}


def test_of_another_county_there_is_nothing(base, visit, stranger):
    assert statuses(Api(stranger), f"{base}/{visit}", TAILS, visit) == {404}
    assert Api(stranger).ok("GET", base) == []


def test_without_a_login_nothing_is_told(base, visit, drafts):
    assert statuses(Api(None), f"{base}/{visit}", TAILS, visit) == {401}
    assert statuses(Api(None), f"{drafts}/{visit}", OF_DRAFTS, visit) == {401}
    for path in (base, f"{base}/submitters", drafts, f"{drafts}/submitters"):
        assert Api(None)("GET", path).status_code == 401


def test_a_field_worker_reads_her_records_and_changes_none(base, visit, lan, drafts):
    assert statuses(Api(lan), f"{base}/{visit}", READING, visit) == {200}
    assert statuses(Api(lan), f"{base}/{visit}", CHANGING, visit) == {403}
    assert statuses(Api(lan), f"{drafts}/{visit}", OF_DRAFTS, visit) == {403}
    assert Api(lan)("GET", drafts).status_code == 403


def test_her_manager_reads_and_comments(base, visit, county):
    assert statuses(Api(county), f"{base}/{visit}", READING, visit) == {200}
    assert (
        Api(county).ok("POST", f"{base}/{visit}/comments", {"body": "看过了"})["body"] == "看过了"
    )


def test_a_phone_opens_none_of_it(base, visit, phone, project):
    for method, tail in TAILS:
        path = f"/v1/key/{phone.key}{base}/{visit}{tail.format(id=visit)}"
        assert Client().generic(
            method, path, b"{}", content_type="application/json"
        ).status_code in (403, 404)
    assert Submission.objects.get(deleted_at=None).review_state is None


def test_names_that_no_database_holds_are_refused(root, base, visit, project, phone):
    nul = [
        f"{base}/a%00b",
        f"{base}/{visit}/attachments/%00",
        f"{base}?deviceID=a%00b",
        f"{base}?limit=%00",
    ]
    for path in nul:
        refused(root("GET", path), 400, "400.1")
    assert Client().get("/forms%00").status_code == 400
    sent = f"/v1/key/{phone.key}/projects/{project.pk}/submission?deviceID=%00"
    assert Client().post(sent, b"", content_type=XML).status_code == 400


def test_an_instance_id_of_any_allowed_length_is_kept_and_audited(root, base):
    long = "uuid:" + "x" * 250
    root.ok("POST", f"{base}?deviceID=d", instance("visit", {}, instance_id=long), XML)
    assert root.ok("GET", f"{base}/{long}")["deviceId"] == "d"
    assert len(root.ok("GET", f"{base}/{long}/audits")) == 1
