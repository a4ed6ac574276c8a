"""Stories in a browser: a coordinator's morning on the queue, by keyboard and by hand; a worker's tasks on a phone."""

import re

import pytest
from playwright.sync_api import expect

from forms.models import Dataset, Entity
from rules.models import TierDecision, TierState
from rules.services import evaluate
from server.people.models import User
from tests.browser.conftest import PHONE, Visiting
from tests.conftest import Country
from tests.rules.pages_kit import live, make_child, make_programme

WHY = "走访时看到照护人卧病在床，孩子近一周都是邻居送饭，需要加强帮扶。"


@pytest.fixture
def children(
    transactional_db: None,
    admin: User,
    county: User,
    lan: User,
    country: Country,
    monkeypatch: pytest.MonkeyPatch,
) -> dict[str, Entity]:
    """A red, a yellow and a blue child, all waiting."""
    monkeypatch.setattr(evaluate, "second_opinion", lambda *_: ("ok", ()))
    dataset: Dataset = make_programme(admin, county)
    made = {}
    stories = {"刘子浩": "S21 missing", "王小芳": "S13 no hukou", "陈一鸣": "S15 parents just left"}
    for name, story in stories.items():
        made[name] = make_child(dataset, name, country.village)
        live(made[name], story, lan)
    return made


def test_a_coordinator_confirms_by_keyboard(
    visit: Visiting, county: User, children: dict[str, Entity]
) -> None:
    page = visit(county).go("/review")
    rows = page.locator("[data-rows] tbody tr")
    expect(rows).to_have_count(3)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("#drawer .drawer-head h2")).to_have_text("刘*浩")
    page.keyboard.press("c")
    expect(page.locator("#flash")).to_contain_text("已由您核定为红色")
    expect(rows).to_have_count(2)
    expect(page.locator("#drawer")).to_be_empty()
    expect(page.locator('tr[aria-selected="true"]')).to_have_count(1)  # the next one is at hand
    assert TierDecision.objects.get(action="confirm").entity_id == children["刘子浩"].pk


def test_an_override_tells_what_is_missing_and_then_holds(
    visit: Visiting, county: User, children: dict[str, Entity]
) -> None:
    page = visit(county).go("/review")
    page.get_by_text("陈*鸣").click()
    expect(page.locator("#drawer .drawer-head h2")).to_be_visible()
    page.keyboard.press("o")
    dialog = page.locator("#override-dialog")
    dialog.get_by_label("黄色").check()
    dialog.get_by_label("酌情").check()
    dialog.get_by_label("理由", exact=True).fill(
        "　" * 21
    )  # long enough for the browser, blank for the server
    dialog.get_by_role("button", name="改定", exact=True).click()
    expect(dialog.get_by_role("alert")).to_contain_text("至少需要20字")
    dialog.get_by_label("理由", exact=True).fill(WHY)
    dialog.get_by_role("button", name="改定", exact=True).click()
    expect(page.locator("#flash")).to_contain_text("黄色")
    state = TierState.objects.get(entity=children["陈一鸣"])
    assert (state.tier, state.overridden_until is not None) == ("yellow", True)


def test_several_are_confirmed_after_a_summary(
    visit: Visiting, county: User, children: dict[str, Entity]
) -> None:
    page = visit(county).go("/review")
    expect(page.locator("[data-chosen]")).to_be_hidden()
    page.locator("[data-choose-all]").check()
    expect(page.locator("[data-chosen-count]")).to_have_text("3")
    page.get_by_role("button", name="确认所选").click()
    page.get_by_role("button", name=re.compile("确认3名儿童")).click()
    expect(page.get_by_role("status").first).to_contain_text("已确认3名儿童")
    expect(page.get_by_role("heading", name="没有待复核的儿童")).to_be_visible()


def test_revealing_a_name_happens_in_place(
    visit: Visiting, lan: User, children: dict[str, Entity]
) -> None:
    page = visit(lan).go(f"/children/{children['刘子浩'].uuid}")
    expect(page.locator("main")).not_to_contain_text("刘子浩")
    page.get_by_role("button", name="显示").click()
    expect(page.locator("#identity")).to_contain_text("刘子浩")
    page.get_by_role("link", name="任务", exact=True).last.click()
    expect(page.locator("#feed")).to_contain_text("任务已派发")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_page_is_wider_than_a_phone(
    visit: Visiting, county: User, children: dict[str, Entity], language: str
) -> None:
    window = visit(county, size=PHONE, language=language)
    child = children["刘子浩"]
    task = child.tasks.order_by("pk").first()
    assert task is not None
    for path in (
        "/review",
        "/children",
        f"/children/{child.uuid}",
        "/tasks",
        f"/tasks/{task.pk}",
        "/notices",
    ):
        window.go(path)
        assert not window.is_too_wide(), path


def test_a_worker_reports_a_task_on_the_phone(
    visit: Visiting, lan: User, children: dict[str, Entity]
) -> None:
    page = visit(lan, size=PHONE).go("/")
    page.locator("[data-rows] tbody tr a").first.click()
    page.get_by_role("button", name="接收").click()
    page.get_by_role("button", name=re.compile("报告已办")).click()
    page.get_by_label("做了什么、何时、与谁？").fill("11月23日上门，见到孩子和祖母。")
    page.get_by_role("button", name="保存").click()
    expect(page.locator("main")).to_contain_text("见到孩子和祖母")


def test_without_scripts_a_child_is_confirmed_on_its_page(
    visit: Visiting, county: User, children: dict[str, Entity]
) -> None:
    window = visit(county)
    page = window.page.context.browser.new_context(  # type: ignore[union-attr]
        java_script_enabled=False, storage_state=window.page.context.storage_state(), locale="zh-CN"
    ).new_page()
    page.goto(f"{window.base}/children/{children['刘子浩'].uuid}")
    page.get_by_role("button", name="确认").click()
    expect(page.get_by_role("status").first).to_contain_text("已由您核定")
    page.context.close()
