"""Releases over HTTP: who may do what, in which order, and what is answered."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from forms.models import Entity
from rules.services import evaluate, trial
from server import clock
from server.people.models import User
from server.people.roles import Role
from tests.conftest import Country, make_user
from tests.rules.county_kit import make_child, release_small, tell
from tests.rules.release_kit import POOR, stricter

ClientFor = Callable[[User], Client]


@pytest.fixture(autouse=True)
def agreeing(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (evaluate, trial):
        monkeypatch.setattr(module, "second_opinion", lambda *_: ("ok", ()))
    for name in ("deciding", "activating"):
        monkeypatch.setattr(f"rules.services.releases.{name}.prove", lambda _: None)


@pytest.fixture
def child(country: Country, drain: Callable[[], int]) -> Entity:
    child = make_child(country.village)
    release_small(child.dataset.project)
    tell(child, "home_visit", POOR)
    drain()
    return child


class Caller:
    """One person's calls below the rule set."""

    def __init__(self, client: Client, child: Entity) -> None:
        self.client = client
        self.base = f"/v1/projects/{child.dataset.project_id}/rule-sets/small"

    def __call__(self, method: str, path: str, body: Any = None) -> Any:
        text = json.dumps(body) if body is not None else ""
        path = f"{self.base}/{path}"
        return self.client.generic(method, path, text, content_type="application/json")

    def ok(self, method: str, path: str, body: Any = None) -> Any:
        answer = self(method, path, body)
        assert answer.status_code < 300, (path, answer.status_code, answer.content)
        return answer.json() if answer.content else None

    def code(self, method: str, path: str, body: Any = None) -> tuple[int, str]:
        answer = self(method, path, body)
        return answer.status_code, answer.json()["code"]


@pytest.fixture
def author(child: Entity, client_for: ClientFor) -> Caller:
    return Caller(client_for(make_user("author", Role.RULE_ADMIN)), child)


@pytest.fixture
def approver(child: Entity, client_for: ClientFor) -> Caller:
    return Caller(client_for(make_user("approver", Role.RULE_ADMIN)), child)


def asked(author: Caller, points: int = 31) -> None:
    author.ok("PUT", "draft", stricter(points))
    author.ok("POST", "draft/request", {"note": "贫困加分"})


def test_a_release_goes_its_way_over_http(
    author: Caller, approver: Caller, drain: Callable[[], int]
) -> None:
    asked(author)
    assert author.code("POST", "draft/release", {"number": 2}) == (403, "403.601")
    done = approver.ok("POST", "draft/release", {"number": 2})
    assert (done["status"], done["base"], done["author"]["displayName"]) == (
        "approved",
        1,
        "author",
    )
    run = author.ok("GET", "releases/2/reevaluation")
    assert (run["state"], run["total"], run["done"]) == ("running", 1, 0)
    paused = author.ok("POST", "releases/2/reevaluation/pause")
    assert paused["state"] == "paused"
    assert author.code("POST", "releases/2/reevaluation/pause") == (409, "409.631")
    author.ok("POST", "releases/2/reevaluation/resume")
    drain()
    run = author.ok("GET", "releases/2/reevaluation")
    assert (run["state"], run["summary"]["up"], run["summary"]["changes"]) == (
        "done",
        1,
        {"rules": 1},
    )
    assert approver.code("POST", "releases/1/activate", {}) == (400, "400.2")
    assert approver.ok("POST", "releases/1/activate", {"reason": "误升"})["status"] == "approved"
    assert [one["status"] for one in author.ok("GET", "releases")] == ["retired", "approved"]


def test_a_request_is_refused_withdrawn_or_set_for_a_day(author: Caller, approver: Caller) -> None:
    asked(author)
    refused = {"approve": False}
    assert approver.code("POST", "draft/release", refused) == (400, "400.2")
    answer = approver.ok("POST", "draft/release", refused | {"note": "先试算"})
    assert (answer["status"], answer["answer"]) == ("refused", "先试算")
    author.ok("POST", "draft/request", {})
    assert author.code("POST", "draft/request", {}) == (409, "409.632")
    assert author.ok("POST", "releases/3/withdraw", {"reason": "笔误"})["status"] == "withdrawn"
    author.ok("POST", "draft/request", {})
    at = (clock.now() + timedelta(days=2)).isoformat()
    answer = approver.ok("POST", "draft/release", {"activateAt": at})
    assert (answer["status"], answer["activatedAt"], answer["activateAt"] is None) == (
        "approved",
        None,
        False,
    )
    assert approver.ok("GET", "releases/1")["status"] == "approved"


@pytest.mark.parametrize(
    "at", ["yesterday", "2020-01-01T00:00:00Z", 5, {"a": 1}, "9999-99-99T00:00", [], True]
)
def test_a_moment_that_is_none_is_a_problem(author: Caller, approver: Caller, at: Any) -> None:
    asked(author)
    answer = approver("POST", "draft/release", {"activateAt": at})
    assert (answer.status_code, answer.json()["code"]) == (400, "400.8")
    assert approver.ok("GET", "releases/2")["status"] == "requested"


def test_a_candidate_is_watched_over_http(
    author: Caller, county: User, child: Entity, client_for: ClientFor, drain: Callable[[], int]
) -> None:
    assert author.code("GET", "shadow") == (404, "404.1")
    author.ok("PUT", "draft", stricter())
    until = (clock.now() + timedelta(days=7)).isoformat()
    assert author.code("POST", "shadow", {}) == (400, "400.2")
    assert author.code("POST", "shadow", {"until": "soon"}) == (400, "400.8")
    assert author.code("POST", "shadow", {"until": until, "release": 77}) == (404, "404.1")
    begun = author.ok("POST", "shadow", {"until": until})
    assert (begun["release"], begun["isRunning"], begun["compared"]) == (2, True, 0)
    drain()
    report = author.ok("GET", "shadow")
    assert (report["differing"], report["agreement"]) == (1, 0.0)
    assert report["matrix"] == [{"inForce": "blue", "candidate": "yellow", "count": 1}]
    hidden = author.ok("GET", "releases/2/shadow/children?after=x")["value"]
    named = Caller(client_for(county), child).ok("GET", "releases/2/shadow/children")["value"]
    assert (hidden[0]["entity"], named[0]["entity"]["label"]) == (None, child.label)
    assert author("DELETE", "shadow").status_code == 204
    assert author.ok("GET", "releases/2/shadow")["isRunning"] is False
    assert author.code("DELETE", "shadow") == (409, "409.636")


CALLS = [
    ("GET", "releases", None),
    ("GET", "releases/1", None),
    ("GET", "releases/1/reevaluation", None),
    ("GET", "releases/1/shadow", None),
    ("GET", "releases/1/shadow/children", None),
    ("POST", "draft/request", {}),
    ("POST", "draft/release", {}),
    ("POST", "releases/1/activate", {"reason": "x"}),
    ("POST", "releases/1/withdraw", {}),
    ("POST", "releases/1/reevaluation/pause", None),
    ("POST", "releases/1/reevaluation/resume", None),
    ("POST", "shadow", {"until": "2030-01-01T00:00:00Z"}),
    ("DELETE", "shadow", None),
]


def test_who_may_not_is_refused_at_every_call(
    child: Entity, lan: User, county: User, client: Client, client_for: ClientFor
) -> None:
    nobody, worker = Caller(client, child), Caller(client_for(lan), child)
    coordinator = Caller(client_for(county), child)
    for method, path, body in CALLS:
        assert nobody.code(method, path, body) == (401, "401.2"), path
        assert worker.code(method, path, body) == (403, "403.1"), path
        if method != "GET":
            assert coordinator.code(method, path, body) == (403, "403.1"), path
    other = Caller(client_for(county), child)
    other.base = other.base.replace("small", "other")
    assert all(other(method, path, body).status_code in (403, 404) for method, path, body in CALLS)
    assert coordinator.code("GET", "releases/99") == (404, "404.1")
