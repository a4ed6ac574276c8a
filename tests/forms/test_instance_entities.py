"""Entity operations in submissions: creates, updates, upserts, repeats, and what is wrong with them."""

import json

import pytest

from forms.instance.entity import EntityOperation
from tests.forms.form_lab import CHILD_ID, read

CREATE = """
| survey |
| | type | name | label | save_to | relevant |
| | text | child_name | Name | full_name | |
| | integer | age | Age | age | ${child_name} != '' |
| | geopoint | home | Home | geometry | |
| entities |
| | list_name | label |
| | child | ${child_name} |
"""
UPDATE = """
| survey |
| | type | name | label | save_to |
| | select_one_from_file child.csv | child | Child | |
| | text | phone | Phone | phone |
| entities |
| | list_name | entity_id | label |
| | child | ${child} | ${phone} |
"""
PEOPLE = """
| survey |
| | type | name | label | save_to |
| | text | house | House | |
| | begin_repeat | people | People | |
| | text | who | Who | full_name |
| | begin_group | more | More | |
| | text | job | Job | job |
| | end_group | | | |
| | end_repeat | | | |
| entities |
| | list_name | label |
| | child | ${who} |
"""


def entity(attributes: str, label: str = "张三") -> str:
    return f'<entity dataset="child" {attributes}><label>{label}</label></entity>'


def test_a_create_carries_id_label_and_raw_property_texts():
    inside = "<child_name>张三</child_name><age>7</age><home>1.50 2 3 4</home>"
    instance = read(CREATE, inside, meta=entity(f'create="1" id="{CHILD_ID}"'))
    assert instance.entities == (
        EntityOperation(
            dataset="child",
            id=CHILD_ID,
            label="张三",
            is_create=True,
            properties={"full_name": "张三", "age": "7", "geometry": "1.50 2 3 4"},
        ),
    )


def test_an_irrelevant_question_leaves_its_property_alone_and_an_emptied_one_clears_it():
    instance = read(CREATE, "<child_name/>", meta=entity(f'create="1" id="{CHILD_ID}"'))
    assert instance.entities[0].properties == {"full_name": ""}


def test_an_update_carries_its_versions_and_branch():
    branch = "22222222-2222-4222-8222-222222222222"
    given = f'update="1" id="{CHILD_ID}" baseVersion="3" trunkVersion="2" branchId="{branch}"'
    (operation,) = read(UPDATE, "<phone>138</phone>", meta=entity(given, "")).entities
    assert (operation.is_create, operation.is_update, operation.fault) == (False, True, "")
    assert (operation.base_version, operation.trunk_version) == (3, 2)
    assert (operation.branch_id, operation.properties) == (branch, {"phone": "138"})


def test_an_entity_created_offline_has_no_trunk_version():
    given = f'update="1" id="{CHILD_ID}" baseVersion="1" trunkVersion="" branchId=""'
    (operation,) = read(UPDATE, "", meta=entity(given)).entities
    assert (operation.base_version, operation.trunk_version) == (1, None)


def test_an_upsert_has_both_flags_and_needs_no_label():
    given = f'create="1" update="true" id="{CHILD_ID}" baseVersion="1"'
    (operation,) = read(UPDATE, "", meta=entity(given, "")).entities
    assert (operation.is_create, operation.is_update, operation.fault) == (True, True, "")


@pytest.mark.parametrize("flags", ["", 'create=""', 'create="0"', 'create="false" update=""'])
def test_an_entity_without_a_set_flag_asks_for_nothing(flags):
    assert read(CREATE, "", meta=entity(f'{flags} id="{CHILD_ID}"')).entities == ()


def test_a_form_with_entities_whose_submission_has_none_asks_for_nothing():
    assert read(CREATE, "<child_name>x</child_name>").entities == ()


def person(who: str, job: str, entity_id: str) -> str:
    meta = entity(f'create="1" id="{entity_id}"', who)
    return f"<people><who>{who}</who><more><job>{job}</job></more><meta>{meta}</meta></people>"


def test_each_row_of_a_repeat_has_its_own_entity_and_properties():
    other = CHILD_ID.replace("1", "3", 1)
    rows = person("甲", "农", CHILD_ID) + person("乙", "工", other)
    first, second = read(PEOPLE, rows).entities
    assert (first.id, first.path, first.properties) == (
        CHILD_ID,
        "/people[1]",
        {"full_name": "甲", "job": "农"},
    )
    assert (second.id, second.path, second.properties) == (
        other,
        "/people[2]",
        {"full_name": "乙", "job": "工"},
    )


@pytest.mark.parametrize(
    ("given", "label", "fault"),
    [
        ('create="1" id=""', "x", "id"),
        ('create="1"', "x", "id"),
        ('create="1" id="7"', "x", "id"),
        (f'create="1" id="{CHILD_ID}"', "", "label"),
        (f'create="1" id="{CHILD_ID}"', "  ", "label"),
        (f'update="1" id="{CHILD_ID}" baseVersion="x"', "", "base_version"),
        (f'update="1" id="{CHILD_ID}" baseVersion="-1"', "", "base_version"),
        (f'update="1" id="{CHILD_ID}" baseVersion="1" trunkVersion="1.5"', "", "base_version"),
    ],
)
def test_an_impossible_operation_names_its_fault_and_does_not_fail_the_submission(
    given, label, fault
):
    instance = read(CREATE, "<child_name>甲</child_name>", meta=entity(given, label))
    assert instance.entities[0].fault == fault
    assert instance.data["child_name"] == "甲"
    assert f"entity_{fault}" in [one.reason for one in instance.oddities]


def test_another_list_than_the_declared_one_is_a_fault():
    meta = f'<entity dataset="other" create="1" id="{CHILD_ID}"><label>x</label></entity>'
    assert read(CREATE, "", meta=meta).entities[0].fault == "dataset"


def test_ids_are_read_with_prefix_and_in_capitals():
    shouted = "ABCDEFAB-1111-4111-8111-111111111111"
    (operation,) = read(CREATE, "", meta=entity(f'create="1" id="uuid:{shouted}"')).entities
    assert operation.id == shouted.lower()


def test_an_operation_survives_json():
    (operation,) = read(CREATE, "", meta=entity(f'create="1" id="{CHILD_ID}"')).entities
    assert EntityOperation.from_json(json.loads(json.dumps(operation.to_json()))) == operation
