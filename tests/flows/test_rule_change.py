"""A rule is changed, told over HTTP: a threshold is moved, checked, tried on the county's children, asked for, refused
to its own author, released by a second person; every child is evaluated again and says what its jump was made by; the
release is rolled back."""

import uuid
from typing import Any

import pytest

from rules.programme.load import RULE_SET, load_programme
from server.people.models import User
from server.people.roles import Role
from tests.conftest import Country, make_user
from tests.flows.phone import Phone
from tests.flows.test_main_job import Api

pytestmark = pytest.mark.django_db
RULE = "R-G09"


@pytest.fixture
def project(db: None) -> int:
    return load_programme().pk


def register(phone: Phone, village: str, caregiver_age: int) -> str:
    """Send an enumeration of a girl who lives with a grandparent of that age; answers her uuid."""
    child = str(uuid.uuid4())
    xml = phone.fill(
        "child_enum",
        {"id": child, "create": "1", "label": "李小红 2016-05"},
        enum_date="2026-11-20", town_code=village[:9], village_code=village, reporter_name="兰",
        child_name="李小红", sex="female", dob="2016-05-04", hukou_registered="yes", hukou_type="rural",
        living_arrangement="with_caregiver", health_status="healthy", school_stage="primary",
        father_vital="alive", father_location="out_county", father_incapacity="none", father_lost_months="0",
        mother_vital="alive", mother_location="out_county", mother_incapacity="none", mother_lost_months="0",
        caregiver_relation="pat_grandparent", caregiver_age=str(caregiver_age), caregiver_health="good",
        entrust_status="signed_valid", guardian_rating="good", contact_freq="weekly", parents_reachable="yes",
        urgent_flag="no",
    )  # fmt: skip
    answer = phone.send(xml)
    assert answer.status_code == 201, answer.content
    return child


def lowered(document: dict[str, Any]) -> dict[str, Any]:
    """A grandparent counts as very old from 68, and that is worth yellow."""
    rule = next(one for one in document["rules"] if one["id"] == RULE)
    rule["when"] = rule["when"].replace("${caregiver_age} >= 75", "${caregiver_age} >= 68")
    rule["floor"] = "yellow"
    return document


def with_its_cases(document: dict[str, Any]) -> dict[str, Any]:
    """The cases of that rule, rewritten for the new threshold."""
    cases = {one["case_id"]: one["submissions"][0]["data"] for one in document["cases"]}
    cases[f"{RULE} holds not"]["caregiver_age"] = 67
    del cases[f"{RULE} cannot tell"]["caregiver_age"]
    return document


def test_a_threshold_is_moved_and_moved_back(
    project: int, admin: User, lan: User, county: User, country: Country, drain: Any
) -> None:
    key = Api(admin).ok(
        "POST", f"/v1/projects/{project}/app-users", {"displayName": "兰的手机", "workerId": lan.pk}
    )
    phone = Phone(f"/v1/key/{key['token']}/projects/{project}")
    older, younger = (register(phone, country.village.code, age) for age in (70, 60))
    drain()
    office = Api(county)
    child = f"/v1/projects/{project}/datasets/child/entities"
    before = office.ok("GET", f"{child}/{older}/evaluation")
    assert (before["tier"] in ("green", "blue"), before["change"]) == (True, "first")

    # Change: the document in force becomes the draft, with one number and one floor moved.
    author = Api(make_user("author", Role.RULE_ADMIN))
    approver = Api(make_user("approver", Role.RULE_ADMIN))
    rules = f"/v1/projects/{project}/rule-sets/{RULE_SET}"
    document = author.ok("GET", rules)["document"]
    author.ok("PUT", f"{rules}/draft", lowered(document))

    # Check: two cases say what the rule meant before; a draft that fails its cases cannot be asked for.
    checked = author.ok("GET", f"{rules}/draft/check")
    told = [one["message"] for one in checked["problems"] if not one["warning"]]
    assert (checked["releasable"], len(told)) == (False, 2)
    assert all(RULE in message for message in told)
    refused = author.call("POST", f"{rules}/draft/request", {"note": "祖辈68岁起"})
    assert (refused.status_code, refused.json()["code"]) == (400, "400.640")
    author.ok("PUT", f"{rules}/draft", with_its_cases(document))
    assert author.ok("GET", f"{rules}/draft/check")["releasable"]

    # Simulate: one child of two moves, and the rule that does it is named.
    started = author.ok("POST", f"{rules}/draft/simulate", {"note": "祖辈68岁起"})
    drain()
    trial = f"{rules}/simulations/{started['id']}"
    assert author.ok("GET", trial)["state"] == "done"
    moves = author.ok("GET", f"{trial}/moves")["value"]
    assert len(moves) == 1
    assert RULE in str(moves[0])
    assert older not in str(moves[0]), "a rule administrator reads no cases"
    assert office.ok("GET", f"{child}/{older}/evaluation") == before, "a trial changes nothing"

    # Request, with the trial attached; the author may not approve it himself.
    asked = author.ok("POST", f"{rules}/draft/request", {"note": "祖辈68岁起按高龄照护对待"})
    assert (asked["status"], asked["base"], asked["simulationId"]) == (
        "requested",
        1,
        started["id"],
    )
    own = author.call("POST", f"{rules}/draft/release", {"number": asked["number"]})
    assert (own.status_code, own.json()["code"]) == (403, "403.601")
    assert office.ok("GET", rules)["activeRelease"] == 1

    # A second person approves; every child is evaluated again.
    approved = approver.ok("POST", f"{rules}/draft/release", {"number": asked["number"]})
    assert approved["activatedAt"]
    drain()
    run = approver.ok("GET", f"{rules}/releases/2/reevaluation")
    assert (run["state"], run["done"], run["summary"]["up"]) == ("done", 2, 1)
    assert run["summary"]["changes"] == {"none": 1, "rules": 1}

    # Explain: the tier says which rule, by whose answer, and that it was the rules that moved.
    after = office.ok("GET", f"{child}/{older}/evaluation")
    assert (after["tier"], after["change"], after["release"]) == ("yellow", "rules", 2)
    assert after["engines"] == {"kleene": "ok", "durable": "ok"}
    reason = next(one for one in after["rules"] if one["id"] == RULE)
    assert reason["status"] == "true"
    assert ("caregiver_age", 70) in {(one["fact"], one["value"]) for one in reason["because"]}
    assert office.ok("GET", f"{child}/{younger}/evaluation")["tier"] == before["tier"]
    history = office.ok("GET", f"{child}/{older}/evaluations")
    assert [one["change"] for one in history] == ["rules", "first"]

    # Roll back: one person, with a reason; what the rules had raised is proposed down, by a person to decide.
    assert approver.call("POST", f"{rules}/releases/1/activate", {}).status_code == 400
    approver.ok("POST", f"{rules}/releases/1/activate", {"reason": "升级过多，先恢复"})
    drain()
    back = office.ok("GET", f"{child}/{older}/evaluation")
    assert (back["tier"], back["change"], back["release"]) == (before["tier"], "rules", 1)
    tier = office.ok("GET", f"{child}/{older}/tier")
    assert (tier["tier"], tier["proposed"]) == ("yellow", before["tier"])
    assert [one["status"] for one in author.ok("GET", f"{rules}/releases")] == [
        "retired",
        "approved",
    ]
