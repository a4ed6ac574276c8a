"""`submissions.csv` and `.csv.zip`: Central's columns and keys, the options, the media, and who may have them."""

import csv
import io
import zipfile
from urllib.parse import unquote

import pytest
from django.core.files.storage import default_storage

from forms.models import (
    Form,
    Project,
    Submission,
    SubmissionAttachment,
    SubmissionReadout,
)
from forms.services import set_draft, upload_form
from forms.services.client_audits import read_audit
from forms.services.publishing import publish_draft
from forms.services.submissions import set_review_state
from server.journal.models import Entry, Reaction
from server.people.models import User
from server.people.roles import Role
from tests.conftest import make_user
from tests.exports.reading_kit import (
    FAMILY,
    Reader,
    content_of,
    family,
    place,
    publish_family,
    send,
    send_three,
    zip_of,
)
from tests.forms.field_work import VISIT, instance, make_phone, make_project, publish

CSV = "/forms/family/submissions.csv"
ZIP = f"{CSV}.zip"
CHOICES = """
| survey |
| | type | name | label |
| | begin_group | g | G |
| | select_multiple w | worries | Worries |
| | select_one w | worst | Worst |
| | end_group | | |
| | text | note | Note |
| choices |
| | list_name | name | label::中文 (zh) | label::English (en) |
| | w | food | 吃饭 | Food |
| | w | sleep | 睡觉 | Sleep |
| settings |
| | form_title | form_id | version |
| | Worries | worries | 1 |
"""


@pytest.fixture
def project(db: None) -> Project:
    return make_project()


@pytest.fixture
def reader(project: Project, admin: User) -> Reader:
    publish_family(project)
    return Reader(admin, project)


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def rows_of(reader: Reader, path: str, query: dict[str, str] | None = None) -> list[dict[str, str]]:
    answer = reader.get(path, query)
    assert answer.status_code == 200, content_of(answer)
    return table(content_of(answer).decode())


def test_the_root_table_has_centrals_columns_in_their_order(
    reader: Reader, project: Project, admin: User
) -> None:
    send_three(project, admin)
    answer = reader.get(CSV)
    lines = content_of(answer).decode().split("\n")
    assert lines[0] == (
        "SubmissionDate,name,age,home-Latitude,home-Longitude,home-Altitude,home-Accuracy,meta-instanceID,"
        "KEY,SubmitterID,SubmitterName,AttachmentsPresent,AttachmentsExpected,Status,ReviewState,DeviceID,"
        "Edits,FormVersion"
    )
    created = Submission.objects.get(instance_id="rthree").created_at
    moment = created.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert lines[1] == (f"{moment},Chelsea,38,,,,,rthree,rthree,{admin.pk},admin,0,0,,,,0,1.0")
    assert lines[4:] == [""]
    assert answer.headers["Content-Type"].startswith("text/csv")


def test_the_archive_holds_each_repeat_with_keys_to_its_parent(
    reader: Reader, project: Project, admin: User
) -> None:
    send_three(project, admin)
    files = zip_of(reader.get(ZIP))
    assert list(files) == ["family.csv", "family-child.csv", "family-toy.csv"]
    assert len(table(files["family.csv"])) == 3
    assert table(files["family-child.csv"]) == [
        {"name": "Candace", "age": "2", "PARENT_KEY": "rthree", "KEY": "rthree/children/child[1]"},
        {"name": "Billy", "age": "4", "PARENT_KEY": "rtwo", "KEY": "rtwo/children/child[1]"},
        {"name": "Blaine", "age": "6", "PARENT_KEY": "rtwo", "KEY": "rtwo/children/child[2]"},
    ]
    assert table(files["family-toy.csv"]) == [
        {
            "name": "R2",
            "PARENT_KEY": "rtwo/children/child[1]",
            "KEY": "rtwo/children/child[1]/toys/toy[1]",
        }
    ]


def test_repeats_of_one_name_are_numbered(project: Project, admin: User) -> None:
    xml = FAMILY.format(form_id="twice", version="1", extra="").replace("toy", "child")
    upload_form(
        project, xml.encode(), "application/xml", actor=None, publish=True, ignore_warnings=True
    )
    files = zip_of(Reader(admin, project).get("/forms/twice/submissions.csv.zip"))
    assert list(files) == ["twice.csv", "twice-child~1.csv", "twice-child~2.csv"]
    assert files["twice-child~2.csv"] == "name,PARENT_KEY,KEY\n"


def test_media_come_along_unless_they_are_not_wanted(
    project: Project, admin: User, settings
) -> None:
    publish(project, VISIT)
    reader = Reader(admin, project)
    for number, content in enumerate((b"one", b"two", b"two")):
        xml = instance("visit", {"photo": "p.jpg"}, instance_id=f"uuid:{number}")
        send(project, xml, admin, files={"p.jpg": content})
    send(project, instance("visit", {"photo": "lost.jpg"}, instance_id="uuid:9"), admin)
    answer = reader.get("/forms/visit/submissions.csv.zip")
    assert 'filename="visit.zip"' in answer.headers["Content-Disposition"]
    archive = zipfile.ZipFile(io.BytesIO(content_of(answer)))
    names = [one for one in archive.namelist() if one.startswith("media/")]
    contents = {name: archive.read(name) for name in names}
    # one name for two photos: the older one is told by its record; the same photo is there once
    assert contents == {"media/p.jpg": b"two", "media/0-p.jpg": b"one"}
    rows = {row["KEY"]: row for row in table(archive.read("visit.csv").decode())}
    told = {
        key: (row["AttachmentsPresent"], row["AttachmentsExpected"]) for key, row in rows.items()
    }
    assert told == {f"uuid:{n}": ("1", "1") for n in range(3)} | {"uuid:9": ("0", "1")}
    answer = reader.get("/forms/visit/submissions.csv.zip", {"attachments": "false"})
    assert 'filename="visit.csv.zip"' in answer.headers["Content-Disposition"]
    assert list(zip_of(answer)) == ["visit.csv"]


def test_a_file_that_storage_has_lost_does_not_spoil_the_rest(
    project: Project, admin: User
) -> None:
    publish(project, VISIT)
    for name in ("a.jpg", "b.jpg"):
        send(project, instance("visit", {"photo": name}), admin, files={name: name.encode()})
    lost = SubmissionAttachment.objects.select_related("blob").get(name="a.jpg").blob
    assert lost is not None
    default_storage.delete(lost.storage_name)
    archive = zipfile.ZipFile(
        io.BytesIO(content_of(Reader(admin, project).get("/forms/visit/submissions.csv.zip")))
    )
    assert archive.testzip() is None
    assert sorted(len(archive.read(name)) for name in ("media/a.jpg", "media/b.jpg")) == [0, 5]


def test_the_phones_audits_become_one_table(project: Project, admin: User) -> None:
    publish(project, VISIT.replace("| | image |", "| | audit | audit | |\n| | image |"))
    audit = b"event, node, start, end\nform start,,1,\nquestion,/data/note,2,3\n"
    xml = instance("visit", "<note>x</note>", instance_id="uuid:1").replace(
        b"<meta>", b"<meta><audit>audit.csv</audit>"
    )
    send(project, xml, admin, files={"audit.csv": audit})
    files = zip_of(Reader(admin, project).get("/forms/visit/submissions.csv.zip"))
    assert list(files) == ["visit.csv", "visit - audit.csv"]
    events = table(files["visit - audit.csv"])
    assert [(one["instance ID"], one["event"], one["node"], one["end"]) for one in events] == [
        ("uuid:1", "form start", "", ""),
        ("uuid:1", "question", "/data/note", "3"),
    ]


def test_who_changed_an_answer_and_why_have_columns_where_a_phone_says_so(
    project: Project, admin: User
) -> None:
    publish(project, VISIT.replace("| | image |", "| | audit | audit | |\n| | image |"))
    audit = "event,node,start,end,user,change-reason\nquestion,/data/note,2,3,lan,写错了\n"
    xml = instance("visit", "<note>x</note>").replace(b"<meta>", b"<meta><audit>audit.csv</audit>")
    send(project, xml, admin, files={"audit.csv": audit.encode()})
    for reaction in Reaction.objects.filter(event="audit.arrived"):
        read_audit(**reaction.payload)
    files = zip_of(Reader(admin, project).get("/forms/visit/submissions.csv.zip"))
    (event,) = table(files["visit - audit.csv"])
    assert list(event)[-3:] == ["new-value", "user", "change-reason"]
    assert (event["user"], event["change-reason"]) == ("lan", "写错了")


def test_group_names_may_be_left_out_of_the_headings(project: Project, admin: User) -> None:
    publish(project, CHOICES)
    reader = Reader(admin, project)
    (with_groups,) = [content_of(reader.get("/forms/worries/submissions.csv")).decode()]
    without = content_of(
        reader.get("/forms/worries/submissions.csv", {"groupPaths": "false"})
    ).decode()
    assert with_groups.startswith("SubmissionDate,g-worries,g-worst,note,meta-instanceID")
    assert without.startswith("SubmissionDate,worries,worst,note,instanceID")


def test_choices_may_have_columns_of_their_own(project: Project, admin: User) -> None:
    publish(project, CHOICES)
    xml = instance("worries", "<g><worries>sleep</worries><worst>sleep</worst></g>")
    send(project, xml, admin)
    send(project, instance("worries", "<note>none</note>"), admin)
    reader = Reader(admin, project)
    rows = rows_of(reader, "/forms/worries/submissions.csv", {"splitSelectMultiples": "true"})
    told = [(r["g-worries"], r["g-worries/food"], r["g-worries/sleep"], r["note"]) for r in rows]
    assert told == [("", "0", "0", "none"), ("sleep", "0", "1", "")]


def test_codes_of_a_choice_list_from_a_file_are_those_that_occur(
    project: Project, admin: User
) -> None:
    form = CHOICES.replace("select_multiple w", "select_multiple_from_file list.csv")
    publish(project, form)
    for answer in ("b a", "c"):
        send(project, instance("worries", f"<g><worries>{answer}</worries></g>"), admin)
    (row, *_) = rows_of(
        Reader(admin, project), "/forms/worries/submissions.csv", {"splitSelectMultiples": "true"}
    )
    assert [name for name in row if "/" in name] == [
        "g-worries/a",
        "g-worries/b",
        "g-worries/c",
    ]


def test_labels_may_stand_for_codes(project: Project, admin: User) -> None:
    publish(project, CHOICES)
    xml = instance("worries", "<g><worries>food sleep</worries><worst>other</worst></g>")
    send(project, xml, admin)
    reader = Reader(admin, project)
    (row,) = rows_of(reader, "/forms/worries/submissions.csv", {"choiceLabels": "zh"})
    assert (row["g-worries"], row["g-worst"]) == ("吃饭; 睡觉", "other")
    (row,) = rows_of(reader, "/forms/worries/submissions.csv", {"choiceLabels": "en"})
    assert row["g-worries"] == "Food; Sleep"
    (row,) = rows_of(reader, "/forms/worries/submissions.csv", {"choiceLabels": "false"})
    assert row["g-worries"] == "food sleep"


def test_questions_that_were_dropped_come_back_when_asked_for(
    reader: Reader, project: Project, admin: User
) -> None:
    send_three(project, admin)
    xml = FAMILY.format(form_id="family", version="2.0", extra="<phone/>")
    xml = xml.replace("<name/><age/><home/>", "<name/><home/>")
    xml = xml.replace('<bind nodeset="/data/age" type="int"/>', "").replace(
        '<input ref="/data/age"><label>年龄</label></input>', ""
    )
    set_draft(
        Form.objects.get(), xml.encode(), "application/xml", actor=admin, ignore_warnings=True
    )
    publish_draft(Form.objects.get(), actor=admin)
    send(project, family("new", version="2.0", extra="<phone>138</phone>"), admin)
    plain = rows_of(reader, CSV)
    assert "age" not in plain[0]
    assert [row["phone"] for row in plain] == ["138", "", "", ""]
    assert [row["KEY"] for row in plain] == ["new", "rthree", "rtwo", "rone"]
    assert [row["FormVersion"] for row in plain] == ["2.0", "1.0", "1.0", "1.0"]
    full = rows_of(reader, CSV, {"deletedFields": "true"})
    assert [row["age"] for row in full] == ["", "38", "34", "30"]
    children = table(zip_of(reader.get(ZIP))["family-child.csv"])
    assert [one["name"] for one in children] == ["Candace", "Billy", "Blaine"]


def test_a_filter_and_review_states_and_edits_show(
    reader: Reader, project: Project, admin: User
) -> None:
    send_three(project, admin)
    send(project, family("rone2", "Anna", replaces="rone"), admin)
    set_review_state(Submission.objects.get(instance_id="rtwo"), "rejected", actor=admin)
    query = {"$filter": "__system/reviewState ne null"}
    rows = rows_of(reader, CSV, query)
    assert [(r["KEY"], r["name"], r["ReviewState"], r["Edits"]) for r in rows] == [
        ("rtwo", "Bob", "rejected", "0"),
        ("rone", "Anna", "edited", "1"),
    ]
    assert len(table(zip_of(reader.get(ZIP, query))["family-child.csv"])) == 2
    assert reader.refused(CSV, {"$filter": "name eq 'x'"}) == (501, "501.5")
    assert reader.refused(ZIP, {"$filter": "("}) == (400, "400.18")


def test_stored_texts_and_made_ones_are_the_same(
    reader: Reader, project: Project, admin: User
) -> None:
    send_three(project, admin)
    send(project, family('quo"te,x', "=1+1,\n2", "x", home="1 2 3 4"), admin)
    before = zip_of(reader.get(ZIP))
    SubmissionReadout.objects.all().delete()
    assert zip_of(reader.get(ZIP)) == before
    # the long way: from the data
    assert zip_of(reader.get(ZIP, {"deletedFields": "true"})) == before


def test_chinese_names_survive_in_file_names(project: Project, admin: User) -> None:
    publish_family(project, "登记 表")
    answer = Reader(admin, project).get("/forms/%E7%99%BB%E8%AE%B0%20%E8%A1%A8/submissions.csv.zip")
    assert unquote(answer.headers["Content-Disposition"]).endswith("filename*=UTF-8''登记 表.zip")
    assert next(iter(zip_of(answer))) == "登记 表.csv"


def test_encrypted_records_show_only_what_surrounds_them(
    reader: Reader, project: Project, admin: User
) -> None:
    xml = (
        b'<data xmlns="http://opendatakit.org/submissions" encrypted="yes" id="family" version="1.0">'
        b'<base64EncryptedKey>k</base64EncryptedKey><meta xmlns="http://openrosa.org/xforms">'
        b"<instanceID>uuid:sealed</instanceID></meta>"
        b"<encryptedXmlFile>submission.xml.enc</encryptedXmlFile></data>"
    )
    send(project, xml, admin)
    (row,) = rows_of(reader, CSV)
    assert (row["KEY"], row["name"], row["Status"]) == (
        "uuid:sealed",
        "",
        "missing encrypted form data",
    )
    (told,) = reader.rows("/forms/family.svc/Submissions")
    assert told.keys() == {"__id", "__system"}
    assert told["__system"]["status"] == "missingEncryptedFormData"
    send(project, xml, admin, files={"submission.xml.enc": b"sealed"})
    (row,) = rows_of(reader, CSV)
    assert row["Status"] == "not decrypted"
    SubmissionReadout.objects.all().delete()
    assert rows_of(reader, CSV) == [row]
    assert reader.rows("/forms/family.svc/Submissions.children.child") == []
    assert reader.body("/forms/family/submissions.geojson")["features"] == []


def test_the_archive_may_be_asked_for_by_post(
    reader: Reader, project: Project, admin: User
) -> None:
    send_three(project, admin)
    client, headers = reader.client, reader.headers
    for body, kind in (
        ("1=secret", "application/x-www-form-urlencoded"),
        ('{"1":"secret"}', "application/json"),
    ):
        answer = client.post(reader.base + ZIP, body, content_type=kind, headers=headers)
        assert len(zip_of(answer)) == 3
    answer = client.post(reader.base + CSV, "{}", content_type="application/json", headers=headers)
    assert len(table(content_of(answer).decode())) == 3
    torn = client.post(reader.base + ZIP, "{", content_type="application/json", headers=headers)
    assert (torn.status_code, torn.json()["code"]) == (400, "400.1")
    assert client.post(reader.base + ZIP, "{}", content_type="application/json").status_code == 401


def test_drafts_have_files_of_their_own(project: Project, admin: User, county: User) -> None:
    draft = publish_family(project, publish=False)
    send(project, family("try", children={"Bo": ("1", [])}), None, draft=draft)
    reader = Reader(admin, project)
    (row,) = rows_of(reader, "/forms/family/draft/submissions.csv")
    assert row["KEY"] == "try"
    assert len(zip_of(reader.get("/forms/family/draft/submissions.csv.zip"))) == 3
    assert reader.get(CSV).status_code == 404
    other = Reader(county, project)
    assert other.get("/forms/family/draft/submissions.csv.zip").status_code == 403


def test_who_may_have_the_files(
    reader: Reader, project: Project, admin: User, county: User, stranger: User, country
) -> None:
    send_three(project, admin)
    place(Form.objects.get(), country.village)
    assert len(rows_of(Reader(county, project), CSV)) == 3
    outside = zip_of(Reader(stranger, project).get(ZIP))
    assert {name: len(table(text)) for name, text in outside.items()} == {
        "family.csv": 0,
        "family-child.csv": 0,
        "family-toy.csv": 0,
    }
    for path in (CSV, ZIP):
        answer = Reader(None, project).get(path)
        assert answer.status_code == 401
        assert "Basic" in answer.headers["WWW-Authenticate"]
        assert Reader(make_user(f"r{path}", Role.RULE_ADMIN), project).get(path).status_code == 403
    phone = make_phone(project, admin)
    key = f"/v1/key/{phone.key}/projects/{project.pk}{ZIP}"
    assert reader.client.get(key).status_code == 403
    left = Entry.objects.filter(action="export.download", subject="form:family")
    assert [entry.actor_id for entry in left.order_by("pk")] == [county.pk, stranger.pk]
