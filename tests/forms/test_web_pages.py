"""Forms filled and changed in the browser: who gets the page, what it is told, what becomes of what it posts."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from forms.models import Form, FormVersion, Project, PublicLink, Submission, SubmissionVersion
from forms.services import receive_submission, set_draft
from forms.services.public_links import create_link, revoke_link
from server.people.models import RoleGrant, User
from server.people.roles import Role
from tests.conftest import Country, make_user
from tests.forms.field_work import (
    ENUM,
    HOME_VISIT,
    VISIT,
    create_entity,
    instance,
    make_project,
    multipart,
    new_id,
    publish,
)

Browser = Callable[[User], Client]
NEW = "aaaaaaaa-0000-4000-8000-000000000001"


@pytest.fixture
def project(db: None) -> Project:
    return make_project()


@pytest.fixture
def visit(project: Project) -> FormVersion:
    return publish(project, VISIT)


def told(answer: Any) -> dict[str, Any]:
    """What the page's script reads."""
    found = re.search(
        r'<script id="fill-data" type="application/json">(.*?)</script>',
        answer.content.decode(),
        re.S,
    )
    assert found, answer.content.decode()[:500]
    return json.loads(found[1])  # type: ignore[no-any-return]


def post(
    client: Client, path: str, xml: bytes, files: dict[str, bytes] | None = None, **more: Any
) -> Any:
    body, kind = multipart(xml, files or {}, more.pop("incomplete", False))
    return client.post(path, body, content_type=kind, **more)


def fill(version: FormVersion) -> str:
    return f"/projects/{version.form.project_id}/forms/{version.form.xml_form_id}/fill"


def editing(submission: Submission) -> str:
    form = submission.form
    return f"/projects/{form.project_id}/forms/{form.xml_form_id}/submissions/{submission.instance_id}/edit"


def sent(
    project: Project, form: str, user: User, answers: dict[str, str], **options: Any
) -> Submission:
    xml = instance(form, answers, **options)
    return receive_submission(project, xml, {}, actor=user).submission


def test_a_worker_fills_a_form_and_it_is_stored_as_theirs(
    visit: FormVersion, lan: User, client_for: Browser
) -> None:
    page = client_for(lan).get(fill(visit))
    assert page.status_code == 200
    data = told(page)
    assert data["mode"] == "fill"
    assert data["owner"] == f"user:{lan.pk}"
    assert 'name="/data/note"' in data["form"]
    assert "no-store" in page["Cache-Control"]
    assert "unsafe-inline' " not in page["Content-Security-Policy"].split("style-src")[0]
    xml = instance("visit", {"visit_date": "2026-05-01", "photo": "a.png"})
    answer = post(client_for(lan), data["send"], xml, {"a.png": b"picture"})
    assert answer.status_code == 201
    record = SubmissionVersion.objects.get(instance_id=answer.json()["instanceId"])
    assert (record.submitter_id, record.device_id) == (lan.pk, "enketo")
    assert record.attachments.get(name="a.png").blob is not None  # type: ignore[attr-defined]


def test_files_come_in_as_many_parcels_as_they_need(
    visit: FormVersion, lan: User, client_for: Browser
) -> None:
    xml = instance("visit", {"photo": "a.png"})
    assert post(client_for(lan), fill(visit), xml, incomplete=True).status_code == 201
    answer = post(client_for(lan), fill(visit), xml, {"a.png": b"picture"})
    assert answer.status_code == 201
    record = SubmissionVersion.objects.get(instance_id=answer.json()["instanceId"])
    assert record.is_complete
    assert record.attachments.get(name="a.png").blob is not None  # type: ignore[attr-defined]


def test_nobody_fills_without_a_login_and_a_record_is_then_refused_in_json(
    visit: FormVersion, lan: User, client_for: Browser
) -> None:
    submission = sent(visit.form.project, "visit", lan, {"note": "a"})
    for path in (
        fill(visit),
        editing(submission),
        fill(visit)[:-4] + "draft/preview",
        f"{fill(visit)}/files/x.csv",
    ):
        assert Client().get(path)["Location"].startswith("/login?next="), path
    for path in (fill(visit), editing(submission)):
        answer = post(Client(), path, instance("visit", {"note": "x"}))
        assert (answer.status_code, answer.json()["code"]) == (401, "401.2")
    assert Client().get("/fill/session").json() == {"owner": None, "csrf": ""}
    assert Submission.objects.count() == 1


def test_who_may_send_no_records_gets_no_page(
    visit: FormVersion, country: Country, client_for: Browser
) -> None:
    for role in (Role.AUDITOR, Role.RULE_ADMIN, Role.COUNTY_LEAD, Role.VIEWER):
        client = client_for(make_user(f"no-{role}", role))
        assert client.get(fill(visit)).status_code == 403, role
        answer = post(client, fill(visit), instance("visit", {"note": "x"}))
        assert (answer.status_code, answer.json()["code"]) == (403, "403.1"), role
    assert not Submission.objects.exists()


def test_a_role_on_another_project_opens_nothing_here(
    visit: FormVersion, client_for: Browser
) -> None:
    user = User.objects.create_user("there@example.org", "x" * 12)
    other = make_project("别处")
    RoleGrant.objects.create(user=user, role=Role.FORMFILL, project_id=other.pk)
    assert client_for(user).get(fill(visit)).status_code == 403
    RoleGrant.objects.create(
        user=user, role=Role.FORMFILL, project_id=visit.form.project_id, form_id=visit.form_id
    )
    assert client_for(user).get(fill(visit)).status_code == 200
    answer = post(client_for(user), fill(visit), instance("visit", {"note": "x"}))
    assert answer.status_code == 201


def test_a_form_that_is_not_offered_cannot_be_begun(
    visit: FormVersion, lan: User, client_for: Browser
) -> None:
    for state in (Form.State.CLOSING, Form.State.CLOSED):
        Form.objects.update(state=state)
        assert client_for(lan).get(fill(visit)).status_code == 409
    missing = fill(visit).replace("/visit/", "/none/")
    assert client_for(lan).get(missing).status_code == 404


def test_a_record_needs_the_token_of_the_session(
    visit: FormVersion, lan: User, client_for: Browser
) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(lan, backend="django.contrib.auth.backends.ModelBackend")
    xml = instance("visit", {"note": "x"})
    answer = post(client, fill(visit), xml)
    assert (answer.status_code, answer.json()["code"]) == (403, "403.2")
    session = client.get("/fill/session").json()
    assert session["owner"] == f"user:{lan.pk}"
    answer = post(client, fill(visit), xml, headers={"X-CSRFToken": session["csrf"]})
    assert answer.status_code == 201


def test_bad_bodies_are_refused_in_words_and_nothing_is_stored(
    visit: FormVersion, lan: User, client_for: Browser
) -> None:
    client = client_for(lan)
    assert client.post(fill(visit), {"a": "b"}, content_type="application/json").status_code == 415
    torn, kind = multipart(instance("visit", {"note": "x"}), {})
    assert client.post(fill(visit), torn[:-20], content_type=kind).status_code == 400
    assert post(client, fill(visit), b"<data").status_code == 400
    assert post(client, fill(visit), instance("other", {"note": "x"})).status_code == 400
    replacing = instance("visit", {"note": "x"}, replaces=new_id())
    assert post(client, fill(visit), replacing).status_code == 400
    assert client.put(fill(visit)).status_code == 405
    assert not Submission.objects.exists()


def test_lists_hold_what_this_person_may_see(
    project: Project, country: Country, lan: User, stranger: User, client_for: Browser,
    drain: Callable[[], int],
) -> None:  # fmt: skip
    publish(project, ENUM)
    child = project.datasets.get(name="child")  # type: ignore[attr-defined]
    child.area_property = "village_code"
    child.save()
    entity = create_entity(NEW, "王小明")
    answers = {"child_name": "王小明", "village_code": country.village.code}
    receive_submission(project, instance("enum", answers, entity=entity), {}, actor=lan)
    drain()
    visit = publish(project, HOME_VISIT)
    visit.attachments.filter(name="child.csv").update(source="dataset", dataset=child)  # type: ignore[attr-defined]
    for user, sees in ((lan, True), (stranger, False)):
        data = told(client_for(user).get(fill(visit)))
        (one,) = data["lists"]
        answer = client_for(user).get(one["url"])
        text = b"".join(answer).decode()
        assert ("王小明" in text) is sees, user
        assert text.startswith("name,label,__version")


def test_an_edit_is_a_new_version_and_keeps_the_files(
    visit: FormVersion, lan: User, client_for: Browser
) -> None:
    project = visit.form.project
    xml = instance("visit", {"note": "a", "photo": "a.png"})
    first = receive_submission(project, xml, {"a.png": b"picture"}, actor=lan)
    page = told(client_for(lan).get(editing(first.submission)))
    assert page["mode"] == "edit"
    assert "<note>a</note>" in page["instance"]
    assert client_for(lan).get(page["files"]["a.png"]).status_code == 200
    changed = instance("visit", {"note": "b", "photo": "a.png"}, replaces=first.version.instance_id)
    answer = post(client_for(lan), page["send"], changed)
    assert answer.status_code == 201
    assert answer.json()["next"] == f"/submissions/{first.submission.pk}"
    now = SubmissionVersion.objects.get(submission=first.submission, is_current=True)
    assert now.data["note"] == "b"
    assert now.attachments.get(name="a.png").blob is not None  # type: ignore[attr-defined]
    late = instance("visit", {"note": "c"}, replaces=first.version.instance_id)
    answer = post(client_for(lan), page["send"], late)
    assert (answer.status_code, answer.json()["code"]) == (409, "409.9")
    assert SubmissionVersion.objects.get(submission=first.submission, is_current=True) == now


def test_a_record_is_changed_only_by_who_may(
    visit: FormVersion, lan: User, county: User, stranger: User, admin: User, country: Country,
    client_for: Browser,
) -> None:  # fmt: skip
    submission = sent(visit.form.project, "visit", lan, {"note": "a"})
    neighbour = make_user("neighbour", Role.CHILD_DIRECTOR, country.next_village)
    legal = make_user("legal", Role.TOWN_LEGAL, country.town)
    expected = (
        (lan, 200),
        (county, 200),
        (admin, 200),
        (stranger, 404),
        (neighbour, 404),
        (legal, 404),
    )
    for user, status in expected:
        assert client_for(user).get(editing(submission)).status_code == status, user
    for user in (stranger, neighbour, legal):
        change = instance("visit", {"note": "b"}, replaces=submission.instance_id)
        assert post(client_for(user), editing(submission), change).status_code == 404, user
    assert SubmissionVersion.objects.count() == 1


def test_an_edit_names_a_version_of_the_record_it_was_opened_for(
    visit: FormVersion, lan: User, client_for: Browser
) -> None:
    project = visit.form.project
    one, two = (sent(project, "visit", lan, {"note": note}) for note in ("a", "b"))
    client = client_for(lan)
    wrong = instance("visit", {"note": "c"}, replaces=two.instance_id)
    assert post(client, editing(one), wrong).status_code == 404
    assert post(client, editing(one), instance("visit", {"note": "c"})).status_code == 400
    Form.objects.update(state=Form.State.CLOSED)
    assert client.get(editing(one)).status_code == 409


def test_an_edit_makes_no_second_child(
    project: Project, lan: User, country: Country, client_for: Browser, drain: Callable[[], int]
) -> None:
    publish(project, ENUM)
    answers = {"child_name": "王小明", "village_code": country.village.code}
    first = receive_submission(
        project, instance("enum", answers, entity=create_entity(NEW, "王小明")), {}, actor=lan
    )
    drain()
    changed = instance(
        "enum", answers | {"child_name": "王晓明"}, entity=create_entity(NEW, "王晓明"),
        replaces=first.version.instance_id,
    )  # fmt: skip
    assert post(client_for(lan), editing(first.submission), changed).status_code == 201
    drain()
    child = project.datasets.get(name="child").entities.get()  # type: ignore[attr-defined]
    assert (child.label, child.version) == ("王晓明", 2)


def test_a_draft_is_previewed_by_who_may_change_the_form(
    visit: FormVersion, admin: User, lan: User, client_for: Browser
) -> None:
    path = fill(visit)[:-4] + "draft/preview"
    assert client_for(admin).get(path).status_code == 404  # there is no draft
    set_draft(visit.form, VISIT.replace("Note |", "备注 |").encode(), "text/markdown", filename="f.md",
              actor=admin, ignore_warnings=True)  # fmt: skip
    data = told(client_for(admin).get(path))
    assert (data["mode"], data["send"]) == ("preview", "")
    assert "备注" in data["form"]
    assert client_for(lan).get(path).status_code == 403


def test_an_encrypted_form_is_not_filled_in_a_browser(
    visit: FormVersion, lan: User, client_for: Browser
) -> None:
    xml = bytes(visit.xml).replace(b"<bind", b'<submission base64RsaPublicKey="MIIB"/><bind', 1)
    FormVersion.objects.filter(pk=visit.pk).update(xml=xml, sha256="e" * 64)
    answer = client_for(lan).get(fill(visit))
    assert answer.status_code == 409
    assert "ODK Collect" in answer.content.decode()


@pytest.fixture
def link(visit: FormVersion, admin: User, country: Country) -> PublicLink:
    return create_link(visit.form, "海报", actor=admin, area=country.village)


def test_anybody_fills_by_a_public_link(link: PublicLink, country: Country) -> None:
    page = Client().get(f"/f/{link.token}")
    data = told(page)
    assert (data["mode"], data["session"], data["send"]) == ("link", "", f"/f/{link.token}")
    client = Client(enforce_csrf_checks=True)
    answer = post(client, data["send"], instance("visit", {"note": "x"}))
    assert answer.status_code == 201
    record = Submission.objects.get()
    assert (record.submitter_id, record.area) == (link.pk, country.village)


def test_a_link_that_was_ended_or_never_was_opens_nothing(
    link: PublicLink, admin: User, visit: FormVersion
) -> None:
    assert Client().get("/f/nothing").status_code == 404
    own = post(Client(), f"/f/{link.token}", instance("visit", {"note": "x"}, replaces=new_id()))
    assert own.status_code == 403
    Form.objects.update(state=Form.State.CLOSING)
    assert Client().get(f"/f/{link.token}").status_code == 409
    revoke_link(link, actor=admin)
    for answer in (Client().get(f"/f/{link.token}"), post(Client(), f"/f/{link.token}", instance("visit", {})),
                   Client().get(f"/f/{link.token}/files/child.csv")):  # fmt: skip
        assert answer.status_code == 404


def test_a_link_for_one_record_of_each_takes_one(visit: FormVersion, admin: User) -> None:
    link = create_link(visit.form, "一次", actor=admin, once=True)
    one, two = Client(), Client()
    for client in (one, two):
        assert told(client.get(f"/f/{link.token}"))["mode"] == "link"
        assert post(client, f"/f/{link.token}", instance("visit", {"note": "x"})).status_code == 201
    again = post(one, f"/f/{link.token}", instance("visit", {"note": "y"}))
    assert (again.status_code, again.json()["code"]) == (409, "409.21")
    assert "谢谢" in one.get(f"/f/{link.token}").content.decode()
    assert Submission.objects.count() == 2


def test_buttons_lead_to_the_pages_for_who_may(
    visit: FormVersion, lan: User, admin: User, client_for: Browser
) -> None:
    submission = sent(visit.form.project, "visit", lan, {"note": "a"})
    form_page, record = f"/forms/{visit.form_id}", f"/submissions/{submission.pk}"
    assert fill(visit) in client_for(lan).get(form_page).content.decode()
    assert "/edit" in client_for(lan).get(record).content.decode()
    auditor = client_for(make_user("auditor", Role.AUDITOR))
    assert fill(visit) not in auditor.get(form_page).content.decode()
