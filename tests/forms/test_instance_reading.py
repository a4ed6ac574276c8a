"""Submission XML -> typed Instance: nothing that a phone sends is lost, nothing harmful gets in."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forms.instance.hardened import MAX_TAGS
from forms.instance.parse import MAX_XML, Reader, read_envelope, read_instance
from server.problems import Problem
from tests.forms.form_lab import form, read, submission

ALL = """
| survey |
| | type | name | label |
| | start | start | |
| | end | end | |
| | deviceid | deviceid | |
| | username | username | |
| | audit | audit | |
| | begin_group | g | G |
| | text | name | Name |
| | integer | age | Age |
| | decimal | height | Height |
| | date | born | Born |
| | time | at | At |
| | dateTime | seen | Seen |
| | geopoint | place | Place |
| | geotrace | way | Way |
| | geoshape | yard | Yard |
| | image | photo | Photo |
| | select_multiple w | worries | Worries |
| | select_one w | worst | Worst |
| | acknowledge | ok | Ok |
| | barcode | code | Code |
| | end_group | | |
| | begin_repeat | carers | Carers |
| | text | carer | Carer |
| | begin_repeat | phones | Phones |
| | integer | phone | Phone |
| | end_repeat | | |
| | end_repeat | | |
| choices |
| | list_name | name | label |
| | w | food | Food |
| | w | sleep | Sleep |
"""


def one(name: str, text: str) -> object:
    return read(ALL, f"<g><{name}>{text}</{name}></g>").data["g"][name]


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("name", "张三", "张三"),
        ("name", " 张 三 ", " 张 三 "),
        ("name", "a &lt;b&gt; &amp; c", "a <b> & c"),
        ("name", "<![CDATA[a <b>]]>", "a <b>"),
        ("name", "te<!-- x -->xt", "text"),
        ("age", "7", 7),
        ("age", "-07", -7),
        ("age", "7.0", 7),
        ("age", "123456789012345678", 123456789012345678),
        ("height", "1.20", 1.2),
        ("height", "1.0E10", 1e10),
        ("height", "5", 5.0),
        ("born", "2019-02-28", "2019-02-28"),
        ("born", "2019-02-28T00:00:00.000+08:00", "2019-02-28"),
        ("at", "08:30:00.000+08:00", "08:30:00.000+08:00"),
        ("seen", "2026-01-31T08:30:00.000+08:00", "2026-01-31T08:30:00.000+08:00"),
        ("photo", "1700000000000.jpg", "1700000000000.jpg"),
        ("worries", "food sleep", "food sleep"),
        ("worst", "food", "food"),
        ("ok", "OK", "OK"),
        ("code", "0042", "0042"),
        ("place", "26.5 106.7", {"type": "Point", "coordinates": [106.7, 26.5]}),
        ("place", "26.5 106.7 1200.5", {"type": "Point", "coordinates": [106.7, 26.5, 1200.5]}),
        (
            "place",
            "26.5 106.7 1200.5 4.8",
            {
                "type": "Point",
                "coordinates": [106.7, 26.5, 1200.5],
                "properties": {"accuracy": 4.8},
            },
        ),
        (
            "way",
            "1 2 0 0;3 4 0 0;",
            {"type": "LineString", "coordinates": [[2, 1, 0], [4, 3, 0]]},
        ),
        (
            "yard",
            "1 2; 3 4; 5 6; 1 2",
            {"type": "Polygon", "coordinates": [[[2, 1], [4, 3], [6, 5], [2, 1]]]},
        ),
    ],
)
def test_an_answer_gets_its_type(name, text, value):
    assert one(name, text) == value
    assert type(one(name, text)) is type(value)


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("age", "seven", "not_number"),
        ("age", "7.5", "not_integer"),
        ("age", "1_000", "not_number"),
        ("age", "１２", "not_number"),
        ("age", "9" * 5000, "not_number"),
        ("height", "NaN", "not_number"),
        ("height", "Infinity", "not_number"),
        ("height", "1e999", "not_number"),
        ("born", "2019-02-30", "not_date"),
        ("born", "昨天", "not_date"),
        ("at", "25:00", "not_time"),
        ("seen", "2026-01-31T08:30:00.000", "no_time_zone"),
        ("seen", "soon", "not_datetime"),
        ("place", "here", "not_position"),
        ("place", "91 10", "outside_the_earth"),
        ("place", "1 2 3 4 5", "not_position"),
        ("place", "1 x", "not_number"),
        ("way", "1 2", "too_few_positions"),
        ("yard", "1 2;3 4;5 6;7 8", "not_closed"),
        ("photo", "../../etc/passwd", "not_file_name"),
    ],
)
def test_an_answer_that_does_not_fit_keeps_its_text_and_is_noted(name, text, reason):
    instance = read(ALL, f"<g><{name}>{text}</{name}></g>")
    assert instance.data["g"][name] == text
    (oddity,) = instance.oddities
    assert (oddity.path, oddity.reason) == (f"/g/{name}", reason)
    assert text.startswith(oddity.value)
    json.dumps(instance.data, allow_nan=False)


@pytest.mark.parametrize("inside", ["", "<g/>", "<g><name/></g>", "<g><name> \n </name></g>"])
def test_what_was_not_answered_is_null_and_every_field_is_there(inside):
    data = read(ALL, inside).data
    assert list(data) == ["start", "end", "deviceid", "username", "g", "carers", "meta"]
    assert data["g"]["name"] is None
    assert set(data["g"].values()) == {None}
    assert data["carers"] == []


def test_fields_come_in_the_forms_order_whatever_the_order_of_the_xml():
    data = read(ALL, "<carers/><g><age>1</age><name>x</name></g>").data
    assert list(data["g"])[:2] == ["name", "age"]


def test_repeats_are_lists_also_inside_each_other():
    inside = (
        "<carers><carer>甲</carer><phones><phone>1</phone></phones><phones><phone>2</phone></phones></carers>"
        "<carers><carer>乙</carer></carers>"
    )
    assert read(ALL, inside).data["carers"] == [
        {"carer": "甲", "phones": [{"phone": 1}, {"phone": 2}]},
        {"carer": "乙", "phones": []},
    ]


def test_an_oddity_in_a_repeat_tells_the_row():
    inside = "<carers/><carers><phones><phone>x</phone></phones></carers>"
    assert [one.path for one in read(ALL, inside).oddities] == ["/carers[2]/phones[1]/phone"]


def test_nodes_that_the_form_does_not_know_are_noted_with_their_text():
    instance = read(ALL, "<g><new>甲<b>乙</b></new><empty/></g><other>丙</other>")
    assert [(one.path, one.value) for one in instance.oddities] == [
        ("/g/new", "甲乙"),
        ("/other", "丙"),
    ]


def test_a_leaf_sent_twice_keeps_the_first_and_notes_the_second():
    instance = read(ALL, "<g><name>甲</name><name>乙</name></g>")
    assert instance.data["g"]["name"] == "甲"
    assert [(one.value, one.reason) for one in instance.oddities] == [("乙", "repeated")]


def test_a_group_sent_twice_notes_the_second():
    instance = read(ALL, "<g><name>甲</name></g><g><name>乙</name></g>")
    assert instance.data["g"]["name"] == "甲"
    assert instance.oddities[0].value == "乙"


def test_children_below_a_leaf_and_text_in_a_group_are_noted():
    instance = read(ALL, "<g><name>甲<x>乙</x></name></g>")
    assert (instance.data["g"]["name"], instance.oddities[0].reason) == ("甲乙", "not_leaf")
    assert read(ALL, "<g>丙</g>").oddities[0].reason == "not_group"


def test_oddities_are_bounded():
    instance = read(ALL, "<zz>x</zz>" * 5000 + f"<big>{'x' * 100_000}</big>")
    assert len(instance.oddities) == 500
    assert max(len(one.value) for one in instance.oddities) <= 1000


def test_the_files_to_expect_are_named_once_with_the_audit_log():
    inside = "<g><photo>a.jpg</photo></g>"
    instance = read(ALL, inside, meta="<audit>audit.csv</audit>")
    assert instance.files == ("a.jpg", "audit.csv")


def test_preloaded_properties_are_gathered():
    inside = "<start>2026-01-31T08:30:00.000+08:00</start><deviceid>collect:x</deviceid><username>lan</username>"
    assert read(ALL, inside).meta == {
        "start": "2026-01-31T08:30:00.000+08:00",
        "deviceid": "collect:x",
        "username": "lan",
    }


def test_meta_is_found_in_any_namespace_and_with_any_prefix():
    xml = (
        b'<a:data xmlns:a="urn:x" id="f" version="2" xmlns:q="http://openrosa.org/xforms"><q:meta>'
        b"<q:instanceID>uuid:1</q:instanceID><q:instanceName>n</q:instanceName></q:meta>"
        b"<meta><deprecatedID>x</deprecatedID></meta></a:data>"
    )
    envelope = read_envelope(xml)
    assert (envelope.form_id, envelope.version) == ("f", "2")
    assert (envelope.instance_id, envelope.instance_name) == ("uuid:1", "n")


def test_an_edit_names_the_submission_that_it_replaces():
    xml = submission("", meta="<deprecatedID>uuid:0</deprecatedID>")
    assert read_envelope(xml).deprecated_id == "uuid:0"
    assert read_instance(xml, form(ALL).fields).oddities == ()


def test_an_encrypted_submission_yields_its_files_and_no_answers():
    xml = b"""<data xmlns="http://opendatakit.org/submissions" encrypted="yes" id="f" version="1">
    <base64EncryptedKey>k</base64EncryptedKey>
    <orx:meta xmlns:orx="http://openrosa.org/xforms"><orx:instanceID>uuid:1</orx:instanceID></orx:meta>
    <media><file>a.jpg.enc</file><file>b.jpg.enc</file></media>
    <encryptedXmlFile>submission.xml.enc</encryptedXmlFile></data>"""
    instance = read_instance(xml, form(ALL).fields)
    assert instance.envelope.is_encrypted
    assert instance.files == ("a.jpg.enc", "b.jpg.enc", "submission.xml.enc")
    assert instance.data["meta"] == {"audit": None, "instanceID": "uuid:1"}
    assert instance.data["g"]["name"] is None


@pytest.mark.parametrize(
    ("xml", "code", "says"),
    [
        (b"", "400.1", "well-formed"),
        (b"<data", "400.1", "well-formed"),
        (b"<data id='f'>\x00</data>", "400.1", "well-formed"),
        (b"<data id='f'>\xff\xfe</data>", "400.1", "well-formed"),
        (b"<data id='f'>&unknown;</data>", "400.1", "well-formed"),
        (b"<a>" * 200_000, "400.1", "well-formed"),
        (b"<data/>", "400.2", "form id"),
        (b'<data id="  "><meta><instanceID>uuid:1</instanceID></meta></data>', "400.2", "form id"),
        (b'<data id="f"/>', "400.2", "instanceID"),
        (b'<data id="f"><meta><instanceID> </instanceID></meta></data>', "400.2", "instanceID"),
        (b'<data id="f"><meta><instanceID>a/b</instanceID></meta></data>', "400.1", "instanceID"),
        (b'<data id="f"><meta><instanceID>a b</instanceID></meta></data>', "400.1", "instanceID"),
        (submission("", meta=f"<deprecatedID>{'x' * 256}</deprecatedID>"), "400.1", "deprecatedID"),
        (submission("", form_id="x" * 256), "400.1", "form id"),
        (b"<data id='f'>" + b" " * MAX_XML + b"</data>", "413.1", "10 MB"),
        (b"<data id='f'>" + b"<a/>" * MAX_TAGS + b"</data>", "413.1", "tags"),
        (b'<!DOCTYPE data><data id="f"/>', "400.1", "DOCTYPE"),
    ],
)
def test_a_submission_that_cannot_be_stored_is_refused_with_a_reason(xml, code, says):
    with pytest.raises(Problem, match=says) as caught:
        read_envelope(xml)
    assert caught.value.kind.code == code


def nested(levels: int) -> bytes:
    return submission("<a>" * levels + "</a>" * levels)


def test_deep_nesting_is_refused_not_overflowed():
    assert read_envelope(nested(200)).form_id == "form"
    for levels in (300, 150_000):
        with pytest.raises(Problem, match="well-formed"):
            read_envelope(nested(levels))


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))


@pytest.mark.parametrize(
    "dtd",
    [
        f'<!DOCTYPE data [<!ENTITY l0 "ha">{LAUGHS}]>',
        '<!DOCTYPE data [<!ENTITY l11 SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE data SYSTEM "http://127.0.0.1:9/x.dtd" [<!ENTITY l11 "x">]>',
        '<!DOCTYPE data [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;<!ENTITY l11 "x">]>',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_are_never_expanded_nor_fetched(dtd, encoding):
    xml = f'{dtd}<data id="f"><a>&l11;</a><meta><instanceID>uuid:1</instanceID></meta></data>'
    began = time.perf_counter()
    with pytest.raises(Problem) as caught:
        read_envelope(xml.encode(encoding))
    assert caught.value.kind.code == "400.1"
    assert time.perf_counter() - began < 1


def test_a_byte_order_mark_and_other_encodings_are_read():
    xml = submission("<g><name>张三</name></g>").decode()
    fields = form(ALL).fields
    declared = f'<?xml version="1.0" encoding="UTF-16"?>{xml}'.encode("utf-16")
    for content in (xml.encode("utf-8-sig"), declared):
        assert read_instance(content, fields).data["g"]["name"] == "张三"


def test_a_hundred_answers_are_read_in_well_under_a_millisecond():
    rows = "".join(f"| | {'integer' if n % 3 else 'text'} | q{n} | Q |\n" for n in range(100))
    definition = form(f"| survey |\n| | type | name | label |\n{rows}")
    reader = Reader(definition.fields)
    xml = submission("".join(f"<q{n}>{n}</q{n}>" for n in range(100)))
    best = min(_seconds(reader, xml) for _ in range(30))
    assert best < 0.001


def _seconds(reader: Reader, xml: bytes) -> float:
    began = time.perf_counter()
    reader.read(xml)
    return time.perf_counter() - began


READER = Reader(form(ALL).fields)
GOOD = submission(
    "<start>2026-01-31T08:30:00.000+08:00</start><g><name>张三</name><age>7</age><place>1 2 3 4</place></g>"
    "<carers><carer>甲</carer><phones><phone>1</phone></phones></carers>"
)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 9), st.binary(max_size=6)), max_size=5)
)
def test_a_damaged_submission_is_read_or_refused_but_never_fails(edits):
    content = bytearray(GOOD)
    for where, length, patch in edits:
        at = where % len(content)
        content[at : at + length] = patch
        content = content or bytearray(b"<")
    assert outcome(bytes(content)) in ("read", "refused")


TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(list(form(ALL).fields)), TEXTS)
def test_any_text_in_any_field_is_kept_somewhere(field, text):
    parts = field.path.split("/")[1:]
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    if parts[0] == "meta":
        return
    opened = "".join(f"<{part}>" for part in parts)
    closed = "".join(f"</{part}>" for part in reversed(parts))
    instance = READER.read(submission(f"{opened}{escaped}{closed}"))
    seen = json.dumps(instance.data, ensure_ascii=False, allow_nan=False)
    noted = [one.value for one in instance.oddities]
    if field.type in ("date", "int", "decimal") and text not in noted:
        assert instance.oddities == ()  # it became a number or a day
    else:
        bare = text.strip()  # blanks around a typed value are no content
        assert json.dumps(bare, ensure_ascii=False)[1:-1] in seen or text in noted


def outcome(content: bytes) -> str:
    try:
        instance = READER.read(content)
    except Problem as problem:
        return "refused" if problem.kind.status in (400, 413) else "failed"
    json.dumps(instance.data, allow_nan=False)
    return "read"
