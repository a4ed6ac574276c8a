"""The pages of a child, of tasks and of notices: masked, scoped, journalled, and what can be done there."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from forms.models import Dataset, Entity, Form
from rules.models import Evaluation, Notice, Task, TierState
from rules.services import evaluate
from server import clock
from server.journal.models import Entry
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
def child(dataset: Dataset, country: Country, lan: User, county: User) -> Entity:
    """A child of Lan's village, red because somebody reported harm; seen today."""
    child = make_child(
        dataset, "欧阳小明", country.village, dob="2014-03-08", last_visit_date="2026-11-01"
    )
    live(child, "S23 not left behind, but harmed", lan)
    return child


def text_of(answer: Any) -> str:
    content: str = answer.content.decode()
    return content


def test_child_page_masks_who_it_is_and_notes_who_read_it(
    client_for: ClientFor, lan: User, child: Entity, today: datetime
) -> None:
    page = text_of(client_for(lan).get(f"/children/{child.uuid}"))
    assert "欧*明" in page
    for secret in ("欧阳小明", "2014-03-08", "13800001234"):
        assert secret not in page
    assert (
        Entry.objects.filter(
            action="entity.read", actor=lan, subject=f"entity:{child.uuid}"
        ).count()
        == 1
    )


def test_revealing_shows_it_once_and_is_journalled(
    client_for: ClientFor, lan: User, child: Entity, today: datetime
) -> None:
    client, path = client_for(lan), f"/children/{child.uuid}/reveal"
    assert client.get(path).status_code == 405
    card = text_of(client.post(path, headers=HX))
    assert "欧阳小明" in card
    assert "13800001234" in card
    assert Entry.objects.filter(action="entity.reveal", actor=lan).count() == 1
    assert "欧阳小明" not in text_of(client.get(f"/children/{child.uuid}"))


@pytest.mark.parametrize("path", ["", "/feed", "/evaluations/1"])
def test_stranger_finds_no_child(
    client_for: ClientFor, stranger: User, child: Entity, path: str
) -> None:
    assert client_for(stranger).get(f"/children/{child.uuid}{path}").status_code == 404


def test_stranger_reveals_nothing_and_leaves_no_trace(
    client_for: ClientFor, stranger: User, child: Entity
) -> None:
    assert client_for(stranger).post(f"/children/{child.uuid}/reveal").status_code == 404
    assert not Entry.objects.filter(action__in=["entity.reveal", "entity.read"]).exists()


def test_explanation_names_rule_answer_form_and_day(
    client_for: ClientFor, county: User, child: Entity, today: datetime
) -> None:
    page = text_of(client_for(county).get(f"/children/{child.uuid}"))
    assert "决定因素" in page
    assert "疑似性侵害、猥亵或未成年怀孕流产" in page
    assert "F06 强制报告" in page


def test_answers_of_restricted_forms_are_hidden_from_field_workers(
    client_for: ClientFor, lan: User, county: User, child: Entity, today: datetime
) -> None:
    Form.objects.filter(xml_form_id="incident_report").update(
        sensitivity=Form.Sensitivity.RESTRICTED
    )
    path = f"/children/{child.uuid}"
    assert "受限" in text_of(client_for(lan).get(path))
    assert "受限" not in text_of(client_for(county).get(path))


def test_page_speaks_english_too(
    client_for: ClientFor, county: User, child: Entity, today: datetime
) -> None:
    client = client_for(county)
    client.cookies["django_language"] = "en"
    page = text_of(client.get(f"/children/{child.uuid}"))
    assert "Red: urgent intervention" in page
    assert "Decisive" in page


def test_band_has_a_span_for_each_tier_and_a_dot_for_each_form(
    client_for: ClientFor, county: User, dataset: Dataset, country: Country, today: datetime
) -> None:
    child = make_child(dataset, "杨梓", country.village)
    live(child, "S21 missing")
    page = text_of(client_for(county).get(f"/children/{child.uuid}"))
    band = page[page.index('class="band"') : page.index("</figure>", page.index('class="band"'))]
    assert band.count('class="visit"') == 3
    assert 'class="fill-red"' in band


def test_feed_shows_what_changed_and_filters_by_kind(
    client_for: ClientFor, county: User, child: Entity, today: datetime
) -> None:
    client, path = client_for(county), f"/children/{child.uuid}/feed"
    assert "项情况变化" in text_of(client.get(path))
    tasks = text_of(client.get(path, {"kind": "task"}))
    assert "任务已派发" in tasks
    assert "项情况变化" not in tasks
    assert client.get(path, {"kind": "nonsense"}).status_code == 200


def test_an_earlier_evaluation_has_its_own_address(
    client_for: ClientFor, county: User, child: Entity, today: datetime
) -> None:
    first = Evaluation.objects.filter(entity=child).order_by("id").first()
    assert first is not None
    client = client_for(county)
    assert "较早的一次" in text_of(client.get(f"/children/{child.uuid}/evaluations/{first.pk}"))
    assert client.get(f"/children/{child.uuid}/evaluations/999999").status_code == 404


def test_child_that_was_never_evaluated_has_a_page(
    client_for: ClientFor, county: User, dataset: Dataset, country: Country
) -> None:
    child = make_child(dataset, "新生", country.village, dob="nonsense")
    page = text_of(client_for(county).get(f"/children/{child.uuid}"))
    assert "该儿童尚未评估" in page
    assert f"/children/{child.uuid}/confirm" not in page


def test_what_the_field_typed_is_shown_as_text(
    client_for: ClientFor, county: User, dataset: Dataset, country: Country
) -> None:
    child = make_child(dataset, "<script>alert(1)</script>小", country.village)
    client = client_for(county)
    for path in ("/children", f"/children/{child.uuid}"):
        assert "<script>alert" not in text_of(client.get(path))
    assert "<script>alert" not in text_of(client.post(f"/children/{child.uuid}/reveal"))


def test_child_page_takes_few_queries(
    client_for: ClientFor,
    county: User,
    child: Entity,
    today: datetime,
    django_assert_max_num_queries: Any,
) -> None:
    client = client_for(county)
    client.get(f"/children/{child.uuid}")
    with django_assert_max_num_queries(40):
        client.get(f"/children/{child.uuid}")


# --- the registry ---------------------------------------------------------------------------------------------------


def names(answer: Any) -> list[str]:
    return re.findall(r'href="/children/([0-9a-f-]{36})"', text_of(answer))


def test_registry_lists_only_the_readers_children(
    client_for: ClientFor,
    lan: User,
    county: User,
    stranger: User,
    child: Entity,
    dataset: Dataset,
    country: Country,
) -> None:
    other = make_child(dataset, "何静", country.next_village)
    assert names(client_for(lan).get("/children")) == [str(child.uuid)]
    assert set(names(client_for(county).get("/children"))) == {str(child.uuid), str(other.uuid)}
    assert names(client_for(stranger).get("/children")) == []


def test_registry_filters_by_name_code_tier_and_state(
    client_for: ClientFor,
    county: User,
    child: Entity,
    dataset: Dataset,
    country: Country,
    today: datetime,
) -> None:
    other = make_child(dataset, "何静", country.next_village)
    client = client_for(county)

    def found(**query: str) -> list[str]:
        return names(client.get("/children", query))

    assert found(q="欧阳") == found(q=str(child.uuid)[:8]) == found(tier="red") == [str(child.uuid)]
    assert found(state="waiting") == [str(child.uuid)]
    assert found(state="none") == found(area="529901100202") == [str(other.uuid)]
    assert found(state="ending") == found(tier="purple") == []


def test_registry_pages_follow_by_key(
    client_for: ClientFor,
    county: User,
    dataset: Dataset,
    country: Country,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("rules.pages.registry.SIZE", 2)
    made = {str(make_child(dataset, "同名", country.village).uuid) for _ in range(5)}
    client, path = client_for(county), "/children"
    seen: list[str] = []
    while path and len(seen) <= 5:
        page = client.get(path)
        seen += names(page)
        more = re.search(r'href="(\?[^"]*after=[^"]+)"', text_of(page))
        path = f"/children{more[1].replace('&amp;', '&')}" if more else ""
    assert len(seen) == 5
    assert set(seen) == made


# --- tasks ----------------------------------------------------------------------------------------------------------


def some_task(child: Entity, code: str = "T_URGENT_VISIT") -> Task:
    return Task.objects.get(entity=child, code=code)


def test_field_workers_see_their_own_tasks_and_coordinators_all(
    client_for: ClientFor, lan: User, county: User, stranger: User, child: Entity, today: datetime
) -> None:
    mine = Task.objects.filter(assignee=lan, state__in=Task.LIVE).count()
    everybody = Task.objects.filter(state__in=Task.LIVE).count()
    assert 0 < mine < everybody

    def count(user: User, query: str = "") -> int:
        return text_of(client_for(user).get(f"/tasks{query}")).count('<tr class="link">')

    assert count(lan) == mine
    assert count(county) == everybody
    assert count(stranger) == count(stranger, "?who=all") == 0


def test_tasks_filter_by_tier_lateness_role_and_state(
    client_for: ClientFor, county: User, child: Entity, today: datetime
) -> None:
    client = client_for(county)

    def codes(**query: str) -> int:
        return text_of(client.get("/tasks", {"who": "all", **query})).count('<tr class="link">')

    late = Task.objects.filter(due_at__lt=NOW, state__in=("open", "accepted"))
    assert codes(late="1") == late.count() > 0
    assert (
        codes(role="town_supervisor")
        == Task.objects.filter(role="town_supervisor", state__in=Task.LIVE).count()
    )
    assert codes(state="done") == 0
    assert codes(q="欧阳") == codes()
    assert (
        codes(tier="red", after="x~y")
        == Task.objects.filter(tier="red", state__in=Task.LIVE).count()
    )


def test_a_task_is_accepted_done_and_verified_by_another(
    client_for: ClientFor, county: User, country: Country, child: Entity, today: datetime
) -> None:
    town = make_user("town", Role.TOWN_SUPERVISOR, country.town)
    task = some_task(child)
    Task.objects.filter(pk=task.pk).update(assignee=town)
    client, path = client_for(town), f"/tasks/{task.pk}"
    assert client.post(f"{path}/accept")["Location"] == path
    assert client.post(f"{path}/done", {"note": ""}).status_code == 400
    client.post(f"{path}/done", {"note": "11月23日到家，见到孩子"})
    assert Task.objects.get(pk=task.pk).state == "verifying"
    assert client.post(f"{path}/verify").status_code == 403  # nobody verifies their own work
    client_for(county).post(f"{path}/verify")
    assert Task.objects.get(pk=task.pk).state == "done"
    page = text_of(client.get(path))
    assert "见到孩子" in page
    assert "已核验" in page


def test_a_task_is_given_only_to_who_works_there(
    client_for: ClientFor, county: User, stranger: User, lan: User, child: Entity, today: datetime
) -> None:
    task, client = some_task(child), client_for(county)
    page = text_of(client.get(f"/tasks/{task.pk}"))
    assert f'value="{lan.pk}"' in page
    assert f'value="{stranger.pk}"' not in page
    path = f"/tasks/{task.pk}/assign"
    assert client.post(path, {"assignee": stranger.pk}).status_code == 404
    assert client.post(path, {"assignee": "x"}).status_code == 404
    client.post(path, {"assignee": lan.pk})
    assert Task.objects.get(pk=task.pk).assignee_id == lan.pk


def test_stranger_finds_no_task_and_changes_none(
    client_for: ClientFor, stranger: User, child: Entity
) -> None:
    task, client = some_task(child), client_for(stranger)
    assert client.get(f"/tasks/{task.pk}").status_code == 404
    assert client.post(f"/tasks/{task.pk}/accept").status_code == 404
    assert Task.objects.get(pk=task.pk).state == "open"


def test_unknown_step_is_not_found(client_for: ClientFor, county: User, child: Entity) -> None:
    assert client_for(county).post(f"/tasks/{some_task(child).pk}/explode").status_code == 404


def test_tasks_take_few_queries(
    client_for: ClientFor,
    county: User,
    child: Entity,
    today: datetime,
    django_assert_max_num_queries: Any,
) -> None:
    client, task = client_for(county), some_task(child)
    client.get("/tasks")
    with django_assert_max_num_queries(14):
        client.get("/tasks?who=all")
    with django_assert_max_num_queries(20):
        client.get(f"/tasks/{task.pk}")


# --- notices and menu -----------------------------------------------------------------------------------------------


def test_notices_are_ones_own_and_read_when_opened(
    client_for: ClientFor, county: User, lan: User, child: Entity, today: datetime
) -> None:
    Notice.objects.all().delete()
    told = Notice.objects.create(
        user=county, kind="tier", entity=child, text={"zh": f"{child.label} 进入红色", "en": "Red"}
    )
    client = client_for(county)
    page = text_of(client.get("/notices"))
    assert "进入红色" in page
    assert 'class="unread"' in page
    assert "欧阳小明" not in page
    assert "进入红色" not in text_of(client_for(lan).get("/notices"))
    assert client_for(lan).get(f"/notices/{told.pk}").status_code == 404
    assert client.get(f"/notices/{told.pk}")["Location"] == f"/children/{child.uuid}"
    assert 'class="unread"' not in text_of(client.get("/notices"))


def test_all_notices_are_read_at_once_and_only_ones_own(
    client_for: ClientFor, county: User, lan: User
) -> None:
    for user in (county, lan):
        Notice.objects.create(user=user, kind="task", text={"zh": "新任务", "en": "New"})
    client_for(county).post("/notices/read")
    assert [one.user_id for one in Notice.objects.filter(read_at=None)] == [lan.pk]


def test_the_menu_leads_reviewers_to_the_queue_and_field_workers_to_their_tasks(
    client_for: ClientFor, county: User, lan: User, admin: User
) -> None:
    assert client_for(county).get("/")["Location"] == "/review"
    assert client_for(lan).get("/")["Location"] == "/tasks"
    assert client_for(admin).get("/")["Location"] == "/forms"
    assert "/review" not in text_of(client_for(lan).get("/notices"))


def test_deadlines_are_told_as_people_say_them(today: datetime) -> None:
    from rules.templatetags.rules import due, due_tone, waited  # noqa: PLC0415

    assert due(NOW + timedelta(days=3)) == "还有3天"
    assert due(NOW + timedelta(hours=5)) == "还有5小时"
    assert due(NOW - timedelta(days=2)) == "逾期2天"
    assert [due_tone(NOW + timedelta(hours=h)) for h in (-1, 5, 50)] == ["bad", "warn", ""]
    assert waited(NOW - timedelta(minutes=40)) == "40分钟"


def test_a_child_whose_rules_were_withdrawn_still_has_a_page(
    client_for: ClientFor, county: User, child: Entity, today: datetime
) -> None:
    TierState.objects.filter(entity=child).update(previous="purple")
    assert client_for(county).get(f"/children/{child.uuid}").status_code == 200
