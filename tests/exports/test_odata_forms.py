"""The OData service of a form: Central's documented answers, paging, selecting, and who may read."""

import base64
import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from lxml import etree

from exports.tables import reading, statements
from forms.models import Form, Project, Submission, SubmissionReadout
from forms.registry.tallies import fold_tally
from forms.services import set_draft
from forms.services.publishing import publish_draft
from forms.services.submissions import delete_submission, set_review_state
from server import clock
from server.journal.models import Entry
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
)
from tests.forms.field_work import instance, make_phone, make_project, publish

SUBMISSIONS = "/forms/family.svc/Submissions"
CHILDREN = f"{SUBMISSIONS}.children.child"
SYSTEM = {
    "updatedAt": None,
    "deletedAt": None,
    "submitterName": "admin",
    "attachmentsPresent": 0,
    "attachmentsExpected": 0,
    "status": None,
    "reviewState": None,
    "deviceId": None,
    "edits": 0,
    "formVersion": "1.0",
}


@pytest.fixture
def project(db: None) -> Project:
    return make_project()


@pytest.fixture
def reader(project: Project, admin: User) -> Reader:
    publish_family(project)
    return Reader(admin, project)


def test_the_service_document_lists_the_survey_and_its_repeats(reader: Reader) -> None:
    answer = reader.get("/forms/family.svc")
    assert answer.headers["OData-Version"] == "4.0"
    assert answer.headers["Content-Type"].startswith("application/json")
    base = f"http://testserver{reader.base}/forms/family.svc"
    names = ["Submissions", "Submissions.children.child", "Submissions.children.child.toys.toy"]
    assert json.loads(answer.content) == {
        "@odata.context": f"{base}/$metadata",
        "value": [{"kind": "EntitySet", "name": name, "url": name} for name in names],
    }


def test_the_metadata_document_describes_every_table(reader: Reader) -> None:
    answer = reader.get("/forms/family.svc/$metadata")
    assert answer.headers["Content-Type"].startswith("application/xml")
    tree = etree.fromstring(answer.content)
    names = {"e": "http://docs.oasis-open.org/odata/ns/edm"}

    def types(table: str, tag: str = "Property") -> dict[str, str]:
        found = tree.xpath(f"//e:EntityType[@Name='{table}']/e:{tag}", namespaces=names)
        return {str(one.get("Name")): str(one.get("Type")) for one in found}

    space = "org.opendatakit.user.family"
    assert types("Submissions") == {
        "__id": "Edm.String",
        "__system": "org.opendatakit.submission.metadata",
        "name": "Edm.String",
        "age": "Edm.Int64",
        "home": "Edm.GeographyPoint",
        "children": f"{space}.children",
        "meta": f"{space}.meta",
    }
    assert types("Submissions.children.child")["__Submissions-id"] == "Edm.String"
    assert types("Submissions.children.child.toys.toy") == {
        "__id": "Edm.String",
        "__Submissions-children-child-id": "Edm.String",
        "name": "Edm.String",
    }
    link = tree.xpath("//e:ComplexType[@Name='children']/e:NavigationProperty", namespaces=names)[0]
    assert link.get("Type") == f"Collection({space}.Submissions.children.child)"
    assert tree.xpath("count(//e:EntitySet)", namespaces=names) == 3


def test_rows_are_as_central_documents_them(reader: Reader, project: Project, admin: User) -> None:
    send_three(project, admin)
    body = reader.body(SUBMISSIONS)
    base = f"http://testserver{reader.base}/forms/family.svc"
    assert body["@odata.context"] == f"{base}/$metadata#Submissions"
    assert [row["__id"] for row in body["value"]] == ["rthree", "rtwo", "rone"]
    first, _, last = body["value"]
    created = Submission.objects.get(instance_id="rthree").created_at
    system = first.pop("__system")
    assert system.pop("submissionDate") == created.isoformat(timespec="milliseconds").replace(
        "+00:00", "Z"
    )
    assert system.pop("submitterId") == str(admin.pk)
    assert system == SYSTEM
    assert first == {
        "__id": "rthree",
        "name": "Chelsea",
        "age": 38,
        "home": None,
        "children": {"child@odata.navigationLink": "Submissions('rthree')/children/child"},
        "meta": {"instanceID": "rthree"},
    }
    assert last["children"] == {}, "no link where there are no rows"


def test_the_ids_of_repeat_rows_are_centrals(reader: Reader, project: Project, admin: User) -> None:
    """The hashes are those that Central's own tests expect for this record."""
    toys = {"Alice": ("4", []), "Bob": ("6", ["Twilight"]), "Chelsea": ("3", ["Rainbow", "Rarity"])}
    send(project, family("double", "Vick", "50", toys), admin)
    rows = reader.rows("/forms/family.svc/Submissions('double')/children/child")
    assert [row["__id"] for row in rows] == [
        "46ebf42ee83ddec5028c42b2c054402d1e700208",
        "b6e93a81a53eed0566e65e472d4a4b9ae383ee6d",
        "8954b393f82c1833abb19be08a3d6cb382171f54",
    ]
    assert {row["__Submissions-id"] for row in rows} == {"double"}
    link = rows[1]["toys"]["toy@odata.navigationLink"]
    assert link == (
        "Submissions('double')/children/child('b6e93a81a53eed0566e65e472d4a4b9ae383ee6d')/toys/toy"
    )
    (toy,) = reader.rows(f"/forms/family.svc/{link}")
    assert toy["name"] == "Twilight"
    assert toy["__Submissions-children-child-id"] == rows[1]["__id"]
    assert len(reader.rows(f"{CHILDREN}.toys.toy")) == 3
    only = f"/forms/family.svc/Submissions('double')/children/child('{rows[2]['__id']}')"
    assert [row["name"] for row in reader.rows(only)] == ["Chelsea"]


def test_a_single_submission_and_what_is_not_there(
    reader: Reader, project: Project, admin: User
) -> None:
    key = "uuid:17b09e96-4141-43f5-9a70-611eb0e8f6b4"
    send(project, family(key, children={"Bo": ("1", [])}), admin)
    (row,) = reader.rows(f"{SUBMISSIONS}('{key.replace(':', '%3A')}')")
    assert row["children"]["child@odata.navigationLink"] == (
        f"Submissions('{key.replace(':', '%3A')}')/children/child"
    )
    assert reader.refused(f"{SUBMISSIONS}('nonsense')") == (404, "404.1")
    assert reader.refused("/forms/family.svc/Submissions.nonsense") == (404, "404.1")
    assert reader.refused("/forms/nonsense.svc/Submissions") == (404, "404.1")
    assert reader.refused(f"{SUBMISSIONS}('{key}')/children/nonsense") == (404, "404.1")


def test_a_missing_form_is_told_in_xml_where_xml_was_asked(reader: Reader) -> None:
    answer = reader.get("/forms/nonsense.svc/$metadata")
    assert answer.status_code == 404
    assert etree.fromstring(answer.content).get("code") == "404.1"


def test_top_gives_a_link_that_goes_on_whatever_comes_in_between(
    reader: Reader, project: Project, admin: User
) -> None:
    send_three(project, admin)
    page = reader.body(SUBMISSIONS, {"$top": "2", "$count": "true"})
    assert page["@odata.count"] == 3
    assert [row["__id"] for row in page["value"]] == ["rthree", "rtwo"]
    token = page["@odata.nextLink"].rpartition("%24skiptoken=")[2].replace("%3D", "=")
    assert json.loads(base64.b64decode(token.removeprefix("01"))) == {"instanceId": "rtwo"}
    send(project, family("rfour"), admin)
    delete_submission(Submission.objects.get(instance_id="rtwo"), actor=admin)
    rest = json.loads(content_of(reader.follow(page["@odata.nextLink"])))
    assert [row["__id"] for row in rest["value"]] == ["rone"]
    assert "@odata.nextLink" not in rest
    assert rest["@odata.count"] == 3


def test_skip_top_and_count_may_be_combined(reader: Reader, project: Project, admin: User) -> None:
    send_three(project, admin)
    assert [r["__id"] for r in reader.rows(SUBMISSIONS, {"$top": "1", "$skip": "1"})] == ["rtwo"]
    body = reader.body(SUBMISSIONS, {"$top": "0", "$count": "true"})
    assert (body["value"], body["@odata.count"]) == ([], 3)
    assert reader.body(SUBMISSIONS, {"$skip": "9", "$count": "true"})["@odata.count"] == 3
    assert reader.rows(SUBMISSIONS, {"$skip": "3"}) == []


def test_a_token_of_a_record_that_is_not_there_gives_nothing(
    reader: Reader, project: Project, admin: User
) -> None:
    send_three(project, admin)
    token = "01" + base64.b64encode(b'{"instanceId":"foo"}').decode()
    assert reader.rows(SUBMISSIONS, {"$skiptoken": token}) == []


@pytest.mark.parametrize(
    "token", ["", "xx", "01", "01%%%", "0102", "01bnVsbA==", "01eyJpbnN0YW5jZUlkIjoxfQ=="]
)
def test_a_token_that_nobody_gave_is_refused(reader: Reader, token: str) -> None:
    if token:
        assert reader.refused(SUBMISSIONS, {"$skiptoken": token}) == (400, "400.35")


def test_repeats_are_paged_without_reading_what_was_read(
    reader: Reader, project: Project, admin: User
) -> None:
    send_three(project, admin)
    names, query = [], {"$top": "1", "$count": "true"}
    page = reader.body(CHILDREN, query)
    while True:
        names += [row["name"] for row in page["value"]]
        assert page["@odata.count"] == 3
        if "@odata.nextLink" not in page:
            break
        page = json.loads(content_of(reader.follow(page["@odata.nextLink"])))
    assert names == ["Candace", "Billy", "Blaine"]
    gone = "01" + base64.b64encode(b'{"repeatId":"nonsense"}').decode()
    assert reader.refused(CHILDREN, {"$skiptoken": gone, "$top": "2"}) == (400, "400.34")


def test_expand_puts_the_rows_inside(reader: Reader, project: Project, admin: User) -> None:
    send_three(project, admin)
    rows = reader.rows(SUBMISSIONS, {"$expand": "*"})
    billy = rows[1]["children"]["child"][0]
    assert (billy["name"], billy["age"]) == ("Billy", 4)
    assert billy["toys"]["toy"][0]["name"] == "R2"
    assert "child" not in rows[2]["children"]
    assert rows[0]["__system"]["submissionDate"]
    assert reader.refused(SUBMISSIONS, {"$expand": "child"}) == (501, "501.6")
    assert reader.refused(SUBMISSIONS, {"$expand": "*", "$select": "name"}) == (501, "501.11")


def test_select_cuts_rows(reader: Reader, project: Project, admin: User) -> None:
    send_three(project, admin)

    def first(path: str, select: str) -> dict[str, Any]:
        return reader.rows(path, {"$select": select})[0]

    assert first(SUBMISSIONS, "age") == {"age": 38}
    assert first(SUBMISSIONS, "__id, meta/instanceID") == {
        "__id": "rthree",
        "meta": {"instanceID": "rthree"},
    }
    assert first(SUBMISSIONS, "__system/status,__system/edits,children/child") == {
        "__system": {"status": None, "edits": 0},
        "children": {"child@odata.navigationLink": "Submissions('rthree')/children/child"},
    }
    assert set(first(SUBMISSIONS, "__system")["__system"]) == {
        *SYSTEM,
        "submissionDate",
        "submitterId",
    }
    assert first(SUBMISSIONS, "*").keys() > {"__id", "__system", "name"}
    assert first(CHILDREN, "name") == {"name": "Candace"}
    assert first(CHILDREN, "__Submissions-id,name") == {
        "__Submissions-id": "rthree",
        "name": "Candace",
    }
    assert reader.refused(SUBMISSIONS, {"$select": "nonsense"}) == (400, "400.23")
    assert reader.refused(SUBMISSIONS, {"$select": "children/child/name"}) == (400, "400.24")
    assert reader.refused(CHILDREN, {"$select": "__system"}) == (400, "400.23")


def test_places_are_geojson_or_well_known_text(
    reader: Reader, project: Project, admin: User
) -> None:
    send(project, family("here", home="26.5 106.7 1200 4.5"), admin)
    (row,) = reader.rows(SUBMISSIONS)
    assert row["home"] == {
        "type": "Point",
        "coordinates": [106.7, 26.5, 1200.0],
        "properties": {"accuracy": 4.5},
    }
    (row,) = reader.rows(SUBMISSIONS, {"$wkt": "true"})
    assert row["home"] == "POINT (106.7 26.5 1200)"


def test_an_answer_that_does_not_fit_its_type_is_null(
    reader: Reader, project: Project, admin: User
) -> None:
    send(project, family("odd", age="about thirty", home="nowhere"), admin)
    (row,) = reader.rows(SUBMISSIONS)
    assert (row["age"], row["home"], row["name"]) == (None, None, "Alice")


@pytest.mark.parametrize(
    ("filtered", "found"),
    [
        ("__id eq 'rtwo'", ["rtwo"]),
        ("__id ne 'rtwo'", ["rthree", "rone"]),
        ("__system/reviewState eq 'rejected'", ["rtwo"]),
        ("not __system/reviewState eq 'rejected'", ["rthree", "rone"]),
        ("__system/reviewState eq null", ["rthree", "rone"]),
        ("__system/reviewState ne null", ["rtwo"]),
        ("$root/Submissions/__system/reviewState eq 'rejected'", ["rtwo"]),
        ("__system/updatedAt eq null", ["rthree", "rone"]),
        ("year(__system/submissionDate) eq 2010", ["rone"]),
        ("year(__system/submissionDate) lt year(now())", ["rone"]),
        ("month(__system/submissionDate) eq 6 and day(__system/submissionDate) eq 1", ["rone"]),
        ("hour(__system/submissionDate) eq 0 and minute(__system/submissionDate) eq 0 "
         "and second(__system/submissionDate) eq 7", ["rone"]),
        ("__system/submissionDate lt 2010-06-01", []),
        ("__system/submissionDate le 2010-06-01T00:00:07.123Z", ["rone"]),
        ("__system/submissionDate lt 2010-06-01T08:00:07.124+08:00", ["rone"]),
        ("__system/submissionDate eq 2010-06-01T00:00:07.123Z", ["rone"]),
        ("__system/submissionDate gt 2010-06-01T00:00:07.123Z", ["rthree", "rtwo"]),
        ("__system/submissionDate ge '2010-06-01T00:00:07.123Z'", ["rthree", "rtwo", "rone"]),
        ("(__id eq 'rone' or __id eq 'rtwo') and __system/updatedAt ne null", ["rtwo"]),
        ("__id eq 'rone' or __id eq 'rtwo' and __system/updatedAt eq null", ["rone"]),
        ("not (__id eq 'rone' or __id eq 'rtwo')", ["rthree"]),
        ("(__id eq 'rone') eq false", ["rthree", "rtwo"]),
        ("true", ["rthree", "rtwo", "rone"]),
        ("2010-01-01 lt __system/submissionDate", ["rthree", "rtwo", "rone"]),
        ("__system/submissionDate lt now()", ["rthree", "rtwo", "rone"]),
        ("__system/updatedAt gt __system/submissionDate", ["rtwo"]),
        ("1 eq 1 and null eq null", ["rthree", "rtwo", "rone"]),
        ("__system/submitterId eq -1", []),
    ],
)  # fmt: skip
def test_filters(
    reader: Reader, project: Project, admin: User, filtered: str, found: list[str]
) -> None:
    send_three(project, admin)
    # told as …07.123Z: a filter must mean what was told, not the microseconds behind it
    old = datetime.fromisoformat("2010-06-01T00:00:07.123456+00:00")
    Submission.objects.filter(instance_id="rone").update(created_at=old)
    SubmissionReadout.objects.all().delete()
    set_review_state(Submission.objects.get(instance_id="rtwo"), "rejected", actor=admin)
    body = reader.body(SUBMISSIONS, {"$filter": filtered, "$count": "true"})
    assert [row["__id"] for row in body["value"]] == found
    assert body["@odata.count"] == len(found)


def test_the_submitter_may_be_filtered_as_number_or_text(
    reader: Reader, project: Project, admin: User, county: User
) -> None:
    send(project, family("hers"), admin)
    send(project, family("his"), county)
    for value in (str(county.pk), f"'{county.pk}'"):
        query = {"$filter": f"__system/submitterId eq {value}"}
        assert [row["__id"] for row in reader.rows(SUBMISSIONS, query)] == ["his"]


def test_deleted_records_come_only_when_asked_for(
    reader: Reader, project: Project, admin: User
) -> None:
    send_three(project, admin)
    delete_submission(Submission.objects.get(instance_id="rtwo"), actor=admin)
    assert [row["__id"] for row in reader.rows(SUBMISSIONS)] == ["rthree", "rone"]
    (row,) = reader.rows(SUBMISSIONS, {"$filter": "not __system/deletedAt eq null"})
    assert row["__id"] == "rtwo"
    assert row["__system"]["deletedAt"].endswith("Z")
    query = {"$filter": "$root/Submissions/__system/deletedAt ne null"}
    assert [row["name"] for row in reader.rows(CHILDREN, query)] == ["Billy", "Blaine"]


@pytest.mark.parametrize(
    ("path", "query", "refusal"),
    [
        (SUBMISSIONS, {"$filter": "age eq 30"}, (501, "501.5")),
        (SUBMISSIONS, {"$filter": "contains(__id, 'r')"}, (501, "501.4")),
        (SUBMISSIONS, {"$filter": "__id eq"}, (400, "400.18")),
        (SUBMISSIONS, {"$filter": "__id eq 'x"}, (400, "400.18")),
        (SUBMISSIONS, {"$filter": "__id"}, (400, "400.18")),
        (SUBMISSIONS, {"$filter": "(((" * 40}, (400, "400.18")),
        (SUBMISSIONS, {"$filter": "__system/submissionDate gt 'soon'"}, (400, "400.11")),
        (SUBMISSIONS, {"$filter": f"__system/submitterId eq {10**25}"}, (400, "400.11")),
        (CHILDREN, {"$filter": "__system/reviewState eq 'rejected'"}, (501, "501.5")),
        (SUBMISSIONS, {"$orderby": "age"}, (501, "501.5")),
        (SUBMISSIONS, {"$orderby": "__id sideways"}, (400, "400.18")),
        (SUBMISSIONS, {"$apply": "groupby((age))"}, (501, "501.1")),
        (SUBMISSIONS, {"$search": "x"}, (501, "501.1")),
        (SUBMISSIONS, {"$top": "many"}, (400, "400.8")),
        (SUBMISSIONS, {"$skip": "-1"}, (400, "400.8")),
        (SUBMISSIONS, {"$top": "9" * 30}, (400, "400.8")),
        (SUBMISSIONS, {"$orderby": "__id", "$skiptoken": "01e30="}, (501, "501.1")),
        (SUBMISSIONS, {"$format": "atom"}, (406, "406.1")),
        ("/forms/family.svc", {"$format": "xml"}, (406, "406.1")),
    ],
)
def test_what_cannot_be_done_is_refused_with_centrals_codes(
    reader: Reader, path: str, query: dict[str, str], refusal: tuple[int, str]
) -> None:
    assert reader.refused(path, query) == refusal


def test_headers_decide_about_format_and_version(reader: Reader) -> None:
    assert reader.get("/forms/family.svc", Accept="application/xml").status_code == 406
    assert reader.get("/forms/family.svc", Accept="application/json, */*").status_code == 200
    assert reader.get("/forms/family.svc/$metadata", Accept="application/json").status_code == 406
    assert reader.get("/forms/family.svc", None, **{"OData-MaxVersion": "3.0"}).status_code == 404
    assert reader.get("/forms/family.svc", None, **{"OData-MaxVersion": "4.01"}).status_code == 200


def test_orderby_sorts_and_its_pages_go_on_by_number(
    reader: Reader, project: Project, admin: User
) -> None:
    send_three(project, admin)
    set_review_state(Submission.objects.get(instance_id="rone"), "approved", actor=admin)
    set_review_state(Submission.objects.get(instance_id="rtwo"), "rejected", actor=admin)

    def ids(order: str) -> list[str]:
        return [row["__id"] for row in reader.rows(SUBMISSIONS, {"$orderby": order})]

    assert ids("__system/reviewState asc") == ["rthree", "rone", "rtwo"]
    assert ids("__system/reviewState DESC, __id") == ["rtwo", "rone", "rthree"]
    page = reader.body(SUBMISSIONS, {"$orderby": "__id", "$top": "2"})
    assert [row["__id"] for row in page["value"]] == ["rone", "rthree"]
    rest = json.loads(content_of(reader.follow(page["@odata.nextLink"])))
    assert [row["__id"] for row in rest["value"]] == ["rtwo"]


def test_edits_files_and_reviews_show_at_once(
    reader: Reader, project: Project, admin: User
) -> None:
    send(project, family("one", "Alice"), admin, files={"extra.jpg": b"a photo"})
    send(project, family("two", "Anna", replaces="one"), admin)
    (row,) = reader.rows(SUBMISSIONS)
    assert (row["__id"], row["name"]) == ("one", "Anna")
    assert row["__system"]["edits"] == 1
    assert row["__system"]["reviewState"] == "edited"
    assert row["__system"]["attachmentsPresent"] == 0, "the file belonged to the first version"
    send(project, family("two", "Anna", replaces="one"), admin, files={"late.jpg": b"more"})
    admin.display_name = "新名"
    admin.save()
    (row,) = reader.rows(SUBMISSIONS)
    assert row["__system"]["attachmentsPresent"] == 1
    assert row["__system"]["submitterName"] == "新名"


def test_records_of_an_older_version_are_read_in_the_columns_of_the_newest(
    reader: Reader, project: Project, admin: User
) -> None:
    send_three(project, admin)
    form = Form.objects.get()
    xml = FAMILY.format(form_id="family", version="2.0", extra="<phone/>").replace(
        "<age/><home/>", "<home/>"
    )
    xml = xml.replace('<bind nodeset="/data/age" type="int"/>', "").replace(
        '<input ref="/data/age"><label>年龄</label></input>', ""
    )
    set_draft(form, xml.encode(), "application/xml", actor=admin, ignore_warnings=True)
    publish_draft(Form.objects.get(), actor=admin)
    send(project, family("new", version="2.0", extra="<phone>138</phone>"), admin)
    rows = reader.rows(SUBMISSIONS)
    assert [row["__id"] for row in rows] == ["new", "rthree", "rtwo", "rone"]
    assert all(row.keys() == rows[0].keys() for row in rows)
    assert [row["phone"] for row in rows] == ["138", None, None, None]
    assert "age" not in rows[0]
    assert [row["__system"]["formVersion"] for row in rows] == ["2.0", "1.0", "1.0", "1.0"]
    assert len(reader.rows(CHILDREN)) == 3


def test_records_from_before_there_were_texts_are_read_all_the_same(
    reader: Reader, project: Project, admin: User
) -> None:
    send_three(project, admin)
    before = reader.body(SUBMISSIONS)
    SubmissionReadout.objects.filter(pk__in=Submission.objects.all()[:2]).delete()
    SubmissionReadout.objects.update(edition=0, odata="{", cells="stale")
    assert reader.body(SUBMISSIONS) == before
    assert SubmissionReadout.objects.filter(edition=1).count() == 3


def test_chinese_names_keep_their_columns(project: Project, admin: User) -> None:
    form = """
    | survey |
    | | type | name | label |
    | | text | 姓名 | 姓名 |
    | | text | a-b | A |
    | | text | a.b | B |
    | settings |
    | | form_title | form_id | version |
    | | 登记 | 登记 表 | 1 |
    """
    publish(project, form)
    answers = {"姓名": "张小明", "a-b": "1", "a.b": "2"}
    send(project, instance("登记 表", answers, instance_id="uuid:1"), admin)
    reader = Reader(admin, project)
    body = reader.body("/forms/%E7%99%BB%E8%AE%B0%20%E8%A1%A8.svc/Submissions")
    assert (row := body["value"][0])["姓名"] == "张小明"
    assert (row["a_b"], row["a_b_2"]) == ("1", "2")
    assert "/forms/%E7%99%BB%E8%AE%B0%20%E8%A1%A8.svc/$metadata" in body["@odata.context"]


# --- drafts ---------------------------------------------------------------------------------------


def test_a_draft_has_a_service_of_its_own(project: Project, admin: User, county: User) -> None:
    draft = publish_family(project, publish=False)
    send(project, family("try", children={"Bo": ("1", [])}), None, draft=draft)
    reader = Reader(admin, project)
    assert reader.refused("/forms/family.svc") == (404, "404.1")
    assert len(reader.body("/forms/family/draft.svc")["value"]) == 3
    assert reader.get("/forms/family/draft.svc/$metadata").status_code == 200
    (row,) = reader.rows("/forms/family/draft.svc/Submissions")
    assert row["__id"] == "try"
    assert row["__system"]["submitterId"] is None
    (row,) = reader.rows("/forms/family/draft.svc/Submissions('try')/children/child")
    assert row["name"] == "Bo"
    assert Reader(county, project).refused("/forms/family/draft.svc/Submissions") == (403, "403.1")


# --- who may read ---------------------------------------------------------------------------------


def test_each_reader_sees_their_own_areas_and_is_written_down(
    reader: Reader, project: Project, admin: User, county: User, stranger: User, country
) -> None:
    send_three(project, admin)
    place(Form.objects.get(), country.village)
    assert len(Reader(county, project).rows(SUBMISSIONS)) == 3
    outside = Reader(stranger, project)
    body = outside.body(SUBMISSIONS, {"$count": "true", "$top": "5"})
    assert (body["value"], body["@odata.count"]) == ([], 0)
    assert outside.rows(CHILDREN) == []
    assert outside.refused(f"{SUBMISSIONS}('rone')") == (404, "404.1")
    token = "01" + base64.b64encode(b'{"instanceId":"rthree"}').decode()
    assert outside.rows(SUBMISSIONS, {"$skiptoken": token}) == []
    noted = Entry.objects.filter(action="export.download", subject="form:family")
    assert {entry.actor_id for entry in noted} == {county.pk, stranger.pk}


def test_a_village_worker_reads_what_she_sent_and_what_is_in_her_village(
    project: Project, lan: User, admin: User, country
) -> None:
    publish_family(project)
    send(project, family("hers"), lan)
    send(project, family("there"), admin)
    send(project, family("far"), admin)
    Submission.objects.filter(instance_id="there").update(area=country.village)
    Submission.objects.filter(instance_id="hers").update(area=country.other_county_village)
    body = Reader(lan, project).body(SUBMISSIONS, {"$count": "true"})
    assert [row["__id"] for row in body["value"]] == ["there", "hers"]
    assert body["@odata.count"] == 2


def test_nobody_phones_and_roles_without_the_right_are_refused(
    project: Project, admin: User, country
) -> None:
    publish_family(project)
    nobody = Reader(None, project)
    answer = nobody.get(SUBMISSIONS)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic")
    assert nobody.get("/forms/family.svc/$metadata").status_code == 401
    rules = make_user("rules", Role.RULE_ADMIN)
    for path in ("/forms/family.svc", SUBMISSIONS, f"{SUBMISSIONS}('x')"):
        assert Reader(rules, project).refused(path) == (403, "403.1")
    phone = make_phone(project, admin)
    key = nobody.client.get(f"/v1/key/{phone.key}/projects/{project.pk}{SUBMISSIONS}")
    assert key.status_code == 403
    assert nobody.client.post(f"{nobody.base}{SUBMISSIONS}").status_code == 405


def test_restricted_forms_need_the_right_to_them(
    project: Project, admin: User, county: User, country
) -> None:
    publish_family(project)
    Form.objects.update(sensitivity="restricted")
    send_three(project, admin)
    place(Form.objects.get(), country.village)
    assert len(Reader(county, project).rows(SUBMISSIONS)) == 3
    lead = make_user("lead", Role.SCHOOL_LEAD, country.town)
    assert Reader(lead, project).refused(SUBMISSIONS) == (403, "403.1")


# --- figures --------------------------------------------------------------------------------------


def test_reading_takes_few_queries(
    reader: Reader, project: Project, admin: User, django_assert_num_queries
) -> None:
    send_three(project, admin)
    reader.rows(SUBMISSIONS)
    # login, grants, form, journal (with the two savepoints of the test on SQLite), page
    turn = 2 if connection.vendor == "sqlite" else 0
    with django_assert_num_queries(5 + turn):
        reader.rows(SUBMISSIONS)
    with clock.at(clock.now() + timedelta(minutes=10)):
        fold_tally(Form.objects.get().pk, least=1)
    with django_assert_num_queries(6 + turn):  # and the number of rows
        reader.rows(SUBMISSIONS, {"$top": "2", "$count": "true"})


def test_a_full_read_holds_no_more_than_a_page(
    reader: Reader, project: Project, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "FIRST_PAGE", 10)
    monkeypatch.setattr(reading, "PAGE", 10)
    sizes: list[int] = []
    below = statements.Statement.below

    def watched(self, after, size):
        found = below(self, after, size)
        sizes.append(len(found))
        return found

    monkeypatch.setattr(statements.Statement, "below", watched)
    for number in range(25):
        send(project, family(f"r{number}"), admin)
    rows = reader.rows(SUBMISSIONS)
    assert [row["__id"] for row in rows] == [f"r{number}" for number in reversed(range(25))]
    assert sizes == [10, 10, 5]


def test_now_is_the_servers_clock(reader: Reader, project: Project, admin: User) -> None:
    send_three(project, admin)
    with clock.at(datetime.fromisoformat("2000-01-01T00:00:00+00:00")):
        query = {"$filter": "__system/submissionDate lt now()"}
        assert reader.rows(SUBMISSIONS, query) == []
