"""Stories of forms in the browser: a child registered and visited, answers that are missing or wrong, groups added and
removed, a photo kept over a reload, a lost connection, an ended login, two editors, a stranger's link; keyboard; phone.
"""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from forms.models import Form, FormVersion, Project, Submission, SubmissionVersion
from forms.services import receive_submission
from forms.services.public_links import create_link
from server.people.models import User
from tests.browser.conftest import PHONE, Visit, Visiting
from tests.forms.field_work import instance, make_project, publish
from tests.forms.instrument_lab import FORMS, ROOT

CHECKED = """
| survey |
| | type | name | label::中文 (zh) | label::English (en) | constraint | constraint_message::中文 (zh) | required |
| | integer | age | 年龄 | Age | . <= 18 | 不超过18岁 | yes |
| | select_one yn | well | 身体好吗 | Well? | | | |
| | begin_repeat | visitor | 来访者 | Visitor | | | |
| | text | name | 姓名 | Name | | | |
| | end_repeat | | | | | | |
| | image | photo | 照片 | Photo | | | |
| choices |
| | list_name | name | label::中文 (zh) | label::English (en) |
| | yn | yes | 好 | Yes |
| | yn | no | 不好 | No |
| settings |
| | form_title | form_id | version |
| | 检查 | checked | 1 |
"""

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360000002000001e221bc330000"
    "000049454e44ae426082"
)


@pytest.fixture
def project(transactional_db: None) -> Project:
    return make_project()


@pytest.fixture
def checked(project: Project) -> FormVersion:
    return publish(project, CHECKED)


def address(version: FormVersion) -> str:
    return f"/projects/{version.form.project_id}/forms/{version.form.xml_form_id}/fill"


def opened(window: Visit, path: str) -> Page:
    """The page once the form can be filled."""
    page = window.go(path)
    page.wait_for_selector("html[data-ready]")
    return page


def field(page: Page, path: str) -> object:
    return page.locator(f'form.or [name="{path}"]')


def kept(page: Page) -> None:
    """Wait until the browser says that it keeps the answers."""
    expect(page.locator("#kept")).to_contain_text("保存")


def answers() -> dict[str, object]:
    """What the newest record says."""
    return SubmissionVersion.objects.order_by("-pk").first().data  # type: ignore[union-attr]


def test_missing_and_wrong_answers_are_marked_and_the_right_ones_sent(
    visit: Visiting, checked: FormVersion, lan: User
) -> None:
    window = visit(lan, size=PHONE)
    page = opened(window, address(checked))
    assert not window.is_too_wide()
    page.locator("#send").click()
    expect(page.locator("#told")).to_contain_text("没有回答")
    expect(page.get_by_text("此题必须回答")).to_be_visible()
    age = page.locator('[name="/data/age"]')
    age.fill("19")
    age.press("Tab")
    expect(page.get_by_text("不超过18岁")).to_be_visible()
    age.fill("9")
    age.press("Tab")
    expect(page.get_by_text("不超过18岁")).to_be_hidden()
    page.locator('label:has(> input[value="no"])').click()
    page.locator(".or-repeat input").first.fill("王芳")
    page.locator(".add-repeat-btn").click()
    page.locator(".or-repeat input").nth(1).fill("李强")
    assert not window.is_too_wide()
    page.locator("#send").click()
    expect(page.get_by_role("heading", name="记录已收到")).to_be_visible()
    said = answers()
    assert (said["age"], said["well"]) == (9, "no")
    assert [one["name"] for one in said["visitor"]] == ["王芳", "李强"]  # type: ignore[union-attr,index,attr-defined]


def test_a_group_is_removed_after_a_question(
    visit: Visiting, checked: FormVersion, lan: User
) -> None:
    page = opened(visit(lan), address(checked))
    page.locator(".add-repeat-btn").click()
    expect(page.locator(".or-repeat")).to_have_count(2)
    page.locator(".or-repeat .remove").last.click()
    page.get_by_role("dialog").get_by_role("button", name="确定").click()
    expect(page.locator(".or-repeat")).to_have_count(1)


def test_the_form_speaks_the_readers_language(
    visit: Visiting, checked: FormVersion, lan: User
) -> None:
    page = opened(visit(lan, language="en"), address(checked))
    expect(page.get_by_text("Age", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Send")).to_be_visible()
    page.locator("#form-languages").select_option("zh")
    expect(page.get_by_text("年龄", exact=True)).to_be_visible()


def test_a_draft_with_a_photo_comes_back_and_sends_the_photo_and_is_its_owners_alone(
    visit: Visiting, checked: FormVersion, lan: User, county: User, tmp_path: Path
) -> None:
    window = visit(lan)
    page = opened(window, address(checked))
    page.locator('[name="/data/age"]').fill("8")
    page.locator('[name="/data/age"]').press("Tab")
    photo = tmp_path / "face.png"
    photo.write_bytes(PIXEL)
    page.locator('input[type="file"]').set_input_files(photo)
    expect(page.locator(".file-preview img")).to_be_visible()
    page.wait_for_timeout(1200)
    kept(page)
    page.on("dialog", lambda dialog: dialog.accept())  # leaving asks
    page.goto(window.base + address(checked))
    line = page.locator("#drafts li")
    expect(line).to_have_count(1)
    become(page, window, county)
    opened(window, address(checked))  # nothing is offered
    expect(page.locator("#drafts")).to_be_hidden()
    become(page, window, lan)
    page.goto(window.base + address(checked))
    line.get_by_role("button", name="继续").click()
    page.wait_for_selector("html[data-ready]")
    expect(page.locator('[name="/data/age"]')).to_have_value("8")
    expect(page.locator(".file-preview img")).to_be_visible()
    page.locator("#send").click()
    expect(page.get_by_role("heading", name="记录已收到")).to_be_visible()
    file = SubmissionVersion.objects.get().attachments.get()  # type: ignore[attr-defined]
    assert file.name == answers()["photo"]
    assert file.blob.size == len(PIXEL)
    opened(window, address(checked))  # the draft is gone
    expect(page.locator("#drafts")).to_be_hidden()


def become(page: Page, window: Visit, user: User) -> None:
    """Another person's session in the same browser."""
    from tests.browser.conftest import _cookie  # noqa: PLC0415

    page.context.clear_cookies()
    page.context.add_cookies([_cookie(user, window.base)])  # type: ignore[list-item]


def test_answers_outlive_a_lost_connection_and_an_ended_login(
    visit: Visiting, checked: FormVersion, lan: User, county: User
) -> None:
    window = visit(lan)
    page = opened(window, address(checked))
    page.locator('[name="/data/age"]').fill("7")
    page.context.set_offline(True)
    page.locator("#send").click()
    expect(page.locator("#told")).to_contain_text("网络不通")
    page.context.set_offline(False)
    page.context.clear_cookies()
    page.locator("#send").click()
    expect(page.locator("#told")).to_contain_text("登录已过期")
    become(page, window, county)
    page.locator("#send").click()
    expect(page.locator("#told")).to_contain_text("另一个人")
    assert not Submission.objects.exists()
    become(page, window, lan)
    page.locator("#send").click()
    expect(page.get_by_role("heading", name="记录已收到")).to_be_visible()
    assert Submission.objects.get().submitter_id == lan.pk


def test_of_two_editors_the_second_is_told_and_keeps_the_answers(
    visit: Visiting, checked: FormVersion, lan: User
) -> None:
    xml = instance("checked", "<age>5</age><well>yes</well><visitor><name>甲</name></visitor>")
    record = receive_submission(checked.form.project, xml, {}, actor=lan).submission
    path = f"{address(checked)[:-5]}/submissions/{record.instance_id}/edit"
    first, second = opened(visit(lan), path), opened(visit(lan), path)
    expect(first.locator('[name="/data/age"]')).to_have_value("5")
    expect(first.locator(".or-repeat input")).to_have_value("甲")
    for page, age in ((first, "6"), (second, "7")):
        page.locator('[name="/data/age"]').fill(age)
        page.locator("#send").click()
        if page is first:
            expect(page).to_have_url(f"{page.url.split('/projects')[0]}/submissions/{record.pk}")
    expect(second.locator("#told a")).to_contain_text("查看这条记录")
    expect(second.locator('[name="/data/age"]')).to_have_value("7")
    now = SubmissionVersion.objects.get(is_current=True)
    assert (now.data["age"], now.deprecated_id) == (6, record.instance_id)
    assert now.data["visitor"][0]["name"] == "甲"


def test_a_form_is_filled_with_the_keyboard_alone(
    visit: Visiting, checked: FormVersion, lan: User
) -> None:
    page = opened(visit(lan), address(checked))
    for _step in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name") == "/data/age":
            break
    page.keyboard.type("6")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    for _step in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "send":
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="记录已收到")).to_be_visible()
    assert (answers()["age"], answers()["well"]) == (6, "yes")


def test_a_stranger_fills_by_a_public_link(
    visit: Visiting, checked: FormVersion, admin: User
) -> None:
    link = create_link(checked.form, "海报", actor=admin)
    window = visit(size=PHONE)
    page = opened(window, f"/f/{link.token}")
    page.locator('[name="/data/age"]').fill("3")
    page.locator("#send").click()
    expect(page.get_by_role("heading", name="记录已收到")).to_be_visible()
    assert not window.is_too_wide()
    assert Submission.objects.get().submitter_id == link.pk


@pytest.fixture
def instruments(project: Project) -> Project:
    from forms.services import upload_form  # noqa: PLC0415

    for name in FORMS:
        content = (ROOT / f"{name}.xlsx").read_bytes()
        kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        upload_form(
            project,
            content,
            kind,
            filename=f"{name}.xlsx",
            actor=None,
            ignore_warnings=True,
            publish=True,
        )
    return project


def test_every_instrument_opens_on_a_desk_and_a_phone(
    visit: Visiting, instruments: Project, lan: User
) -> None:
    window = visit(lan, size=PHONE)
    for form in Form.objects.select_related("current"):
        assert form.current is not None
        opened(window, f"/projects/{instruments.pk}/forms/{form.xml_form_id}/fill")
        assert not window.is_too_wide(), form.xml_form_id
