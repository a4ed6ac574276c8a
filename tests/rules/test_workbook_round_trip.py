"""Nothing is lost between a document and its workbook, whatever stands in it."""

import copy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.engine.document import canonical, canonical_bytes, read_document
from rules.programme import programme_cases, programme_document
from rules.services.draft_files import file_of
from rules.workbook import read_workbook, workbook_bytes
from rules.workbook.cells import from_cell, same, survives, to_cell
from rules.workbook.columns import SHEETS
from rules.workbook.grid import grid_of
from tests.rules.rule_set_kit import SMALL, small
from tests.rules.workbook_kit import (
    TEXTS,
    VALUES,
    documents,
    opened,
    places_in,
    through_file,
    through_tables,
)

FAST = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))


def test_the_programme_with_all_its_cases_comes_back_the_same() -> None:
    document = programme_document()
    document["cases"] = programme_cases()
    assert canonical_bytes(read_workbook(workbook_bytes(document))) == canonical_bytes(document)


def test_hardly_a_cell_of_the_programme_is_json() -> None:
    grid = grid_of(canonical(programme_document()))
    cells = [
        str(cell) for table in grid.values() for line in table.lines for cell in line.cells.values()
    ]
    assert sum(cell.startswith("json:") for cell in cells) <= 2
    assert list(grid) == list(SHEETS)


@given(documents())
@FAST
def test_tables_keep_anything_in_any_place(document: dict[str, Any]) -> None:
    assert through_tables(document) == canonical_bytes(document)


@pytest.mark.parametrize("extra", [None, 5, "a", [], {"own": None}])
def test_what_stands_under_extra_of_a_parameter_comes_back(extra: Any) -> None:
    document = copy.deepcopy(SMALL)
    document["parameters"]["odd"] = {"values": [{"from": "2026-01-01", "value": 1}], "extra": extra}
    assert through_tables(document) == canonical_bytes(document)


@given(documents())
@settings(FAST, max_examples=25)
def test_the_file_keeps_anything_in_any_place(document: dict[str, Any]) -> None:
    assert through_file(document) == canonical_bytes(document)


@given(VALUES, st.sampled_from([column for sheet in SHEETS.values() for column in sheet.columns]))
@settings(FAST, max_examples=200)
def test_every_kind_of_cell_reads_back_what_it_wrote(value: Any, column: Any) -> None:
    cell = to_cell(column.codec, canonical({"v": value})["v"])
    assert same(from_cell(column.codec, cell), canonical({"v": value})["v"])


@given(TEXTS)
@FAST
def test_texts_that_a_workbook_would_change_are_known(text: str) -> None:
    if survives(text):
        assert text
        assert text == text.strip()
        assert not {"\r", "\x00", "\ufffe"} & set(text)


def test_order_of_rows_is_kept() -> None:
    document = programme_document()
    for section in ("rules", "facts", "tasks", "cases"):
        document[section] = document[section][::-1]
    assert through_tables(canonical(document)) == canonical_bytes(document)


@pytest.mark.parametrize(
    "extra",
    [
        {"备注": "看一看"},
        {"负责人": "李", "n": 7, "ok": True, "when ": "x"},
        {"when": "not ours"},
        {"code": "007", "空": "-", "列表": "[a b]", "公式": "=A1"},
    ],
)
def test_columns_of_the_countys_own_are_kept_beside_their_row(extra: dict[str, Any]) -> None:
    document = small()
    for section in ("rules", "facts", "derived", "tiers", "tasks", "roles", "populations"):
        document[section][0]["extra"] = extra
    document["settings"]["dimensions"][0]["extra"] = extra
    document["choices"]["yn"][1]["extra"] = extra
    document["parameters"]["age_limit"]["extra"] = extra
    assert canonical_bytes(read_workbook(workbook_bytes(document))) == canonical_bytes(document)


def test_an_own_column_stands_under_its_own_heading() -> None:
    document = small()
    document["rules"][1]["extra"] = {"备注": "看一看"}
    sheet = opened(workbook_bytes(document))["rules"]
    headings = [cell.value for cell in sheet[1]]
    assert sheet.cell(3, headings.index("备注") + 1).value == "看一看"


def test_own_settings_columns_and_sheets_are_kept() -> None:
    document = small(
        extra_sheets={"会议记录": [["日期", "议题"], ["2026-03-01", 3, None, True], [], ["x"]]}
    )
    document["settings"]["holidays"] = ["2026-10-01", "2026-10-02"]
    document["settings"]["workdays"] = ["2026-10-10"]
    document["settings"]["extra"] = {
        "联系电话": "0375",
        "节日": {"2026-10-01": "国庆", "2026-10-10": "调休"},
        "说明": {"name": "代码"},
    }
    document["parameters"]["age_limit"]["extra"] = {"批文": {"1": "县政府 2025"}}
    content = workbook_bytes(document)
    assert canonical_bytes(read_workbook(content)) == canonical_bytes(document)
    workbook = opened(content)
    assert [cell.value for cell in workbook["holidays"][1]] == ["date", "kind", "节日"]
    assert workbook["会议记录"]["B2"].value == 3
    assert "json" not in workbook.sheetnames


def test_texts_longer_than_a_cell_are_kept() -> None:
    document = small()
    document["facts"][0]["note"] = "长" * 40_000 + " " + "x" * 40_000
    assert canonical_bytes(read_workbook(workbook_bytes(document))) == canonical_bytes(document)


def test_a_workbook_of_a_workbook_is_the_same() -> None:
    first = workbook_bytes(SMALL)
    again = workbook_bytes(read_workbook(first))
    assert [[cell.value for cell in row] for row in opened(again)["rules"]] == [
        [cell.value for cell in row] for row in opened(first)["rules"]
    ]


def test_the_places_of_a_document_are_found() -> None:
    assert ("rules", 0, "when") in places_in(copy.deepcopy(SMALL))


@given(documents())
@settings(FAST, max_examples=30)
def test_yaml_keeps_anything_in_any_place(document: dict[str, Any]) -> None:
    text = file_of(document, "yaml")
    assert canonical_bytes(read_document(text, "yaml")) == canonical_bytes(document)
