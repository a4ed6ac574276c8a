"""Files that pretend to be workbooks, or are worse: refused before openpyxl or xlrd sees them."""

import random
import zipfile
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from forms.xlsform import guards
from forms.xlsform.workbook import read_workbook
from server.problems import Problem


def good() -> bytes:
    book, out = Workbook(write_only=True), BytesIO()
    sheet = book.create_sheet("survey")
    for row in (["type", "name", "label"], ["text", "a", "A"]):
        sheet.append(row)
    book.save(out)
    return out.getvalue()


def altered(add: dict[str, bytes] | None = None, replace: dict[str, bytes] | None = None) -> bytes:
    out = BytesIO()
    with (
        zipfile.ZipFile(BytesIO(good())) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for entry in old.infolist():
            new.writestr(entry.filename, (replace or {}).get(entry.filename, old.read(entry)))
        for name, content in (add or {}).items():
            new.writestr(name, content)
    return out.getvalue()


def code_of(content: bytes) -> str:
    with pytest.raises(Problem) as caught:
        read_workbook(content, "x.xlsx", "f")
    assert caught.value.kind.status in (400, 413)
    return str(caught.value)


def status_of(content: bytes, filename: str) -> int:
    """200 when the workbook is read, else the status of its Problem; any other exception breaks the test."""
    try:
        read_workbook(content, filename, "f")
    except Problem as problem:
        return problem.kind.status
    return 200


def test_a_good_workbook_passes():
    assert guards.guard_file(good()) == (".xlsx", ())


def test_a_large_file_is_refused_by_size():
    assert "larger than the 10 MB" in code_of(b"PK\x03\x04" + b"x" * guards.MAX_WORKBOOK)


def test_a_zip_bomb_is_refused():
    bomb = altered({"xl/worksheets/sheet9.xml": b"<x>" + b" " * (guards.MAX_INFLATED + 1)})
    assert len(bomb) < guards.MAX_WORKBOOK
    assert "attack" in code_of(bomb)


def test_a_bomb_that_lies_about_its_size_is_measured():
    content = bytearray(altered({"xl/media/a.bin": b"\0" * (guards.RATIO_FROM * 3)}))
    assert "attack" in code_of(bytes(content))


def test_a_declared_size_below_the_real_one_is_refused():
    big = b"\0" * 2_000_000
    content = bytearray(altered({"xl/media/a.bin": big}))
    real = (2_000_000).to_bytes(4, "little")
    assert content.count(real) == 2  # local header and directory
    content = content.replace(real, (10).to_bytes(4, "little"))
    assert code_of(bytes(content)).startswith("400.15")


def test_too_many_entries_are_refused():
    assert "attack" in code_of(altered({f"xl/x{n}.xml": b"" for n in range(guards.MAX_ENTRIES)}))


def test_the_same_entry_twice_is_refused():
    assert "attack" in code_of(altered({"XL/workbook.xml": b"<x/>"}))


@pytest.mark.parametrize("name", ["xl/vbaProject.bin", "xl/VBAPROJECT.BIN", "evil\\vbaProject.bin"])
def test_macros_are_refused(name):
    assert "macros" in code_of(altered({name: b"x"}))


def test_a_macro_enabled_content_type_is_refused():
    with zipfile.ZipFile(BytesIO(good())) as archive:
        types = archive.read("[Content_Types].xml")
    types = types.replace(
        b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
        b"application/vnd.ms-excel.sheet.macroEnabled.main+xml",
    )
    assert "macros" in code_of(altered(replace={"[Content_Types].xml": types}))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be"])
def test_a_doctype_inside_the_workbook_is_refused(encoding):
    laughs = '<!DOCTYPE a [<!ENTITY b "bb">]><worksheet>&b;</worksheet>'.encode(encoding)
    assert "DOCTYPE" in code_of(altered(replace={"xl/worksheets/sheet1.xml": laughs}))


def test_a_doctype_across_two_chunks_is_seen():
    padding = b"<worksheet>" + b" " * (256 * 1024 - 14)
    content = altered({"xl/x.xml": padding + b"<!DOCTYPE a>" + random.Random(1).randbytes(500_000)})
    assert "DOCTYPE" in code_of(content)


def test_external_links_are_ignored_with_a_warning():
    content = altered({"xl/externalLinks/externalLink1.xml": b"<externalLink/>"})
    (notice,) = read_workbook(content, "x.xlsx", "f").notices
    assert (notice.kind, "externallinks" in notice.text) == ("ignored", True)


@pytest.mark.parametrize(
    ("mark", "says"), [("EncryptedPackage", "password"), ("_VBA_PROJECT_CUR", "macros")]
)
def test_ole_containers_with_password_or_macros_are_refused(mark, says):
    content = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + mark.encode("utf-16-le")
    assert says in code_of(content)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"  \n",
        b"PK\x03\x04",
        b"PK\x03\x04" + b"x" * 1000,
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 5000,
        b"%PDF-1.7 ...",
        b"\xff\xd8\xff\xe0 jpeg",
        b"<html><body>Log in first</body></html>",
        good()[:-30],
        good()[:2000],
    ],
)
def test_what_is_no_workbook_is_refused(content):
    assert "400.15" in code_of(content)


def test_another_office_file_is_refused():
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("[Content_Types].xml", "<x/>")
        archive.writestr("word/document.xml", "<x/>")
    assert "not a workbook" in code_of(out.getvalue())


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10_000), st.binary(min_size=1, max_size=4)), max_size=6))
def test_a_damaged_workbook_never_raises_anything_but_a_problem(edits):
    content = bytearray(good())
    for where, patch in edits:
        at = where % len(content)
        content[at : at + len(patch)] = patch
    assert status_of(bytes(content), "x.xlsx") in (200, 400, 413)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300), st.sampled_from(["a.csv", "a.md", "a.xlsx", "a.xls", "", "a"]))
def test_random_bytes_never_raise_anything_but_a_problem(content, filename):
    assert status_of(content, filename) in (200, 400, 413)


CELLS = st.sampled_from(
    (
        *("", "text", "begin_group", "end_group", "begin_repeat", "end_repeat", "select_one yn"),
        *("calculate", "a", "b", "A", "${a}", "${", "meta", "1+1", "foo((", "名", "a b", "child"),
        *("true()", "note", "range", "x=1 y=2", "audit"),
    )
)
HEADINGS = [
    "type",
    "name",
    "label",
    "label::中文 (zh)",
    "relevant",
    "calculation",
    "parameters",
    "save_to",
    "default",
]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.lists(CELLS, min_size=9, max_size=9), min_size=1, max_size=6),
    st.lists(st.lists(CELLS, min_size=3, max_size=3), max_size=3),
    st.lists(st.lists(CELLS, min_size=3, max_size=3), max_size=2),
)
def test_nonsense_in_the_sheets_never_raises_anything_but_a_problem(survey, choices, entities):
    tables = {
        "survey": [HEADINGS, *survey],
        "choices": [["list_name", "name", "label"], *choices],
        "entities": [["list_name", "label", "entity_id"], *entities],
    }
    lines = []
    for name, rows in tables.items():
        lines += [f"| {name} |", *("| | " + " | ".join(row) + " |" for row in rows)]
    assert status_of("\n".join(lines).encode(), "f.md") in (200, 400)
