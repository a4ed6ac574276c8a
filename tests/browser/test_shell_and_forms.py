"""Stories in a browser: coming in, bringing a form to the phones, setting up a phone; on a desk and on a phone."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from forms.models import Form, Project
from forms.services import receive_submission
from server.people.models import AppUser, User
from tests.browser.conftest import PHONE, Visiting
from tests.conftest import PASSWORD
from tests.forms.field_work import VISIT, instance, make_phone, make_project, publish

BROKEN = VISIT.replace("| | text | note |", "| | txet | note |")
NEWER = VISIT.replace(
    "| | text | note | Note |", "| | text | note | Note |\n| | integer | meals | Meals |"
).replace("| Visit | visit | 1 |", "| Visit | visit | 2 |")


@pytest.fixture
def project(transactional_db: None) -> Project:
    return make_project()


def workbook(folder: Path, text: str) -> str:
    """A file to choose."""
    path = folder / "form.md"
    path.write_text(text)
    return str(path)


def test_a_worker_logs_in_and_changes_the_language(visit: Visiting, lan: User) -> None:
    window = visit()
    page = window.go("/profile")
    page.get_by_label("邮箱").fill(lan.email)
    page.get_by_label("密码").fill("wrong password")
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("alert")).to_contain_text("邮箱或密码不正确")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page).to_have_url(f"{window.base}/profile")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="Your account")).to_be_visible()
    page.locator(".user-menu summary").click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Log out")).to_be_hidden()
    page.locator(".user-menu summary").click()
    page.get_by_role("button", name="Log out").click()
    expect(page).to_have_url(f"{window.base}/login")


def test_a_form_comes_to_the_phones_after_its_fault_is_mended(
    visit: Visiting, project: Project, admin: User, tmp_path: Path
) -> None:
    publish(project, VISIT)
    page = visit(admin).go("/forms")
    page.get_by_role("button", name="上传表单").click()
    page.locator("#file").set_input_files(workbook(tmp_path, BROKEN))  # choosing is enough
    fault = page.locator("table.faults tbody tr")
    expect(fault).to_contain_text("survey")
    expect(fault).to_contain_text("txet")
    page.locator("#file").set_input_files(workbook(tmp_path, NEWER))
    expect(page.locator("table.form-changes")).to_contain_text("meals")
    page.get_by_role("button", name="发布到手机").click()
    expect(page.locator(".notice.good")).to_contain_text("已发布")
    form = Form.objects.select_related("current").get()
    assert form.current is not None
    assert form.current.version == "2"


def test_a_list_is_walked_with_the_keyboard(visit: Visiting, project: Project, lan: User) -> None:
    version = publish(project, VISIT)
    phone = make_phone(project, lan)
    for note in ("a", "b", "c"):
        receive_submission(project, instance("visit", {"note": note}), actor=phone)
    page = visit(lan).go(f"/forms/{version.form_id}/submissions")
    rows = page.locator("tr.link")
    for key in ("j", "j", "k", "j"):
        page.keyboard.press(key)
    expect(rows.nth(1)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("/")
    expect(page.locator("input[type=search]")).to_be_focused()
    page.locator("h1").click()
    page.keyboard.press("Enter")
    expect(page.locator(".record")).to_contain_text("b")


def test_a_click_anywhere_in_a_row_opens_it(visit: Visiting, project: Project, lan: User) -> None:
    version = publish(project, VISIT)
    page = visit(lan).go("/forms")
    page.locator("tr.link td").nth(3).click()
    expect(page.get_by_role("heading", name=version.title)).to_be_visible()


def test_a_keeper_sets_up_a_phone_and_ends_it(
    visit: Visiting, project: Project, admin: User, lan: User
) -> None:
    page = visit(admin).go("/phones")
    page.get_by_role("button", name="配发手机").click()
    page.get_by_label("使用人", exact=True).fill(lan.email)
    page.get_by_role("button", name="生成二维码").click()
    code = page.locator("svg.qr")
    expect(code).to_be_visible()
    size = code.bounding_box()
    assert size is not None
    assert size["width"] > 300  # a phone must read it from the screen
    assert abs(size["width"] - size["height"]) < 2
    page.get_by_role("button", name="停用").first.click()
    page.locator("dialog[open]").get_by_role("button", name="停用").click()
    expect(page.locator(".notice.good")).to_contain_text("已停用")
    assert AppUser.objects.get(worker=lan).revoked_at is not None


def test_a_worker_finds_the_own_code_on_the_phone_itself(
    visit: Visiting, project: Project, lan: User
) -> None:
    window = visit(lan, PHONE)
    page = window.go("/phone")
    page.get_by_role("button", name="生成我的二维码").click()
    expect(page.locator("svg.qr")).to_be_visible()
    assert not window.is_too_wide()


def test_no_page_is_wider_than_a_phone(
    visit: Visiting, project: Project, admin: User, lan: User
) -> None:
    version = publish(project, VISIT)
    phone = make_phone(project, lan)
    sent = receive_submission(
        project, instance("visit", {"note": "长" * 300}), actor=phone
    ).submission
    form = f"/forms/{version.form_id}"
    paths = (
        "/forms", form, f"{form}/draft", f"{form}/versions", f"{form}/submissions", f"/submissions/{sent.pk}",
        "/phones", f"/phones/{phone.pk}", "/phone", "/journal", "/profile", "/profile/password", "/exports", "/nowhere",
    )  # fmt: skip
    for language in ("zh", "en"):
        window = visit(admin, PHONE, language)
        for path in paths:
            window.go(path)
            assert not window.is_too_wide(), (path, language)
    door = visit(None, PHONE)
    door.go("/login")
    assert not door.is_too_wide()


def test_login_and_dialogs_work_without_scripts(
    chromium: object, live_server: object, project: Project, lan: User, admin: User
) -> None:
    context = chromium.new_context(java_script_enabled=False, locale="zh-CN")  # type: ignore[attr-defined]
    page = context.new_page()
    page.goto(f"{live_server.url}/login?next=/profile")  # type: ignore[attr-defined]
    page.get_by_label("邮箱").fill(lan.email)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("heading", name="我的账号")).to_be_visible()
    page.locator(".user-menu summary").click()
    page.get_by_role("button", name="退出登录").click()
    page.get_by_label("邮箱").fill(admin.email)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    page.goto(f"{live_server.url}/phones")  # type: ignore[attr-defined]
    page.get_by_label("使用人", exact=True).fill(lan.email)
    page.get_by_role("button", name="生成二维码").click()
    expect(page.locator("svg.qr")).to_be_visible()
    context.close()
