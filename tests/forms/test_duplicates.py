"""The same child registered twice is found, shown to whom it concerns, and never kept from being registered."""

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from forms.models import DuplicatePair, Entity, LikenessKey, Project
from forms.people.id_number import check_character
from forms.registry.likeness import index_entities
from forms.services.duplicates import (
    find_duplicates,
    index_everything,
    may_decide,
    open_pairs,
    pair_of,
    side_of,
    tell_apart,
)
from forms.services.entities import NewEntity, create_entities, update_entity
from forms.services.receiving import receive_submission
from server.people.access import scope_of
from server.people.roles import Role, Verb
from server.problems import Problem
from tests.conftest import make_user
from tests.forms.field_work import instance, new_id
from tests.forms.people_kit import MING, children, people_project, register

NUMBER = "11010520150501001"
NUMBER += check_character(NUMBER)


@pytest.fixture
def project(db: None) -> Project:
    return people_project()


@pytest.fixture
def pair(project, lan, country, county, drain) -> DuplicatePair:
    """Registered in two towns: the father's village and the mother's."""
    register(project, county, country.village.code)
    register(project, county, country.other_town_village.code, child_name="张晓鸣")
    drain()
    return DuplicatePair.objects.get()


def test_a_child_registered_in_two_villages_becomes_a_pair(pair):
    assert (pair.score, pair.state) == (90, "open")
    assert pair.reasons == ["name_sounds", "born", "mother", "sex"]


def test_the_number_is_enough_and_stands_nowhere_in_clear(project, county, country, drain):
    for name in ("张小明", "小名"):
        register(project, county, country.village.code, child_name=name, child_id_no=NUMBER)
    drain()
    assert DuplicatePair.objects.get().score == 100
    digests = LikenessKey.objects.values_list("digest", flat=True)
    assert not [one for one in digests if NUMBER in one or len(one) != 32]


def test_an_edit_that_only_tells_the_number_is_heeded(project, county, country, drain):
    first = register(project, county, country.village.code, child_name="甲", child_id_no=NUMBER)
    other = register(project, county, country.village.code, child_name="乙")
    assert not DuplicatePair.objects.exists()
    before = other.versions.get().source.instance_id
    answers = {
        **MING,
        "child_name": "乙",
        "village_code": country.village.code,
        "child_id_no": NUMBER,
    }
    entity = f'<entity dataset="child" id="{other.uuid}" create="1"><label>乙</label></entity>'
    xml = instance("child_enum", answers, instance_id=new_id(), replaces=before, entity=entity)
    receive_submission(project, xml, actor=county)
    drain()
    found = DuplicatePair.objects.get()
    assert (found.first_id, found.second_id, found.score) == (first.pk, other.pk, 100)


def test_children_made_by_the_api_in_bulk_are_searched_too(project, county, country, drain):
    register(project, county, country.village.code)
    data = {"child_name": "張小明", "dob": "2015-05-01", "sex": "male"}
    rows = [NewEntity(uuid.uuid4(), "張小明", data)]
    create_entities(children(project), rows, {"name": "x"}, actor=county)
    drain()
    assert DuplicatePair.objects.get().reasons == ["name", "born", "sex"]


def test_those_registered_before_are_indexed_by_the_command(project, pair, drain):
    LikenessKey.objects.all().delete()
    DuplicatePair.objects.all().delete()
    assert index_everything() == 2
    drain()
    assert DuplicatePair.objects.count() == 1
    assert index_everything() == 2  # again: nothing new
    assert not index_entities(Entity.objects.select_related("dataset"))


def test_a_pair_goes_away_when_the_name_is_corrected(project, pair, county, drain):
    second = Entity.objects.select_related("dataset").get(pk=pair.second_id)
    update_entity(
        second,
        label=None,
        data={"child_name": "刘大山"},
        base_version=None,
        is_forced=True,
        resolves=False,
        actor=county,
    )
    drain()
    find_duplicates([pair.first_id])
    assert not DuplicatePair.objects.exists()


def test_each_sees_the_own_side_and_of_the_other_only_where(pair, country, county, stranger):
    town = make_user("town", Role.TOWN_SUPERVISOR, country.town)
    found = open_pairs(town).get()
    scope = scope_of(town, Verb.ENTITY_UPDATE)
    assert side_of(found.first, scope).entity == pair.first
    assert side_of(found.second, scope).entity is None
    assert side_of(found.second, scope).place == "清水县 石桥镇"
    assert not may_decide(town, found)
    assert may_decide(county, open_pairs(county).get())
    assert not open_pairs(stranger).exists()
    with pytest.raises(Problem):
        pair_of(stranger, pair.pk)


def test_two_children_told_apart_are_not_shown_again(pair, county, drain):
    tell_apart(pair, note="cousins", actor=county)
    find_duplicates([pair.first_id, pair.second_id])
    assert DuplicatePair.objects.get().state == "different"
    with pytest.raises(Problem):
        tell_apart(pair, note="", actor=county)


def test_the_search_asks_as_much_of_many_children_as_of_few(project, pair, county, country):
    def cost() -> int:
        with CaptureQueriesContext(connection) as found:
            find_duplicates([pair.first_id])
        return len(found)

    before = cost()
    for number in range(8):
        register(
            project,
            county,
            country.village.code,
            child_name=f"李{number}",
            mother_name=f"赵{number}",
        )
    assert cost() == before
