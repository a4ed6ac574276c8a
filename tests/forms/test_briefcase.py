"""ODK Briefcase's pull: ids in portions, records with their files, for whom may read them and nobody else."""

import base64
import hashlib
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from lxml import etree

from forms.models import Form, Project, Submission, SubmissionVersion
from forms.services import receive_submission
from forms.services.submissions import delete_submission
from server import clock
from server.journal.models import Entry
from server.people.authentication import open_session
from server.people.models import User
from server.people.roles import Role
from tests.conftest import PASSWORD, make_user
from tests.forms.field_work import VISIT, instance, make_phone, make_project, new_id, publish
from tests.forms.sealing import seal_for

NS = {"s": "http://opendatakit.org/submissions", "orx": "http://openrosa.org/xforms"}
CURSOR = (
    '<cursor xmlns="http://www.opendatakit.org/cursor"><attributeName>_LAST_UPDATE_DATE</attributeName>'
    "<attributeValue>{}</attributeValue><uriLastReturnedValue/><isForwardCursor>true</isForwardCursor></cursor>"
)


@pytest.fixture
def project(db: None) -> Project:
    project = make_project()
    publish(project, VISIT)
    return project


class Briefcase:
    """Speaks the protocol as ODK Briefcase does."""

    def __init__(self, user: User | None, project: Project) -> None:
        self.client = Client()
        self.headers = {"Authorization": f"Bearer {open_session(user)[1]}"} if user else {}
        self.base = f"/v1/projects/{project.pk}"

    def get(self, address: str) -> Any:
        return self.client.get(address, headers=self.headers)

    def portion(self, form: str = "visit", cursor: str = "", **options: Any) -> Any:
        more = "".join(f"&{name}={value}" for name, value in options.items())
        return self.get(
            f"{self.base}/view/submissionList?formId={quote(form)}&cursor={quote(cursor)}{more}"
        )

    def ids(self, cursor: str = "", **options: Any) -> tuple[list[str], str]:
        answer = self.portion(cursor=cursor, **options)
        assert answer.status_code == 200, answer.content
        assert answer.headers["X-OpenRosa-Version"] == "1.0"
        root = etree.fromstring(answer.content)
        assert root.tag == f"{{{NS['s']}}}idChunk"
        found = [str(one.text) for one in root.iterfind("s:idList/s:id", NS)]
        return found, root.findtext("s:resumptionCursor", namespaces=NS) or ""

    def pull(self, size: int) -> list[str]:
        """All ids, portion by portion, until the cursor stays."""
        found: list[str] = []
        cursor = ""
        while True:
            ids, following = self.ids(cursor, numEntries=size)
            assert len(ids) <= size
            found += ids
            if following == cursor:
                assert not ids
                return found
            cursor = following

    def record(self, instance_id: str, form: str = "visit") -> Any:
        key = f"{form}[@version=null and @uiVersion=null]/data[@key={instance_id}]"
        return self.get(f"{self.base}/view/downloadSubmission?formId={quote(key)}")


def data_of(root: Any) -> Any:
    """The record inside the answer."""
    (data,) = root.find("s:data", NS)
    return data


def send(project: Project, note: str = "n", place: Any = None, **options: Any) -> Submission:
    """A record of the form, placed in an area."""
    files = options.pop("files", None)
    version = Form.objects.get(project=project).current.version
    answers = {"note": note} | ({"photo": next(iter(files))} if files else {})
    xml = instance("visit", answers, version=version, instance_id=new_id())
    found = receive_submission(project, xml, files, actor=make_phone(project), **options).submission
    Submission.objects.filter(pk=found.pk).update(area=place)
    return found


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_all_records_come_once_in_the_order_of_their_receipt(
    project: Project, admin: User, size: int
) -> None:
    sent = [send(project).instance_id for _ in range(5)]
    assert Briefcase(admin, project).pull(size) == sent


def test_a_later_pull_goes_on_where_the_last_one_ended(project: Project, admin: User) -> None:
    briefcase = Briefcase(admin, project)
    send(project)
    _, cursor = briefcase.ids()
    assert briefcase.ids(cursor) == ([], cursor)
    later = send(project)
    assert briefcase.ids(cursor)[0] == [later.instance_id]


def test_a_pull_may_begin_at_a_day(project: Project, admin: User) -> None:
    for day in (1, 2, 3):
        with clock.at(datetime(2026, 3, day, 12, tzinfo=UTC)):
            last = send(project)
    briefcase = Briefcase(admin, project)
    for at in ("2026-03-03T00:00:00Z", "2026-03-03T06:00:00+08:00", "2026-03-03T00:00:00"):
        assert briefcase.ids(CURSOR.format(at))[0] == [last.instance_id]
    assert len(briefcase.ids(CURSOR.format("2010-01-01T00:00:00.000Z"))[0]) == 3


def test_the_cursor_tells_the_day_that_briefcase_reads_in_it(project: Project, admin: User) -> None:
    with clock.at(datetime(2026, 3, 1, 12, tzinfo=UTC)):
        send(project)
    root = etree.fromstring(Briefcase(admin, project).ids()[1])
    assert root.findtext("{*}attributeValue") == "2026-03-01T12:00:00.000Z"
    assert root.findtext("{*}attributeName") == "_LAST_UPDATE_DATE"


def test_a_record_comes_with_its_files_and_what_the_server_knows(
    project: Project, admin: User
) -> None:
    with clock.at(datetime(2026, 3, 1, 12, tzinfo=UTC)):
        one = send(project, "雨 & <风>", files={"照片 1.jpg": b"jpeg"})
    briefcase = Briefcase(admin, project)
    answer = briefcase.record(one.instance_id)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/xml; charset=utf-8")
    root = etree.fromstring(answer.content)
    assert root.tag == f"{{{NS['s']}}}submission"
    data = data_of(root)
    assert dict(data.attrib) == {
        "id": "visit",
        "version": "1",
        "instanceID": one.instance_id,
        "submissionDate": "2026-03-01T12:00:00.000Z",
        "isComplete": "true",
        "markedAsCompleteDate": "2026-03-01T12:00:00.000Z",
    }
    assert data.findtext("note") == "雨 & <风>"
    assert data.findtext("meta/instanceID") == one.instance_id
    (media,) = root.iterfind("s:mediaFile", NS)
    assert media.findtext("s:filename", namespaces=NS) == "照片 1.jpg"
    digest = hashlib.md5(b"jpeg", usedforsecurity=False).hexdigest()
    assert media.findtext("s:hash", namespaces=NS) == f"md5:{digest}"
    url = media.findtext("s:downloadUrl", namespaces=NS)
    file = briefcase.get(url.removeprefix("http://testserver"))
    assert (file.status_code, b"".join(file.streaming_content)) == (200, b"jpeg")


def test_an_encrypted_record_comes_as_it_was_sealed(project: Project, admin: User) -> None:
    Briefcase(admin, project).client.post(
        f"/v1/projects/{project.pk}/key",
        {"passphrase": "super duper secret"},
        content_type="application/json",
        headers=Briefcase(admin, project).headers,
    )
    made = seal_for(Form.objects.get().current, {"note": "secret"}, {"a.jpg": b"jpeg"})
    receive_submission(project, made.xml, made.files, actor=make_phone(project))
    root = etree.fromstring(Briefcase(admin, project).record(made.instance_id).content)
    data = data_of(root)
    assert (data.tag, data.get("encrypted")) == (f"{{{NS['s']}}}data", "yes")
    assert data.findtext("s:base64EncryptedKey", namespaces=NS)
    names = [str(one.text) for one in root.iterfind("s:mediaFile/s:filename", NS)]
    assert sorted(names) == ["a.jpg.enc", "submission.xml.enc"]


def test_an_edited_record_comes_as_it_is_now(project: Project, admin: User) -> None:
    first = send(project, "before")
    xml = instance("visit", {"note": "after"}, replaces=first.instance_id)
    receive_submission(project, xml, actor=admin)
    briefcase = Briefcase(admin, project)
    assert briefcase.ids()[0] == [first.instance_id]
    data = data_of(etree.fromstring(briefcase.record(first.instance_id).content))
    assert (data.findtext("note"), data.get("instanceID")) == ("after", first.instance_id)


def test_deleted_records_and_tests_of_drafts_are_not_copied(project: Project, admin: User) -> None:
    gone = send(project)
    delete_submission(gone, actor=admin)
    publish(project, VISIT.replace("visit | 1", "other | 1"), publish=False)
    draft = Form.objects.get(xml_form_id="other").draft
    receive_submission(project, instance("other", {"note": "t"}), actor=None, draft=draft)
    briefcase = Briefcase(admin, project)
    assert briefcase.ids()[0] == []
    assert briefcase.record(gone.instance_id).status_code == 404
    assert etree.fromstring(briefcase.portion("other").content).find("s:idList", NS) is not None
    assert b"<id>" not in briefcase.portion("other").content


def test_a_record_whose_upload_has_not_ended_comes_only_when_asked_for(
    project: Project, admin: User
) -> None:
    torn = send(project, files={"a.jpg": b"a"}, is_incomplete=True)
    briefcase = Briefcase(admin, project)
    assert briefcase.ids()[0] == []
    assert briefcase.ids(includeIncomplete="true")[0] == [torn.instance_id]
    data = data_of(etree.fromstring(briefcase.record(torn.instance_id).content))
    assert (data.get("isComplete"), data.get("markedAsCompleteDate")) == ("false", None)
    SubmissionVersion.objects.update(is_complete=True)
    assert briefcase.ids()[0] == [torn.instance_id]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 400),
        ("formId=visit&numEntries=0", 400),
        ("formId=visit&numEntries=-1", 400),
        ("formId=visit&numEntries=多", 400),
        ("formId=visit&cursor=abc", 400),
        ("formId=visit&cursor=<a/>", 400),
        (f"formId=visit&cursor={CURSOR.format('0001-01-01T00:00:00%2B14:00')}", 400),
        (f"formId=visit&cursor={CURSOR.format('2026-13-01T00:00:00Z')}", 400),
        (f"formId=visit&cursor={'9' * 5000}", 400),
        ("formId=nothing", 404),
        ("formId=visit&numEntries=99999999", 200),
        ("formId=visit&cursor=0", 200),
    ],
)
def test_a_list_that_cannot_be_given_is_refused(
    project: Project, admin: User, query: str, status: int
) -> None:
    briefcase = Briefcase(admin, project)
    answer = briefcase.get(f"{briefcase.base}/view/submissionList?{query}")
    assert answer.status_code == status
    if status != 200:
        assert b"OpenRosaResponse" in answer.content


@pytest.mark.parametrize(
    ("key", "status"),
    [
        ("visit", 400),
        ("visit[@version=null]/data", 400),
        ("visit[@version=null and @uiVersion=null]/data[@key=]", 400),
        ("visit[@version=null and @uiVersion=null]/data[@key=uuid:nobody]", 404),
        ("nothing[@version=null and @uiVersion=null]/data[@key=uuid:nobody]", 404),
    ],
)
def test_a_record_that_is_not_there_is_refused(
    project: Project, admin: User, key: str, status: int
) -> None:
    briefcase = Briefcase(admin, project)
    answer = briefcase.get(f"{briefcase.base}/view/downloadSubmission?formId={quote(key)}")
    assert answer.status_code == status


@pytest.mark.parametrize("version", ["null", "1", '"2.0"'])
def test_the_version_in_the_key_does_not_matter(
    project: Project, admin: User, version: str
) -> None:
    one, briefcase = send(project), Briefcase(admin, project)
    key = f"visit[@version={version} and @uiVersion=null]/data[@key={one.instance_id}]"
    answer = briefcase.get(f"{briefcase.base}/view/downloadSubmission?formId={quote(key)}")
    assert answer.status_code == 200


def test_a_reader_copies_the_records_of_their_areas(
    project: Project, county: User, stranger: User, lan: User, country
) -> None:
    here, next_door = (
        send(project, place=country.village),
        send(project, place=country.next_village),
    )
    assert Briefcase(county, project).pull(1) == [here.instance_id, next_door.instance_id]
    assert Briefcase(lan, project).pull(10) == [here.instance_id]
    assert Briefcase(stranger, project).pull(10) == []
    assert Briefcase(lan, project).record(here.instance_id).status_code == 200
    assert Briefcase(lan, project).record(next_door.instance_id).status_code == 404
    assert Briefcase(stranger, project).record(here.instance_id).status_code == 404
    read = Entry.objects.filter(action="submission.read", subject=f"submission:{here.instance_id}")
    assert [entry.actor_id for entry in read] == [lan.pk]


def test_who_may_copy_records(project: Project, admin: User) -> None:
    one = send(project)
    form = Form.objects.get()
    may = [
        make_user("viewer", Role.VIEWER, project_id=project.pk),
        make_user("of_form", Role.VIEWER, project_id=project.pk, form_id=form.pk),
    ]
    may_not = [
        make_user("filler", Role.FORMFILL, project_id=project.pk),
        make_user("elsewhere", Role.VIEWER, project_id=make_project("other").pk),
        make_user("rules", Role.RULE_ADMIN),
    ]
    for user in may:
        assert Briefcase(user, project).pull(10) == [one.instance_id], user
        assert Briefcase(user, project).record(one.instance_id).status_code == 200
    for user in may_not:
        assert Briefcase(user, project).portion().status_code == 403, user
        assert Briefcase(user, project).record(one.instance_id).status_code == 403
    for answer in (Briefcase(None, project).portion(), Briefcase(None, project).record("x")):
        assert answer.status_code == 401
        assert "Basic" in answer.headers["WWW-Authenticate"]


def test_a_restricted_form_needs_its_own_right(
    project: Project, county: User, lan: User, country
) -> None:
    one = send(project, place=country.village)
    Form.objects.update(sensitivity=Form.Sensitivity.RESTRICTED)
    assert Briefcase(county, project).pull(10) == [one.instance_id]
    assert Briefcase(lan, project).portion().status_code == 403
    assert Briefcase(lan, project).record(one.instance_id).status_code == 403


def test_a_phone_copies_nothing(project: Project, county: User) -> None:
    one = send(project)
    key = f"/v1/key/{make_phone(project, county).key}/projects/{project.pk}"
    named = quote(f"visit[@version=null and @uiVersion=null]/data[@key={one.instance_id}]")
    client = Client()
    assert client.get(f"{key}/formList").status_code == 200
    assert client.get(f"{key}/view/submissionList?formId=visit").status_code == 403
    assert client.get(f"{key}/view/downloadSubmission?formId={named}").status_code == 403


def test_a_password_opens_it_over_https_alone(project: Project, admin: User) -> None:
    send(project)
    login = (f"{admin.email}:{PASSWORD}").encode()
    headers = {"Authorization": f"Basic {base64.b64encode(login).decode()}"}
    address = f"/v1/projects/{project.pk}/view/submissionList?formId=visit"
    client = Client(REMOTE_ADDR="10.0.0.7")
    assert client.get(address, headers=headers, secure=True).status_code == 200
    assert client.get(address, headers=headers).status_code == 401


def test_a_portion_costs_the_same_however_long_the_list(project: Project, admin: User) -> None:
    briefcase = Briefcase(admin, project)
    first = send(project)
    counted = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            briefcase.ids(numEntries=100)
            briefcase.record(first.instance_id)
        counted.append(len(queries))
        for _ in range(8):
            send(project)
    assert counted[0] == counted[1]
