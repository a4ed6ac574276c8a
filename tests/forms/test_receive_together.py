"""Phones that send at the same moment: threads with connections of their own, real commits."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connections

from forms import problems
from forms.models import Project, Submission, SubmissionVersion
from forms.services import create_app_user, receive_submission
from server.journal.models import Entry
from server.problems import Problem
from tests.forms.field_work import VISIT, instance, make_project, new_id, publish

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def project() -> Project:
    project = make_project()
    publish(project, VISIT)
    return project


def together(*calls: Callable[[], object]) -> list[Any]:
    """Run all at once; answers results and Problems in the order of the calls."""
    gate = Barrier(len(calls))

    def run(call):
        gate.wait()
        try:
            return call()
        except Problem as problem:
            return problem.kind
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def test_of_two_edits_at_once_one_wins_and_the_other_is_told(project):
    phone = create_app_user(project, "p", actor=None)
    first = new_id()
    receive_submission(project, instance("visit", {"note": "0"}, instance_id=first), actor=phone)
    edits = [instance("visit", {"note": str(n)}, replaces=first) for n in range(4)]
    results = together(
        *[lambda xml=xml: receive_submission(project.pk, xml, actor=phone) for xml in edits]
    )
    assert results.count(problems.ORIGINAL_REPLACED) == 3
    assert SubmissionVersion.objects.count() == 2
    assert Submission.objects.get().versions.filter(is_current=True).count() == 1


def test_the_same_record_from_two_retries_at_once_is_stored_once(project):
    phone = create_app_user(project, "p", actor=None)
    xml = instance("visit", {"photo": "a.png"})
    before = Entry.objects.count()
    send = [lambda: receive_submission(project.pk, xml, {"a.png": b"1"}, actor=phone)] * 4
    results = together(*send)
    assert sorted(one.is_new for one in results) == [False, False, False, True]
    assert (SubmissionVersion.objects.count(), Entry.objects.count()) == (1, before + 1)


def test_many_phones_at_once_lose_nothing(project):
    phones = [create_app_user(project, f"p{n}", actor=None) for n in range(8)]

    def send_ten(phone):
        return [
            receive_submission(project.pk, instance("visit", {}), actor=phone).is_new
            for _ in range(10)
        ]

    results = together(*[lambda phone=phone: send_ten(phone) for phone in phones])
    assert results == [[True] * 10] * 8
    assert Submission.objects.count() == 80
