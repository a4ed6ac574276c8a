"""Uploads that arrive damaged, and uploads that arrive together: refused whole or stored whole."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from forms.models import (
    Project,
    Submission,
    SubmissionAttachment,
    SubmissionReadout,
    SubmissionVersion,
)
from forms.services import receive_submission
from server.journal.models import Entry, Reaction
from server.people.roles import Role
from tests.conftest import PASSWORD, make_user
from tests.forms.field_work import (
    VISIT,
    Phone,
    instance,
    make_phone,
    make_project,
    multipart,
    new_id,
    publish,
)

TABLES = (
    Submission, SubmissionVersion, SubmissionAttachment, SubmissionReadout, Entry, Reaction,
)  # fmt: skip
XML = instance("visit", {"note": "好", "photo": "a.png"}, instance_id="uuid:torn")
BODY, TYPE = multipart(XML, {"a.png": b"\x89PNG" + bytes(range(256))})
TYPES = [
    "", "multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=other",
    "multipart/form-data; boundary=" + "x" * 300, "multipart/form-data; boundary=ü", "multipart/mixed; boundary=b",
    "application/json", "text/xml", "application/x-www-form-urlencoded", "multipart/form-data; boundary=\"a\\",
    TYPE + "; charset=utf-16", TYPE + "; charset=nonsense", TYPE + "; boundary=second",
]  # fmt: skip


@pytest.fixture
def project(db: None) -> Project:
    project = make_project()
    publish(project, VISIT)
    return project


@pytest.fixture
def phone(project: Project) -> Phone:
    client = Phone(make_phone(project), project)
    client.client.raise_request_exception = False
    return client


def counts() -> list[int]:
    return [model.objects.count() for model in TABLES]


def post(phone: Phone, body: bytes, content_type: str = TYPE, **more: Any) -> Any:
    return phone.client.generic(
        "POST", f"{phone.base}/submission", body, content_type=content_type, **more
    )


def check(answer: Any, before: list[int]) -> None:
    """Stored whole, or refused with a message and nothing stored at all."""
    if answer.status_code == 201:
        assert [a - b for a, b in zip(counts()[:2], before[:2], strict=True)] in ([1, 1], [0, 0])
        return
    assert 400 <= answer.status_code < 500, (answer.status_code, answer.content)
    assert b"<OpenRosaResponse" in answer.content
    assert b'<message nature="error">' in answer.content
    assert counts() == before


tearing = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@tearing
@given(cut=st.integers(1, len(BODY) - 3))
@example(cut=1)
@example(cut=len(BODY) - 3)
def test_a_body_cut_anywhere_before_its_end_is_refused(phone, cut):
    before = counts()
    answer = post(phone, BODY[:cut])
    assert answer.status_code == 400, (cut, answer.content)
    check(answer, before)


@tearing
@given(place=st.integers(0, len(BODY) - 1), bit=st.integers(0, 7))
def test_a_flipped_bit_never_breaks_the_server(phone, place, bit):
    body = bytearray(BODY)
    body[place] ^= 1 << bit
    before = counts()
    check(post(phone, bytes(body)), before)


@pytest.mark.parametrize("content_type", TYPES)
def test_a_wrong_content_type_is_refused(phone, content_type):
    before = counts()
    answer = post(phone, BODY, content_type)
    check(answer, before)


@pytest.mark.parametrize("length", ["0", "5", "-1", "x", "99999999999999999999"])
def test_a_lying_length_is_refused(phone, length):
    before = counts()
    answer = post(phone, BODY, CONTENT_LENGTH=length)
    assert answer.status_code in (400, 413)
    check(answer, before)


def test_file_names_and_senders_that_no_database_holds_are_told_or_mended(phone):
    for name in ("a\0b.png", "x" * 300, "../../etc/passwd", ".", "a\ud800"):
        body, content_type = multipart(instance("visit", {}), {"a.png": b"x"})
        raw = body.replace(b'"a.png"', b'"' + name.encode("utf-8", "surrogatepass") + b'"')
        answer = phone.client.generic(
            "POST",
            f"{phone.base}/submission?deviceID={'d' * 300}",
            raw,
            content_type=content_type,
            headers={"User-Agent": "u" * 300},
        )
        assert answer.status_code < 500, (name, answer.content)
    assert not SubmissionAttachment.objects.filter(name__contains="/").exists()


def together(*calls: Callable[[], Any]) -> list[Any]:
    """All at once, each in a thread of its own with a connection of its own."""
    gate = Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        gate.wait()
        try:
            return call()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


@pytest.mark.django_db(transaction=True)
def test_of_two_who_edit_over_rest_at_once_one_wins_and_one_is_told():
    project = make_project()
    publish(project, VISIT)
    make_user("admin", Role.ADMIN)
    login = {"email": "admin@example.org", "password": PASSWORD}
    token = Client().post("/v1/sessions", login, "application/json").json()["token"]
    first = new_id()
    receive_submission(
        project, instance("visit", {"note": "0"}, instance_id=first), actor=make_phone(project)
    )
    path = f"/v1/projects/{project.pk}/forms/visit/submissions/{first}"

    def put(number: int) -> tuple[int, Any]:
        xml = instance("visit", {"note": str(number)}, replaces=first)
        headers = {"Authorization": f"Bearer {token}"}
        answer = Client().put(path, xml, content_type="application/xml", headers=headers)
        return answer.status_code, answer.json().get("code")

    results = together(*[lambda n=n: put(n) for n in (1, 2, 3)])
    assert sorted(results, key=str) == [(200, None), (409, "409.9"), (409, "409.9")]
    winner = results.index((200, None)) + 1
    current = SubmissionVersion.objects.get(is_current=True)
    assert current.data["note"] == str(winner)
    assert SubmissionVersion.objects.count() == 2
