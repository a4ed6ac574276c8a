"""The main job, told over HTTP: from a workbook to a closed task.

An administrator publishes a new version of the enumeration form; a village worker's phone pulls it, registers a boy
who lives alone, and closes a task that the rules opened; the county sees tier, reasons and tasks, and verifies.
"""

import io
import json
import uuid
from importlib.resources import files

import pytest
from django.test import Client
from openpyxl import load_workbook

from rules.programme.load import load_programme
from server.people.models import User
from tests.conftest import PASSWORD
from tests.flows.phone import Phone

pytestmark = pytest.mark.django_db
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def new_version(name: str, version: str) -> bytes:
    """The bundled workbook with another version and one more question, as an administrator would edit it."""
    book = load_workbook(io.BytesIO(files("forms").joinpath("instruments", name).read_bytes()))
    survey, settings = book["survey"], book["settings"]
    titles = {cell.value: number for number, cell in enumerate(survey[1], 1)}
    names = [survey.cell(number, titles["name"]).value for number in range(1, survey.max_row + 1)]
    row = names.index("village_group") + 1
    survey.insert_rows(row + 1)
    survey.cell(row + 1, titles["type"], "text")
    survey.cell(row + 1, titles["name"], "landmark")
    survey.cell(row + 1, titles["label::中文 (zh)"], "附近标志物")
    survey.cell(row + 1, titles["label::English (en)"], "Landmark nearby")
    column = [cell.value for cell in settings[1]].index("version") + 1
    settings.cell(2, column, version)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


class Api:
    """A session of ODK Central's API for one person."""

    def __init__(self, user: User) -> None:
        self.client = Client()
        answer = self.client.post(
            "/v1/sessions",
            json.dumps({"email": user.email, "password": PASSWORD}),
            content_type="application/json",
        )
        assert answer.status_code == 200, answer.content
        self.headers = {"Authorization": f"Bearer {answer.json()['token']}"}

    def call(self, method: str, path: str, body=None, content_type: str = "application/json"):
        data = body if isinstance(body, bytes) else json.dumps(body) if body is not None else ""
        return self.client.generic(
            method, path, data, content_type=content_type, headers=self.headers
        )

    def ok(self, method: str, path: str, body=None, content_type: str = "application/json"):
        answer = self.call(method, path, body, content_type)
        assert 200 <= answer.status_code < 300, (path, answer.status_code, answer.content[:1000])
        return answer.json()


@pytest.fixture
def project(db) -> int:
    return load_programme().pk


@pytest.fixture
def phone(project, admin, lan) -> Phone:
    api = Api(admin)
    made = api.ok(
        "POST", f"/v1/projects/{project}/app-users", {"displayName": "兰的手机", "workerId": lan.pk}
    )
    return Phone(f"/v1/key/{made['token']}/projects/{project}")


def register_boy_alone(phone: Phone, village: str, **answers: str) -> str:
    """Send an enumeration of a boy of nine who lives alone; answers his uuid."""
    child = str(uuid.uuid4())
    xml = phone.fill(
        "child_enum",
        {"id": child, "create": "1", "label": "张小明 2017-03"},
        enum_date="2026-11-20", town_code=village[:9], village_code=village, reporter_name="兰",
        child_name="张小明", sex="male", dob="2017-03-05", hukou_registered="yes", hukou_type="rural",
        living_arrangement="alone_home", health_status="healthy", school_stage="primary",
        father_vital="alive", father_location="out_county", father_incapacity="none", father_lost_months="0",
        mother_vital="alive", mother_location="out_county", mother_incapacity="none", mother_lost_months="0",
        caregiver_relation="pat_grandparent", caregiver_age="68", entrust_status="not_signed",
        guardian_rating="fair", contact_freq="weekly", parents_reachable="yes", urgent_flag="no", **answers,
    )  # fmt: skip
    answer = phone.send(xml)
    assert answer.status_code == 201, answer.content
    return child


def test_from_a_workbook_to_a_closed_task(project, phone, admin, county, stranger, country, drain):
    api = Api(admin)
    forms = f"/v1/projects/{project}/forms"

    # An administrator edits the workbook, tries it as a draft, and publishes it.
    before = phone.forms()["child_enum"]
    book = new_version("child_enum.xlsx", "2026112401")
    api.ok("POST", f"{forms}/child_enum/draft", book, XLSX)
    assert phone.forms()["child_enum"] == before, "a draft is not on the phone"
    api.ok("POST", f"{forms}/child_enum/draft/publish")
    after = phone.forms()["child_enum"]
    assert (after["version"], after["hash"] != before["hash"]) == ("2026112401", True)
    assert b"landmark" in phone.form("child_enum")

    # The worker registers a boy who lives alone; only her own village is on her phone.
    assert [row["name"] for row in phone.rows("child_enum", "village.csv")] == [
        country.village.code
    ]
    child = register_boy_alone(phone, country.village.code, landmark="大槐树")
    drain()

    # The county sees red, why, and what must be done by when.
    office = Api(county)
    entity = f"/v1/projects/{project}/datasets/child/entities/{child}"
    decision = office.ok("GET", f"{entity}/evaluation")
    assert decision["tier"] == "red"
    assert decision["engines"] == {"kleene": "ok", "durable": "ok"}
    alone = next(rule for rule in decision["rules"] if rule["id"] == "R-S01")
    assert alone["status"] == "true"
    assert {"child_enum"} == {
        because["form"] for because in alone["because"] if because.get("form")
    }
    listed = office.ok("GET", f"/v1/projects/{project}/tasks?entity={child}")["value"]
    tasks = {task["code"]: task for task in listed}
    assert {"T_REPORT_POLICE", "T_REPORT_TOWN", "T_URGENT_VISIT", "T_RECALL_PARENT"} <= set(tasks)
    assert all(task["dueAt"] for task in tasks.values())

    # Nobody from another county learns that he exists.
    outside = Api(stranger)
    assert outside.call("GET", f"{entity}/evaluation").status_code in (403, 404)
    assert outside.ok("GET", f"/v1/projects/{project}/tasks")["value"] == []

    # The worker finds her tasks on the phone, next to the child, and reports one as done.
    mine = phone.rows("task_feedback", "task.csv")
    assert {row["name"] for row in phone.rows("home_visit", "child.csv")} == {child}
    told = next(row for row in mine if row["task_code"] == "T_REPORT_POLICE")
    feedback = phone.fill(
        "task_feedback",
        {"id": told["name"], "update": "1", "baseVersion": told["__version"]},
        task_id=told["name"], done_date="2026-11-20T10:00:00.000+08:00", task_result="done",
        action_taken="已电话报警，民警已到场", child_seen="yes",
    )  # fmt: skip
    assert phone.send(feedback).status_code == 201
    drain()

    # A red task is done only when another person has verified it.
    number = tasks["T_REPORT_POLICE"]["id"]
    task = f"/v1/projects/{project}/tasks/{number}"
    assert office.ok("GET", task)["state"] == "verifying"
    office.ok("PATCH", task, {"action": "verify", "note": "已核对接警回执"})
    assert office.ok("GET", task)["state"] == "done"
    history = [event["action"] for event in office.ok("GET", f"{task}/history")]
    assert history[0] == "opened"
    assert history[-1] == "verified"
    assert told["name"] not in {row["name"] for row in phone.rows("task_feedback", "task.csv")}

    # His timeline tells it all.
    kinds = {item["kind"] for item in office.ok("GET", f"{entity}/timeline")}
    assert {"submission", "evaluation", "task"} <= kinds


def test_an_edit_changes_the_tier_with_its_reason(project, phone, county, country, drain):
    village = country.village.code
    child = register_boy_alone(phone, village)
    drain()
    office = Api(county)
    entity = f"/v1/projects/{project}/datasets/child/entities/{child}"
    first = office.ok("GET", f"{entity}/evaluation")
    listed = office.ok("GET", f"/v1/projects/{project}/forms/child_enum/submissions")
    old = listed[0]["instanceId"]
    xml = phone.fill(
        "child_enum",
        {"id": child, "create": "1", "label": "张小明 2017-03"},
        enum_date="2026-11-20", town_code=village[:9], village_code=village, child_name="张小明", sex="male",
        dob="2017-03-05", hukou_registered="yes", hukou_type="rural", living_arrangement="with_caregiver",
        caregiver_relation="pat_grandparent", urgent_flag="no",
    )  # fmt: skip
    edited = xml.replace(b"</meta>", f"<deprecatedID>{old}</deprecatedID></meta>".encode())
    assert phone.send(edited).status_code == 201
    drain()
    second = office.ok("GET", f"{entity}/evaluation")
    assert (first["tier"], second["tier"] == "red") == ("red", False)
    queue = office.ok("GET", f"{entity}/evaluations")
    assert len(queue) == 2, "both evaluations are kept"


def test_tasks_can_be_closed_offline(project, phone, country, drain):
    """Collect updates an entity offline only if its id is a version 4 uuid."""
    register_boy_alone(phone, country.village.code)
    drain()
    rows = phone.rows("task_feedback", "task.csv")
    assert rows
    assert {uuid.UUID(row["name"]).version for row in rows} == {4}
