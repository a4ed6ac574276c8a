"""Tasks follow a child whose two entries become one, and go back; those of a child that moves change hands."""

import pytest

from forms.models import Entity
from forms.services.merging import merge_entities, undo_merge
from forms.services.transfers import Destination, request_transfer
from rules.models import Task
from rules.services import evaluate
from server import clock
from server.people.roles import Role
from server.shell.timeline import collect
from tests.conftest import make_user
from tests.rules.county_kit import NOON, make_child, release_small, tell


@pytest.fixture(autouse=True)
def engines(monkeypatch):
    monkeypatch.setattr(evaluate, "second_opinion", lambda *_: ("ok", ()))


@pytest.fixture
def two(country, lan):
    with clock.at(NOON):
        first = make_child(country.village)
        release_small(first.dataset.project)
        second = make_child(country.village, first.dataset.project, "張小明")
        tell(second, "home_visit", {"danger": "yes", "poor": "no", "alone": "no"})
    return first, second


def live(entity):
    return set(
        Task.objects.filter(entity=entity, state__in=Task.LIVE).values_list("code", flat=True)
    )


def test_tasks_and_facts_of_the_loser_are_the_survivors_and_back(two, county, drain):
    first, second = two
    asked = live(second)
    assert asked
    with clock.at(NOON):
        merge = merge_entities(first, second, set(), actor=county)
        drain()
        assert live(first) >= asked
        assert not live(second)
        assert Entity.objects.get(pk=first.pk).data["tier"] == "red"
        undo_merge(merge, actor=county)
        drain()
    assert live(second) == asked
    assert not live(first) & asked
    titles = [str(one.title) for one in collect(first, county)]
    assert len([one for one in titles if "合并" in one]) == 2


def test_a_task_changes_hands_when_the_child_has_moved(two, county, country, lan, drain):
    second = two[1]
    other = make_user("mei", Role.CHILD_DIRECTOR, country.other_town_village)
    held = Task.objects.filter(entity=second, assignee=lan, state__in=Task.LIVE)
    before = set(held.values_list("code", flat=True))
    with clock.at(NOON):
        to = Destination(country.other_town_village)
        child = Entity.objects.select_related("dataset__project", "area").get(pk=second.pk)
        request_transfer(child, to, reason="moved", moves_on=clock.today(), actor=county)
        drain()
    moved = Task.objects.filter(entity=second, assignee=other, state__in=Task.LIVE)
    assert before
    assert set(moved.values_list("code", flat=True)) == before
