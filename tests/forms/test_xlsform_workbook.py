"""Workbooks of every kind -> XForm, and each fault with its sheet, row and column."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import Workbook

from forms.xlsform.validate import has_java, validate_xform
from forms.xlsform.workbook import MAX_ROWS, read_workbook
from server.problems import Problem
from tests.forms.form_lab import complaint, convert

HEAD = (
    "| survey |\n| | type | name | label | relevant | constraint | calculation | choice_filter |\n"
)
YN = "| choices |\n| | list_name | name | label |\n| | yn | yes | Yes |\n| | yn | no | No |\n"
GOOD = (
    HEAD
    + "| | text | child_name | 姓名 | | | | |\n| | integer | age | 年龄 | ${child_name} != '' | | | |\n"
)


def xlsx(sheets: Mapping[str, Sequence[Sequence[str]]]) -> bytes:
    book, out = Workbook(write_only=True), BytesIO()
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(out)
    return out.getvalue()


SURVEY = [["type", "name", "label"], ["text", "child_name", "姓名"], ["integer", "age", "年龄"]]


def paths(content: bytes, filename: str) -> list[str]:
    return [one.path for one in read_workbook(content, filename, "f").xform.fields[:2]]


def test_an_xlsx_is_read_whatever_it_is_called():
    content = xlsx({"survey": SURVEY, "备注": [["x"]]})
    assert paths(content, "a.xlsx") == paths(content, "上传") == ["/child_name", "/age"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_a_csv_is_read_in_the_encodings_that_excel_writes(encoding):
    text = (
        'survey\r\n,"type","name","label"\r\n,"text","child_name","姓名"\r\n,integer,age,年龄\r\n'
    )
    converted = read_workbook(text.encode(encoding), "form.csv", "f")
    assert converted.xform.fields[0].labels == {"default": "姓名"}


def test_an_xls_is_read():
    content = Path(__file__).with_name("data").joinpath("visit.xls").read_bytes()
    assert paths(content, "a.xls") == ["/child_name", "/age"]


def test_the_fallback_id_serves_only_when_the_settings_give_none():
    assert convert(GOOD, "家访").xform.form_id == "家访"
    settings = "| settings |\n| | form_id | form_title |\n| | mine | 标题 |\n"
    assert convert(GOOD + settings, "家访").xform.form_id == "mine"
    assert read_workbook(GOOD.encode(), "走访 表.md").xform.form_id == "走访 表"


def test_chinese_question_names_are_allowed():
    converted = convert(HEAD + "| | text | 姓名 | 姓名 | | | | |\n")
    assert converted.xform.fields[0].path == "/姓名"


def test_sheet_rows_are_kept_for_the_editor():
    rows = convert(GOOD).sheet_rows["survey"]
    assert rows[1]["name"] == "age"


def test_an_external_choices_sheet_yields_its_itemsets_file():
    table = (
        HEAD
        + "| | select_one yn | a | A | | | | |\n"
        + "| | select_one_external towns | t | T | | | | a=${a} |\n"
        + YN
        + "| external_choices |\n| | list_name | name | label | a |\n| | towns | x | X | yes |\n"
    )
    converted = convert(table)
    assert b"towns" in converted.itemsets
    assert [one.name for one in converted.xform.attachments] == ["itemsets.csv"]


def test_warnings_are_told_with_their_row():
    converted = convert(HEAD + "| | image | photo | Photo | | | | |\n")
    (notice,) = converted.notices
    assert (notice.sheet, notice.row, notice.kind) == ("survey", 2, "pyxform")
    assert converted.warnings == (notice.text,)


def test_a_missing_translation_is_a_warning_of_its_own_kind():
    table = (
        "| survey |\n| | type | name | label::English (en) | label::中文 (zh) | hint::English (en) |\n"
        "| | text | a | A | 甲 | h |\n"
    )
    assert "translation" in {notice.kind for notice in convert(table).notices}


@pytest.mark.parametrize(
    ("rows", "code_word", "place"),
    [
        ("| | txet | a | A | | | | |\n", "'txet' is not a question type", ("survey", 2, "type")),
        (
            "| | select_one no | a | A | | | | |\n" + YN,
            "'no' does not exist",
            ("survey", 2, "type"),
        ),
        ("| | text | a | A | | | | |\n" * 2, "'a' is used twice", ("survey", 3, "name")),
        (
            "| | text | a | A | ${b} = 1 | | | |\n",
            "no question named 'b'",
            ("survey", 2, "relevant"),
        ),
        ("| | text | a | A | | ${b | | |\n", "written wrongly", ("survey", 2, "constraint")),
        ("| | text | a | A ${b} | | | | |\n", "no question named 'b'", ("survey", 2, "label")),
        ("| | text | | A | | | | |\n", "has no name", ("survey", 2, "name")),
        ("| | text | a b | A | | | | |\n", "'a b' is not allowed", ("survey", 2, "name")),
        ("| | text | 1a | A | | | | |\n", "'1a' is not allowed", ("survey", 2, "name")),
        ("| | text | a | | | | | |\n", "neither a label", ("survey", 2, "name")),
        ("| | | a | A | | | | |\n", "no question type", ("survey", 2, "type")),
        ("| | begin_group | g | G | | | | |\n", "does not end", ("survey", 2, "type")),
        ("| | end_group | | | | | | |\n", "did not begin", ("survey", 2, "type")),
        ("| | calculate | a | | | | | |\n", "calculation is missing", ("survey", 2, "calculation")),
        ("| | text | a | A | foo(( | | | |\n", "bracket is not closed", ("survey", 2, "relevant")),
        ("| | text | a | A | | . = | | |\n", "cannot be understood", ("survey", 2, "constraint")),
        ("| | calculate | a | | | | 1 == 2 | |\n", "'1 == 2'", ("survey", 2, "calculation")),
        ("| | text | a | A | not( | | | |\n", "bracket is not closed", ("survey", 2, "relevant")),
        ("| | text | a | A | 'x | | | |\n", "quote is not closed", ("survey", 2, "relevant")),
        (
            "| | select_one yn | a | A | | | | name = ) |\n" + YN,
            "closed that was not opened",
            ("survey", 2, "choice_filter"),
        ),
        (
            "| | select_one yn | a | A | | | | |\n" + YN + "| | yn | no | N |\n",
            "twice",
            ("choices", 4, "name"),
        ),
        (
            "| | select_one yn | a | A | | | | |\n" + YN + "| | yn | | N |\n",
            "must have a name",
            ("choices", 4, "name"),
        ),
        (
            "| | select_multiple yn | a | A | | | | |\n" + YN + "| | yn | n n | N |\n",
            "with spaces",
            ("choices", 4, "name"),
        ),
        ("| | select_one yn | a | A | | | | |\n", "no sheet named 'choices'", None),
    ],
)
def test_each_fault_names_its_sheet_row_and_column(rows, code_word, place):
    problem = complaint(HEAD + rows)
    assert problem.kind.code == "400.15"
    assert code_word in str(problem)
    assert [(one.sheet, one.row, one.column) for one in problem.places] == (
        [place] if place else []
    )


def test_a_fault_in_a_nested_question_is_placed_by_its_path_not_its_name():
    rows = (
        "| | text | a | A | | | | |\n| | begin_group | g | G | | | | |\n"
        "| | text | a | A | 1 + | | | |\n| | end_group | | | | | | |\n"
    )
    (place,) = complaint(HEAD + rows).places
    assert (place.row, place.path) == (4, "/g/a")


def test_a_fault_behind_a_group_is_placed_outside_of_it():
    rows = (
        "| | begin_group | g | G | | | | |\n| | text | a | A | | | | |\n"
        "| | end_group | | | | | | |\n| | text | a | A | 1 + | | | |\n"
    )
    (place,) = complaint(HEAD + rows).places
    assert (place.row, place.path) == (5, "/a")


def test_all_bad_expressions_are_reported_at_once():
    rows = "| | text | a | A | foo(( | | | |\n| | text | b | B | | bar[ | | |\n"
    assert [place.row for place in complaint(HEAD + rows).places] == [2, 3]


def test_a_function_that_phones_do_not_know_is_a_warning():
    (notice,) = convert(HEAD + "| | calculate | a | | | | frobnicate(1) | |\n").notices
    assert (notice.kind, notice.row) == ("function", 2)
    assert "frobnicate" in notice.text


def test_known_functions_and_xpath_pass_without_a_warning():
    rows = (
        "| | text | a | A | | regex(., '^[0-9]{17}[0-9X]$') and string-length(.) = 18 | | |\n"
        "| | calculate | b | | | | if(selected(${a}, 'x'), coalesce(${a}, 'n'), uuid()) | |\n"
        "| | calculate | c | | | | format-date(today(), '%Y-%m-%d') | |\n"
        "| | calculate | d | | | | (1 + 2) div 3 - (-1) mod 2 | |\n"
    )
    assert convert(HEAD + rows).notices == ()


def test_details_have_centrals_shape():
    problem = complaint(HEAD + "| | txet | a | A | | | | |\n")
    assert set(problem.details) == {"error", "warnings", "success"}
    assert problem.details["success"] is False


@pytest.mark.parametrize(
    "table", ["| foo |\n| | a | b |\n| bar |\n| | c | d |\n", "| a | b | c | d | e |\n"]
)
def test_a_workbook_without_survey_is_refused(table):
    assert complaint(table).kind.code == "400.15"


def test_too_many_rows_are_refused_with_their_sheet():
    rows = [["type", "name", "label"]] + [["note", f"n{n}", "N"] for n in range(MAX_ROWS + 1)]
    with pytest.raises(Problem, match=r"survey.*20000") as caught:
        read_workbook(xlsx({"survey": rows}), "a.xlsx", "f")
    assert caught.value.places[0].sheet == "survey"


@pytest.mark.skipif(not has_java(), reason="ODK Validate needs Java")
def test_odk_validate_accepts_a_good_form_and_refuses_a_cycle():
    assert validate_xform(convert(GOOD).xform.xml) == ()
    cycle = convert(HEAD + "| | text | a | A | ${a} = 1 | | | |\n").xform.xml
    with pytest.raises(Problem, match="Cycle"):
        validate_xform(cycle)


@pytest.mark.skipif(not has_java(), reason="ODK Validate needs Java")
def test_odk_validate_that_takes_too_long_is_only_a_warning():
    (warning,) = validate_xform(convert(GOOD).xform.xml, timeout=0.01)
    assert "did not finish" in warning


def test_without_java_nothing_is_validated(monkeypatch):
    monkeypatch.setattr("forms.xlsform.validate.shutil.which", lambda name: None)
    assert not has_java()
    assert validate_xform(b"nonsense") == ()
