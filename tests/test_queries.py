"""What is asked most makes a few queries, and as many with sixteen records as with one."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from forms.models import Project
from forms.registry import register_submission
from forms.services import create_dataset, receive_submission
from server.people.authentication import open_session
from server.people.models import AppUser, User
from server.people.roles import Role
from tests.conftest import make_user
from tests.forms.field_work import (
    ENUM,
    HOME_VISIT,
    VISIT,
    create_entity,
    instance,
    make_phone,
    make_project,
    multipart,
    publish,
)

Ask = Callable[[], Any]
P, V = "/v1/projects/{project}", "/v1/projects/{project}/forms/visit"
K = "/v1/key/{key}/projects/{project}"
HOT = {  # address -> the most queries; the worker's grants are one of the phone's
    f"{K}/formList": 2,
    f"{K}/forms/home_visit/manifest": 4,
    f"{K}/forms/visit.xml": 3,
    f"{V}.svc/Submissions": 6,
    f"{V}.svc/Submissions?%24top=20&%24count=true": 7,
    f"{V}/submissions.csv": 7,
    f"{V}/submissions": 8,
    f"{P}/forms": 8,
    f"{P}/datasets/child.svc/Entities?%24top=20": 8,
    f"{P}/datasets/child/entities": 8,
}


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


def count(ask: Ask) -> int:
    """The queries of a request that has been asked before; savepoints left out."""
    assert ask().status_code in (200, 201)
    with CaptureQueriesContext(connection) as found:
        answer = ask()
        b"".join(answer.streaming_content) if answer.streaming else answer.content
    words = [one["sql"].split(" ", 1)[0] for one in found.captured_queries]
    return sum(one not in ("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN") for one in words)


def add(project: Project, lan: User, code: str, number: int) -> None:
    child = f"22222222-2222-4222-8222-{number:012}"
    answers = {"child_name": "c", "village_code": code}
    xml = instance("enum", answers, entity=create_entity(child, "c"))
    register_submission(receive_submission(project, xml, actor=lan).version.pk)
    receive_submission(project, instance("visit", {"note": "n"}), actor=lan)


def test_what_is_asked_most_makes_few_queries_however_many_rows_there_are(
    project, phone, lan, country
):
    admin = make_user("administrator", Role.ADMIN)
    headers = {"Authorization": f"Bearer {open_session(admin)[1]}"}
    client = Client()

    def asker(address: str) -> Ask:
        path = address.format(key=phone.key, project=project.pk)
        return lambda: client.get(path, headers={} if address.startswith(K) else headers)

    add(project, lan, country.village.code, 0)
    before = {address: count(asker(address)) for address in HOT}
    for number in range(1, 16):
        add(project, lan, country.village.code, number)
    after = {address: count(asker(address)) for address in HOT}
    assert after == before
    assert {one: after[one] for one in HOT if after[one] > HOT[one]} == {}


def test_a_record_costs_the_same_queries_in_an_empty_and_in_a_full_table(
    project, phone, lan, country
):
    client = Client()
    path = f"/v1/key/{phone.key}/projects/{project.pk}/submission"

    def send() -> Any:
        body, kind = multipart(instance("visit", {"note": "n"}), {})
        return client.post(path, body, content_type=kind)

    before = count(send)
    for number in range(15):
        add(project, lan, country.village.code, number)
    assert count(send) == before <= 8
