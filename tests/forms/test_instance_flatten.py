"""Typed data -> rows of tables, answers by name, and changes between two versions."""

from forms.instance.diff import diff_instances
from forms.instance.flatten import (
    Layout,
    answers,
    flatten,
    iter_repeat_rows,
    multiple_names,
    to_text,
)
from tests.forms.form_lab import form, read

FAMILY = """
| survey |
| | type | name | label |
| | begin_group | g_child | Child |
| | text | child_name | Name |
| | integer | age | Age |
| | geopoint | home | Home |
| | geotrace | way | Way |
| | select_multiple w | worries | Worries |
| | end_group | | |
| | begin_group | house | House |
| | begin_repeat | carers | Carers |
| | text | carer | Carer |
| | select_multiple w | helps | Helps |
| | begin_repeat | phones | Phones |
| | text | phone | Phone |
| | end_repeat | | |
| | end_repeat | | |
| | end_group | | |
| | text | remark | Remark |
| choices |
| | list_name | name | label |
| | w | food | Food |
| | w | sleep | Sleep |
"""
FULL = (
    "<g_child><child_name>张三</child_name><age>7</age><home>26.5 106.7 1200 4.5</home>"
    "<way>1.0 2.0 3.0 4.0;5.0 6.0 7.0 8.0</way><worries>food sleep</worries></g_child>"
    "<house><carers><carer>甲</carer><helps>food</helps><phones><phone>1</phone></phones>"
    "<phones><phone>2</phone></phones></carers><carers><carer>乙</carer></carers></house>"
)


def test_the_root_row_has_paths_as_headings_and_no_repeats():
    row = flatten(read(FAMILY, FULL).data, form(FAMILY).fields)
    assert list(row) == [
        "g_child/child_name",
        "g_child/age",
        "g_child/home-Latitude",
        "g_child/home-Longitude",
        "g_child/home-Altitude",
        "g_child/home-Accuracy",
        "g_child/way",
        "g_child/worries",
        "remark",
        "meta/instanceID",
    ]
    assert (row["g_child/child_name"], row["g_child/age"]) == ("张三", 7)
    assert (row["g_child/home-Latitude"], row["g_child/home-Accuracy"]) == (26.5, 4.5)
    assert row["g_child/way"] == "1.0 2.0 3.0 4.0;5.0 6.0 7.0 8.0"


def test_the_headings_are_the_same_for_full_and_empty_submissions():
    layout = Layout(form(FAMILY).fields)
    full, empty = (layout.row(read(FAMILY, inside).data) for inside in (FULL, ""))
    assert tuple(full) == tuple(empty) == layout.root.headings


def test_a_geopoint_that_did_not_fit_stays_readable():
    row = flatten(read(FAMILY, "<g_child><home>here</home></g_child>").data, form(FAMILY).fields)
    assert row["g_child/home-Latitude"] == "here"


def test_repeat_rows_have_centrals_keys():
    rows = list(iter_repeat_rows(read(FAMILY, FULL).data, form(FAMILY).fields))
    assert [(path, parent, key) for path, parent, key, _ in rows] == [
        ("/house/carers", "uuid:1", "uuid:1/house/carers[1]"),
        (
            "/house/carers/phones",
            "uuid:1/house/carers[1]",
            "uuid:1/house/carers[1]/phones[1]",
        ),
        (
            "/house/carers/phones",
            "uuid:1/house/carers[1]",
            "uuid:1/house/carers[1]/phones[2]",
        ),
        ("/house/carers", "uuid:1", "uuid:1/house/carers[2]"),
    ]
    assert [row for *_, row in rows] == [
        {"carer": "甲", "helps": "food"},
        {"phone": "1"},
        {"phone": "2"},
        {"carer": "乙", "helps": None},
    ]


def test_the_layout_knows_its_repeat_tables():
    tables = Layout(form(FAMILY).fields).repeats
    assert [(table.path, table.headings) for table in tables] == [
        ("/house/carers", ("carer", "helps")),
        ("/house/carers/phones", ("phone",)),
    ]


def test_answers_are_found_by_question_name_with_codes_as_lists():
    found = answers(read(FAMILY, FULL).data, multiple_names(form(FAMILY).fields))
    assert found["child_name"] == "张三"
    assert found["worries"] == ["food", "sleep"]
    assert found["carer"] == ["甲", "乙"]
    assert found["helps"] == [["food"]]
    assert found["phone"] == [["1", "2"]]
    assert found["home"]["type"] == "Point"
    assert not {"remark", "instanceID", "meta"} & set(found)


def test_a_question_named_coordinates_is_no_place():
    table = (
        "| survey |\n| | type | name | label |\n| | begin_group | g | G |\n"
        "| | text | coordinates | C |\n| | end_group | | |\n"
    )
    data = read(table, "<g><coordinates>1</coordinates></g>").data
    assert answers(data) == {"coordinates": "1"}


def test_geo_text_is_what_the_phone_sent():
    data = read(FAMILY, FULL).data["g_child"]
    assert to_text(data["home"]) == "26.5 106.7 1200.0 4.5"


def changes(old: str, new: str) -> list[dict[str, object]]:
    fields = form(FAMILY).fields
    before, after = read(FAMILY, old).data, read(FAMILY, new).data
    return [change.as_dict() for change in diff_instances(before, after, fields)]


def test_a_changed_answer_is_told_as_text_with_its_path():
    assert changes(FULL, FULL.replace("<age>7<", "<age>8<")) == [
        {"path": ["g_child", "age"], "old": "7", "new": "8"}
    ]


def test_equal_versions_have_no_changes():
    assert changes(FULL, FULL) == []


def test_a_place_is_compared_as_a_whole():
    (change,) = changes(FULL, FULL.replace("26.5 106.7", "26.6 106.7"))
    assert change["path"] == ["g_child", "home"]
    assert change["new"] == "26.6 106.7 1200.0 4.5"


def test_changes_in_repeats_name_the_row_and_whole_rows_come_and_go():
    shorter = FULL.replace("<carers><carer>乙</carer></carers>", "").replace(
        "<phone>2</phone>", "<phone>3</phone>"
    )
    assert changes(FULL, shorter) == [
        {
            "path": ["house", ["carers", 1]],
            "old": {"carer": "乙", "helps": None, "phones": []},
            "new": None,
        },
        {
            "path": ["house", ["carers", 0], ["phones", 1], "phone"],
            "old": "2",
            "new": "3",
        },
    ]


def test_an_answer_that_came_or_went_is_compared_with_null():
    assert changes("", "<remark>x</remark>") == [{"path": ["remark"], "old": None, "new": "x"}]
