"""The review queue: who sees whom, in which order, and what a decision on the page does."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from forms.models import Dataset, Entity
from rules.models import Task, TierDecision, TierState
from rules.services import evaluate
from server import clock
from server.people.models import User
from server.people.roles import Role
from tests.conftest import Country, make_user
from tests.rules.pages_kit import live, make_child, make_programme

ClientFor = Callable[[User], Client]
NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
HX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def engines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluate, "second_opinion", lambda *_: ("ok", ()))


@pytest.fixture
def today() -> Any:
    with clock.at(NOW):
        yield NOW


@pytest.fixture
def dataset(admin: User, county: User) -> Dataset:
    return make_programme(admin, county)


@pytest.fixture
def red(dataset: Dataset, country: Country, lan: User) -> Entity:
    """A child of Lan's village for whom red has just begun."""
    child = make_child(dataset, "刘子浩", country.village)
    live(child, "S21 missing", lan)
    return child


@pytest.fixture
def blue(dataset: Dataset, country: Country, lan: User) -> Entity:
    child = make_child(dataset, "王芳", country.next_village)
    live(child, "S15 parents just left", lan)
    return child


def rows(content: str) -> list[str]:
    return re.findall(r'id="row-([0-9a-f-]+)"', content)


def test_queue_shows_the_highest_tier_first_with_masked_names(
    client_for: ClientFor, county: User, red: Entity, blue: Entity, today: datetime
) -> None:
    page = client_for(county).get("/review").content.decode()
    assert rows(page) == [str(red.uuid), str(blue.uuid)]
    assert "刘*浩" in page
    assert "刘子浩" not in page
    assert "失踪或离家出走未归" in page


def test_stranger_sees_nobody_and_cannot_open_or_decide(
    client_for: ClientFor, stranger: User, red: Entity, today: datetime
) -> None:
    client = client_for(stranger)
    assert rows(client.get("/review").content.decode()) == []
    assert client.get(f"/review/{red.uuid}", headers=HX).status_code == 404
    assert client.post(f"/children/{red.uuid}/confirm").status_code == 404
    assert not TierDecision.objects.exclude(action="automatic").exists()


@pytest.mark.parametrize("path", ["/review", "/children", "/tasks", "/notices"])
def test_without_login_every_page_leads_to_the_login_and_back(
    client: Client, path: str, db: None
) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer["Location"]) == (302, f"/login?next={path}")


def test_field_worker_may_not_review(
    client_for: ClientFor, lan: User, red: Entity, today: datetime
) -> None:
    client = client_for(lan)
    assert client.get("/review").status_code == 403
    assert client.post(f"/children/{red.uuid}/confirm").status_code == 403


def test_drawer_tells_why_and_offers_what_this_person_may_do(
    client_for: ClientFor, county: User, country: Country, red: Entity, today: datetime
) -> None:
    drawer = client_for(county).get(f"/review/{red.uuid}", headers=HX).content.decode()
    assert "红色·紧急干预" in drawer
    assert f"/children/{red.uuid}/confirm" in drawer
    town = make_user("town", Role.TOWN_SUPERVISOR, country.town)
    drawer = client_for(town).get(f"/review/{red.uuid}", headers=HX).content.decode()
    assert f"/children/{red.uuid}/confirm" not in drawer  # red is the county's to confirm


def test_drawer_without_scripts_is_the_childs_page(
    client_for: ClientFor, county: User, red: Entity
) -> None:
    assert client_for(county).get(f"/review/{red.uuid}")["Location"] == f"/children/{red.uuid}"


def test_confirming_takes_the_child_out_of_the_queue(
    client_for: ClientFor, county: User, red: Entity, today: datetime
) -> None:
    client, state = client_for(county), TierState.objects.get(entity=red)
    answer = client.post(
        f"/children/{red.uuid}/confirm", {"evaluation": state.evaluation_id}, headers=HX
    )
    assert f"delete:#row-{red.uuid}" in answer.content.decode()
    assert rows(client.get("/review").content.decode()) == []
    assert TierDecision.objects.get(entity=red, action="confirm").actor_id == county.pk


def test_confirming_what_was_evaluated_again_meanwhile_is_refused(
    client_for: ClientFor, county: User, red: Entity, today: datetime
) -> None:
    state = TierState.objects.get(entity=red)
    answer = client_for(county).post(
        f"/children/{red.uuid}/confirm", {"evaluation": state.evaluation_id - 1}, headers=HX
    )
    assert answer.status_code == 409
    assert TierState.objects.get(entity=red).review != ""


def test_override_needs_twenty_characters_and_keeps_the_computed_tier_visible(
    client_for: ClientFor, county: User, blue: Entity, today: datetime
) -> None:
    client = client_for(county)
    given = {"tier": "yellow", "reason_code": "discretionary", "reason": "太短"}
    path = f"/children/{blue.uuid}/override"
    assert client.post(path, given, headers=HX).status_code == 400
    reason = "走访时看到照护人卧病在床，孩子近一周都是邻居送饭，需要加强帮扶。"
    assert client.post(path, given | {"reason": reason}).status_code == 302
    page = client.get(f"/children/{blue.uuid}").content.decode()
    assert "规则判定蓝色" in page
    assert TierState.objects.get(entity=blue).tier == "yellow"


@pytest.mark.parametrize("bad", [{"until": "soon"}, {"tier": "purple"}, {"reason_code": "whim"}])
def test_nonsense_in_the_dialog_is_a_problem_and_changes_nothing(
    client_for: ClientFor, county: User, blue: Entity, today: datetime, bad: dict[str, str]
) -> None:
    given = {"tier": "yellow", "reason_code": "policy", "reason": "理由" * 15, **bad}
    assert client_for(county).post(f"/children/{blue.uuid}/override", given).status_code == 400
    assert TierState.objects.get(entity=blue).tier == "blue"


def test_unknown_action_is_not_found(client_for: ClientFor, county: User, blue: Entity) -> None:
    assert client_for(county).post(f"/children/{blue.uuid}/delete").status_code == 404


def test_chosen_children_are_summed_up_first_and_confirmed_after(
    client_for: ClientFor, county: User, red: Entity, blue: Entity, today: datetime
) -> None:
    client, states = client_for(county), list(TierState.objects.all())
    chosen: dict[str, Any] = {"child": [state.pk for state in states]}
    summary = client.post("/review/confirm", chosen).content.decode()
    assert "将确认2名儿童" in summary
    assert not TierDecision.objects.filter(action="confirm").exists()
    seen = {f"evaluation-{state.pk}": state.evaluation_id for state in states}
    client.post("/review/confirm", chosen | seen | {"sure": "1"})
    assert TierDecision.objects.filter(action="confirm").count() == 2


def test_bulk_leaves_what_takes_two_persons_and_what_changed_meanwhile(
    client_for: ClientFor,
    county: User,
    dataset: Dataset,
    country: Country,
    blue: Entity,
    today: datetime,
) -> None:
    found = make_child(dataset, "杨梓", country.village)
    state = live(found, "S22 found and closed")
    assert (state.tier, state.proposed) == ("red", "yellow")
    other = TierState.objects.get(entity=blue)
    given: dict[str, Any] = {"child": [state.pk, other.pk], "sure": "1"}
    given[f"evaluation-{other.pk}"] = (other.evaluation_id or 0) + 1000
    client_for(county).post("/review/confirm", given)
    assert not TierDecision.objects.filter(action="confirm").exists()


def test_strangers_children_cannot_be_confirmed_in_bulk(
    client_for: ClientFor, stranger: User, red: Entity, today: datetime
) -> None:
    state = TierState.objects.get(entity=red)
    given = {"child": [state.pk], "sure": "1", f"evaluation-{state.pk}": state.evaluation_id}
    client_for(stranger).post("/review/confirm", given)
    assert TierState.objects.get(entity=red).review != ""


def test_filters_narrow_by_tier_why_area_worker_and_name(
    client_for: ClientFor, county: User, lan: User, red: Entity, blue: Entity, today: datetime
) -> None:
    client = client_for(county)

    def found(query: str) -> list[str]:
        return rows(client.get(f"/review?{query}").content.decode())

    assert found("tier=red") == found("why=up") == found("area=529901100201") == [str(red.uuid)]
    assert (
        found(f"worker={lan.pk}")
        == found("q=刘子")
        == found(f"q={str(red.uuid)[:8]}")
        == [str(red.uuid)]
    )
    assert found("tier=blue") == found("area=529901100202") == [str(blue.uuid)]
    assert found("area=nowhere") == found("q=nobody") == found("worker=x") == []


@pytest.mark.parametrize(
    "after", ["x", "1~2~3", "99999999999999999999~2026-01-01T00:00:00+00:00~1", "1~2026-01-01~1"]
)
def test_a_key_that_is_none_is_the_first_page(
    client_for: ClientFor, county: User, red: Entity, today: datetime, after: str
) -> None:
    answer = client_for(county).get("/review", {"after": after})
    assert answer.status_code == 200
    assert rows(answer.content.decode()) == [str(red.uuid)]


def test_pages_follow_by_key_and_show_everybody_once(
    client_for: ClientFor, county: User, dataset: Dataset, country: Country, blue: Entity, today: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("rules.pages.queue.SIZE", 2)
    evaluation = TierState.objects.get(entity=blue).evaluation
    for number in range(4):
        child = make_child(dataset, f"周{number}", country.village)
        TierState.objects.create(
            entity=child, tier="blue", rank=number % 2, review="new", evaluation=evaluation,
            waiting_since=NOW - timedelta(days=number // 2),
        )  # fmt: skip
    client, path = client_for(county), "/review"
    seen: list[str] = []
    while path and len(seen) <= 5:
        page = client.get(path).content.decode()
        seen += rows(page)
        more = re.search(r'href="(\?[^"]*after=[^"]+)"', page)
        path = f"/review{more[1].replace('&amp;', '&')}" if more else ""
    assert len(seen) == len(set(seen)) == 5


def test_queue_takes_few_queries_however_many_rows(
    client_for: ClientFor, county: User, dataset: Dataset, country: Country, blue: Entity, red: Entity,
    today: datetime, django_assert_max_num_queries: Any,
) -> None:  # fmt: skip
    evaluation = TierState.objects.get(entity=blue).evaluation
    for number in range(20):
        child = make_child(dataset, f"周{number}", country.village)
        TierState.objects.create(
            entity=child, tier="blue", review="new", evaluation=evaluation, waiting_since=NOW
        )
    client = client_for(county)
    client.get("/review")  # the rules are compiled once
    with django_assert_max_num_queries(24):
        assert len(rows(client.get("/review").content.decode())) == 22
    with django_assert_max_num_queries(16):
        client.get(f"/review/{red.uuid}", headers=HX)


def test_asking_for_facts_sends_a_task_and_leaves_the_child_in_the_queue(
    client_for: ClientFor, county: User, stranger: User, lan: User, red: Entity, today: datetime
) -> None:
    path, given = f"/children/{red.uuid}/ask", {"note": "孩子昨晚住在哪里？"}
    assert client_for(stranger).post(path, given).status_code == 404
    assert client_for(lan).post(path, given).status_code == 403
    client = client_for(county)
    assert client.post(path, {"note": " "}, headers=HX).status_code == 400
    Task.objects.filter(entity=red, code="T_DATA_FIX").update(state="done")
    assert "已发出" in client.post(path, given, headers=HX).content.decode()
    client.post(path, {"note": "父亲的电话还通吗？"})
    task = Task.objects.get(entity=red, code="T_DATA_FIX", state="open")
    assert "昨晚住在哪里" in task.why["zh"]
    assert "父亲的电话" in task.why["zh"]
    assert rows(client.get("/review").content.decode()) == [str(red.uuid)]
    evaluate.evaluate_entity(red.pk, "sweep")
    assert Task.objects.get(pk=task.pk).state == "open"  # what a person asked is not taken back


def test_empty_queue_says_so(client_for: ClientFor, county: User, dataset: Dataset) -> None:
    assert "没有待复核的儿童" in client_for(county).get("/review").content.decode()
