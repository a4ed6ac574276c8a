"""What leaves: a form's submissions and the child roster, each in the reader's scope, each a line in the journal."""

import csv
import io

import pytest
from django.test import Client
from openpyxl import load_workbook

from exports.writers.csv import write_csv
from exports.writers.table import Table
from rules.programme.load import load_programme
from server.journal.models import Entry
from server.people.roles import Role
from tests.conftest import make_user
from tests.flows.phone import Phone
from tests.flows.test_main_job import Api, register_boy_alone


@pytest.fixture
def boy(country, lan, admin, drain) -> tuple[int, str]:
    """The programme with one registered boy in Lan's village: the project's id and his uuid."""
    project = load_programme().pk
    made = Api(admin).ok(
        "POST", f"/v1/projects/{project}/app-users", {"displayName": "兰", "workerId": lan.pk}
    )
    phone = Phone(f"/v1/key/{made['token']}/projects/{project}")
    child = register_boy_alone(phone, country.village.code, village_group="=1+1")
    drain()
    return project, child


def body_of(answer) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def rows_of(answer) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body_of(answer).decode("utf-8-sig"))))


def test_what_leaves_is_scoped_complete_and_journalled(boy, country, county, stranger, client_for):
    project, _ = boy
    path = f"/v1/projects/{project}/forms/child_enum/submissions.csv"

    # The contract's file, for programs: Central's columns, answers as they were given.
    answer = Client().get(path, headers=Api(county).headers)
    (row,) = rows_of(answer)
    assert row["g_child-child_name"] == "张小明"
    assert row["g_meta-village_group"] == "=1+1", "a program gets what was answered"
    assert row["KEY"].startswith("uuid:")
    assert row["FormVersion"] == "2026112301"
    assert {"SubmissionDate", "SubmitterName", "ReviewState", "Edits"} <= set(row)
    assert "g_child-home_gps-Latitude" in row
    assert next(iter(row)) == "SubmissionDate"

    # The same for people, in a spreadsheet: nothing is calculated.
    office = client_for(county)
    form_id = int(office.get("/exports").context["forms"].get(xml_form_id="child_enum").pk)
    told = body_of(office.get(f"/exports/submissions/{form_id}.csv"))
    assert told.startswith("\ufeff".encode())
    assert b"'=1+1" in told
    book = load_workbook(io.BytesIO(body_of(office.get(f"/exports/submissions/{form_id}.xlsx"))))
    cells = {cell.value for cell in list(book.active.rows)[1]}
    assert "=1+1" in cells
    assert not any(cell.data_type == "f" for cell in list(book.active.rows)[1])

    # The roster: one row per child with tier and open work.
    (listed,) = rows_of(office.get(f"/exports/roster/{project}.csv"))
    assert listed["儿童姓名"] == "张小明"
    assert listed["等级"] == "红色"
    assert int(listed["未办结任务"]) >= 4
    xlsx = load_workbook(io.BytesIO(body_of(office.get(f"/exports/roster/{project}.xlsx"))))
    assert "张小明" in {cell.value for cell in list(xlsx.active.rows)[1]}

    # Another county's office gets headings and no child.
    outside = client_for(stranger)
    assert rows_of(outside.get(f"/exports/roster/{project}.csv")) == []
    assert rows_of(outside.get(f"/exports/submissions/{form_id}.csv")) == []
    assert rows_of(Client().get(path, headers=Api(stranger).headers)) == []

    # Each file that left is written down.
    left = Entry.objects.filter(action="export.download")
    assert left.filter(actor=county).count() == 5
    assert left.filter(actor=stranger).count() == 3


def test_nobody_and_those_without_the_right_get_nothing(boy, lan, client_for):
    project, _ = boy
    assert Client().get(f"/exports/roster/{project}.csv").status_code == 302
    assert (
        Client().get(f"/v1/projects/{project}/forms/child_enum/submissions.csv").status_code == 401
    )
    assert client_for(lan).get(f"/exports/roster/{project}.csv").status_code == 403
    assert client_for(lan).get("/exports").status_code == 403


def test_a_restricted_form_leaves_only_with_the_right_to_it(boy, country, client_for):
    project, _ = boy
    school_lead = make_user("head", Role.SCHOOL_LEAD, country.town)
    desk = client_for(school_lead).get("/exports")
    assert "incident_report" not in {form.xml_form_id for form in desk.context["forms"]}
    answer = Client().get(
        f"/v1/projects/{project}/forms/incident_report/submissions.csv",
        headers=Api(school_lead).headers,
    )
    assert answer.status_code == 403 or rows_of(answer) == []


def test_a_large_table_is_never_held_whole():
    made = 0

    def rows():
        nonlocal made
        for number in range(200_000):
            made += 1
            yield [number, "甲" * 20]

    chunks = write_csv(Table("t", ("n", "text"), rows))
    next(chunks)
    assert made < 5_000
