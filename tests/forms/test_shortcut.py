"""Phones' plain new records past Django: stored as by the long way, and everything else goes the long way."""

from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from threading import Barrier, Thread
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_started
from django.db import close_old_connections, connections

from forms.models import Form, Project, Submission, SubmissionReadout, SubmissionVersion
from forms.openrosa.shortcut import MAX_BODY, Shortcut, only_record
from forms.services import create_app_user, intake, receive_submission, revoke_app_user
from server.journal.models import Entry, Reaction
from server.people.models import AppUser
from server.turns import Together
from tests.forms.field_work import (
    ENUM,
    VISIT,
    create_entity,
    instance,
    make_phone,
    make_project,
    multipart,
    new_id,
    publish,
)

PLACED = ("area_id", "school_id", "submitter_id", "device_id", "review_state", "is_draft")
READ = ("data", "entities", "oddities", "occurred_on", "user_agent", "is_complete", "device_id")


@pytest.fixture(autouse=True)
def _forget() -> None:
    intake._known.clear()


@pytest.fixture
def project(db: None) -> Project:
    project = make_project()
    publish(project, VISIT)
    publish(project, ENUM)
    return project


@pytest.fixture
def phone(project, lan) -> AppUser:
    return make_phone(project, lan)


class Line:
    """What a phone sends through the shortcut; `went_on` counts what came to Django."""

    def __init__(self, phone: AppUser, project: Project) -> None:
        self.address = f"/v1/key/{phone.key}/projects/{project.pk}/submission"
        self.went_on = 0
        self.headers: dict[str, str] = {}
        self._django = WSGIHandler()
        self._app = Shortcut(self._long_way)

    def _long_way(self, environ, start_response):
        self.went_on += 1
        request_started.disconnect(close_old_connections)  # as Django's test client does
        try:
            return self._django(environ, start_response)
        finally:
            request_started.connect(close_old_connections)

    def send(self, xml: bytes | None, files: Any = None, query: str = "", **more: str) -> int:
        body, kind = multipart(xml, files or {})
        return self.send_body(body, kind, query, **more)

    def send_body(self, body: bytes, kind: str, query: str = "", **more: str) -> int:
        """The status."""
        environ = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": self.address,
            "QUERY_STRING": query or "deviceID=collect%3A1",
            "CONTENT_TYPE": kind,
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": BytesIO(body),
            "wsgi.url_scheme": "http",
            "SERVER_NAME": "testserver",
            "SERVER_PORT": "80",
            "HTTP_HOST": "testserver",
            "HTTP_USER_AGENT": "org.odk.collect.android/v2026.2.0",
            **more,
        }
        told: list[Any] = []
        self.body = b"".join(self._app(environ, lambda *said: told.extend(said)))
        self.headers = dict(told[1])
        return int(told[0].split()[0])


@pytest.fixture
def line(phone, project) -> Line:
    return Line(phone, project)


def test_a_record_is_stored_in_every_column_as_by_the_long_way(line, phone, project, lan):
    answers = {"visit_date": "2026-03-01", "note": "好", "stray": "odd"}
    assert line.send(instance("visit", answers)) == 201
    short = Submission.objects.get()
    assert line.went_on == 0
    assert short.area == lan.grants.get().area
    assert line.send(instance("visit", answers), HTTP_COOKIE="a=b") == 201
    long = Submission.objects.exclude(pk=short.pk).get()
    assert line.went_on == 1
    for name in PLACED:
        assert getattr(short, name) == getattr(long, name), name
    mine, other = short.versions.get(), long.versions.get()
    for name in READ:
        left, right = getattr(mine, name), getattr(other, name)
        if name == "data":
            left.pop("meta"), right.pop("meta")
        assert left == right, name
    texts = [SubmissionReadout.objects.get(pk=one.pk) for one in (short, long)]
    assert len({(one.edition, one.form_version_id, one.has_files) for one in texts}) == 1
    assert "好" in texts[0].cells
    said = Entry.objects.filter(action="submission.create").order_by("id")
    assert [one.details["submissionId"] for one in said] == [short.pk, long.pk]
    assert len({(one.actor_id, one.project_id, one.notes) for one in said}) == 1


def test_the_answer_is_the_same_as_by_the_long_way(line):
    assert line.send(instance("visit", {}), HTTP_ACCEPT_LANGUAGE="en") == 201
    short, mine = line.body, line.headers
    assert line.send(instance("visit", {}), HTTP_ACCEPT_LANGUAGE="en", HTTP_COOKIE="a=b") == 201
    assert short == line.body
    assert line.went_on == 1
    ours = {name for name in mine if mine[name] == line.headers.get(name)}
    assert ours >= {"Content-Type", "Cache-Control", "X-OpenRosa-Version", "Content-Language"}
    assert ours >= {"X-Content-Type-Options", "Referrer-Policy", "X-Frame-Options"}
    assert ours >= {"Content-Security-Policy", "Content-Length", "Cross-Origin-Opener-Policy"}
    assert line.send(instance("visit", {}), HTTP_ACCEPT_LANGUAGE="zh-CN") == 201
    assert "记录" in line.body.decode()


def test_a_record_that_makes_entities_gives_the_worker_its_version(line):
    child = "11111111-2222-4333-8444-555555555555"
    xml = instance("enum", {"child_name": "张"}, entity=create_entity(child))
    assert line.send(xml) == 201
    assert line.went_on == 0
    version = SubmissionVersion.objects.get()
    reaction = Reaction.objects.get(event="submission.created")
    assert reaction.payload == {"version_id": version.pk}
    assert reaction.entry.details["instanceId"] == version.instance_id


def test_a_repeat_is_taken_and_other_content_under_its_id_refused(line):
    same = new_id()
    xml = instance("visit", {"note": "a"}, instance_id=same)
    assert [line.send(xml), line.send(xml)] == [201, 201]
    assert line.send(instance("visit", {"note": "b"}, instance_id=same)) == 409
    assert SubmissionVersion.objects.get().data["note"] == "a"
    assert Entry.objects.filter(action="submission.create").count() == 1


def test_an_edit_goes_the_long_way(line):
    first = new_id()
    assert line.send(instance("visit", {"note": "a"}, instance_id=first)) == 201
    assert line.send(instance("visit", {"note": "b"}, replaces=first)) == 201
    assert line.went_on == 1
    assert Submission.objects.get().versions.count() == 2


def test_an_id_that_an_edit_bears_is_known(line, phone, project):
    first, second = new_id(), new_id()
    receive_submission(project, instance("visit", {}, instance_id=first), actor=phone)
    edit = instance("visit", {"note": "b"}, instance_id=second, replaces=first)
    receive_submission(project, edit, actor=phone)
    assert line.send(instance("visit", {"note": "c"}, instance_id=second)) == 409
    assert Submission.objects.count() == 1


def test_a_key_that_was_revoked_a_moment_ago_stores_nothing(line, phone):
    assert line.send(instance("visit", {})) == 201
    revoke_app_user(phone, actor=None)
    assert line.send(instance("visit", {})) == 403
    assert Submission.objects.count() == 1


def test_a_worker_who_left_takes_the_phone_along(line, lan):
    assert line.send(instance("visit", {})) == 201
    lan.is_active = False
    lan.save()
    assert line.send(instance("visit", {})) == 403
    assert Submission.objects.count() == 1


def test_a_form_that_was_closed_or_taken_from_the_phone_a_moment_ago_refuses(line, phone, project):
    assert line.send(instance("visit", {})) == 201
    Form.objects.filter(xml_form_id="visit").update(state=Form.State.CLOSED)
    assert line.send(instance("visit", {})) == 409
    Form.objects.filter(xml_form_id="visit").update(state=Form.State.OPEN)
    link = phone.project_link
    link.all_forms = False
    link.save()
    assert line.send(instance("visit", {})) == 404
    assert Submission.objects.count() == 1


def test_a_phone_of_another_project_stores_nothing(line, project):
    other = make_project("other")
    publish(other, VISIT)
    stranger = create_app_user(other, "stranger", actor=None)
    line.address = f"/v1/key/{stranger.key}/projects/{project.pk}/submission"
    assert line.send(instance("visit", {})) == 404
    line.address = f"/v1/key/{'x' * 64}/projects/{project.pk}/submission"
    assert line.send(instance("visit", {})) == 403
    assert not Submission.objects.exists()


@pytest.mark.parametrize(
    "more",
    [
        {"HTTP_X_ACTION_NOTES": "why"},
        {"HTTP_AUTHORIZATION": "Bearer x"},
        {"HTTP_COOKIE": "sessionid=x"},
        {"REQUEST_METHOD": "PUT"},
        {"SCRIPT_NAME": "/below"},
        {"QUERY_STRING": "st=abc"},
    ],
)
def test_what_the_middleware_would_look_at_goes_the_long_way(line, more):
    line.send(instance("visit", {}), **more)
    assert line.went_on == 1


def test_a_host_that_is_not_ours_and_plain_http_go_the_long_way(line, settings):
    settings.ALLOWED_HOSTS = ["anhu.example.org"]
    assert line.send(instance("visit", {}), HTTP_HOST="evil.example.org") == 400
    settings.ALLOWED_HOSTS = ["*"]
    settings.SECURE_SSL_REDIRECT = True
    line.send(instance("visit", {}))
    assert line.went_on == 2


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--b\r\n",
        b"--b\r\n\r\n<a/>\r\n--b--\r\n",
        b'--b\r\nContent-Disposition: form-data; name="xml_submission_file"; filename="a"\r\n\r\n<a/>',
        b'--b\r\nContent-Disposition: form-data; name="xml_submission_file"; filename="a"\r\n\r\n<a/>\r\n--b--x',
        b'--b\r\nContent-Disposition: form-data; name="xml_submission_file"\r\n\r\n<a/>\r\n--b--',
        b'--b\r\nContent-Disposition: form-data; name="other"; filename="a"\r\n\r\n<a/>\r\n--b--',
        b'--b\r\nContent-Disposition: form-data; name="xml_submission_file"; filename="a"\r\n'
        b"Content-Transfer-Encoding: base64\r\n\r\nPGEvPg==\r\n--b--",
        b'--b\r\nContent-Disposition: form-data; name="xml_submission_file"; filename="a"\r\n\r\n<a/>\r\n--b\r\n'
        b'Content-Disposition: form-data; name="x"; filename="x"\r\n\r\n1\r\n--b--',
    ],
)
def test_a_body_that_is_not_one_whole_record_is_left_to_the_view(body):
    assert only_record(body, b"b") is None


def test_a_torn_body_and_files_are_answered_by_the_view(line):
    body, kind = multipart(instance("visit", {}), {})
    assert line.send_body(body[:-9], kind) == 400
    assert line.send(instance("visit", {"photo": "a.png"}), {"a.png": b"1"}) == 201
    assert line.send(instance("visit", {"note": "x" * MAX_BODY})) == 201
    assert line.send(b"<not xml") == 400
    assert line.send(instance("none", {})) == 404
    assert line.went_on == 5


@pytest.mark.django_db(transaction=True)
def test_of_many_phones_at_once_each_gets_its_own_answer():
    project = make_project()
    publish(project, VISIT)
    good = [create_app_user(project, f"p{n}", actor=None) for n in range(4)]
    bad = create_app_user(project, "gone", actor=None)
    assert Line(bad, project).send(instance("visit", {})) == 201  # its leave is known by now
    revoke_app_user(bad, actor=None)
    twice = instance("visit", {})
    gate = Barrier(6)

    def run(phone, records):
        gate.wait()
        try:
            line = Line(phone, project)
            return [line.send(one) for one in records]
        finally:
            connections.close_all()

    plan = [(phone, [*(instance("visit", {}) for _ in range(5)), twice]) for phone in good]
    plan += [(bad, [instance("visit", {})] * 3), (good[0], [twice])]
    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(lambda one: run(*one), plan))
    assert results == [[201] * 6] * 4 + [[403] * 3] + [[201]]
    assert Submission.objects.count() == 1 + 20 + 1
    assert SubmissionReadout.objects.count() == 22


@pytest.mark.django_db(transaction=True)
def test_work_of_several_threads_is_committed_together_and_fails_together():
    batches: list[list[int]] = []
    first = Barrier(2)
    go_on = Barrier(2)

    def do(work: list[int]) -> None:
        batches.append(sorted(work))
        if work == [0]:
            first.wait()
            go_on.wait()
        if 3 in work:
            raise ValueError("three")

    together, failed = Together(do), []

    def bring(number: int) -> None:
        try:
            together(number)
        except ValueError:
            failed.append(number)
        finally:
            connections.close_all()

    threads = [Thread(target=bring, args=(number,)) for number in range(4)]
    threads[0].start()
    first.wait()
    for one in threads[1:]:
        one.start()
    while len(together._waiting) < 3:
        pass
    go_on.wait()
    for one in threads:
        one.join()
    assert batches == [[0], [1, 2, 3]]
    assert sorted(failed) == [1, 2, 3]
