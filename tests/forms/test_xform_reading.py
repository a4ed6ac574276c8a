"""XForm XML -> XForm: what phones and Central's API need to know of a form."""

import hashlib
import json

import pytest

from forms.xlsform.entity import EntityDeclaration
from forms.xlsform.field import Field
from forms.xlsform.xform import MAX_XFORM, ExpectedFile, read_xform
from server.problems import Problem
from tests.forms.form_lab import form

VISIT = """
| survey |
| | type | name | label::English (en) | label::中文 (zh) | hint::中文 (zh) | relevant | required | appearance |
| | start | start | | | | | | |
| | deviceid | deviceid | | | | | | |
| | audit | audit | | | | | | |
| | select_one_from_file village.csv | village | Village | 村 | | | | minimal |
| | begin_group | g_child | Child | 孩子 | | | | |
| | text | child_name | Name | 姓名 | 全名 | | yes | |
| | integer | age | Age of ${child_name} | ${child_name}的年龄 | | ${child_name} != '' | | |
| | select_one yn | boarding | Boards | 住校 | | | | |
| | select_multiple worries | worries | Worries | 困难 | | | | |
| | image | photo | Photo | 照片 | | | | |
| | geopoint | place | Place | 位置 | | | | |
| | note | thanks | Thanks | 谢谢 | | | | |
| | end_group | | | | | | | |
| | begin_repeat | carers | Carers | 照护人 | | | | |
| | text | carer | Carer | 照护人姓名 | | | | |
| | end_repeat | | | | | | | |
| choices |
| | list_name | name | label::English (en) | label::中文 (zh) | media::image |
| | yn | yes | Yes | 是 | yes.png |
| | yn | no | No | 否 | |
| | worries | food | Food | 吃饭 | |
| settings |
| | form_title | form_id | version | default_language |
| | 入户走访 | home visit 走访 | 2026112301 | 中文 (zh) |
"""


def wrap(
    inside: str, *, model: str = "", body: str = "", head: str = "<h:title>T</h:title>"
) -> bytes:
    return (
        '<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml"'
        ' xmlns:jr="http://openrosa.org/javarosa" xmlns:orx="http://openrosa.org/xforms"'
        ' xmlns:entities="http://www.opendatakit.org/xforms/entities">'
        f"<h:head>{head}<model {model}>{inside}</model></h:head><h:body>{body}</h:body></h:html>"
    ).encode()


def by_path(table: str) -> dict[str, Field]:
    return {one.path: one for one in form(table).fields}


def test_identity_title_and_hash_are_read():
    visit = form(VISIT)
    assert (visit.form_id, visit.version, visit.title) == (
        "home visit 走访",
        "2026112301",
        "入户走访",
    )
    assert visit.md5 == hashlib.md5(visit.xml, usedforsecurity=False).hexdigest()


def test_fields_come_depth_first_in_document_order():
    paths = [one.path for one in form(VISIT).fields]
    assert paths[:5] == ["/start", "/deviceid", "/village", "/g_child", "/g_child/child_name"]
    assert paths[-5:] == ["/carers", "/carers/carer", "/meta", "/meta/audit", "/meta/instanceID"]
    assert [one.order for one in form(VISIT).fields] == list(range(len(paths)))


@pytest.mark.parametrize(
    ("path", "type_", "kind"),
    [
        ("/start", "dateTime", "start"),
        ("/deviceid", "string", "deviceid"),
        ("/village", "string", "select_one"),
        ("/g_child", "structure", "group"),
        ("/g_child/child_name", "string", "text"),
        ("/g_child/age", "int", "integer"),
        ("/g_child/boarding", "string", "select_one"),
        ("/g_child/worries", "string", "select_multiple"),
        ("/g_child/photo", "binary", "image"),
        ("/g_child/place", "geopoint", "geopoint"),
        ("/g_child/thanks", "string", "note"),
        ("/carers", "repeat", "repeat"),
        ("/meta/audit", "binary", "meta"),
        ("/meta/instanceID", "string", "meta"),
    ],
)
def test_each_node_has_centrals_type_and_xlsforms_kind(path, type_, kind):
    assert (by_path(VISIT)[path].type, by_path(VISIT)[path].kind) == (type_, kind)


def test_binary_and_select_multiple_are_flagged_as_in_central():
    fields = form(VISIT).fields
    assert [one.name for one in fields if one.binary] == ["photo", "audit"]
    assert [one.name for one in fields if one.select_multiple] == ["worries"]


def test_labels_hints_and_choices_come_in_every_language():
    fields = by_path(VISIT)
    assert fields["/g_child/child_name"].labels == {"English (en)": "Name", "中文 (zh)": "姓名"}
    assert fields["/g_child/child_name"].hints == {"中文 (zh)": "全名"}
    yes, no = fields["/g_child/boarding"].choices
    assert (yes.name, yes.labels) == ("yes", {"English (en)": "Yes", "中文 (zh)": "是"})
    assert no.name == "no"


def test_a_reference_in_a_label_is_shown_by_name():
    assert by_path(VISIT)["/g_child/age"].labels["中文 (zh)"] == "${child_name}的年龄"


def test_rules_of_a_question_are_kept():
    fields = by_path(VISIT)
    assert "child_name" in fields["/g_child/age"].relevant
    assert fields["/g_child/child_name"].required
    assert not fields["/g_child/age"].required
    assert fields["/village"].appearance == "minimal"


def test_languages_and_default_language_are_read():
    visit = form(VISIT)
    assert set(visit.languages) == {"English (en)", "中文 (zh)"}
    assert visit.default_language == "中文 (zh)"


def test_files_are_expected_for_selects_and_media_but_never_last_saved():
    visit = form(VISIT)
    assert visit.attachments == (
        ExpectedFile("village.csv", "file", is_list=True),
        ExpectedFile("yes.png", "image"),
    )
    last_saved = form(
        "| survey |\n| | type | name | label | default |\n| | text | a | A | ${last-saved#a} |\n"
    )
    assert b"last-saved" in last_saved.xml
    assert last_saved.attachments == ()


def test_pulldata_expects_its_csv():
    table = """
| survey |
| | type | name | label | calculation |
| | text | a | A | |
| | calculate | b | | pulldata('fruit', 'x', 'k', ${a}) |
"""
    assert form(table).attachments == (ExpectedFile("fruit.csv", "file", is_list=True),)


def test_a_field_survives_json():
    for one in form(VISIT).fields:
        assert Field.from_json(json.loads(json.dumps(one.to_json()))) == one


def test_an_untranslated_label_stands_under_default():
    fields = by_path("| survey |\n| | type | name | label |\n| | text | a | Alpha |\n")
    assert fields["/a"].labels == {"default": "Alpha"}


def test_a_form_without_bind_has_unknown_type_but_string_instance_id():
    xml = wrap(
        '<instance><data id="f"><a/><orx:meta><orx:instanceID/></orx:meta></data></instance>'
    )
    assert [(one.path, one.type) for one in read_xform(xml).fields] == [
        ("/a", "unknown"),
        ("/meta", "structure"),
        ("/meta/instanceID", "string"),
    ]


def test_inline_choices_and_prefixed_types_of_old_forms_are_read():
    xml = wrap(
        '<instance><data id="f" orx:version="3"><a/></data></instance>'
        '<bind nodeset="/data/a" type="xsd:select"/>',
        body='<select ref="/data/a"><label>A</label><item><label>X</label><value>x</value></item></select>',
    )
    old = read_xform(xml)
    assert old.version == "3"
    assert (old.fields[0].type, old.fields[0].select_multiple) == ("string", True)
    assert [choice.name for choice in old.fields[0].choices] == ["x"]


def test_encryption_key_and_submission_address_are_read():
    xml = wrap(
        '<instance><data id="f"><a/></data></instance>'
        '<submission action="https://x.cn/s" base64RsaPublicKey="MII"/>'
    )
    assert (read_xform(xml).encryption_key, read_xform(xml).submission_url) == (
        "MII",
        "https://x.cn/s",
    )


INSTANCE = '<instance><data id="f"><a/></data></instance>'


@pytest.mark.parametrize(
    ("xml", "code", "says"),
    [
        (b"", "400.1", "well-formed"),
        (b"not xml", "400.1", "well-formed"),
        (b"<a/>", "400.1", "no model"),
        (wrap(INSTANCE, head=""), "400.1", "no title"),
        (wrap(INSTANCE, head="<h:title> </h:title>"), "400.1", "no title"),
        (wrap(""), "400.1", "no primary instance"),
        (wrap("<instance/>"), "400.1", "no primary instance"),
        (wrap("<instance><data><a/></data></instance>"), "400.1", "no form id"),
        (wrap(INSTANCE * 2), "400.1", "several primary"),
        (wrap(INSTANCE + '<instance id="x"/><instance id="x"/>'), "400.1", "one id"),
        (
            wrap(f'<instance><data id="{"x" * 256}"><a/></data></instance>'),
            "400.1",
            "longer than 255",
        ),
        (b'<!DOCTYPE x [<!ENTITY a "b">]>' + wrap(INSTANCE), "400.1", "DOCTYPE"),
        (b"<a>" + b" " * MAX_XFORM + b"</a>", "413.1", "larger"),
    ],
)
def test_what_collect_would_refuse_is_refused_with_a_reason(xml, code, says):
    with pytest.raises(Problem, match=says) as caught:
        read_xform(xml)
    assert caught.value.kind.code == code


CREATE = """
| survey |
| | type | name | label | save_to |
| | text | child_name | Name | full_name |
| | integer | age | Age | age |
| entities |
| | list_name | label |
| | child | ${child_name} |
"""
UPDATE = """
| survey |
| | type | name | label | save_to |
| | select_one_from_file child.csv | child | Child | |
| | text | phone | Phone | phone |
| entities |
| | list_name | entity_id |
| | child | ${child} |
"""
REPEAT = """
| survey |
| | type | name | label | save_to |
| | text | house | House | |
| | begin_repeat | people | People | |
| | text | who | Who | full_name |
| | end_repeat | | | |
| entities |
| | list_name | label |
| | child | ${who} |
"""


def test_a_creating_form_declares_list_and_properties():
    (entity,) = form(CREATE).entities
    assert (entity.dataset, entity.creates, entity.updates) == ("child", True, False)
    assert entity.saves == {"full_name": "/child_name", "age": "/age"}
    assert (entity.path, entity.repeat) == ("/meta/entity", "")
    assert "child_name" in entity.label


def test_an_updating_form_declares_an_update_only():
    visit = form(UPDATE)
    (entity,) = visit.entities
    assert (entity.creates, entity.updates, entity.saves) == (False, True, {"phone": "/phone"})
    assert {one.path: one.type for one in visit.fields}["/meta/entity"] == "structure"


def test_an_entity_in_a_repeat_knows_its_repeat():
    (entity,) = form(REPEAT).entities
    assert (entity.path, entity.repeat) == ("/people/meta/entity", "/people")
    assert entity.saves == {"full_name": "/people/who"}
    assert EntityDeclaration.from_json(json.loads(json.dumps(entity.to_json()))) == entity


def test_an_entity_in_a_repeat_of_a_repeat_belongs_to_the_inner_one():
    table = REPEAT.replace(
        "| | text | who | Who | full_name |\n| | end_repeat | | | |",
        "| | begin_repeat | kids | Kids | |\n| | text | who | Who | full_name |\n"
        "| | end_repeat | | | |\n| | end_repeat | | | |",
    )
    (entity,) = form(table).entities
    assert (entity.path, entity.repeat) == ("/people/kids/meta/entity", "/people/kids")


@pytest.mark.parametrize(
    ("version", "dataset", "prop", "says"),
    [
        ("", "child", "p", "version '' of"),
        ('entities:entities-version="2031.1.0"', "child", "p", "is not one"),
        ('entities:entities-version="2022.2.0"', "child", "p", "is not one"),
        ('entities:entities-version="2024.1.0"', "my child", "p", "name of an entity list"),
        ('entities:entities-version="2024.1.0"', "__child", "p", "name of an entity list"),
        ('entities:entities-version="2024.1.0"', "child", "Label", "name of an entity property"),
        ('entities:entities-version="2024.1.0"', "child", "__p", "name of an entity property"),
        ('entities:entities-version="2024.1.0"', "child", "a b", "name of an entity property"),
    ],
)
def test_a_wrong_entity_definition_is_refused(version, dataset, prop, says):
    xml = wrap(
        f'<instance><data id="f"><a/><meta><entity dataset="{dataset}" id="" create="1"/></meta></data>'
        f'</instance><bind nodeset="/data/a" entities:saveto="{prop}"/>',
        model=version,
    )
    with pytest.raises(Problem, match=says) as caught:
        read_xform(xml)
    assert caught.value.kind.code == "400.25"


@pytest.mark.parametrize("version", ["2022.1.0", "2023.1.0", "2024.1.0", "2025.1.0", "2025.1.3"])
def test_the_entity_versions_that_collect_opens_are_accepted(version):
    xml = wrap(
        '<instance><data id="f"><a/><meta><entity dataset="c" id="" create="1"/></meta></data></instance>',
        model=f'entities:entities-version="{version}"',
    )
    assert read_xform(xml).entities[0].dataset == "c"


def test_saving_a_node_that_is_no_question_is_refused_before_receipt():
    xml = wrap(
        '<instance><data id="f"><a/><meta><entity dataset="c" id="" create="1"/></meta></data></instance>'
        '<bind nodeset="/data/nowhere" entities:saveto="p"/>',
        model='entities:entities-version="2024.1.0"',
    )
    with pytest.raises(Problem, match="not a question"):
        read_xform(xml)
