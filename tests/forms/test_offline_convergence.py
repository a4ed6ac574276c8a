"""In whatever order the records of a day without a network arrive, and however often, the child ends the same."""

import uuid
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forms.models import Entity, HeldUpdate, Project
from forms.services import create_dataset, receive_submission
from server.people.models import AppUser, User
from tests.forms.field_work import (
    ENUM,
    HOME_VISIT,
    create_entity,
    instance,
    make_phone,
    make_project,
    publish,
    update_entity,
)

BRANCH = "b0e927b6-958a-42f6-8344-1deb37ee9672"
VISITS = 4


@pytest.fixture
def project(db: None, settings) -> Project:
    settings.REACTIONS = {
        "submission.created": ["forms.registry.register_submission"],
        "submission.updated": ["forms.registry.register_submission"],
    }
    project = make_project()
    create_dataset(project, "child", actor=None, area_property="village_code")
    publish(project, ENUM)
    publish(project, HOME_VISIT)
    return project


@pytest.fixture
def phone(project: Project, lan: User) -> AppUser:
    return make_phone(project, lan)


def branch(key: str, village: str) -> list[bytes]:
    """A child made without a network, and the visits that followed on the same phone."""
    answers = {"enum_date": "2026-01-05", "child_name": "张小明", "village_code": village}
    sent = [instance("enum", answers, entity=create_entity(key, "张小明", branchId=BRANCH))]
    for number in range(1, VISITS + 1):
        entity = update_entity(key, number, branchId=BRANCH, trunkVersion="")
        sent.append(instance("home_visit", {"child": key, "phone": f"13{number}"}, entity=entity))
    return sent


def state(key: str) -> tuple[Any, ...]:
    """What became of the child."""
    child = Entity.objects.get(uuid=key)
    history = [
        (one.version, one.data, one.label, one.conflict)
        for one in child.versions.filter(is_annotation=False)
    ]
    waiting = HeldUpdate.objects.filter(uuid=key, settled_at=None).count()
    return child.label, child.data, child.conflict, history, waiting


def deliver(project, phone, drain, order, village) -> tuple[Any, ...]:
    """Send the records of one branch in `order`, some of them twice; nothing of it stays."""
    with transaction.atomic():
        key = str(uuid.uuid4())
        sent = branch(key, village)
        for place in order:
            receive_submission(project, sent[place], actor=phone)
            drain()
        found = state(key)
        transaction.set_rollback(True)
    return found


orders = st.permutations(range(VISITS + 1)).flatmap(
    lambda order: st.lists(st.integers(0, VISITS), max_size=3).map(lambda again: [*order, *again])
)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(order=orders)
def test_every_order_of_delivery_ends_in_the_same_child(project, phone, drain, country, order):
    village = country.village.code
    expected = deliver(project, phone, drain, range(VISITS + 1), village)
    assert deliver(project, phone, drain, order, village) == expected
    _label, data, conflict, history, waiting = expected
    assert (data["phone"], conflict, len(history), waiting) == ("134", "", VISITS + 1, 0)
