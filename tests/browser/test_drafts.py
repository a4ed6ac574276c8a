"""A draft in a browser: the workbook is dropped, its faults or its difference are read, it replaces the draft; on a
desk and a phone."""

import os
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from rules.models import RuleSet
from rules.workbook import workbook_bytes
from server.people.models import User
from server.people.roles import Role
from tests.browser.conftest import DESK, PHONE, Visiting
from tests.conftest import Country, make_user
from tests.rules.county_kit import DOCUMENT, make_child, release_small
from tests.rules.workbook_kit import edited

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture
def author(transactional_db: None, country: Country) -> User:
    return make_user("author", Role.RULE_ADMIN)


@pytest.fixture
def rule_set(author: User, country: Country) -> RuleSet:
    release_small(make_child(country.village).dataset.project)
    return RuleSet.objects.get()


def changed() -> dict[str, Any]:
    document = deepcopy(DOCUMENT)
    document["rules"][1] |= {"when": "${poor} = 'yes' and ${alone} = 'yes'", "score": 12}
    del document["rules"][3]
    document["rules"].append(document["rules"][0] | {"id": "R-NEW", "floor": None})
    document["settings"]["holidays"].append("2027-01-01")
    return document


def drop(page: Page, content: bytes) -> None:
    file: Any = {"name": "规则.xlsx", "mimeType": XLSX, "buffer": content}
    page.set_input_files("#rules-file", file)


def shoot(page: Page, name: str) -> None:
    """Keep a picture where one is asked for."""
    if folder := os.environ.get("SHOTS"):
        page.screenshot(
            path=Path(folder) / f"{name}-{page.viewport_size['width']}.png", full_page=True
        )


@pytest.mark.parametrize("size", [DESK, PHONE])
def test_a_workbook_is_dropped_mended_compared_and_taken(
    visit: Visiting, rule_set: RuleSet, author: User, size: tuple[int, int]
) -> None:
    opened = visit(author, size=size)
    page = opened.go(f"/rules/{rule_set.pk}/draft")
    assert not opened.is_too_wide()
    shoot(page, "none")
    drop(page, edited(changed(), rules_F2="soon", rules_E3="${por} = 'yes'", tasks_G2="7 moons"))
    expect(page.locator("main")).to_contain_text("3 处错误")
    assert not opened.is_too_wide()
    shoot(page, "refused")
    drop(page, workbook_bytes(changed()))
    expect(page.locator("main")).to_contain_text("贫困为“是” 且 独处为“是”")
    assert not opened.is_too_wide()
    shoot(page, "difference")
    page.get_by_role("button", name="作为草案").click()
    expect(page.locator("main")).to_contain_text("改动 1 行")
    assert not opened.is_too_wide()
    shoot(page, "draft")
    page.get_by_role("button", name="撤销最近一次改动").click()
    expect(page.locator("main")).to_contain_text("现在没有草案")
