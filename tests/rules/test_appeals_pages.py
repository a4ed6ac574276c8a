"""Objections on pages and over the API: who sees and decides what, and what stands on the letter."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from forms.models import Entity
from rules.models import Appeal
from rules.services import evaluate
from rules.services.appeals import open_appeal
from rules.services.tiers import confirm_tier
from server import clock
from server.journal.models import Entry
from server.people.models import User
from server.people.roles import Role
from tests.conftest import Country, make_user
from tests.rules.county_kit import (
    ALL_WELL,
    NOON,
    days_later,
    make_child,
    release_small,
    state_of,
    tell,
)

ClientFor = Callable[[User], Client]
ANSWER = "已派未参与原核定的人员再次入户，见到孩子和母亲，核对了每一条规则。"
GROUNDS = "孩子的母亲已经回家，不应再按独处对待。"
TAKEN = {"by": "guardian", "grounds": GROUNDS, "name": "王秀英", "contact": "13800001234"}


@pytest.fixture(autouse=True)
def agreeing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluate, "second_opinion", lambda *_: ("ok", ()))


@pytest.fixture
def town(country: Country) -> User:
    return make_user("town", Role.TOWN_SUPERVISOR, country.town)


@pytest.fixture
def child(country: Country, lan: User, county: User, town: User) -> Entity:
    child = make_child(country.village)
    release_small(child.dataset.project)
    with clock.at(NOON):
        tell(child, "home_visit", ALL_WELL | {"alone": "yes"}, by=lan)
        confirm_tier(child, county)
    return child


@pytest.fixture
def appeal(child: Entity, lan: User) -> Appeal:
    with clock.at(NOON):
        return open_appeal(child, lan, **TAKEN)  # type: ignore[arg-type]


def send(client: Client, method: str, path: str, body: Any) -> Any:
    return client.generic(method, path, json.dumps(body), content_type="application/json")


def api(child: Entity) -> str:
    return f"/v1/projects/{child.dataset.project_id}"


def about(child: Entity) -> str:
    return f"{api(child)}/datasets/child/entities/{child.uuid}/appeals"


# --- pages -------------------------------------------------------------------------------------


def test_an_objection_goes_from_the_childs_page_to_the_letter(
    client_for: ClientFor, child: Entity, lan: User, town: User
) -> None:
    with clock.at(NOON):
        page = client_for(lan).get(f"/children/{child.uuid}").content.decode()
        assert f"/children/{child.uuid}/appeal" in page
        assert client_for(lan).get(f"/children/{child.uuid}/appeal").status_code == 200
        answer = client_for(lan).post(f"/children/{child.uuid}/appeal", TAKEN)
        appeal = Appeal.objects.get()
        assert answer["Location"] == f"/appeals/{appeal.pk}"
        page = client_for(town).get(f"/appeals/{appeal.pk}").content.decode()
        assert GROUNDS in page
        draft = re.findall(r'<textarea id="d-answer"[^>]*>([^<]*)', page)[0]
        assert "孩子独处（R-ALONE）" in draft
        assert client_for(town).get(f"/appeals/{appeal.pk}/letter").status_code == 404
        given = {"outcome": "dismissed", "answer": draft + ANSWER}
        assert client_for(town).post(f"/appeals/{appeal.pk}/decide", given).status_code == 302
        letter = client_for(town).get(f"/appeals/{appeal.pk}/letter").content.decode()
        body = letter.split('<article class="card letter">')[1].split("</article>")[0]
    assert ANSWER in body
    assert "王秀英" in body
    assert "张小明" in body
    assert not re.search("[红黄蓝绿]", body)
    assert Entry.objects.filter(action="appeal.read").count() == 2


def test_the_list_begins_with_what_is_due_first_and_filters(
    client_for: ClientFor, appeal: Appeal, county: User, town: User, country: Country
) -> None:
    other = make_child(country.village, appeal.entity.dataset.project, "李小红")
    with clock.at(days_later(3)):
        tell(other, "home_visit", ALL_WELL)
        later = open_appeal(other, town, by="child", grounds=GROUNDS)
    with clock.at(days_later(17)):
        page = client_for(county).get("/appeals").content.decode()
        assert re.findall(r'href="/appeals/(\d+)"', page) == [str(appeal.pk), str(later.pk)]
        assert "张*明" in page
        assert "张小明" not in page
        assert re.search(r'chip bad">\s*已逾期', page)
        page = client_for(county).get("/appeals?state=dismissed").content.decode()
        assert "/appeals/" not in page.split("<table")[-1].split("<form")[0] or "table" not in page
        assert str(other.label) not in page
        assert client_for(county).get("/appeals?after=nonsense&q=x&area=y").status_code == 200


def test_the_review_queue_counts_open_objections(
    client_for: ClientFor, appeal: Appeal, county: User, stranger: User
) -> None:
    def tile(user: User) -> tuple[str, str]:
        page = client_for(user).get("/review").content.decode()
        found = re.search(r'class="tile ([a-z]*)" href="/appeals"><b>(\d+)</b>', page)
        assert found is not None
        return found[1], found[2]

    with clock.at(days_later(3)):
        assert tile(county) == ("warn", "1")
        assert tile(stranger) == ("", "0")
    with clock.at(days_later(20)):
        assert tile(county) == ("bad", "1")


def test_strangers_find_nothing_and_nobody_is_led_to_the_login(
    client_for: ClientFor, client: Client, appeal: Appeal, stranger: User
) -> None:
    paths = [
        f"/appeals/{appeal.pk}",
        f"/appeals/{appeal.pk}/letter",
        f"/children/{appeal.entity.uuid}/appeal",
    ]
    for path in paths:
        assert client_for(stranger).get(path).status_code == 404, path
        assert client.get(path).status_code == 302, path
    assert client.get("/appeals").status_code == 302
    assert GROUNDS not in client_for(stranger).get("/appeals").content.decode()
    for step in ("decide", "withdraw"):
        path = f"/appeals/{appeal.pk}/{step}"
        assert client_for(stranger).post(path, {}).status_code == 404
        assert client.post(path, {}).status_code == 302
    assert Appeal.objects.get().state == "open"


def test_who_decided_the_tier_is_told_that_another_must(
    client_for: ClientFor, appeal: Appeal, county: User
) -> None:
    page = client_for(county).get(f"/appeals/{appeal.pk}").content.decode()
    assert "d-answer" not in page
    given = {"outcome": "dismissed", "answer": ANSWER}
    assert client_for(county).post(f"/appeals/{appeal.pk}/decide", given).status_code == 403


def test_a_stale_page_decides_nothing(client_for: ClientFor, appeal: Appeal, town: User) -> None:
    seen = state_of(appeal.entity).evaluation_id
    tell(appeal.entity, "home_visit", ALL_WELL | {"alone": "yes", "poor": "yes"})
    given = {"outcome": "upheld", "tier": "red", "answer": ANSWER, "evaluation": seen}
    assert client_for(town).post(f"/appeals/{appeal.pk}/decide", given).status_code == 409
    assert (Appeal.objects.get().state, state_of(appeal.entity).tier) == ("open", "yellow")


@pytest.mark.parametrize("bad", [{"by": "x"}, {"grounds": ""}, {"received_on": "soon"}])
def test_what_a_form_sends_wrongly_changes_nothing(
    client_for: ClientFor, child: Entity, lan: User, bad: dict[str, str]
) -> None:
    assert client_for(lan).post(f"/children/{child.uuid}/appeal", TAKEN | bad).status_code == 400
    assert not Appeal.objects.exists()


def test_signs_that_no_database_keeps_are_left_out(
    client_for: ClientFor, child: Entity, lan: User, town: User
) -> None:
    given = {name: f"{text}\x00" for name, text in TAKEN.items()} | {"by": "guardian"}
    assert client_for(lan).post(f"/children/{child.uuid}/appeal", given).status_code == 302
    appeal = Appeal.objects.get()
    assert (appeal.grounds, appeal.name) == (GROUNDS, "王秀英")
    decided = {"outcome": "upheld", "tier": "red", "answer": f"{ANSWER}\x00"}
    assert client_for(town).post(f"/appeals/{appeal.pk}/decide", decided).status_code == 302
    assert "\x00" not in Appeal.objects.get().answer


def test_withdrawing_on_the_page(client_for: ClientFor, appeal: Appeal, lan: User) -> None:
    answer = client_for(lan).post(f"/appeals/{appeal.pk}/withdraw", {"note": "电话撤回"})
    assert answer.status_code == 302
    assert Appeal.objects.get().state == "withdrawn"


# --- API ---------------------------------------------------------------------------------------


def test_an_objection_over_the_api(
    client_for: ClientFor, child: Entity, lan: User, town: User
) -> None:
    body = {"by": "guardian", "grounds": GROUNDS, "receivedOn": "2026-09-01"}
    with clock.at(NOON):
        made = send(client_for(lan), "POST", about(child), body).json()
        assert (made["dueOn"], made["state"], made["isLate"]) == ("2026-09-16", "open", False)
        one = f"{api(child)}/appeals/{made['id']}"
        assert "R-ALONE" in client_for(town).get(one).json()["draft"]
        changed = {"state": "dismissed", "answer": ANSWER}
        decided = send(client_for(town), "PATCH", one, changed).json()
    assert decided["state"] == "dismissed"
    assert decided["decidedBy"]["displayName"] == "town"
    assert client_for(lan).get(about(child)).json()[0]["id"] == made["id"]
    page = client_for(town).get(f"{api(child)}/appeals?state=dismissed").json()
    assert ([one["id"] for one in page["value"]], page["nextKey"]) == ([made["id"]], None)


def test_the_api_pages_by_key(
    client_for: ClientFor, appeal: Appeal, town: User, country: Country,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("rules.api.appeals.PAGE", 1)
    other = make_child(country.village, appeal.entity.dataset.project, "李小红")
    tell(other, "home_visit", ALL_WELL)
    later = open_appeal(other, town, by="child", grounds=GROUNDS)
    first = client_for(town).get(f"{api(other)}/appeals").json()
    second = client_for(town).get(f"{api(other)}/appeals?after={first['nextKey']}").json()
    assert [one["id"] for one in first["value"] + second["value"]] == [appeal.pk, later.pk]
    assert second["nextKey"] is None


def test_the_api_keeps_to_areas_roles_and_shapes(
    client_for: ClientFor, client: Client, appeal: Appeal, lan: User, stranger: User
) -> None:
    child = appeal.entity
    one = f"{api(child)}/appeals/{appeal.pk}"
    for path in (one, about(child), f"{api(child)}/appeals"):
        assert client.get(path).status_code == 401, path
    assert client_for(stranger).get(one).status_code == 404
    assert client_for(stranger).get(about(child)).status_code == 404
    assert client_for(stranger).get(f"{api(child)}/appeals").json()["value"] == []
    assert send(client_for(stranger), "PATCH", one, {"state": "dismissed"}).status_code == 404
    assert send(client_for(lan), "PATCH", one, {"state": "dismissed"}).status_code == 403
    bodies: tuple[Any, ...] = ({"state": "open"}, {}, [], {"state": "upheld", "until": "soon"})
    for body in bodies:
        assert send(client_for(lan), "PATCH", one, body).status_code == 400
    assert client_for(lan).get(f"{api(child)}/appeals?state=nonsense").status_code == 400
    assert send(client_for(lan), "POST", about(child), {"by": "x"}).status_code == 400
