"""Rules tried in a browser: the page of a running simulation turns into its result by itself, on a desk and a phone."""

from typing import Any

import pytest
from playwright.sync_api import expect

from rules.services.drafts import put_draft
from server.journal.models import Reaction
from server.journal.services import run_pending
from server.people.models import User
from server.people.roles import Role
from tests.browser.conftest import DESK, PHONE, Visiting
from tests.conftest import Country, make_user
from tests.rules.simulation_kit import Village, changed, make_village


@pytest.fixture
def author(transactional_db: None, country: Country) -> User:
    return make_user("author", Role.RULE_ADMIN)


@pytest.fixture
def village(author: User, country: Country) -> Any:
    found = make_village(country, author)
    Reaction.objects.all().delete()
    put_draft(found.rule_set, changed("rules", "R-POOR", floor="yellow"), author)
    return found


@pytest.mark.parametrize("size", [DESK, PHONE])
def test_a_trial_is_started_watched_and_read(
    visit: Visiting, village: Village, author: User, size: tuple[int, int]
) -> None:
    opened = visit(author, size=size)
    page = opened.go(f"/rules/{village.rule_set.pk}/simulations")
    assert not opened.is_too_wide()
    page.get_by_role("button", name="开始试算").click()
    expect(page.locator("#progress")).to_contain_text("等待后台处理")
    assert not opened.is_too_wide()
    while run_pending(10):
        pass
    expect(page.locator("main")).to_contain_text("5名儿童中1名等级变化：1名升为黄。")
    assert not opened.is_too_wide()
    page.locator(".matrix td.rise a").click()
    expect(page.locator("[data-rows] tbody tr")).to_have_count(1)
    assert not opened.is_too_wide()
