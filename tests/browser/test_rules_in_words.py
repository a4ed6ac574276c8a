"""Chromium at the rules in words, the statistics and an objection: on a desk and on a phone."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from forms.models import Entity
from rules.models import RuleSet
from rules.services import evaluate
from rules.services.statistics import tally_new
from rules.services.tiers import confirm_tier
from server import clock
from server.people.models import User
from server.people.roles import Role
from tests.browser.conftest import DESK, PHONE
from tests.conftest import Country, make_user
from tests.rules.pages_kit import live, make_child, make_programme

Visiting = Callable[..., Any]
GROUNDS = "孩子已经找到并回家，不应再按失踪对待。"


@pytest.fixture(autouse=True)
def engines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluate, "second_opinion", lambda *_: ("ok", ()))


@pytest.fixture
def child(admin: User, county: User, lan: User, country: Country) -> Entity:
    found = make_child(make_programme(admin, county), "刘子浩", country.village)
    live(found, "S15 parents just left", lan)
    with clock.at(clock.now() + timedelta(hours=1)):
        tally_new()
    return found


@pytest.mark.parametrize("size", [DESK, PHONE])
def test_rules_and_statistics_fit_desk_and_phone(
    visit: Visiting, child: Entity, county: User, size: tuple[int, int]
) -> None:
    window = visit(county, size=size)
    rules = f"/rules/{RuleSet.objects.get().pk}"
    page = window.go(f"{rules}#R-S06")
    assert page.locator("#R-S06").is_visible()
    assert not window.is_too_wide()
    page.get_by_label("搜索规则和事实").fill("网吧")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=*")
    assert page.locator('tr[id^="R-"]').count() == 1
    page = window.go(f"{rules}/statistics?from=2026-01-01&to=2026-12-31")
    assert page.locator("table").first.is_visible()
    assert not window.is_too_wide()


@pytest.mark.parametrize("size", [DESK, PHONE])
def test_an_objection_is_taken_down_decided_and_printed(
    visit: Visiting, child: Entity, county: User, lan: User, country: Country, size: tuple[int, int]
) -> None:
    town = make_user("town", Role.TOWN_SUPERVISOR, country.town)
    confirm_tier(child, county)
    field = visit(lan, size=size)
    page = field.go(f"/children/{child.uuid}/appeal")
    page.get_by_label("监护人").check()
    page.get_by_label("理由").fill(GROUNDS)
    assert not field.is_too_wide()
    page.get_by_role("button", name="登记").click()
    page.wait_for_url("**/appeals/*")
    office = visit(town, size=size)
    page = office.go("/appeals")
    assert not office.is_too_wide()
    page.get_by_role("link", name="刘*浩").click()
    page.get_by_label("等级不变").check()
    answer = page.get_by_label("书面答复")
    answer.fill(answer.input_value() + "已再次入户，见到孩子，核对了每一条规则，情况没有变化。")
    assert not office.is_too_wide()
    page.get_by_role("button", name="决定并生成答复函").click()
    page.get_by_role("link", name="答复函").click()
    page.wait_for_url("**/letter")
    assert GROUNDS in page.locator(".letter").inner_text()
    assert not office.is_too_wide()
