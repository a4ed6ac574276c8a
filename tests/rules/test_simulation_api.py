"""Simulations over HTTP: who may start, read and cancel, what of a child is told to whom, bad input."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from rules.models import Simulation
from rules.services.drafts import put_draft
from server import clock
from server.journal.models import Entry, Reaction
from server.people.models import User
from server.people.roles import Role
from tests.conftest import Country, make_user
from tests.rules.county_kit import NOON
from tests.rules.simulation_kit import Village, changed, make_village

ClientFor = Callable[[User], Client]
Drain = Callable[[], int]
STRICTER = changed("rules", "R-POOR", floor="yellow")


@pytest.fixture
def author(country: Country) -> User:
    return make_user("author", Role.RULE_ADMIN)


@pytest.fixture
def village(country: Country, author: User) -> Any:
    found = make_village(country, author)
    Reaction.objects.all().delete()
    with clock.at(NOON):
        yield found


@pytest.fixture
def done(village: Village, drain: Drain) -> Simulation:
    """A finished simulation in which one child goes up."""
    simulation = village.start(STRICTER)
    drain()
    simulation.refresh_from_db()
    return simulation


def base(village: Village) -> str:
    return f"/v1/projects/{village.project.pk}/rule-sets/small"


def post(client: Client, path: str, body: Any = None) -> Any:
    text = body if isinstance(body, str) else json.dumps(body or {})
    return client.post(path, text, content_type="application/json")


def test_start_watch_read(
    village: Village, author: User, client_for: ClientFor, drain: Drain
) -> None:
    put_draft(village.rule_set, STRICTER, author)
    client = client_for(author)
    answer = post(client, f"{base(village)}/draft/simulate", {"note": "更严"})
    assert answer.status_code == 202
    started = answer.json()
    assert (started["state"], started["candidate"], started["base"]) == ("waiting", "draft", 1)
    assert started["asOf"] == "2026-09-01"
    address = f"{base(village)}/simulations/{started['id']}"
    assert client.get(address).json()["result"] is None
    drain()
    found = client.get(address).json()
    assert (found["state"], found["done"], found["total"]) == ("done", 5, 5)
    result = found["result"]
    assert (result["children"], result["moved"], result["up"], result["down"]) == (5, 1, 1, 0)
    assert result["matrix"]["blue"] == {"yellow": 1}
    assert result["reasons"] == [
        {"id": "R-POOR", "title": {"zh": "家庭贫困", "en": "Poor family"}, "old": "true",
         "new": "true", "children": 1}
    ]  # fmt: skip
    assert result["neverHit"] == ["R-AGAIN"]
    assert result["unknown"][0] == {"fact": "alone", "children": 1, "share": 0.2}
    listed = client.get(f"{base(village)}/simulations").json()
    assert [one["id"] for one in listed["value"]] == [started["id"]]
    assert listed["nextKey"] is None


def test_a_past_day_an_area_and_a_sample_can_be_asked_for(
    village: Village, country: Country, author: User, client_for: ClientFor
) -> None:
    body = {"as_of": "2026-08-01", "area": country.town.code, "sample": 3, "candidate": "1"}
    found = post(client_for(author), f"{base(village)}/draft/simulate", body).json()
    assert (found["asOf"], found["candidate"]) == ("2026-08-01", "1")
    assert found["scope"] == {
        "area": {"code": country.town.code, "name": country.town.name}, "sample": 3, "seed": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"as_of": "2026-09-02"}, 400),
        ({"as_of": "gestern"}, 400),
        ({"sample": 0}, 400),
        ({"sample": "viele"}, 400),
        ({"sample": 10**30}, 400),
        ({"seed": -1}, 400),
        ({"area": "000000"}, 404),
        ({"area": "x" * 50}, 400),
        ({"candidate": "99"}, 404),
        ({"candidate": {"a": 1}}, 400),
        ({"note": "x" * 201}, 400),
        ([1], 400),
        ("{", 400),
    ],
)
def test_bad_input_is_refused_and_starts_nothing(
    village: Village, author: User, client_for: ClientFor, body: Any, status: int
) -> None:
    put_draft(village.rule_set, STRICTER, author)
    answer = post(client_for(author), f"{base(village)}/draft/simulate", body)
    assert answer.status_code == status, answer.content
    assert answer.json()["code"]
    assert not Simulation.objects.exists()


def test_a_child_is_named_only_to_who_may_read_it(
    village: Village, done: Simulation, author: User, county: User, client_for: ClientFor
) -> None:
    address = f"{base(village)}/simulations/{done.pk}/moves"
    entries = Entry.objects.filter(action="entity.list")
    [hidden] = client_for(author).get(address).json()["value"]
    assert hidden["entity"] is None
    assert hidden["town"]["name"] == "河口镇"
    assert (hidden["oldTier"], hidden["newTier"]) == ("blue", "yellow")
    assert hidden["rules"][0]["title"]["zh"] == "家庭贫困"
    assert "王蓝" not in json.dumps(hidden, ensure_ascii=False)
    assert not entries.exists()
    [named] = client_for(county).get(address).json()["value"]
    child = village.children["王蓝"]
    assert named["entity"] == {"uuid": str(child.uuid), "label": "王蓝"}
    assert entries.get().details == {"simulation": done.pk, "count": 1}


def test_a_stranger_sees_neither_the_children_nor_the_town(
    village: Village, done: Simulation, stranger: User, county: User, client_for: ClientFor
) -> None:
    address = f"{base(village)}/simulations/{done.pk}"
    assert client_for(stranger).get(f"{address}/moves").json()["value"] == []
    assert client_for(stranger).get(address).json()["result"]["groups"]["area"] == {}
    assert list(client_for(county).get(address).json()["result"]["groups"]["area"]) == ["529901100"]


def test_moves_are_read_by_key_and_filtered_by_tier(
    village: Village, author: User, client_for: ClientFor, drain: Drain
) -> None:
    document = changed("rules", "R-POOR", floor="red")
    document["rules"][2] |= {"floor": "red"}
    simulation = village.start(document)
    drain()
    address = f"{base(village)}/simulations/{simulation.pk}/moves"
    client = client_for(author)
    first = client.get(address, {"limit": "1"}).json()
    assert (len(first["value"]), bool(first["nextKey"])) == (1, True)
    second = client.get(address, {"limit": "1", "after": first["nextKey"]}).json()
    assert second["nextKey"] is None
    assert {one["value"][0]["oldTier"] for one in (first, second)} == {"yellow", "blue"}
    assert len(client.get(address, {"from": "blue", "to": "red"}).json()["value"]) == 1
    assert client.get(address, {"from": "red"}).json()["value"] == []
    for odd in ("x", "1~", "~", "9" * 40 + "~1", "1~²"):
        assert client.get(address, {"after": odd}).status_code == 200


def test_cancel(village: Village, author: User, client_for: ClientFor, drain: Drain) -> None:
    simulation = village.start(STRICTER)
    address = f"{base(village)}/simulations/{simulation.pk}/cancel"
    assert post(client_for(author), address).json()["state"] == "cancelled"
    drain()
    assert post(client_for(author), address).status_code == 409
    simulation.refresh_from_db()
    assert (simulation.state, simulation.done) == ("cancelled", 0)


def test_reading_needs_the_right_to_read_rules_and_starting_to_change_them(
    village: Village, done: Simulation, county: User, lan: User, client: Client,
    client_for: ClientFor,
) -> None:  # fmt: skip
    one = f"{base(village)}/simulations/{done.pk}"
    for path in (f"{base(village)}/simulations", one, f"{one}/moves"):
        assert client.get(path).status_code == 401, path
        assert client_for(lan).get(path).status_code == 403, path
        assert client_for(county).get(path).status_code == 200, path
    for path in (f"{base(village)}/draft/simulate", f"{one}/cancel"):
        assert post(client, path).status_code == 401, path
        assert post(client_for(lan), path).status_code == 403, path
        assert post(client_for(county), path).status_code == 403, path


def test_a_simulation_belongs_to_its_rule_set(
    village: Village, done: Simulation, author: User, client_for: ClientFor
) -> None:
    client = client_for(author)
    assert client.get(f"{base(village)}/simulations/{done.pk + 1}").status_code == 404
    assert client.get(f"{base(village)}/simulations/{'9' * 25}").status_code == 404
    other = base(village).replace("/small", "/other")
    assert client.get(f"{other}/simulations/{done.pk}").status_code == 404


def test_a_rule_of_less_weight_brings_a_child_down(
    village: Village, author: User, client_for: ClientFor, drain: Drain
) -> None:
    document = changed("rules", "R-ALONE", score=1)
    del document["rules"][2]["floor"]
    simulation = village.start(document)
    drain()
    found = client_for(author).get(f"{base(village)}/simulations/{simulation.pk}").json()
    assert (found["result"]["up"], found["result"]["down"]) == (0, 1)
