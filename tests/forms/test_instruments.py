"""The six shipped instruments are complete, bilingual, and say what the programme asks for.

`data/instruments.json` lists the programme's questions by group (`*` = required) and its choices.
"""

import json
import re
import shutil
from itertools import pairwise
from pathlib import Path

import pytest
from openpyxl import load_workbook
from pyxform.xls2xform import convert

from tests.forms.instrument_lab import (
    FORMS,
    LANGUAGES,
    NS,
    ROOT,
    SAVE_TO,
    converted,
    nodes,
    sheet,
    survey,
)

PROGRAMME = json.loads((Path(__file__).parent / "data" / "instruments.json").read_text("utf-8"))
META = {"start", "end", "today", "deviceid", "username", "audit"}
UNASKED = {"calculate", "begin_group", "end_group", *META}
# asked by no table of the programme: they find the child or the school in long lists
FINDERS = {"child_village", "child_school", "child", "school_other_town"}
STRICTER = {"guardian_rating_note"}  # the programme's advice 选“差”须填说明 made a rule
MOVED = {"child_assent": "g_end"}  # reads the age, which its own group does not know yet
BY_SERVER = {"tier", "tier_reasons", "open_tasks"}
EXCLUSIVE = {"none", "healthy", "stable"}
EMPTY_LIST_CODE = {"agency": ["none"]}  # a report must be sendable before anybody is told
SAVES = {
    "child_enum": {
        "child_name",
        "sex",
        "dob",
        "town_code",
        "village_code",
        "school_code",
        "grade_class",
        "caregiver_name",
        "caregiver_relation",
        "caregiver_phone",
        "father_phone",
        "mother_phone",
        "entrust_status",
        "living_arrangement",
        "school_stage",
    },
    "home_visit": {"caregiver_relation", "living_arrangement", "entrust_status", "last_visit_date"},
    "safety_assess": {"caregiver_relation", "entrust_status", "last_assess_date"},
    "school_monthly": {"school_stage", "last_school_check"},
    "incident_report": set(),
    "task_feedback": {"last_result", "last_done_date", "last_action"},
}

each_form = pytest.mark.parametrize("form", FORMS)


def asked_by_group(form: str) -> dict[str, list[dict[str, str]]]:
    groups: dict[str, list[dict[str, str]]] = {"": []}
    group = ""
    for row in sheet(form, "survey"):
        if row["type"] == "begin_group":
            group = row["name"]
        elif row["type"] == "end_group":
            group = ""
        else:
            groups.setdefault(group, []).append(row)
    return groups


@each_form
def test_workbook_converts_without_a_warning(form):
    assert converted(form)[1] == []


@pytest.mark.skipif(shutil.which("java") is None, reason="ODK Validate needs Java")
@each_form
def test_odk_validate_accepts_the_form(form):
    assert convert(str(ROOT / f"{form}.xlsx"), validate=True, warnings=[]).xform


@each_form
def test_workbook_is_pleasant_to_edit(form):
    book = load_workbook(ROOT / f"{form}.xlsx")
    assert book.sheetnames == ["survey", "choices", "settings", "entities"]
    for page in book:
        assert page.freeze_panes in {"A2", "C2"}
        assert not page.merged_cells.ranges
        assert all(column.width >= 9 for column in page.column_dimensions.values())


@each_form
def test_every_programme_question_is_asked_with_its_type_and_group(form):
    found = {
        row["name"]: (row["type"], MOVED.get(row["name"], group))
        for group, rows in asked_by_group(form).items()
        for row in rows
    }
    for group, questions in PROGRAMME["forms"][form].items():
        for name, spec in questions.items():
            assert found[name] == (spec.removesuffix(" *"), MOVED.get(name, group)), name


@each_form
def test_required_questions_are_those_of_the_programme(form):
    spec = {n: s for group in PROGRAMME["forms"][form].values() for n, s in group.items()}
    wanted = {n for n, s in spec.items() if s.endswith(" *") and not s.startswith("calculate")}
    required = {n for n, row in survey(form).items() if row.get("required") == "yes"}
    assert required - FINDERS - STRICTER == wanted


@each_form
def test_nothing_else_is_asked_than_what_finds_the_child(form):
    known = {name for group in PROGRAMME["forms"][form].values() for name in group}
    extra = {
        name
        for name, row in survey(form).items()
        if name not in known and row["type"] not in UNASKED | {"note"}
    }
    assert extra <= FINDERS


@each_form
def test_meta_fields_are_kept_and_the_audit_has_no_location(form):
    rows = survey(form)
    assert set(rows) >= META
    assert "parameters" not in rows["audit"]


@each_form
def test_both_languages_are_complete(form):
    for row in [*sheet(form, "survey"), *sheet(form, "choices")]:
        for column in ("label", "hint", "constraint_message", "required_message"):
            texts = [row.get(f"{column}::{language}", "").strip() for language in LANGUAGES]
            assert all(texts) or not any(texts), (row["name"], column)


@each_form
def test_everything_seen_has_a_label_and_every_constraint_a_message(form):
    for name, row in survey(form).items():
        assert row["type"] in META or f"label::{LANGUAGES[0]}" in row, name
        assert ("constraint" in row) == (f"constraint_message::{LANGUAGES[0]}" in row), name


@each_form
def test_settings_name_the_form_and_its_language(form):
    (settings,) = sheet(form, "settings")
    assert settings["form_id"] == form
    assert settings["default_language"] == LANGUAGES[0]
    assert re.fullmatch(r"20\d{8}", settings["version"])


@each_form
def test_choice_lists_are_exactly_those_used_and_complete(form):
    used = {
        row["type"].split()[1]
        for row in survey(form).values()
        if row["type"].startswith(("select_one ", "select_multiple "))
    }
    found: dict[str, list[str]] = {}
    for row in sheet(form, "choices"):
        found.setdefault(row["list_name"], []).append(row["name"])
    expected = {
        name: PROGRAMME["choices"][name].split() + EMPTY_LIST_CODE.get(name, []) for name in used
    }
    assert found == expected


def test_the_same_question_has_the_same_choice_list_in_every_form():
    types: dict[str, set[str]] = {}
    for form in FORMS:
        for name, row in survey(form).items():
            if row["type"].startswith("select"):
                types.setdefault(name, set()).add(row["type"])
    assert {name: found for name, found in types.items() if len(found) > 1} == {}


@each_form
def test_neutral_answers_exclude_the_others(form):
    codes: dict[str, set[str]] = {}
    for row in sheet(form, "choices"):
        codes.setdefault(row["list_name"], set()).add(row["name"])
    for name, row in survey(form).items():
        if row["type"].startswith("select_multiple"):
            for code in codes[row["type"].split()[1]] & EXCLUSIVE:
                assert f"selected(., '{code}') and count-selected(.) > 1" in row["constraint"], name


def in_or_all(place: str) -> str:
    """The children of the chosen place; all of them where it has none on this phone: nobody gets stuck."""
    here = f"{place}_code=${{child_{place}}}"
    return f"{here} or count(instance('child')/root/item[{here}])=0"


@each_form
def test_selects_from_lists_are_cut_to_what_was_chosen_before(form):
    filters = {
        name: row.get("choice_filter")
        for name, row in survey(form).items()
        if row["type"].startswith("select_one_from_file")
    }
    by_form = {
        "child_enum": {
            "town_code": None,
            "village_code": "town_code=${town_code}",
            "school_code": "town_code=${town_code} or ${school_other_town}='yes'",
        },
        "school_monthly": {"child_school": None, "child": in_or_all("school")},
        "task_feedback": {"task_id": None},
    }
    by_village = {"child_village": None, "child": in_or_all("village")}
    assert filters == by_form.get(form, by_village)


@each_form
def test_what_is_asked_depends_only_on_questions_asked_before(form):
    seen = {name for name, row in survey(form).items() if row["type"] == "calculate"}
    for name, row in survey(form).items():
        for column in ("relevant", "constraint", "choice_filter"):
            later = set(re.findall(r"\$\{(\w+)\}", row.get(column, ""))) - seen
            assert not later, (name, column, later)
        seen.add(name)


@each_form
def test_the_form_saves_to_its_list_only_what_it_changes(form):
    saved = {node.get(SAVE_TO) for node in nodes(form, "//x:bind")} - {None}
    assert saved == SAVES[form]
    assert not saved & BY_SERVER


@each_form
def test_the_entity_is_declared_once_at_the_root_and_works_offline(form):
    (entity,) = nodes(form, "//*[local-name()='data']/*[local-name()='meta']/*[@dataset]")
    (model,) = nodes(form, "//x:model")
    assert model.get(f"{{{NS['entities']}}}entities-version") == "2024.1.0"
    assert entity.get("dataset") == ("task" if form == "task_feedback" else "child")
    action = {"create"} if form == "child_enum" else {"update"}
    assert {"create", "update"} & set(entity.attrib) == action
    if action == {"update"}:
        assert {"baseVersion", "trunkVersion", "branchId"} <= set(entity.attrib)


@each_form
def test_the_entity_is_the_child_or_task_chosen(form):
    binds = {node.get("nodeset"): node for node in nodes(form, "//x:bind")}
    chosen = binds["/data/meta/entity/@id"].get("calculate", "").strip().rpartition("/")[2]
    assert chosen == {"child_enum": "", "task_feedback": "task_id"}.get(form, "child")
    condition = binds.get("/data/meta/entity/@update")
    assert (condition is not None) == (form == "incident_report")
    if condition is not None:
        assert condition.get("calculate", "").split() == ["/data/child_known", "='yes'"]


def test_the_name_of_a_report_says_nothing_of_the_child():
    (settings,) = sheet("incident_report", "settings")
    assert re.findall(r"\$\{(\w+)\}", settings["instance_name"]) == ["found_time"]
    assert settings["auto_send"] == "true"


def test_no_rule_of_the_form_can_keep_an_urgent_report_from_being_sent():
    hard = {
        name
        for name, row in survey("incident_report").items()
        if "constraint" in row and "required" in row
    }
    assert hard == {"found_time", "told_agencies"}  # not in the future; none excludes the others


@pytest.mark.parametrize("form", ["school_monthly", "incident_report"])
def test_the_tier_is_shown_only_to_those_who_visit_and_assess(form):
    assert "tier" not in " ".join(row.get("calculation", "") for row in sheet(form, "survey"))


@each_form
def test_groups_are_opened_and_closed_in_turn(form):
    marks = [row["type"] for row in sheet(form, "survey") if row["type"].endswith("_group")]
    assert all(one != other for one, other in pairwise(marks))
    assert marks[::2] == ["begin_group"] * (len(marks) // 2)
