"""Two entries of one child become one, with all that was told of both; undone, they are what they were."""

import pytest

from forms.models import DuplicatePair, Entity, Merge, Project, Subject
from forms.registry import register_submission
from forms.services.entities import update_entity
from forms.services.merging import choices_between, merge_entities, undo_merge
from forms.services.receiving import receive_submission
from server.problems import Problem
from tests.forms.field_work import instance
from tests.forms.field_work import update_entity as update_element
from tests.forms.people_kit import fresh, people_project, register


@pytest.fixture
def project(db: None) -> Project:
    return people_project()


@pytest.fixture
def two(project, county, country, drain) -> tuple[Entity, Entity]:
    first = register(project, county, country.village.code)
    second = register(
        project, county, country.other_town_village.code, child_name="張小明", dob="2015-05-02"
    )
    visit(project, county, second, "1111111")
    drain()
    return fresh(first), fresh(second)


def visit(project, by, child, phone, base=1):
    """A visit to the child, sent by a phone that knows `base`."""
    answers = {"child": str(child.uuid), "visit_date": "2026-09-01", "phone": phone}
    element = update_element(str(child.uuid), base)
    # the values of save_to are read from the questions, as declared in the form
    xml = instance("home_visit", answers, entity=element)
    version = receive_submission(project, xml, actor=by).version
    register_submission(version.pk)
    return version


def state(entity):
    now = fresh(entity)
    subjects = sorted(Subject.objects.filter(entity=now).values_list("submission_id", flat=True))
    places = sorted(
        Subject.objects.filter(entity=now).values_list("submission__area__code", flat=True)
    )
    return now.label, now.data, now.area_id, now.school_id, now.deleted_at, subjects, places


def test_the_survivor_has_the_chosen_values_and_every_record(two, county, country):
    first, second = two
    merge = merge_entities(first, second, {"dob", "village_code", "phone"}, actor=county)
    now, gone = fresh(first), fresh(second)
    assert now.data["dob"] == "2015-05-02"
    assert now.data["child_name"] == "张小明"
    assert now.data["phone"] == "1111111"
    assert now.area == country.other_town_village
    assert gone.deleted_at is not None
    assert gone.data == second.data
    assert Subject.objects.filter(entity=now).count() == 3
    assert not Subject.objects.filter(entity=gone).exists()
    assert merge.subjects.count() == 2


def test_undone_both_are_exactly_what_they_were(two, county):
    before = [state(one) for one in two]
    merge = merge_entities(two[0], two[1], {"dob", "village_code", "phone", "label"}, actor=county)
    assert DuplicatePair.objects.get().state == "merged"
    undo_merge(merge, actor=county)
    assert [state(one) for one in two] == before
    assert DuplicatePair.objects.get().state == "open"


def test_what_a_phone_still_sends_about_the_loser_reaches_the_survivor(project, two, county):
    first, second = two
    merge_entities(first, second, set(), actor=county)
    sent = visit(project, county, second, "2222222", base=second.version)
    now = fresh(first)
    assert now.data["phone"] == "2222222"
    assert now.data["child_name"] == "张小明"
    assert not now.conflict
    assert Subject.objects.get(submission=sent.submission).entity == first


def test_after_the_undoing_it_is_the_losers(project, two, county):
    first, second = two
    before = state(first)
    merge = merge_entities(first, second, set(), actor=county)
    sent = visit(project, county, second, "2222222", base=second.version)
    undo_merge(merge, actor=county)
    assert state(first) == before
    assert fresh(second).data["phone"] == "2222222"
    assert fresh(second).deleted_at is None
    assert Subject.objects.get(submission=sent.submission).entity == second


def test_what_somebody_changed_since_stays_when_it_is_undone(two, county):
    first, second = two
    merge = merge_entities(first, second, {"dob", "phone"}, actor=county)
    change = {"base_version": None, "is_forced": True, "resolves": False, "actor": county}
    update_entity(fresh(first), label=None, data={"dob": "2015-06-06"}, **change)
    undo_merge(merge, actor=county)
    assert fresh(first).data["dob"] == "2015-06-06"
    assert not fresh(first).data.get("phone")
    assert fresh(second).data["dob"] == "2015-05-02"


def test_a_conflict_with_a_later_change_of_the_survivor_is_marked(project, two, county):
    first, second = two
    merge_entities(first, second, {"phone"}, actor=county)
    change = {"base_version": None, "is_forced": True, "resolves": False, "actor": county}
    update_entity(fresh(first), label=None, data={"phone": "9999999"}, **change)
    visit(project, county, second, "2222222", base=second.version)
    assert fresh(first).conflict == "hard"


def test_a_chain_of_merges_leads_to_its_end(project, two, county, country):
    first, second = two
    third = register(project, county, country.village.code, child_name="张小铭")
    merge_entities(first, second, set(), actor=county)
    merge_entities(third, fresh(first), set(), actor=county)
    visit(project, county, second, "3333333", base=second.version)
    assert fresh(third).data["phone"] == "3333333"


def test_nonsense_is_refused_and_leaves_nothing(two, county):
    first, second = two
    with pytest.raises(Problem):
        merge_entities(first, first, set(), actor=county)
    with pytest.raises(Problem):
        merge_entities(first, second, {"sex"}, actor=county)  # the same in both
    merge = merge_entities(first, second, set(), actor=county)
    with pytest.raises(Problem):
        merge_entities(first, second, set(), actor=county)
    undo_merge(merge, actor=county)
    with pytest.raises(Problem):
        undo_merge(merge, actor=county)
    assert Merge.objects.count() == 1


def test_only_what_differs_is_to_be_chosen(two):
    names = [one.name for one in choices_between(*two)]
    assert names[0] == "label"
    assert set(names) == {"label", "child_name", "dob", "village_code", "last_visit", "phone"}
