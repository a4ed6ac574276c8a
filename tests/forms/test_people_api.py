"""Duplicates, merges, transfers, responsible persons and households over the API, and who may."""

import json

import pytest
from django.test import Client

from forms.models import DuplicatePair, Project
from server.people.roles import Role
from server.places.models import School
from tests.conftest import make_user
from tests.forms.people_kit import fresh, people_project, register


@pytest.fixture
def project(db: None) -> Project:
    return people_project()


@pytest.fixture
def base(project):
    return f"/v1/projects/{project.pk}"


@pytest.fixture
def child(project, county, country):
    return register(project, county, country.village.code)


@pytest.fixture
def other(project, county, country, child, drain):
    found = register(project, county, country.other_town_village.code, dob="2015-05-02")
    drain()
    return found


@pytest.fixture
def ask(client_for):
    def send(user, method, path, body=None):
        client = client_for(user) if user else Client()
        answer = client.generic(method, path, json.dumps(body or {}), "application/json")
        return answer.status_code, json.loads(answer.content or b"null")

    return send


def test_a_pair_is_read_merged_and_the_merge_undone(ask, base, child, other, county):
    lists = f"{base}/datasets/child"
    _, pairs = ask(county, "GET", f"{lists}/duplicates")
    assert [one["uuid"] for one in pairs[0]["entries"]] == [str(child.uuid), str(other.uuid)]
    one = f"{lists}/entities/{child.uuid}"
    assert ask(county, "GET", f"{one}/duplicates")[1] == pairs
    status, merge = ask(county, "POST", f"{one}/merge", {"loser": str(other.uuid), "take": ["dob"]})
    assert (status, merge["taken"]) == (200, ["dob"])
    assert ask(county, "GET", f"{lists}/duplicates")[1] == []
    assert ask(county, "GET", f"{one}/merges")[1] == [merge]
    assert ask(county, "POST", f"{one}/merges/{merge['id']}/undo")[0] == 200
    assert ask(county, "POST", f"{one}/merges/{merge['id']}/undo")[0] == 409
    assert fresh(child).data["dob"] == "2015-05-01"


def test_of_the_other_towns_child_only_the_place_is_told(ask, base, child, other, country):
    town = make_user("town", Role.TOWN_SUPERVISOR, country.town)
    lists = f"{base}/datasets/child"
    (pair,) = ask(town, "GET", f"{lists}/duplicates")[1]
    assert pair["entries"][1] == {"uuid": None, "elsewhere": "清水县 石桥镇"}
    one = f"{lists}/entities/{child.uuid}"
    assert ask(town, "POST", f"{one}/merge", {"loser": str(other.uuid)})[0] == 404
    state = {"state": "different"}
    assert ask(town, "PATCH", f"{lists}/duplicates/{pair['id']}", state)[0] == 403


def test_told_apart(ask, base, other, county):
    pair = DuplicatePair.objects.get()
    address = f"{base}/datasets/child/duplicates/{pair.pk}"
    assert ask(county, "PATCH", address, {"state": "merged"})[0] == 400
    assert ask(county, "PATCH", address, {"state": "different"})[1]["state"] == "different"


def test_a_transfer_is_asked_for_and_answered(ask, base, child, country):
    town = make_user("town", Role.TOWN_SUPERVISOR, country.town)
    there = make_user("there", Role.TOWN_SUPERVISOR, country.other_town)
    School.objects.create(code="S1", name="石桥小学", area=country.other_town)
    body = {"area": country.other_town_village.code, "school": "S1", "reason": "moved"}
    one = f"{base}/datasets/child/entities/{child.uuid}"
    status, made = ask(town, "POST", f"{one}/transfers", body)
    assert (status, made["state"], made["overdue"]) == (200, "requested", False)
    assert ask(town, "POST", f"{one}/transfers", body)[0] == 409
    (seen,) = ask(there, "GET", f"{base}/transfers?state=requested")[1]
    assert seen == made
    address = f"{base}/transfers/{made['id']}"
    assert ask(town, "PATCH", address, {"state": "accepted"})[0] == 403
    assert ask(there, "PATCH", address, {"state": "refused"})[0] == 400
    assert ask(there, "PATCH", address, {"state": "accepted"})[1]["state"] == "accepted"
    assert fresh(child).school.code == "S1"
    assert ask(there, "GET", f"{one}/transfers")[1][0]["state"] == "accepted"


@pytest.mark.parametrize(
    "body", [{}, {"area": "x", "reason": "moved"}, {"reason": "moved"}, {"area": [1]}]
)
def test_a_transfer_without_sense_is_refused(ask, base, child, county, body):
    one = f"{base}/datasets/child/entities/{child.uuid}"
    assert ask(county, "POST", f"{one}/transfers", body)[0] == 400


def test_the_five_persons_are_named_and_their_history_kept(ask, base, child, county, lan):
    one = f"{base}/datasets/child/entities/{child.uuid}/responsible"
    kin = {"name": "王秀英", "phone": "13800001234", "post": "奶奶", "since": "2026-01-01"}
    status, told = ask(county, "PUT", one, {"kin": kin, "law": {"name": "李警官"}})
    assert (status, told["now"]["kin"]["post"], told["now"]["village"]) == (200, "奶奶", None)
    ask(county, "PUT", one, {"kin": {**kin, "name": "张国平"}, "law": None})
    told = ask(lan, "GET", one)[1]
    assert told["now"]["kin"]["name"] == "张国平"
    assert told["now"]["law"] is None
    assert {row["name"] for row in told["before"]} == {"王秀英", "李警官"}
    assert ask(lan, "PUT", one, {"kin": kin})[0] == 403
    wrongs: tuple[dict[str, object], ...] = (
        {"kin": {}},
        {"other": kin},
        {"kin": {**kin, "phone": "x<y"}},
        {"kin": 3},
    )
    for wrong in wrongs:
        assert ask(county, "PUT", one, wrong)[0] == 400


def test_one_person_is_named_for_a_whole_town(ask, base, child, other, county, country):
    address = f"{base}/datasets/child/responsible"
    body = {"area": country.county.code, "network": "law", "name": "李警官", "phone": "110"}
    assert ask(county, "POST", address, body)[1] == {"count": 2}
    assert ask(county, "POST", address, {**body, "name": "赵警官"})[1] == {"count": 0}
    assert ask(county, "POST", address, {**body, "name": "赵警官", "replace": True})[1] == {
        "count": 2
    }
    one = f"{base}/datasets/child/entities/{child.uuid}/responsible"
    told = ask(county, "GET", one)[1]
    assert (told["now"]["law"]["name"], told["before"][0]["name"]) == ("赵警官", "李警官")


def test_brothers_and_sisters_of_a_household(ask, base, project, child, county, country):
    for entity in (child, register(project, county, country.village.code, child_name="张小红")):
        entity.data |= {"caregiver_phone": "13800001234", "caregiver_name": "王秀英"}
        entity.save()
    told = ask(county, "GET", f"{base}/datasets/child/entities/{child.uuid}/household")[1]
    assert [one["label"] for one in told["siblings"]] == ["张小红"]
    assert told["guardians"][0]["name"] == "王秀英"


def test_a_stranger_and_nobody_get_nothing(ask, base, child, other, county, stranger):
    lists = f"{base}/datasets/child"
    one = f"{lists}/entities/{child.uuid}"
    assert ask(stranger, "GET", f"{lists}/duplicates")[1] == []
    assert ask(stranger, "GET", f"{base}/transfers")[1] == []
    for path in ("duplicates", "merges", "transfers", "responsible", "household"):
        assert ask(stranger, "GET", f"{one}/{path}")[0] == 404
        assert ask(None, "GET", f"{one}/{path}")[0] == 401
    assert ask(stranger, "POST", f"{one}/merge", {"loser": str(other.uuid)})[0] == 404
