"""What the timeline tells of a child, and to whom."""

import uuid

import pytest

from forms.models import Entity, Form
from forms.registry import register_submission, write_entity
from forms.services import create_dataset, receive_submission
from forms.timeline import timeline
from tests.forms.field_work import HOME_VISIT, instance, make_phone, make_project, publish


@pytest.fixture
def project(db):
    project = make_project()
    create_dataset(project, "child", actor=None, area_property="village_code")
    publish(project, HOME_VISIT)
    return project


@pytest.fixture
def child(project, country) -> Entity:
    return write_entity(
        project.datasets.get(), uuid.uuid4(), "张小明", {"village_code": country.village.code}
    )


@pytest.fixture
def visit(project, child, lan):
    phone = make_phone(project, lan)

    def visit(**answers: str):
        receipt = receive_submission(
            project, instance("home_visit", {"child": str(child.uuid), **answers}), actor=phone
        )
        register_submission(receipt.version.pk)
        return receipt

    return visit


def records(child, reader):
    return [item for item in timeline(child, reader) if item.kind == "submission"]


def test_each_record_tells_what_changed_since_the_last_one(child, visit, lan):
    visit(visit_date="2026-01-01", phone="138")
    visit(visit_date="2026-02-01", phone="139")
    first, second = sorted(records(child, lan), key=lambda item: item.occurred_on)
    assert first.detail["isFirst"]
    assert {"name": "phone", "question": "Phone", "old": "138", "new": "139"} in second.detail[
        "changes"
    ]
    assert [one["name"] for one in second.detail["changes"]] == ["visit_date", "phone"]
    assert second.actor.startswith("phone of lan")


def test_a_restricted_record_is_an_anonymous_line_for_others(child, visit, lan, county):
    visit(phone="138")
    Form.objects.update(sensitivity="restricted")
    [sealed] = records(child, lan)
    [full] = records(child, county)
    assert (sealed.actor, sealed.detail, sealed.url) == ("", None, "")
    assert sealed.title != full.title
    assert full.detail["changes"]


def test_a_stranger_reads_no_answers(child, visit, stranger):
    visit(phone="138")
    assert [item.detail for item in timeline(child, stranger)] == [None]


def test_changes_by_hand_are_told_and_annotations_are_not(child, lan):
    write_entity(child.dataset, child.uuid, "张晓明", {"x": "1"})
    assert sorted(item.detail["version"] for item in timeline(child, lan)) == [1, 2]


def test_the_timeline_takes_three_queries_however_long(
    child, visit, lan, django_assert_max_num_queries
):
    for number in range(6):
        visit(phone=str(number))
    with django_assert_max_num_queries(4):  # one of them the reader's grants
        list(timeline(child, lan))
