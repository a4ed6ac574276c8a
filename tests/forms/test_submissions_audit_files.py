"""Audit files of phones: read into rows on receipt, told as rows, never refused."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forms.models import ClientAudit, Project
from forms.services import receive_submission
from forms.services.client_audits import EXTRAS, client_audits, has_extras, parse_audit
from forms.services.submissions import fill_file
from server.people.models import AppUser, User
from tests.forms.field_work import instance, make_phone, make_project, publish

AUDITED = """
| survey |
| | type | name | label |
| | audit | audit | |
| | text | note | Note |
| settings |
| | form_title | form_id | version |
| | Audited | audited | 1 |
"""
PLAIN = b"event,node,start,end\nform start,,1700000000000,\nquestion,/data/note,1700000000001,1700000000900\n"
FULL = (
    "event,node,start,end,latitude,longitude,accuracy,old-value,new-value,user,change-reason\n"
    'question,/data/note,1,2,30.5,104.1,12.0,旧,"新, 值",lan,"写错了\n改正"\n'
).encode()


@pytest.fixture
def project(db: None) -> Project:
    project = make_project()
    publish(project, AUDITED)
    return project


@pytest.fixture
def phone(project: Project, lan: User) -> AppUser:
    return make_phone(project, lan)


def send(project: Project, phone: AppUser, audit: bytes):
    xml = instance("audited", "<note>x</note>").replace(
        b"<meta>", b"<meta><audit>audit.csv</audit>"
    )
    return receive_submission(project, xml, {"audit.csv": audit}, actor=phone)


def test_an_audit_becomes_rows_on_receipt(project, phone, admin, drain):
    receipt = send(project, phone, PLAIN)
    assert list(client_audits(receipt.submission.form, admin))  # before anybody has read it, too
    drain()
    kept = ClientAudit.objects.get()
    assert (kept.columns, kept.fault, len(kept.rows)) == (["event", "node", "start", "end"], "", 2)
    events = list(client_audits(receipt.submission.form, admin))
    assert [one.values["event"] for one in events] == ["form start", "question"]
    assert {one.instance_id for one in events} == {receipt.submission.instance_id}


def test_places_changes_users_and_reasons_are_kept(project, phone, admin, drain):
    form = send(project, phone, FULL).submission.form
    assert not has_extras(form.pk)
    drain()
    values = next(client_audits(form, admin)).values
    assert (values["latitude"], values["old-value"], values["new-value"]) == (
        "30.5",
        "旧",
        "新, 值",
    )
    assert [values[name] for name in EXTRAS] == ["lan", "写错了\n改正"]
    assert has_extras(form.pk)


def test_only_who_may_read_the_records_reads_their_audits(project, phone, lan, stranger):
    form = send(project, phone, PLAIN).submission.form
    assert len(list(client_audits(form, lan))) == 2
    assert list(client_audits(form, stranger)) == []


def test_an_audit_that_comes_later_is_read_then(project, phone, admin, drain):
    receipt = send(project, phone, b"")
    fill_file(receipt.version, "audit.csv", PLAIN, "text/csv", actor=admin)
    drain()
    assert len(list(client_audits(receipt.submission.form, admin))) == 2


def test_many_records_with_the_same_audit_share_its_rows(project, phone, admin, drain):
    for _ in range(2):
        form = send(project, phone, PLAIN).submission.form
    drain()
    assert ClientAudit.objects.count() == 1
    assert len(list(client_audits(form, admin))) == 4


@pytest.mark.parametrize(
    ("audit", "fault", "line", "rows"),
    [
        (b"", "headings", 1, 0),
        (b"\x89PNG\r\n\x1a\n", "text", None, 0),
        (b"a,b\n1,2\n", "headings", 1, 0),
        (b"event,event\n", "headings", 1, 0),
        (b"event,node,start,end\nx,/a,1,2,3,4\ny,/b,1,2\n", "row", 2, 2),
        (b"event,node,start,end\nx,/a\n", "row", 2, 1),
        (b"event,node,start,end\nx,/a,soon,2\n", "time", 2, 1),
        (b"event,node,start,end\n\xff\xfe,/a,1,2\n", "text", None, 1),
        (b'event,node,start,end\nx,/a,1,"' + b"y" * 200_000, "row", 2, 0),
        (b"event,node,start,end\n\nx\0,/a,1,2\n", "", None, 1),
        (b"\xef\xbb\xbfevent, node ,start,end\nx,/a,1,\n", "", None, 1),
    ],
)
def test_a_damaged_audit_is_kept_and_what_is_wrong_is_told(
    project, phone, drain, audit, fault, line, rows
):
    receipt = send(project, phone, audit)
    drain()
    kept = ClientAudit.objects.get()
    assert (kept.fault, kept.fault_line, len(kept.rows)) == (fault, line, rows)
    assert receipt.version.attachments.get().blob_id == kept.pk


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(FULL)), st.binary(max_size=5), st.integers(0, 5))
def test_nothing_that_a_phone_sends_breaks_the_reading(place, noise, length):
    found = parse_audit(FULL[:place] + noise + FULL[place + length :])
    assert all(len(row) <= len(found.columns) for row in found.rows)
    assert "\0" not in str(found.rows) + str(found.columns)
