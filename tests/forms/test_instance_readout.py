"""The texts that are read out say what the long way says, and the shapes survive any data."""

import csv
import io
import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from forms.instance.cells import Book
from forms.instance.flatten import Layout
from forms.instance.odata import ROOT, ODataShape, as_wkt, odata_name, typed
from forms.instance.readout import BETWEEN_TABLES, ReadoutMaker, Receipted, iso_time
from forms.xlsform.field import Field
from tests.forms.form_lab import form, read
from tests.forms.test_instance_flatten import FAMILY, FULL

KNOWN = Receipted("uuid:1", datetime(2026, 11, 23, 8, 0, 0, 1999, tzinfo=UTC), 5, "collect:1", "1")
MAKER = ReadoutMaker(form(FAMILY).fields)


def records(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def test_the_open_object_closes_to_what_the_shape_says() -> None:
    data = read(FAMILY, FULL).data
    made = MAKER.make(data, KNOWN)
    row = json.loads(made.odata + "}}")
    assert row.pop("__id") == "uuid:1"
    assert row.pop("__system") == {
        "submissionDate": "2026-11-23T08:00:00.001Z",
        "submitterId": "5",
        "deviceId": "collect:1",
        "formVersion": "1",
    }
    assert row == MAKER.shape.row(data, "uuid:1")


def test_the_cells_are_those_of_the_layout() -> None:
    data = read(FAMILY, FULL).data
    made = MAKER.make(data, KNOWN)
    layout = Layout(form(FAMILY).fields)
    expected = ["" if one is None else str(one) for one in layout.row(data).values()]
    assert records(made.cells) == [["2026-11-23T08:00:00.001Z", *expected, "uuid:1", "5"]]
    rows = [records(block) for block in made.repeats.split(BETWEEN_TABLES)]
    told: dict[str, list[list[str]]] = {table.path: [] for table in layout.repeats}
    for path, parent, own, row in layout.repeat_rows(data, "uuid:1"):
        told[path].append([*("" if one is None else str(one) for one in row.values()), parent, own])
    assert rows == list(told.values())


def test_an_encrypted_record_has_no_answers() -> None:
    made = MAKER.make(
        read(FAMILY, FULL).data,
        Receipted("uuid:1", KNOWN.created_at, None, "", "1", is_encrypted=True),
    )
    assert set(json.loads(made.odata + "}}")) == {"__id", "__system"}
    assert set(records(made.cells)[0][1:-2]) == {""}
    assert made.repeats == ""


def test_two_versions_that_read_out_alike_have_one_signature() -> None:
    relabelled = form(FAMILY.replace("| Name |", "| 姓名 |"))
    retyped = form(FAMILY.replace("| | integer | age", "| | text | age"))
    assert ReadoutMaker(relabelled.fields).signature == MAKER.signature
    assert ReadoutMaker(retyped.fields).signature != MAKER.signature


def test_identifiers_keep_letters_of_every_script() -> None:
    assert odata_name("q1.8-test") == "q1_8_test"
    assert odata_name("姓名") == "姓名"
    assert odata_name("1st") == "_1st"
    shape = ODataShape([Field("/a-b", "a-b"), Field("/a.b", "a.b"), Field("/g", "g", "structure")])
    assert [one.label for one in shape.members] == ["a_b", "a_b_2", "g"]


def test_typed_answers_fit_their_type_or_are_null() -> None:
    age, home = Field("/age", "age", "int"), Field("/home", "home", "geopoint")
    assert (typed(age, 7), typed(age, "seven"), typed(home, "nowhere")) == (7, None, None)
    line = {"type": "LineString", "coordinates": [[1.0, 2.0], [3.5, 4.0, 5.0]]}
    ring = {"type": "Polygon", "coordinates": [[[1.0, 2.0], [3.0, 4.0], [1.0, 2.0]]]}
    assert as_wkt(Field("/w", "w", "geotrace"), line) == "LINESTRING (1 2,3.5 4 5)"
    assert as_wkt(Field("/w", "w", "geoshape"), ring) == "POLYGON ((1 2,3 4,1 2))"


def test_times_are_cut_off_not_rounded() -> None:
    assert iso_time(datetime(2026, 1, 1, 0, 0, 0, 999_999, tzinfo=UTC)).endswith("00.999Z")


_values: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.integers(-99, 99), st.text(max_size=4), st.floats(allow_nan=False, width=32)),
    lambda inner: st.one_of(
        st.lists(st.dictionaries(st.sampled_from(["carer", "phones", "phone"]), inner, max_size=3), max_size=2),
        st.dictionaries(
            st.sampled_from(["child_name", "age", "home", "way", "carers", "meta", "instanceID", "x"]),
            inner,
            max_size=5,
        ),
    ),
    max_leaves=12,
)  # fmt: skip
_data = st.dictionaries(st.sampled_from(["g_child", "house", "remark", "meta", "other"]), _values)


@settings(max_examples=150, deadline=None)
@given(_data)
def test_data_of_any_other_version_is_read_in_the_columns_of_this_one(data: dict[str, Any]) -> None:
    made = MAKER.make(data, KNOWN)
    assert set(json.loads(made.odata + "}}")) - {"__id", "__system"} == {
        "g_child",
        "house",
        "remark",
        "meta",
    }
    book: Book = MAKER.book
    (record,) = records(made.cells)
    assert len(record) == 3 + len(book.root.headings())
    for table in MAKER.shape.tables:
        if table != ROOT:
            for row in MAKER.shape.rows(table, data, "uuid:1"):
                assert len(row["__id"]) == 40
    for block, sheet in zip(made.repeats.split(BETWEEN_TABLES), book.repeats, strict=True):
        assert all(len(one) == len(sheet.headings()) + 2 for one in records(block))
