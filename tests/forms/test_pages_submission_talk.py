"""Around a record on its page: comments, reasons, the log, versions, the phone's log, the trash."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from forms.models import Comment, Project, Submission
from forms.services import receive_submission
from forms.services.comments import add_comment
from forms.services.submissions import delete_submission
from server import clock
from server.journal.models import Entry
from server.people.models import User
from tests.forms.field_work import VISIT, instance, make_phone, make_project, publish
from tests.forms.test_pages_submissions import body
from tests.forms.test_submissions_audit_files import AUDITED, PLAIN, send

Browser = Callable[[User], Client]


@pytest.fixture
def project(db: None) -> Project:
    project = make_project()
    publish(project, VISIT)
    return project


@pytest.fixture
def visit(project: Project, lan: User) -> Submission:
    xml = instance("visit", {"note": "好"})
    return receive_submission(project, xml, actor=make_phone(project, lan)).submission


def test_comments_are_written_by_the_manager_and_read_by_the_worker(
    visit, lan, county, stranger, client_for: Browser
):
    path = f"/submissions/{visit.pk}/comments"
    assert client_for(county).post(path, {"body": "<b>请</b>再核对"}).status_code == 302
    assert client_for(lan).post(path, {"body": "x"}).status_code == 403
    assert client_for(stranger).post(path, {"body": "x"}).status_code == 404
    assert Client().post(path, {"body": "x"}).headers["Location"].startswith("/login")
    assert client_for(county).post(path, {"body": " "}).status_code == 400
    assert Comment.objects.get().actor_id == county.pk
    shown = body(client_for(lan).get(f"/submissions/{visit.pk}"))
    assert "&lt;b&gt;请&lt;/b&gt;再核对" in shown
    assert path not in shown


def test_the_reason_of_a_review_stands_in_the_log(visit, county, client_for: Browser):
    note = {"state": "rejected", "note": "不是本村"}
    client_for(county).post(f"/submissions/{visit.pk}/review", note)
    assert Entry.objects.get(action="submission.update").notes == "不是本村"
    assert "不是本村" in body(client_for(county).get(f"/submissions/{visit.pk}"))


def test_each_version_can_be_had_as_it_came(project, visit, lan, county, stranger, client_for):
    first = visit.versions.get()
    xml = instance("visit", {"note": "新"}, replaces=visit.instance_id)
    receive_submission(project, xml, actor=county)
    path = f"/submissions/{visit.pk}/versions/{first.pk}/xml"
    assert path in body(client_for(lan).get(f"/submissions/{visit.pk}"))
    assert client_for(lan).get(path).content == bytes(first.xml)
    assert client_for(stranger).get(path).status_code == 404
    assert client_for(lan).get(path.replace(str(first.pk), "999999")).status_code == 404


def test_a_record_goes_to_the_trash_and_comes_back(visit, lan, county, stranger, client_for):
    there = f"/submissions/{visit.pk}"
    trash = f"/forms/{visit.form_id}/submissions/trash"
    for reader, status in ((lan, 403), (stranger, 404)):
        assert client_for(reader).post(f"{there}/delete").status_code == status
    client_for(county).post(f"{there}/delete", {"note": "重复"})
    assert client_for(county).get(there).status_code == 404
    assert Entry.objects.get(action="submission.delete").notes == "重复"
    assert f"{there}/restore" in body(client_for(county).get(trash))
    assert f"{there}/restore" not in body(client_for(stranger).get(trash))
    assert client_for(lan).get(trash).status_code == 403
    for reader in (lan, stranger):
        assert client_for(reader).post(f"{there}/restore").status_code == 404
    assert client_for(county).post(f"{there}/restore").status_code == 302
    assert client_for(county).get(there).status_code == 200
    assert client_for(county).post(f"{there}/restore").status_code == 404


def test_the_trash_says_when_a_record_is_gone_for_good(visit, county, client_for):
    deleted = clock.now() - timedelta(days=10)
    with clock.at(deleted):
        delete_submission(visit, actor=county)
    shown = body(client_for(county).get(f"/forms/{visit.form_id}/submissions/trash"))
    end = clock.today() + timedelta(days=20)
    assert f"{end.month}月{end.day}日" in shown or str(end) in shown


def test_the_phones_log_is_counted_and_its_damage_told(project, lan, county, client_for):
    publish(project, AUDITED)
    phone = make_phone(project, lan)
    whole, torn = send(project, phone, PLAIN), send(project, phone, b"event,node,start\nx,/a,?\n")
    page = client_for(county)
    assert "记录了 2 步" in body(page.get(f"/submissions/{whole.submission.pk}"))
    shown = body(page.get(f"/submissions/{torn.submission.pk}"))
    assert "有一个时间不是数字" in shown


def test_the_page_takes_the_same_queries_however_much_was_said(visit, county, client_for):
    page, path = client_for(county), f"/submissions/{visit.pk}"
    page.get(path)
    add_comment(visit, "0", actor=county)
    before = queries_of(page, path)
    for number in range(5):
        add_comment(visit, str(number), actor=county)
    assert queries_of(page, path) == before


def queries_of(page: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as seen:
        assert page.get(path).status_code == 200
    return len(seen)
