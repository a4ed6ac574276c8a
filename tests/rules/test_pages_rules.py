"""The rules in words: who may read them, what stands on the page, and that every rule has a place
to link to."""

import re
from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime

import pytest
from django.test import Client

from forms.models import Dataset, Entity
from rules.engine.rule_set import Due
from rules.models import RuleSet
from rules.pages.rule_sets.rule_words import due_words, groups_of
from rules.services import evaluate
from server import clock
from server.people.models import User
from server.people.roles import Role
from tests.conftest import Country, make_user
from tests.rules.county_kit import DOCUMENT, make_child, release_small
from tests.rules.pages_kit import live, make_programme
from tests.rules.pages_kit import make_child as make_programme_child
from tests.rules.programme_kit import programme

ClientFor = Callable[[User], Client]


@pytest.fixture(autouse=True)
def agreeing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluate, "second_opinion", lambda *_: ("ok", ()))


@pytest.fixture
def dataset(admin: User, county: User) -> Dataset:
    return make_programme(admin, county)


@pytest.fixture
def small(country: Country) -> Entity:
    child = make_child(country.village)
    release_small(child.dataset.project)
    return child


def page(client: Client, query: str = "", *, language: str = "zh-hans") -> str:
    path = f"/rules/{RuleSet.objects.get().pk}{query}"
    answer = client.get(path, headers={"Accept-Language": language})
    assert answer.status_code == 200, answer.status_code
    return str(answer.content.decode())


def ids(text: str) -> list[str]:
    return re.findall(r'<tr id="(R-[^"]+)"', text)


def test_every_rule_of_the_programme_stands_there_in_words_with_a_place_to_link_to(
    client_for: ClientFor, dataset: Dataset, county: User
) -> None:
    text = page(client_for(county))
    assert sorted(ids(text)) == sorted(rule.id for rule in programme().rules)
    assert "照护人年龄 ≥ 75" in text
    assert "WBF21,Q13,S55" in text
    assert "红色·紧急干预" in text
    assert "R-S01" in text
    assert "${alone_now}" in text  # as it is written, on demand


def test_the_page_reads_in_english_too(
    client_for: ClientFor, dataset: Dataset, county: User
) -> None:
    text = page(client_for(county), language="en")
    assert "Under 16 living without guardian" in text
    assert "within 24 hours" in text
    assert "Red: urgent intervention" in text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?q=r-s01", ["R-S01"]),
        ("?q=WBF86", ["R-E03"]),
        ("?dimension=activity", ["R-A01", "R-A02", "R-A03"]),
        ("?dimension=activity&floor=none&q=网吧", ["R-A02"]),
        ("?dimension=activity&floor=red", []),
        ("?q=nothing-of-this-kind", []),
    ],
)
def test_filters_leave_what_matches(
    client_for: ClientFor, dataset: Dataset, county: User, query: str, found: list[str]
) -> None:
    text = page(client_for(county), query)
    assert ids(text) == found
    assert found or "没有" in text


def test_a_past_release_is_shown_as_such(
    client_for: ClientFor, small: Entity, county: User
) -> None:
    document = deepcopy(DOCUMENT)
    document["rules"][1] |= {"score": 12, "title": {"zh": "家里困难", "en": "Poor family"}}
    release_small(small.dataset.project, document)
    assert "家里困难" in page(client_for(county))
    text = page(client_for(county), "?release=1")
    assert "家庭贫困" in text
    assert "家里困难" not in text
    assert "不是现行版本" in text
    for wrong in ("9", "x", "-1", "9" * 30):
        path = f"/rules/{RuleSet.objects.get().pk}?release={wrong}"
        assert client_for(county).get(path).status_code == 404


def test_a_switched_off_rule_is_marked_and_nothing_in_force_is_said(
    client_for: ClientFor, small: Entity, county: User
) -> None:
    document = deepcopy(DOCUMENT)
    document["rules"][1] |= {"on": False, "valid": {"from": "2027-01-01"}}
    release_small(small.dataset.project, document)
    assert "已停用" in page(client_for(county))
    RuleSet.objects.update(active=None)
    assert "尚无现行版本" in page(client_for(county))


def test_titles_cannot_carry_markup(client_for: ClientFor, small: Entity, county: User) -> None:
    document = deepcopy(DOCUMENT)
    document["rules"][1]["title"] = {"zh": "<script>x</script>{0}%s", "en": "<b>"}
    release_small(small.dataset.project, document)
    text = page(client_for(county))
    assert "<script>x" not in text
    assert "&lt;script&gt;x&lt;/script&gt;{0}%s" in text


def test_who_has_no_right_to_read_rules_sees_none(
    client_for: ClientFor, client: Client, small: Entity, lan: User, country: Country
) -> None:
    path = f"/rules/{RuleSet.objects.get().pk}"
    assert client_for(lan).get(path).status_code == 403
    assert client.get(path).status_code == 302
    admin = make_user("rules", Role.RULE_ADMIN)
    assert "张小明" not in client_for(admin).get(path).content.decode()
    assert client_for(admin).get("/rules/999").status_code == 404


def test_the_explanation_leads_to_the_rule_for_who_may_read_it(
    client_for: ClientFor, dataset: Dataset, country: Country, county: User, lan: User
) -> None:
    child = make_programme_child(dataset, "刘子浩", country.village)
    live(child, "S21 missing", lan)
    link = f"/rules/{RuleSet.objects.get().pk}?release=1#R-S06"
    with clock.at(datetime(2026, 11, 23, 6, 0, tzinfo=UTC)):
        assert link in client_for(county).get(f"/children/{child.uuid}").content.decode()
        assert "#R-S06" not in client_for(lan).get(f"/children/{child.uuid}").content.decode()


def test_time_limits_and_groups_in_words() -> None:
    limits = [Due("hours", 0), Due("hours", 24), Due("days", 3), Due("working_days", 5)]
    assert [due_words(one) for one in limits] == ["立即", "24小时内", "3天内", "5个工作日内"]
    assert sum(len(group.rows) for group in groups_of(programme())) == 70
