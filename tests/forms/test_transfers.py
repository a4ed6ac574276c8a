"""A child moves when the other side says so, and not before."""

from datetime import timedelta

import pytest

from forms.models import Project, Transfer
from forms.services.transfers import (
    Destination,
    accept_transfer,
    refuse_transfer,
    request_transfer,
    transfer_of,
    transfers_for,
    withdraw_transfer,
)
from rules.models import Notice
from server import clock
from server.people.models import User
from server.people.roles import Role
from server.places.models import School
from server.problems import Problem
from tests.conftest import make_user
from tests.forms.people_kit import fresh, people_project, register


@pytest.fixture
def project(db: None) -> Project:
    return people_project()


@pytest.fixture
def town(country) -> User:
    return make_user("town", Role.TOWN_SUPERVISOR, country.town)


@pytest.fixture
def other_town(country) -> User:
    return make_user("other", Role.TOWN_SUPERVISOR, country.other_town)


@pytest.fixture
def child(project, county, country):
    return register(project, county, country.village.code)


def ask(child, to, by) -> Transfer:
    return request_transfer(child, to, reason="moved", moves_on=clock.today(), actor=by)


def test_the_child_moves_when_the_other_town_accepts(child, town, other_town, lan, country, drain):
    transfer = ask(child, Destination(country.other_town_village), town)
    assert fresh(child).area == country.village
    assert transfer.due_on == clock.today() + timedelta(days=15)
    drain()
    assert Notice.objects.filter(user=other_town, kind="transfer").count() == 1
    with pytest.raises(Problem):
        accept_transfer(transfer, actor=town)
    accept_transfer(transfer, actor=other_town)
    now = fresh(child)
    assert now.area == country.other_town_village
    assert now.data["village_code"] == country.other_town_village.code
    assert now.versions.count() == 2
    drain()
    told = Notice.objects.filter(text__en__icontains="accepted").values_list("user", flat=True)
    assert set(told) == {town.pk, lan.pk}


def test_refused_with_a_reason_it_stays(child, town, other_town, country):
    transfer = ask(child, Destination(country.other_town_village), town)
    with pytest.raises(Problem):
        refuse_transfer(transfer, actor=other_town, answer=" ")
    refuse_transfer(transfer, actor=other_town, answer="not here")
    assert fresh(child).area == country.village
    with pytest.raises(Problem):
        accept_transfer(transfer, actor=other_town)
    assert ask(child, Destination(country.other_town_village), town).state == "requested"


def test_one_request_at_a_time_and_it_can_be_taken_back(child, town, other_town, country):
    transfer = ask(child, Destination(country.other_town_village), town)
    with pytest.raises(Problem):
        ask(child, Destination(country.other_town_village), town)
    with pytest.raises(Problem):
        withdraw_transfer(transfer, actor=other_town)
    assert withdraw_transfer(transfer, actor=town).state == "withdrawn"


def test_who_holds_both_ends_needs_no_second_person(child, county, country):
    transfer = ask(child, Destination(country.other_town_village), county)
    assert transfer.state == "accepted"
    assert fresh(child).area == country.other_town_village


def test_a_change_of_school_moves_school_and_class(child, county, country):
    school = School.objects.create(code="S1", name="石桥小学", area=country.other_town)
    ask(child, Destination(school=school, class_name="三年级"), county)
    now = fresh(child)
    assert (now.school, now.area) == (school, country.village)
    assert now.data["school_code"] == "S1"
    ask(now, Destination(leaves_school=True), county)
    assert fresh(child).school_id is None


def test_nowhere_and_nonsense_are_refused(child, county, country):
    for to in (Destination(), Destination(country.village), Destination(leaves_school=True)):
        with pytest.raises(Problem):
            ask(child, to, county)
    far = clock.today() + timedelta(days=1000)
    to = Destination(country.other_town)
    with pytest.raises(Problem):
        request_transfer(child, to, reason="moved", moves_on=far, actor=county)
    with pytest.raises(Problem):
        request_transfer(child, to, reason="x", moves_on=clock.today(), actor=county)


def test_both_sides_see_it_and_a_stranger_does_not(child, town, other_town, stranger, country):
    transfer = ask(child, Destination(country.other_town_village), town)
    assert transfers_for(other_town).get() == transfers_for(town).get() == transfer
    assert not transfers_for(stranger).exists()
    with pytest.raises(Problem):
        transfer_of(stranger, transfer.pk)
