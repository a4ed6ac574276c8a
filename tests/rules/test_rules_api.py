"""The rules API over HTTP: documents refused at their cell, four-eyes releases, decisions, review
and tasks, each within its scope."""

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any
from urllib.parse import quote

import pytest
import yaml
from django.test import Client

from forms.models import Entity, Form
from rules.models import Evaluation, Task
from rules.services import evaluate, trial
from server import clock
from server.people.models import User
from server.people.roles import Role
from tests.conftest import Country, make_user
from tests.rules.county_kit import (
    ALL_WELL,
    DOCUMENT,
    NOON,
    days_later,
    make_child,
    release_small,
    state_of,
    tasks_of,
    tell,
)

DANGER = ALL_WELL | {"danger": "yes"}
REASON = "入户核实：母亲已返乡长住，孩子由母亲照料，学校也确认了。"
ClientFor = Callable[[User], Client]


@pytest.fixture(autouse=True)
def agreeing(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (evaluate, trial):
        monkeypatch.setattr(module, "second_opinion", lambda *_: ("ok", ()))


@pytest.fixture
def town(country: Country) -> User:
    return make_user("town", Role.TOWN_SUPERVISOR, country.town)


@pytest.fixture
def author(db: None) -> User:
    return make_user("author", Role.RULE_ADMIN)


@pytest.fixture
def approver(db: None) -> User:
    return make_user("approver", Role.RULE_ADMIN)


@pytest.fixture
def child(country: Country, lan: User, county: User, town: User) -> Entity:
    child = make_child(country.village)
    release_small(child.dataset.project)
    return child


def base(child: Entity) -> str:
    return f"/v1/projects/{child.dataset.project_id}"


def of(child: Entity, what: str) -> str:
    return f"{base(child)}/datasets/child/entities/{child.uuid}/{what}"


def send(client: Client, method: str, path: str, body: Any) -> Any:
    text = body if isinstance(body, str) else json.dumps(body)
    return client.generic(method, path, text, content_type="application/json")


def changed(**change: Any) -> dict[str, Any]:
    """The small document with its first rule changed."""
    document = deepcopy(DOCUMENT)
    document["rules"][0] |= change
    return document


# --- who sees what -----------------------------------------------------------------------------


def addresses(child: Entity) -> list[str]:
    task = Task.objects.filter(entity=child).order_by("pk")[0]
    evaluation = Evaluation.objects.filter(entity=child)[0]
    return [
        of(child, "evaluation"),
        of(child, "evaluations"),
        of(child, f"evaluations/{evaluation.pk}"),
        of(child, "timeline"),
        of(child, "tier"),
        f"{base(child)}/tasks/{task.pk}",
        f"{base(child)}/tasks/{task.pk}/history",
    ]


def test_a_stranger_gets_404_for_everything_about_the_child(
    child: Entity, stranger: User, county: User, client_for: ClientFor
) -> None:
    tell(child, "home_visit", DANGER)
    for path in addresses(child):
        assert client_for(county).get(path).status_code == 200, path
        assert client_for(stranger).get(path).status_code == 404, path
    assert client_for(stranger).get(f"{base(child)}/tasks").json()["value"] == []
    for path, body in (("tier", {"action": "confirm"}),):
        assert send(client_for(stranger), "POST", of(child, path), body).status_code == 404


def test_nobody_gets_401(child: Entity, client: Client) -> None:
    tell(child, "home_visit", DANGER)
    rules = f"{base(child)}/rule-sets"
    for path in (*addresses(child), f"{base(child)}/tasks", rules, f"{rules}/small"):
        assert client.get(path).status_code == 401, path
    assert send(client, "POST", f"{rules}/small/evaluate", {"facts": {}}).status_code == 401


def test_a_field_worker_may_not_read_or_change_rules(
    child: Entity, lan: User, county: User, client_for: ClientFor
) -> None:
    rules = f"{base(child)}/rule-sets"
    assert client_for(lan).get(rules).status_code == 403
    assert client_for(county).get(rules).status_code == 200
    assert send(client_for(county), "PUT", f"{rules}/small/draft", DOCUMENT).status_code == 403
    assert send(client_for(county), "POST", f"{rules}/small/draft/release", {}).status_code == 403


@pytest.mark.parametrize("number", ["99999999999999999999", "0"])
def test_numbers_that_are_none_of_ours_are_not_found(
    child: Entity, county: User, client_for: ClientFor, number: str
) -> None:
    client = client_for(county)
    assert client.get(f"/v1/projects/{number}/tasks").status_code == 404
    assert client.get(f"{base(child)}/tasks/{number}").status_code == 404
    assert client.get(of(child, f"evaluations/{number}")).status_code == 404
    assert client.get(f"/v1/projects/{number}/rule-sets/small").status_code == 404


# --- documents and releases --------------------------------------------------------------------


def test_a_rule_set_goes_from_draft_to_force_by_two_persons(
    country: Country, author: User, approver: User, client_for: ClientFor
) -> None:
    child = make_child(country.village)
    rules = f"{base(child)}/rule-sets"
    first, second = client_for(author), client_for(approver)
    assert send(first, "POST", rules, {"document": DOCUMENT}).json()["activeRelease"] is None
    assert send(first, "POST", f"{rules}/small/draft/request", {"note": "first"}).status_code == 200
    own = send(first, "POST", f"{rules}/small/draft/release", {})
    assert (own.status_code, own.json()["code"]) == (403, "403.601")
    released = send(second, "POST", f"{rules}/small/draft/release", {}).json()
    assert (released["status"], released["number"]) == ("approved", 1)
    assert second.get(f"{rules}/small").json()["document"]["settings"]["name"] == "small"
    assert second.get(f"{rules}/small/releases/1").json()["document"] == DOCUMENT


def test_an_earlier_release_comes_back_into_force(
    child: Entity, author: User, approver: User, client_for: ClientFor
) -> None:
    rules = f"{base(child)}/rule-sets/small"
    first, second = client_for(author), client_for(approver)
    send(first, "PUT", f"{rules}/draft", changed(score=30))
    send(first, "POST", f"{rules}/draft/request", {})
    send(second, "POST", f"{rules}/draft/release", {"number": 2})
    assert [one["status"] for one in first.get(f"{rules}/releases").json()] == [
        "approved",
        "retired",
    ]
    back = {"activeRelease": 1, "reason": "误升"}
    assert send(second, "PATCH", rules, back).json()["activeRelease"] == 1


def test_a_refused_release_stays_out_of_force(
    child: Entity, author: User, approver: User, client_for: ClientFor
) -> None:
    rules = f"{base(child)}/rule-sets/small"
    send(client_for(author), "PUT", f"{rules}/draft", changed(score=30))
    send(client_for(author), "POST", f"{rules}/draft/request", {})
    body = {"approve": False, "note": "not yet"}
    refused = send(client_for(approver), "POST", f"{rules}/draft/release", body).json()
    assert refused["status"] == "refused"
    back = send(client_for(approver), "PATCH", rules, {"activeRelease": 2})
    assert (back.status_code, back.json()["code"]) == (409, "409.601")


@pytest.mark.parametrize(
    ("change", "column", "says"),
    [
        ({"when": "${dangr} = 'yes'"}, "when", "danger"),
        ({"when": "${danger} = 'yess'"}, "when", "yes"),
        ({"when": "${danger} > 3"}, "when", ""),
        ({"when": "${danger} = ("}, "when", ""),
        ({"tasks": ["T_RESCUEE"]}, "tasks", "T_RESCUE"),
    ],
)
def test_a_document_with_an_error_is_refused_at_its_cell_with_a_cure(
    child: Entity,
    author: User,
    client_for: ClientFor,
    change: dict[str, Any],
    column: str,
    says: str,
) -> None:
    path = f"{base(child)}/rule-sets/small/draft"
    answer = send(client_for(author), "PUT", path, changed(**change))
    assert answer.status_code == 400
    [place] = answer.json()["details"]["places"]
    assert (place["sheet"], place["row"], place["column"]) == ("rules", 2, column)
    assert says in answer.json()["message"]


def test_a_circle_is_refused(child: Entity, author: User, client_for: ClientFor) -> None:
    document = deepcopy(DOCUMENT)
    document["derived"] = [
        {"name": "a", "title": {"zh": "a", "en": "a"}, "type": "yes_no", "expr": "${b}"},
        {"name": "b", "title": {"zh": "b", "en": "b"}, "type": "yes_no", "expr": "${a}"},
    ]
    answer = send(client_for(author), "PUT", f"{base(child)}/rule-sets/small/draft", document)
    assert answer.status_code == 400
    assert answer.json()["details"]["places"][0]["sheet"] == "derived"


@pytest.mark.parametrize("body", ["", "[", "[]", '{"settings": 3}', "3", '"x"', "\x00"])
def test_nonsense_for_a_document_is_a_problem(
    child: Entity, author: User, client_for: ClientFor, body: str
) -> None:
    path = f"{base(child)}/rule-sets/small/draft"
    for kind in ("application/json", "application/yaml"):
        answer = client_for(author).put(path, body.encode(), content_type=kind)
        assert answer.status_code == 400, kind
        assert answer.json()["message"]


def test_yaml_goes_in_and_out(child: Entity, author: User, client_for: ClientFor) -> None:
    path, client = f"{base(child)}/rule-sets/small/draft", client_for(author)
    text = yaml.safe_dump(DOCUMENT, allow_unicode=True)
    assert client.put(path, text.encode(), content_type="application/yaml").status_code == 200
    assert client.get(path).json() == DOCUMENT
    again = client.get(path, headers={"Accept": "application/yaml"})
    assert yaml.safe_load(again.content)["settings"] == DOCUMENT["settings"]
    assert client.get(f"{path}/check").json()["releasable"] is True


def test_the_document_of_another_rule_set_is_refused(
    child: Entity, author: User, client_for: ClientFor
) -> None:
    document = deepcopy(DOCUMENT)
    document["settings"]["name"] = "other"
    answer = send(client_for(author), "PUT", f"{base(child)}/rule-sets/small/draft", document)
    assert (answer.status_code, answer.json()["code"]) == (400, "400.8")


# --- trial -------------------------------------------------------------------------------------


def test_facts_give_a_decision_and_nothing_is_stored(
    child: Entity, county: User, client_for: ClientFor
) -> None:
    path = f"{base(child)}/rule-sets/small/evaluate"
    answer = send(
        client_for(county), "POST", path, {"facts": {"danger": "yes"}, "as_of": "2026-09-01"}
    )
    decision = answer.json()
    assert (decision["tier"], decision["release"], decision["asOf"]) == ("red", 1, "2026-09-01")
    assert {task["id"] for task in decision["tasks"]} == {"T_RESCUE", "T_REPORT", "T_CARE"}
    assert decision["engines"] == {"kleene": "ok", "durable": "ok"}
    assert not Evaluation.objects.exists()


def test_submissions_give_a_decision_under_the_draft(
    child: Entity, author: User, client_for: ClientFor
) -> None:
    rules, client = f"{base(child)}/rule-sets/small", client_for(author)
    send(client, "PUT", f"{rules}/draft", changed(floor="yellow"))
    visit = {"form": "F02", "date": "2026-09-01", "data": DANGER}
    body = {"submissions": [visit], "as_of": "2026-09-02"}
    assert send(client, "POST", f"{rules}/evaluate", body).json()["tier"] == "red"
    drafted = send(client, "POST", f"{rules}/evaluate?release=draft", body).json()
    assert (drafted["tier"], drafted["release"]) == ("yellow", "draft")
    assert send(client, "POST", f"{rules}/evaluate?release=7", body).status_code == 404


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "400.8"),
        ({"facts": {}, "submissions": []}, "400.8"),
        ({"facts": {"dangr": "yes"}}, "400.611"),
        ({"facts": {"danger": 3.5}}, "400.661"),
        ({"facts": [], "as_of": "2026-09-01"}, "400.8"),
        ({"facts": {}, "as_of": "soon"}, "400.8"),
        ({"submissions": [{"form": "F02", "date": "2026-09-01"}]}, "400.2"),
        ([], "400.1"),
    ],
)
def test_a_trial_that_cannot_be_is_a_problem(
    child: Entity, county: User, client_for: ClientFor, body: Any, code: str
) -> None:
    path = f"{base(child)}/rule-sets/small/evaluate"
    answer = send(client_for(county), "POST", path, body)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


# --- the child ---------------------------------------------------------------------------------


def test_the_newest_evaluation_explains_itself_in_both_languages(
    child: Entity, county: User, client_for: ClientFor
) -> None:
    tell(child, "home_visit", {"danger": "no", "alone": "yes"})
    client = client_for(county)
    found = client.get(of(child, "evaluation"), headers={"Accept-Language": "zh-hans"}).json()
    assert found["explanation"]["sentence"].startswith("黄：因为孩子独处。仅凭得分20，应为蓝。")
    assert found["state"]["tier"] == "yellow"
    english = client.get(of(child, "evaluation"), headers={"Accept-Language": "en"}).json()
    assert english["explanation"]["sentence"].startswith("Yellow, because: Child alone.")
    [line] = english["explanation"]["decisive"]
    assert (line["because"][0]["text"], line["because"][0]["form"]) == ("Yes", "home_visit")


def test_answers_of_restricted_forms_are_hidden_from_those_who_may_not_read_them(
    child: Entity, lan: User, county: User, client_for: ClientFor
) -> None:
    tell(child, "home_visit", DANGER)
    Form.objects.update(sensitivity="restricted")
    for who, value in ((lan, None), (county, "yes")):
        found = client_for(who).get(of(child, "evaluation")).json()
        rule = next(one for one in found["rules"] if one["id"] == "R-DANGER")
        assert rule["because"][0]["value"] == value
        assert found["facts"]["danger"].get("value") == value
    text = client_for(lan).get(of(child, "timeline")).content.decode()
    assert '"fact":"danger","from":null,"to":null,"hidden":true' in text.replace(" ", "")


def test_past_evaluations_come_newest_first(
    child: Entity, county: User, client_for: ClientFor
) -> None:
    for answers in (ALL_WELL, ALL_WELL | {"alone": "yes"}):
        tell(child, "home_visit", answers)
    found = client_for(county).get(of(child, "evaluations")).json()
    assert [one["tier"] for one in found] == ["yellow", "green"]
    older = client_for(county).get(of(child, f"evaluations?before={found[0]['id']}")).json()
    assert [one["tier"] for one in older] == ["green"]
    past = client_for(county).get(of(child, f"evaluations/{older[0]['id']}")).json()
    assert past["tier"] == "green"


def test_the_timeline_tells_evaluations_decisions_and_tasks_with_what_changed(
    child: Entity, county: User, client_for: ClientFor, settings: Any
) -> None:
    settings.TIMELINE_SOURCES = ["rules.timeline.timeline"]
    tell(child, "home_visit", ALL_WELL)
    tell(child, "home_visit", ALL_WELL | {"alone": "yes"})
    found = client_for(county).get(of(child, "timeline")).json()
    assert {one["kind"] for one in found} == {"evaluation", "decision", "task"}
    newest = next(one for one in found if one["kind"] == "evaluation")
    assert newest["detail"]["facts"] == [
        {"fact": "alone", "from": "no", "to": "yes", "form": "home_visit"}
    ]
    assert newest["detail"]["rules"] == [{"id": "R-ALONE", "from": "false", "to": "true"}]
    tasks = client_for(county).get(of(child, "timeline?kind=task")).json()
    assert {one["kind"] for one in tasks} == {"task"}


def test_review_goes_through_the_api(child: Entity, town: User, client_for: ClientFor) -> None:
    tell(child, "home_visit", ALL_WELL | {"poor": "yes"})
    client, path = client_for(town), of(child, "tier")
    assert send(client, "POST", path, {"action": "confirm"}).json()["review"] is None
    body = {"action": "override", "tier": "yellow", "reasonCode": "discretionary", "reason": REASON}
    raised = send(client, "POST", path, body).json()
    assert (raised["tier"], raised["overriddenUntil"] is not None) == ("yellow", True)
    assert client.get(path).json()["tier"] == state_of(child).tier == "yellow"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"action": "destroy"}, 400),
        ({"action": "override"}, 400),
        ({"action": "override", "tier": "yellow", "reason": "short"}, 400),
        ({"action": "override", "tier": "blue", "reason": REASON, "until": "someday"}, 400),
        ({"action": "confirm", "evaluationId": 0}, 409),
        ({"action": "approve"}, 409),
        ("not json", 400),
    ],
)
def test_a_decision_that_cannot_be_is_a_problem(
    child: Entity, town: User, client_for: ClientFor, body: Any, status: int
) -> None:
    tell(child, "home_visit", ALL_WELL)
    answer = send(client_for(town), "POST", of(child, "tier"), body)
    assert answer.status_code == status
    assert answer.json()["message"]


# --- tasks -------------------------------------------------------------------------------------


def codes(answer: Any) -> list[str]:
    return [task["code"] for task in answer.json()["value"]]


def test_tasks_are_filtered_and_paged_by_key(
    child: Entity, lan: User, county: User, client_for: ClientFor
) -> None:
    with clock.at(NOON):
        tell(child, "home_visit", DANGER | {"poor": "yes"})
    client, path = client_for(county), f"{base(child)}/tasks"
    everything = ["T_REPORT", "T_RESCUE", "T_CARE", "T_AID"]
    assert codes(client.get(path)) == everything
    assert codes(client.get(f"{path}?tier=red")) == everything[:3]
    assert codes(client.get(f"{path}?assignee={lan.pk}&state=live")) == [
        "T_REPORT",
        "T_RESCUE",
        "T_AID",
    ]
    assert codes(client.get(f"{path}?role=town_supervisor")) == ["T_CARE"]
    assert codes(client.get(f"{path}?state=done")) == []
    assert codes(client.get(f"{path}?entity={child.uuid}&code=T_AID")) == ["T_AID"]
    assert codes(client.get(f"{path}?area={child.area.code}&dueBefore=2026-09-02")) == ["T_REPORT"]  # type: ignore[union-attr]
    with clock.at(days_later(2)):
        assert codes(client.get(f"{path}?overdue=true")) == everything[:3]
    seen, key = [], ""
    for _ in range(4):
        answer = client.get(f"{path}?limit=1&after={quote(key)}")
        seen += codes(answer)
        key = answer.json()["nextKey"] or ""
    assert (seen, key) == (everything, "")


@pytest.mark.parametrize(
    "query", ["entity=x", "dueBefore=soon", "after=1", "after=2026-01-01~1", "assignee=he"]
)
def test_a_filter_that_cannot_be_is_a_problem(
    child: Entity, county: User, client_for: ClientFor, query: str
) -> None:
    answer = client_for(county).get(f"{base(child)}/tasks?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "400.8")


def test_a_task_goes_from_accepted_to_verified(
    child: Entity, lan: User, town: User, client_for: ClientFor
) -> None:
    tell(child, "home_visit", DANGER)
    task = tasks_of(child)["T_RESCUE"]
    path = f"{base(child)}/tasks/{task.pk}"
    assert send(client_for(lan), "PATCH", path, {"action": "accept"}).json()["state"] == "accepted"
    done = send(client_for(lan), "PATCH", path, {"action": "done", "note": "见到孩子"}).json()
    assert (done["state"], done["actions"]) == ("verifying", ["note"])
    assert send(client_for(lan), "PATCH", path, {"action": "verify"}).status_code == 403
    assert send(client_for(town), "PATCH", path, {"action": "verify"}).json()["state"] == "done"
    history = client_for(town).get(f"{path}/history").json()
    assert [one["action"] for one in history] == ["opened", "accepted", "done", "verified"]


def test_a_task_is_assigned_by_a_supervisor(
    child: Entity, lan: User, town: User, client_for: ClientFor
) -> None:
    tell(child, "home_visit", DANGER)
    path = f"{base(child)}/tasks/{tasks_of(child)['T_CARE'].pk}"
    body = {"action": "assign", "assigneeId": lan.pk}
    assert send(client_for(lan), "PATCH", path, body).status_code == 403
    assert send(client_for(town), "PATCH", path, body).json()["assignee"]["id"] == lan.pk
    assert send(client_for(town), "PATCH", path, {"action": "assign"}).status_code == 400
    nobody = {"action": "assign", "assigneeId": 10**18}
    assert send(client_for(town), "PATCH", path, nobody).status_code == 400


def test_the_openapi_document_names_our_calls(client: Client) -> None:
    text = client.get("/v1/schema").content.decode()
    for path in ("/rule-sets/{name}/evaluate", "/entities/{uuid}/tier", "/tasks/{id}/history"):
        assert path in text
