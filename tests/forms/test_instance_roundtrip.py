"""Property: whatever the form's tree, the answers written as XML are the answers read."""

import json
from typing import Any
from xml.sax.saxutils import escape

from hypothesis import given, settings
from hypothesis import strategies as st

from forms.instance.diff import diff_instances
from forms.instance.flatten import Layout, answers
from forms.instance.parse import Reader
from forms.xlsform.field import Field
from tests.forms.form_lab import submission

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12).filter(
    str.strip
)
ANSWERS = {
    "string": TEXT,
    "int": st.integers(-(10**17), 10**17),
    "decimal": st.floats(allow_nan=False, allow_infinity=False),
    "date": st.dates().map(lambda day: day.isoformat()),
    "dateTime": st.datetimes(timezones=st.just(None)).map(lambda at: at.isoformat() + "+08:00"),
    "binary": st.from_regex(r"[0-9]{3,13}\.jpg", fullmatch=True),
    "geopoint": st.tuples(
        st.floats(-90, 90), st.floats(-180, 180), st.floats(-500, 9000), st.floats(0, 100)
    ),
}
NAMES = st.from_regex(r"[a-z_名][a-z0-9_.\-名]{0,5}", fullmatch=True).filter(
    lambda name: name != "meta"
)


META = [Field("/meta", "meta", "structure"), Field("/meta/instanceID", "instanceID")]


@st.composite
def nodes(draw: st.DrawFn, path: str = "", depth: int = 0) -> list[Field]:
    """The fields of one group, those inside it after it."""
    found: list[Field] = []
    for name in draw(st.lists(NAMES, min_size=1, max_size=4, unique=True)):
        kinds = [*ANSWERS, *(["structure", "repeat"] if depth < 3 else [])]
        kind = draw(st.sampled_from(kinds))
        here = f"{path}/{name}"
        found.append(Field(here, name, kind, binary=kind == "binary", order=len(found)))
        if kind in ("structure", "repeat"):
            found += draw(nodes(here, depth + 1))
    return found


def draw_group(draw: st.DrawFn, fields: list[Field], path: str) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for one in (field for field in fields if field.parent == path):
        if one.type == "structure":
            data[one.name] = draw_group(draw, fields, one.path)
        elif one.type == "repeat":
            rows = draw(st.integers(0, 2))
            data[one.name] = [draw_group(draw, fields, one.path) for _ in range(rows)]
        else:
            data[one.name] = draw(st.none() | ANSWERS[one.type])
    return data


@st.composite
def filled_forms(draw: st.DrawFn) -> tuple[list[Field], dict[str, Any]]:
    fields = draw(nodes())
    return fields, draw_group(draw, fields, "")


def to_xml(data: dict[str, Any]) -> str:
    parts = []
    for name, value in data.items():
        for one in value if isinstance(value, list) else [value]:
            inside = to_xml(one) if isinstance(one, dict) else written(one)
            parts.append(f"<{name}>{inside}</{name}>")
    return "".join(parts)


def written(value: Any) -> str:
    if isinstance(value, tuple):
        return " ".join(str(number) for number in value)
    return "" if value is None else escape(str(value))


def expected(data: dict[str, Any]) -> dict[str, Any]:
    return {name: _expected(value) for name, value in data.items()}


def _expected(value: Any) -> Any:
    if isinstance(value, list):
        return [expected(row) for row in value]
    if isinstance(value, dict):
        return expected(value)
    if isinstance(value, tuple):
        latitude, longitude, altitude, accuracy = value
        place = {"type": "Point", "coordinates": [longitude, latitude, altitude]}
        return {**place, "properties": {"accuracy": accuracy}}
    return value


@settings(max_examples=150, deadline=None)
@given(filled_forms())
def test_answers_written_as_xml_are_the_answers_read(filled):
    fields, data = filled
    instance = Reader([*fields, *META]).read(submission(to_xml(data)))
    assert instance.data == {**expected(data), "meta": {"instanceID": "uuid:1"}}
    assert instance.oddities == ()
    assert json.loads(json.dumps(instance.data, allow_nan=False)) == instance.data


@settings(max_examples=100, deadline=None)
@given(filled_forms())
def test_every_row_of_every_repeat_comes_out_once_with_its_own_key(filled):
    fields, data = filled
    rows = list(Layout(fields).repeat_rows(Reader(fields).read(submission(to_xml(data))).data, "k"))
    keys = [key for _, _, key, _ in rows]
    assert len(keys) == len(set(keys)) == count_rows(data)
    assert all(parent == "k" or parent in keys for _, parent, _, _ in rows)


@settings(max_examples=100, deadline=None)
@given(filled_forms())
def test_answers_hold_every_answered_question_name(filled):
    fields, data = filled
    found = answers(Reader(fields).read(submission(to_xml(data))).data)
    assert set(found) == answered_names(data)


@settings(max_examples=100, deadline=None)
@given(filled_forms())
def test_a_submission_differs_from_an_empty_one_exactly_where_it_was_answered(filled):
    fields, data = filled
    empty, full = (Reader(fields).read(submission(xml)).data for xml in ("", to_xml(data)))
    assert diff_instances(full, full, fields) == []
    assert bool(diff_instances(empty, full, fields)) == bool(
        answered_names(data) or count_rows(data)
    )


def count_rows(data: dict[str, Any]) -> int:
    total = 0
    for value in data.values():
        if isinstance(value, dict):
            total += count_rows(value)
        elif isinstance(value, list):
            total += len(value) + sum(count_rows(row) for row in value)
    return total


def answered_names(data: dict[str, Any]) -> set[str]:
    names: set[str] = set()
    for name, value in data.items():
        if isinstance(value, dict):
            names |= answered_names(value)
        elif isinstance(value, list):
            names |= {inner for row in value for inner in answered_names(row)}
        elif value is not None:
            names.add(name)
    return names
