"""What people type into the workbook is read as they mean it, or refused at its cell with a cure."""

from datetime import date, datetime
from typing import Any

import pytest

from rules.workbook import open_workbook, read_workbook, workbook_bytes, workbook_places
from rules.workbook.cells import Misread, from_cell, to_cell
from rules.workbook.columns import SHEETS
from rules.workbook.kinds import DAY, FLAG, NUMBER, TEXT, VALUE, WORDS
from rules.workbook.pairs import ACTIONS, CHOICES, PAIRS, SOURCES, SPANS, STAYS
from rules.workbook.phrases import CLOSE, CLOSINGS, LIMIT, STEPS, USES
from rules.workbook.writing import help_rows, help_texts
from server.problems import Place, Problem
from tests.rules.rule_set_kit import changed, small
from tests.rules.workbook_kit import edited, opened, saved


@pytest.mark.parametrize(
    ("codec", "cell", "value"),
    [
        (TEXT, "007", "007"),
        (TEXT, 7, "7"),
        (TEXT, 7.0, "7"),
        (NUMBER, "１，２００", 1200),
        (NUMBER, 20.0, 20),
        (NUMBER, "-", None),
        (FLAG, True, True),
        (FLAG, "是", True),
        (FLAG, "No", False),
        (FLAG, 0, False),
        (DAY, datetime(2026, 3, 1), "2026-03-01"),
        (DAY, date(2026, 3, 1), "2026-03-01"),
        (DAY, "2026年3月1日", "2026-03-01"),
        (DAY, "2026/3/1", "2026-03-01"),
        (WORDS, "a、b，c  d", ["a", "b", "c", "d"]),
        (WORDS, "[]", []),
        (WORDS, 3, ["3"]),
        (VALUE, "[a b]", ["a", "b"]),
        (VALUE, datetime(2026, 3, 1), "2026-03-01"),
        (VALUE, 3.0, 3),
        (LIMIT, "24小时", {"hours": 24}),
        (LIMIT, "5 个工作日", {"working_days": 5}),
        (LIMIT, "1 day", {"days": 1}),
        (LIMIT, "red 2 hours；yellow 3 天", {"by_tier": {"red": {"hours": 2}, "yellow": {"days": 3}}}),
        (USES, "T_A， T_B（24 hours） T_C", ["T_A", {"id": "T_B", "due": {"hours": 24}}, "T_C"]),
        (STEPS, "7 days → x; due + 1 day -> y", [
            {"after": {"days": 7}, "to": "x"}, {"after": {"days": 1}, "to": "y", "from": "due"},
        ]),
        (CLOSE, "manual", {"manual": True}),
        (CLOSE, "visit", {"form": "visit"}),
        (CLOSE, "visit when ${a} = 'x;y'", {"form": "visit", "when": "${a} = 'x;y'"}),
        (CLOSE, "any: visit", {"any": [{"form": "visit"}]}),
        (CLOSE, "a\nb when ${c}", {"any": [{"form": "a"}, {"form": "b", "when": "${c}"}]}),
        (CLOSINGS, "a; b", [{"form": "a"}, {"form": "b"}]),
        (SOURCES, "q from f g map 甲=yes *=-", [
            {"question": "q", "forms": ["f", "g"], "map": {"甲": "yes", "*": None}},
        ]),
        (SPANS, "2026-02-16至2026-02-23", [{"from": "2026-02-16", "to": "2026-02-23"}]),
        (STAYS, "red 2026-01-01..", [{"tier": "red", "since": "2026-01-01"}]),
        (PAIRS, "a=1 b=[x y]，c=true", {"a": 1, "b": ["x", "y"], "c": True}),
        (CHOICES, "a 甲 | A; b", [{"code": "a", "zh": "甲", "en": "A"}, {"code": "b"}]),
        (ACTIONS, 'notice roles=[x] text::zh="走访，见人" text::en="go see"', [
            {"kind": "notice", "roles": ["x"], "text": {"zh": "走访，见人", "en": "go see"}},
        ]),
        (VALUE, 'json: {"a": 1}', {"a": 1}),
    ],
)  # fmt: skip
def test_what_people_type_is_read_as_they_mean_it(codec: Any, cell: Any, value: Any) -> None:
    assert from_cell(codec, cell) == value


@pytest.mark.parametrize(
    ("codec", "cell"),
    [
        (TEXT, True), (TEXT, date(2026, 3, 1)), (NUMBER, "many"), (NUMBER, True), (FLAG, "maybe"), (FLAG, 2),
        (DAY, "2026-02-30"), (DAY, 46000), (DAY, "soon"), (LIMIT, "7 moons"), (LIMIT, "soon"), (LIMIT, "red"),
        (USES, "T_A (soon)"), (USES, "T_A (1 day"), (STEPS, "7 days"), (STEPS, "-> x"), (CLOSE, "visit where x"),
        (SOURCES, "q"), (SPANS, "2026"), (STAYS, "red"), (PAIRS, "a"), (VALUE, "json: {"), (VALUE, "json: NaN"),
        (PAIRS, "x" * 5000), (STEPS, "x" + " " * 30_000 + "y"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_with_a_cure(codec: Any, cell: Any) -> None:
    with pytest.raises(Misread) as caught:
        from_cell(codec, cell)
    assert caught.value.reason


@pytest.mark.parametrize(
    "value",
    [
        {"days": 7},
        {"by_tier": {"red": {"hours": 1}}},
        {"days": 7, "hours": 1},
        {},
        {"days": 1.0},
        "x",
        None,
    ],
)
def test_a_limit_that_cannot_be_typed_is_kept_as_json(value: Any) -> None:
    cell = to_cell(LIMIT, value)
    assert from_cell(LIMIT, cell) == value


# --- the sheets ------------------------------------------------------------------------------------


def faults(content: bytes) -> list[tuple[str, int | None, str]]:
    with pytest.raises(Problem) as caught:
        read_workbook(content)
    return [(place.sheet, place.row, place.column) for place in caught.value.places]


def messages(content: bytes) -> str:
    with pytest.raises(Problem) as caught:
        read_workbook(content)
    return " ".join(one.message_in(str) for one in caught.value.details["errors"])


def test_headings_may_be_written_the_xlsform_way() -> None:
    content = edited(
        small(), rules_C1="Label：：中文 (zh)", rules_D1="label::English (en)", rules_E1="relevant",
        derived_G1="Calculation", choices_A1="List_Name",
    )  # fmt: skip
    assert read_workbook(content) == small()


def test_a_misspelt_heading_is_told_with_ours() -> None:
    content = edited(small(), rules_G1="flor")
    assert faults(content) == [("rules", 1, "flor")]
    assert "`floor`" in messages(content)


def test_a_misspelt_sheet_is_told_with_ours() -> None:
    workbook = opened(workbook_bytes(small()))
    workbook["tasks"].title = "taks"
    content = saved(workbook)
    assert ("taks", None, "") in faults(content)
    assert "`tasks`" in messages(content)


def test_an_own_heading_is_kept_even_if_ours_is_like_it() -> None:
    document = read_workbook(edited(small(), rules_O1="whens", rules_O2="once"))
    assert document["rules"][0]["extra"] == {"whens": "once"}


def test_blank_rows_and_trailing_blanks_do_not_matter() -> None:
    workbook = opened(workbook_bytes(small()))
    workbook["rules"].insert_rows(3, 2)
    workbook["rules"]["A2"] = " R1 \u3000"
    assert read_workbook(saved(workbook)) == small()


def test_a_title_above_the_headings_does_not_matter() -> None:
    workbook = opened(workbook_bytes(small()))
    workbook["rules"].insert_rows(1)
    workbook["rules"]["A1"] = "清水县的规则"
    assert read_workbook(saved(workbook)) == small()


def test_faults_name_the_row_of_the_file_not_of_the_list() -> None:
    workbook = opened(workbook_bytes(changed("rules", 1, when="${nigts} >= 2")))
    workbook["rules"].insert_rows(3, 2)
    workbook["rules"]["E1"] = "relevant"
    assert faults(saved(workbook)) == [("rules", 5, "relevant")]


def test_all_faults_come_at_once_from_every_sheet() -> None:
    content = edited(
        small(), rules_F2="soon", rules_E3="${nigts} >= 2", rules_E4="${mood} and and", tasks_G3="7 moons",
        facts_D3="numbr", tiers_E3="-5", settings_B5="", parameters_H2="tomorrow", choices_B3="",
        derived_G2="${father_awy} = 'yes'",
    )  # fmt: skip
    found = faults(content)
    assert {(sheet, row) for sheet, row, _ in found} >= {
        ("rules", 2), ("rules", 3), ("rules", 4), ("tasks", 3), ("facts", 3), ("parameters", 2), ("choices", 3),
    }  # fmt: skip


def test_rows_set_aside_make_no_followers() -> None:
    """Nothing is said about a fact that is unknown only because its own row is broken."""
    content = edited(small(), facts_D6="numbr", rules_E4="${mood} = 'x'")
    text = messages(content)
    assert "numbr" in text
    assert "`nights`" not in text


def test_smart_quotes_and_full_width_signs_are_told_with_their_place() -> None:
    assert "half-width" in messages(edited(small(), rules_E2="${alone} ＝ 'yes'"))
    assert "half-width" in messages(edited(small(), rules_E2="${alone} = ‘yes’"))


def test_a_parameter_says_once_what_it_is() -> None:
    content = edited(small(), parameters_D3="text")
    assert faults(content) == [("parameters", 3, "type")]


def test_a_second_answer_to_one_question_is_a_fault() -> None:
    case = {"case_id": "C", "as_of": "2026-02-01", "expected": {"tier": "green"}, "submissions": [
        {"form": "visit", "date": "2026-01-02", "data": {"nights": 1, "alone": "no"}}]}  # fmt: skip
    content = edited(small(cases=[case]), cases_F3="nights")
    assert faults(content) == [("cases", 3, "question")]


def test_a_case_can_be_typed_by_hand() -> None:
    workbook = opened(workbook_bytes(small()))
    sheet = workbook["cases"]
    headings = [cell.value for cell in sheet[1]]
    rows: list[dict[str, Any]] = [
        {"case_id": "独居", "as_of": datetime(2026, 3, 1),
         "form": "visit", "date": datetime(2026, 2, 1),
         "question": "alone", "value": "yes",
         "expected::tier": "red", "expected::tasks_must": "T_REPORT"},
        {"form": "visit", "date": "2026/2/1", "question": "mood", "value": "[fearful]"},
        {"form": "visit", "date": "2026/2/9", "question": "nights", "value": 2},
        {"case_id": "给定", "as_of": "2026-03-01", "question": "nights", "value": 0, "expected::tier": "green"},
    ]  # fmt: skip
    for number, row in enumerate(rows, start=2):
        for heading, value in row.items():
            sheet.cell(number, headings.index(heading) + 1).value = value
    assert read_workbook(saved(workbook))["cases"] == [
        {
            "case_id": "独居", "as_of": "2026-03-01", "expected": {"tier": "red", "tasks_must": ["T_REPORT"]},
            "submissions": [
                {"form": "visit", "date": "2026-02-01", "data": {"alone": "yes", "mood": ["fearful"]}},
                {"form": "visit", "date": "2026-02-09", "data": {"nights": 2}},
            ],
        },
        {"case_id": "给定", "as_of": "2026-03-01", "expected": {"tier": "green"}, "facts": {"nights": 0}},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("place", "cell"),
    [
        (Place("rules", 3, "when"), ("rules", 3, "when")),
        (Place("rules", 2, "title", "zh"), ("rules", 2, "title::zh")),
        (Place("parameters", 2, "values"), ("parameters", 2, "values")),
        (Place("parameters", None, "age_limit", "values > 1 > from"), ("parameters", 3, "from")),
        (Place("choices", 3, "code"), ("choices", 3, "name")),
        (Place("choices", None, "yn", "1 > code"), ("choices", 3, "name")),
        (Place("settings", 3, "id"), ("dimensions", 3, "id")),
        (Place("settings", None, "dimensions", "1 > cap"), ("dimensions", 3, "cap")),
        (Place("settings", None, "ask_for_facts"), ("settings", 7, "value")),
        (Place("cases", 3, "as_of"), ("cases", 4, "as_of")),
        (Place("roles"), ("roles", None, "")),
        (Place("rules", 999, "when"), ("rules", 999, "when")),
    ],
)
def test_places_of_a_document_are_cells_of_its_workbook(
    place: Place, cell: tuple[Any, ...]
) -> None:
    seen = [{"form": "visit", "date": "2026-01-02", "data": {"nights": 1, "alone": "no"}}]
    cases = [{"case_id": name, "as_of": "2026-02-01", "submissions": seen} for name in ("a", "b")]
    found = workbook_places(small(cases=cases))(place)
    assert (found.sheet, found.row, found.column) == cell


def test_hidden_rows_are_read_and_told() -> None:
    workbook = opened(workbook_bytes(small()))
    workbook["rules"].row_dimensions[3].hidden = True
    reading = open_workbook(saved(workbook))
    reading.raise_errors()
    assert reading.document == small()
    assert "1 hidden rows" in " ".join(
        one.message_in(str) for one in reading.findings if one.is_warning
    )


# --- what the file looks like ------------------------------------------------------------------------


def test_every_column_is_explained_in_both_languages() -> None:
    texts = help_texts()["sheets"]
    assert list(texts) == list(SHEETS)
    for name, sheet in SHEETS.items():
        headings = [column.heading for column in sheet.columns]
        assert [h for h in texts[name]["columns"] if h in headings] == headings, name
    assert all(row[2] and row[3] for row in help_rows())


def test_examples_of_the_help_can_be_typed() -> None:
    for name, sheet in SHEETS.items():
        for column in sheet.columns:
            example = help_texts()["sheets"][name]["columns"][column.heading]["example"]
            if example:
                from_cell(column.codec, example)


def test_headings_are_frozen_and_choices_offered() -> None:
    workbook = opened(workbook_bytes(small()))
    assert workbook.sheetnames == ["help", *SHEETS]
    rules = workbook["rules"]
    assert rules.freeze_panes == "B2"
    offered = {
        str(one.sqref).partition("2")[0]: one.formula1
        for one in rules.data_validations.dataValidation
    }
    assert offered["G"] == "tiers!$A$2:$A$5000"
    assert offered["L"] == '"yes,no"'
    assert rules["E2"].alignment.wrap_text
    assert rules["A2"].number_format == "@"
    assert rules.column_dimensions["E"].width == 70


def test_texts_that_look_like_formulas_stay_texts() -> None:
    document = small()
    document["facts"][0]["note"] = '=HYPERLINK("http://x")'
    workbook = opened(workbook_bytes(document))
    cells = [cell for row in workbook["facts"] for cell in row if str(cell.value).startswith("=")]
    assert [(cell.data_type, cell.quotePrefix) for cell in cells] == [("s", True)]
    assert read_workbook(workbook_bytes(document)) == document
