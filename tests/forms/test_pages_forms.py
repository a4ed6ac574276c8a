"""The pages of forms: list, upload, draft, publishing, versions, state. Forms belong to everybody who may read them;
what was received belongs to areas.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from forms.models import Form, FormVersion, Project
from forms.pages.changes import changes_between
from forms.pages.questions import questions_of
from forms.pages.words import as_written, readable
from forms.services import receive_submission, set_draft
from server.journal.models import Entry
from server.people.models import User
from server.people.roles import Role
from tests.conftest import Country, make_user
from tests.forms.field_work import VISIT, instance, make_phone, make_project, publish

Browser = Callable[[User], Client]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

RICH = """
| survey |
| | type | name | label::中文 (zh) | label::English (en) | relevant | constraint | required | calculation | save_to |
| | begin_group | g | 一、情况 | Situation | | | | | |
| | select_one yn | home | **在家**吗？ | At home? | | | yes | | |
| | integer | meals | 每天正餐 | Meals | ${home} = 'yes' | . <= 9 | | | meals |
| | calculate | twice | | | | | | ${meals} * 2 | |
| | end_group | | | | | | | | |
| choices |
| | list_name | name | label::中文 (zh) | label::English (en) |
| | yn | yes | 是 | Yes |
| | yn | no | 否 | No |
| settings |
| | form_title | form_id | version |
| | 家访 | rich | 1 |
| entities |
| | list_name | label |
| | child | ${home} |
"""


@pytest.fixture
def project(db: None) -> Project:
    return make_project()


def markdown(text: str, name: str = "form.md") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, text.encode(), "text/markdown")


def body(answer: object) -> str:
    return answer.content.decode()  # type: ignore[attr-defined]


def addresses(form: Form, version: FormVersion) -> list[tuple[str, str]]:
    """Every address of a form: method and path."""
    base = f"/forms/{form.pk}"
    return [
        ("get", "/forms"), ("post", "/forms/upload"), ("get", base), ("post", f"{base}/upload"),
        ("get", f"{base}/draft"),
        ("post", f"{base}/draft/publish"), ("post", f"{base}/draft/abandon"), ("post", f"{base}/state"),
        ("get", f"{base}/versions"), ("get", f"{base}/versions/{version.pk}"),
        ("get", f"{base}/versions/{version.pk}/workbook"), ("get", f"{base}/versions/{version.pk}/xform"),
        ("get", f"{base}/submissions"),
    ]  # fmt: skip


def test_nothing_is_shown_or_done_without_a_login(project: Project) -> None:
    version = publish(project, VISIT)
    for method, path in addresses(version.form, version):
        answer = getattr(Client(), method)(path)
        assert answer.headers["Location"] == f"/login?next={path}", path


def test_who_may_only_read_forms_cannot_change_them(
    project: Project, lan: User, client_for: Browser
) -> None:
    version = publish(project, VISIT)
    set_draft(version.form, actor=None)
    client = client_for(lan)
    for method, path in addresses(version.form, version):
        if method == "post" or path.endswith("/draft"):
            assert getattr(client, method)(path, {"state": "closed"}).status_code == 403, path
    version.form.refresh_from_db()
    assert version.form.state == "open"
    assert version.form.draft is not None


def test_a_volunteer_who_may_not_read_forms_sees_none(
    project: Project, country: Country, client_for: Browser
) -> None:
    version = publish(project, VISIT)
    client = client_for(make_user("v", Role.VOLUNTEER, country.village))
    assert client.get("/forms").status_code == 403
    assert client.get(f"/forms/{version.form_id}").status_code == 403


def test_the_list_counts_only_what_the_reader_may_see(
    project: Project, lan: User, county: User, stranger: User, client_for: Browser
) -> None:
    publish(project, VISIT)
    phone = make_phone(project, lan)
    receive_submission(project, instance("visit", {"note": "a"}), actor=phone)
    shown = '<td class="number" data-label="收到">{}</td>'
    for reader, count in ((lan, 1), (county, 1), (stranger, 0)):
        assert shown.format(count) in body(client_for(reader).get("/forms")), reader


def test_a_restricted_form_counts_only_for_who_may_read_it(
    project: Project, lan: User, county: User, client_for: Browser
) -> None:
    version = publish(project, VISIT)
    Form.objects.filter(pk=version.form_id).update(sensitivity="restricted")
    receive_submission(project, instance("visit", {"note": "a"}), actor=make_phone(project, lan))
    shown = '<td class="number" data-label="收到">{}</td>'
    assert shown.format(0) in body(client_for(lan).get("/forms"))
    assert shown.format(1) in body(client_for(county).get("/forms"))


def test_the_list_takes_few_queries_however_many_forms(
    project: Project,
    admin: User,
    client_for: Browser,
    django_assert_max_num_queries: Callable[..., object],
) -> None:
    for number in range(12):
        publish(project, VISIT.replace("| visit |", f"| visit{number} |"))
    client = client_for(admin)
    with django_assert_max_num_queries(11):  # type: ignore[attr-defined]
        assert body(client.get("/forms")).count('<tr class="link">') == 12


def test_forms_that_were_never_published_are_for_their_makers(
    project: Project, admin: User, lan: User, client_for: Browser
) -> None:
    version = publish(project, VISIT, publish=False)
    assert client_for(lan).get(f"/forms/{version.form_id}").status_code == 404
    answer = client_for(admin).get(f"/forms/{version.form_id}")
    assert answer.headers["Location"] == f"/forms/{version.form_id}/draft"


def test_a_workbook_becomes_a_draft_and_no_phone_gets_it(
    project: Project, admin: User, client_for: Browser
) -> None:
    client = client_for(admin)
    answer = client.post("/forms/upload", {"project": project.pk, "file": markdown(VISIT)})
    form = Form.objects.get(xml_form_id="visit")
    assert answer.headers["Location"] == f"/forms/{form.pk}/draft"
    assert form.current is None
    assert form.draft is not None
    assert client.get(f"/forms/{form.pk}/draft").status_code == 200


def test_the_workbook_of_a_known_form_becomes_its_next_draft(
    project: Project, admin: User, client_for: Browser
) -> None:
    version = publish(project, VISIT)
    newer = VISIT.replace("| Visit | visit | 1 |", "| Visit | visit | 2 |")
    client_for(admin).post("/forms/upload", {"project": project.pk, "file": markdown(newer)})
    version.form.refresh_from_db()
    assert version.form.draft is not None
    assert version.form.draft.version == "2"
    assert version.form.current == version


@pytest.mark.parametrize(
    ("fault", "sheet", "row", "column"),
    [
        ("| | integer |=>| | whole |", "survey", "4", "type"),
        ("| | select_one yn |=>| | select_one nolist |", "survey", "3", "type"),
        ("| integer | meals |=>| integer | my meals |", "survey", "4", "name"),
    ],
)
def test_a_broken_workbook_is_explained_by_sheet_row_and_column_and_changes_nothing(
    project: Project,
    admin: User,
    client_for: Browser,
    fault: str,
    sheet: str,
    row: str,
    column: str,
) -> None:
    publish(project, RICH)
    right, _arrow, wrong = fault.partition("=>")
    broken = RICH.replace(right, wrong)
    answer = client_for(admin).post(
        "/forms/upload", {"project": project.pk, "file": markdown(broken)}
    )
    assert answer.status_code == 400
    shown = body(answer)
    assert f"<code>{sheet}</code>" in shown
    assert f'data-label="行">{row}</td>' in shown
    assert f"<code>{column}</code>" in shown
    form = Form.objects.get(xml_form_id="rich")
    assert form.draft is None
    assert form.versions.count() == 1


@pytest.mark.parametrize(
    ("name", "content"),
    [("form.xlsx", b"PK\x03\x04 not a workbook"), ("form.xlsx", b"\x00" * 50), ("form.exe", b"MZ"), ("form.xml", b"<a"),
     ("form.csv", b"\xff\xfe\x00"), ("form.md", b"| survey |"), ("form.xml", b"<!DOCTYPE a><a/>")],
)  # fmt: skip
def test_rubbish_is_refused_with_a_page(
    project: Project, admin: User, client_for: Browser, name: str, content: bytes
) -> None:
    file = SimpleUploadedFile(name, content)
    answer = client_for(admin).post("/forms/upload", {"project": project.pk, "file": file})
    assert 400 <= answer.status_code < 500
    assert 'class="cards faults"' in body(answer)
    assert not Form.objects.exists()


def test_an_upload_without_a_file_or_project_is_refused(
    project: Project, admin: User, client_for: Browser
) -> None:
    client = client_for(admin)
    assert client.post("/forms/upload", {"project": project.pk}).status_code == 400
    for wrong in ("", "x", "999999"):
        answer = client.post("/forms/upload", {"project": wrong, "file": markdown(VISIT)})
        assert answer.status_code == 404, wrong


def test_the_form_page_has_the_questions_in_both_languages_with_their_logic(
    project: Project, admin: User, client_for: Browser
) -> None:
    version = publish(project, RICH)
    shown = body(client_for(admin).get(f"/forms/{version.form_id}"))
    for text in (
        "<b>在家</b>吗？",
        "At home?",
        "每天正餐",
        "是",
        "${home} = &#x27;yes&#x27;",
        "child.meals",
        "必答",
    ):
        assert text in shown, text


def test_questions_are_numbered_and_calculations_stand_apart(project: Project) -> None:
    questions = questions_of(publish(project, RICH))
    assert [(row.number, row.field.name, row.depth) for row in questions.asked] == [
        (0, "g", 0),
        (1, "home", 1),
        (2, "meals", 1),
    ]
    assert [row.calculate for row in questions.silent] == ["${meals} * 2"]
    assert [choice.code for choice in questions.asked[1].choices] == ["yes", "no"]
    assert questions.count == 2


def test_labels_cannot_bring_their_own_markup(project: Project) -> None:
    assert readable("<script>alert(1)</script>**<i>a</i>** & ${b}") == (
        "alert(1)<b>a</b> &amp; " + '<code class="ref">b</code>'
    )
    assert "<img" not in readable("<<img src=x>img src=x onerror=y>")


def test_expressions_are_shown_as_in_the_worksheet() -> None:
    paths = {"/g/home", "/g"}
    assert (
        as_written(" /data/g/home  = 'yes' and /x/y/z = 1", paths)
        == "${home} = 'yes' and /x/y/z = 1"
    )


def test_a_draft_tells_what_it_changes(project: Project, admin: User, client_for: Browser) -> None:
    version = publish(project, RICH)
    newer = (
        RICH.replace("| | integer | meals | 每天正餐 | Meals |", "| | text | meals | 每天几顿正餐 | Meals |")
        .replace("| | yn | no | 否 | No |\n", "")
        .replace("| | end_group |", "| | text | why | 原因 | Why | | | | | |\n| | end_group |")
        .replace("| 家访 | rich | 1 |", "| 家访 | rich | 2 |")
    )  # fmt: skip
    draft = set_draft(
        version.form,
        newer.encode(),
        "text/markdown",
        actor=admin,
        filename="f.md",
        ignore_warnings=True,
    )
    sorts = {(row.sort, row.path) for row in changes_between(version, draft)}
    assert {
        ("type", "/g/meals"),
        ("choices", "/g/home"),
        ("added", "/g/why"),
        ("wording", "/g/meals"),
    } <= sorts
    assert "每天几顿正餐" in body(client_for(admin).get(f"/forms/{version.form_id}/draft"))


def test_publishing_makes_the_draft_current_and_keeps_the_old_version(
    project: Project, admin: User, client_for: Browser
) -> None:
    version = publish(project, VISIT)
    newer = VISIT.replace("| Visit | visit | 1 |", "| Visit | visit | 2 |")
    client, base = client_for(admin), f"/forms/{version.form_id}"
    client.post(f"{base}/upload", {"file": markdown(newer)})
    assert client.post(f"{base}/draft/publish").headers["Location"] == base
    form = Form.objects.get(pk=version.form_id)
    assert form.current is not None
    assert form.current.version == "2"
    assert form.draft is None
    assert Entry.objects.filter(action="form.update.publish", actor=admin).count() == 1
    versions = body(client.get(f"{base}/versions"))
    assert f"{base}/versions/{version.pk}" in versions
    assert client.get(f"{base}/versions/{version.pk}").status_code == 200


def test_a_version_that_was_used_asks_for_another_one(
    project: Project, admin: User, client_for: Browser
) -> None:
    version = publish(project, VISIT)
    client, base = client_for(admin), f"/forms/{version.form_id}"
    client.post(f"{base}/upload", {"file": markdown(VISIT)})
    assert 'name="version"' in body(client.get(f"{base}/draft"))
    assert client.post(f"{base}/draft/publish").status_code == 409
    assert client.post(f"{base}/draft/publish", {"version": "2026b"}).status_code == 302
    assert Form.objects.get(pk=version.form_id).current.version == "2026b"  # type: ignore[union-attr]


def test_a_draft_can_be_put_aside(project: Project, admin: User, client_for: Browser) -> None:
    version = publish(project, VISIT)
    set_draft(version.form, actor=admin)
    client = client_for(admin)
    client.post(f"/forms/{version.form_id}/draft/abandon")
    form = Form.objects.get(pk=version.form_id)
    assert form.draft is None
    assert form.current == version
    assert (
        client.get(f"/forms/{version.form_id}/draft").status_code == 200
    )  # offers the next upload


def test_the_state_is_one_of_three_and_journalled(
    project: Project, admin: User, client_for: Browser
) -> None:
    version = publish(project, VISIT)
    client, path = client_for(admin), f"/forms/{version.form_id}/state"
    assert client.post(path, {"state": "closing"}).status_code == 302
    assert client.post(path, {"state": "burnt"}).status_code == 400
    version.form.refresh_from_db()
    assert version.form.state == "closing"
    assert Entry.objects.get(action="form.update").details == {"state": "closing"}


def test_the_workbook_comes_back_byte_for_byte(
    project: Project, admin: User, lan: User, client_for: Browser
) -> None:
    version = publish(project, VISIT)
    answer = client_for(lan).get(f"/forms/{version.form_id}/versions/{version.pk}/workbook")
    assert answer.getvalue() == VISIT.encode()
    xform = client_for(lan).get(f"/forms/{version.form_id}/versions/{version.pk}/xform")
    assert xform.content == bytes(version.xml)
    assert xform.headers["Content-Disposition"].startswith("attachment")


def test_a_draft_is_not_handed_to_who_may_only_read(
    project: Project, lan: User, client_for: Browser
) -> None:
    version = publish(project, VISIT)
    draft = set_draft(version.form, actor=None)
    for what in ("xform", "workbook"):
        assert (
            client_for(lan).get(f"/forms/{version.form_id}/versions/{draft.pk}/{what}").status_code
            == 404
        )


def test_the_real_instruments_can_be_looked_through(
    project: Project, admin: User, client_for: Browser
) -> None:
    content = Path("forms/instruments/home_visit.xlsx").read_bytes()
    upload = SimpleUploadedFile("home_visit.xlsx", content, XLSX)
    client = client_for(admin)
    answer = client.post("/forms/upload", {"project": project.pk, "file": upload}, follow=True)
    assert answer.status_code == 200
    assert "儿童所在村" in body(answer)
