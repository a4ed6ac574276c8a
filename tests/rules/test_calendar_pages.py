"""The calendar for people: over the API, on the child's page, among the notices and the reasons of a task."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from forms.models import Entity
from rules.models import Notice, Task
from rules.services import evaluate
from server import clock
from server.people.models import User
from server.people.roles import Role
from tests.conftest import Country, make_user
from tests.rules.calendar_kit import SEEN, line, night, release
from tests.rules.county_kit import NOON, make_child, tasks_of, tell

BY_HAND = line("C-16", {"kind": "manual", "role": "county_civil"}, ["T_LETTER"])
YEARLY = line("C-1", {"kind": "yearly", "dates": ["09-01"]}, ["T_AID"])
ClientFor = Callable[[User], Client]


@pytest.fixture(autouse=True)
def agreeing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluate, "second_opinion", lambda *_: ("ok", ()))


@pytest.fixture
def child(country: Country, lan: User, county: User) -> Entity:
    child = make_child(country.village)
    with clock.at(NOON):
        release(child, BY_HAND, YEARLY)
        tell(child, "home_visit", SEEN)
    night(NOON)
    return child


def url(child: Entity, item: str = "") -> str:
    base = f"/v1/projects/{child.dataset.project_id}/datasets/child/entities/{child.uuid}/calendar"
    return f"{base}/{item}" if item else base


def post(client: Client, where: str, body: dict[str, Any] | None = None) -> Any:
    return client.post(where, body or {}, content_type="application/json")


def test_the_api_tells_what_was_opened_and_what_one_may_open(
    child: Entity, county: User, lan: User, client_for: ClientFor
) -> None:
    answer = client_for(county).get(url(child)).json()
    (one,) = answer["occasions"]
    assert (one["item"], one["key"]) == ("C-1", "2026-09-01")
    assert one["taskId"] == tasks_of(child)["T_AID"].pk
    assert [item["id"] for item in answer["byHand"]] == ["C-16"]
    assert client_for(lan).get(url(child)).json()["byHand"] == []


def test_the_api_opens_an_item_once_a_day(
    child: Entity, county: User, client_for: ClientFor
) -> None:
    first = post(client_for(county), url(child, "C-16"), {"note": "会商认定"})
    again = post(client_for(county), url(child, "C-16"))
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json()[0]["id"] == again.json()[0]["id"]
    assert Task.objects.filter(code="T_LETTER").count() == 1


def test_others_may_not(child: Entity, lan: User, stranger: User, client_for: ClientFor) -> None:
    assert post(client_for(lan), url(child, "C-16")).status_code == 403
    assert post(client_for(stranger), url(child, "C-16")).status_code == 404
    assert client_for(stranger).get(url(child)).status_code == 404
    assert post(Client(), url(child, "C-16")).status_code == 401
    assert Client().get(url(child)).status_code == 401
    assert not Task.objects.filter(code="T_LETTER").exists()


@pytest.mark.parametrize("item", ["C-1", "C-99", "%01", "x" * 300])
def test_what_is_no_item_by_hand_is_not_found(
    child: Entity, county: User, client_for: ClientFor, item: str
) -> None:
    assert post(client_for(county), url(child, item)).status_code == 404


def test_a_body_of_the_wrong_shape_is_refused(
    child: Entity, county: User, client_for: ClientFor
) -> None:
    answer = post(client_for(county), url(child, "C-16"), {"note": {"a": 1}})
    assert answer.status_code == 400
    assert not Task.objects.filter(code="T_LETTER").exists()


def test_the_childs_page_offers_it_to_the_role_alone_and_opens_it(
    child: Entity, county: User, lan: User, stranger: User, client_for: ClientFor
) -> None:
    page, action = f"/children/{child.uuid}", f"/children/{child.uuid}/calendar/C-16"
    assert action in client_for(county).get(page).content.decode()
    assert action not in client_for(lan).get(page).content.decode()
    assert client_for(lan).post(action, {"note": "会商认定"}).status_code == 403
    assert client_for(stranger).post(action, {"note": "会商认定"}).status_code == 404
    assert Client().post(action).status_code == 302
    assert not Task.objects.filter(code="T_LETTER").exists()
    answer = client_for(county).post(action, {"note": "会商认定"}, follow=True)
    assert "责任书" in answer.content.decode()
    assert Task.objects.filter(code="T_LETTER").count() == 1


def test_the_page_of_a_task_names_the_item_that_asks_for_it(
    child: Entity, lan: User, client_for: ClientFor
) -> None:
    page = client_for(lan).get(f"/tasks/{tasks_of(child)['T_AID'].pk}").content.decode()
    assert "项目C-1" in page


def test_a_notice_of_the_calendar_is_among_the_others(
    child: Entity, country: Country, client_for: ClientFor
) -> None:
    town = make_user("town", Role.TOWN_SUPERVISOR, country.town)
    Notice.objects.create(user=town, kind="calendar", text={"zh": "RP04 应当上报", "en": "RP04"})
    assert "RP04 应当上报" in client_for(town).get("/notices").content.decode()
