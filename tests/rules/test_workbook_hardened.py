"""A workbook may be anything: what is no workbook, or harms, or has faults in its cells, gets a Problem."""

import random
import time
import zipfile
from io import BytesIO

import pytest

from rules.problems import WORKBOOK_CELLS, WORKBOOK_NO_RULES, WORKBOOK_OLD
from rules.workbook import read_workbook, workbook_bytes
from server.problems import Problem
from tests.bench.fuzz_documents import fuzz_documents, fuzz_workbooks
from tests.rules.rule_set_kit import SMALL, small
from tests.rules.workbook_kit import edited, opened, saved


def refusal(content: bytes) -> Problem:
    with pytest.raises(Problem) as caught:
        read_workbook(content)
    return caught.value


def kinds(content: bytes) -> list[str]:
    return [one.kind.code for one in refusal(content).details["errors"]]


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def with_part(content: bytes, name: str, change: bytes, by: bytes) -> bytes:
    """The workbook with bytes replaced in one of its parts."""
    with zipfile.ZipFile(BytesIO(content)) as archive:
        files = {one: archive.read(one) for one in archive.namelist()}
    assert change in files[name]
    return zipped(files | {name: files[name].replace(change, by)})


def sheet_of(content: bytes, title: str) -> str:
    return f"xl/worksheets/sheet{opened(content).sheetnames.index(title) + 1}.xml"


@pytest.mark.parametrize("content", [b"", b"x", b"PK\x03\x04", zipped({"a": b"b"})])
def test_what_is_no_workbook_is_told(content: bytes) -> None:
    assert refusal(content).kind.status == 400


def test_an_old_xls_is_told_what_to_do() -> None:
    assert refusal(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 2000).kind is WORKBOOK_OLD


def test_a_bomb_and_macros_and_a_doctype_are_refused() -> None:
    content = workbook_bytes(SMALL)
    with zipfile.ZipFile(BytesIO(content)) as archive:
        files = {one: archive.read(one) for one in archive.namelist()}
    for harm in (
        {"xl/media/a.bin": b"\0" * 60_000_000},
        {"xl/vbaProject.bin": b"x"},
        {"xl/sharedStrings.xml": b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><sst/>'},
    ):
        assert refusal(zipped(files | harm)).kind.status == 400


def test_a_hundred_thousand_rows_are_refused_at_once() -> None:
    content = workbook_bytes(SMALL)
    name = sheet_of(content, "rules")
    rows = b"".join(b'<row r="%d"><c t="b"><v>1</v></c></row>' % n for n in range(20, 100_020))
    began = time.perf_counter()
    assert (
        refusal(with_part(content, name, b"</sheetData>", rows + b"</sheetData>")).kind.status
        == 400
    )
    assert time.perf_counter() - began < 5


def test_more_cells_than_a_rule_set_can_have_are_refused() -> None:
    content = workbook_bytes(SMALL)
    chance = random.Random(1)
    numbers = (b"<c><v>%d</v></c>" % chance.randrange(10**6) for _ in range(610_000))
    row = b"<row r='20'>" + b"".join(numbers) + b"</row></sheetData>"
    many = with_part(content, sheet_of(content, "rules"), b"</sheetData>", row)
    assert refusal(many).kind is WORKBOOK_CELLS


def test_a_row_beyond_any_sheet_is_refused() -> None:
    content = workbook_bytes(SMALL)
    row = b'<row r="99999999999"><c><v>1</v></c></row></sheetData>'
    content = with_part(content, sheet_of(content, "rules"), b"</sheetData>", row)
    assert refusal(content).kind is WORKBOOK_CELLS


def test_the_size_that_a_sheet_claims_is_not_believed() -> None:
    content = workbook_bytes(SMALL)
    name = sheet_of(content, "rules")
    with zipfile.ZipFile(BytesIO(content)) as archive:
        claimed = archive.read(name).partition(b"<dimension")[2].partition(b"/>")[0]
    lying = with_part(content, name, claimed, b' ref="A1:XFD1048576" ')
    began = time.perf_counter()
    assert read_workbook(lying) == small()
    assert time.perf_counter() - began < 5


def test_a_workbook_without_our_sheets_is_told_what_they_are() -> None:
    workbook = opened(workbook_bytes(SMALL))
    for name in list(workbook.sheetnames):
        workbook[name].title = f"x{workbook.sheetnames.index(name)}"
    assert refusal(saved(workbook)).kind is WORKBOOK_NO_RULES


def test_a_formula_counts_by_its_result_and_without_one_is_a_fault() -> None:
    content = edited(small(), rules_F2="=10+10")
    problem = refusal(content)
    assert [one.kind.code for one in problem.details["errors"]] == ["400.708"]
    assert problem.places[0].row == 2
    assert "F2" in problem.details["errors"][0].message_in(str)
    name = sheet_of(content, "rules")
    computed = with_part(content, name, b"<f>10+10</f><v></v>", b"<f>10+10</f><v>19</v>")
    assert read_workbook(computed)["rules"][0]["score"] == 19
    broken = with_part(content, name, b"<f>10+10</f><v></v>", b"<f>10+10</f><v>#REF!</v>")
    assert refusal(broken).kind.status == 400


def test_an_error_in_a_cell_is_a_fault() -> None:
    assert kinds(edited(small(), rules_F2="#DIV/0!")) == ["400.709"]


def test_merged_cells_are_a_fault_in_our_sheets_alone() -> None:
    workbook = opened(workbook_bytes(small(extra_sheets={"表": [["a"]]})))
    workbook["表"].merge_cells("A1:B2")
    assert read_workbook(saved(workbook))["extra_sheets"] == {"表": [["a"]]}
    workbook["rules"].merge_cells("B2:B3")
    problem = refusal(saved(workbook))
    assert problem.details["errors"][0].kind.code == "400.707"
    assert "B2:B3" in problem.details["errors"][0].message_in(str)


def test_a_column_without_a_heading_and_one_that_stands_twice_are_faults() -> None:
    assert kinds(edited(small(), rules_Z2="x", rules_Z3="y")) == ["400.704"]
    assert kinds(edited(small(), rules_F1="when")) == ["400.703"]


def test_mutated_workbooks_get_problems_and_never_another_error() -> None:
    assert not fuzz_workbooks(40, random.Random(1), programme=False).failures


def test_mutated_documents_get_problems_and_never_another_error() -> None:
    assert not fuzz_documents(150, random.Random(1), programme=False).failures
