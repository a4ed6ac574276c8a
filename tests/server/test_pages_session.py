"""Coming in and going out, the language, one's account, and the pages that tell what went wrong."""

from collections.abc import Callable

import pytest
from axes.utils import reset as forget_failures
from django.conf import settings
from django.test import Client

from server import translations
from server.journal.models import Entry
from server.people.authentication import open_session
from server.people.models import ApiSession, User
from server.people.roles import Role
from tests.conftest import PASSWORD, Country, make_user

Browser = Callable[[User], Client]
NEW = "four calm herons standing"


@pytest.fixture(scope="module", autouse=True)
def compiled() -> None:
    """Chinese as the server reads it."""
    for floor in translations.FLOORS:
        translations.compile_floor(floor)


def log_in(client: Client, email: str, password: str = PASSWORD, **more: str) -> object:
    return client.post("/login", {"username": email, "password": password, **more})


def test_login_leads_to_the_page_that_was_asked_for(lan: User) -> None:
    client = Client()
    asked = client.get("/profile")
    assert asked.headers["Location"] == "/login?next=/profile"
    answer = log_in(client, lan.email, next="/profile")
    assert answer.headers["Location"] == "/profile"  # type: ignore[attr-defined]
    assert Entry.objects.filter(action="user.session.create", actor=lan).count() == 1


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "javascript:alert(1)"]
)
def test_login_never_leads_to_another_site(lan: User, elsewhere: str) -> None:
    answer = log_in(Client(), lan.email, next=elsewhere)
    assert answer.headers["Location"] == "/"  # type: ignore[attr-defined]


def test_a_wrong_password_is_told_without_saying_which_part_was_wrong(lan: User) -> None:
    for email in (lan.email, "nobody@example.org"):
        answer = Client().post("/login", {"username": email, "password": "wrong"})
        assert answer.status_code == 401
        assert "邮箱或密码不正确" in answer.content.decode()


def test_a_person_who_was_disabled_cannot_come_in(lan: User) -> None:
    User.objects.filter(pk=lan.pk).update(is_active=False)
    assert log_in(Client(), lan.email).status_code == 401  # type: ignore[attr-defined]


def test_too_many_wrong_passwords_lock_the_door_and_say_for_how_long(
    lan: User, settings: object
) -> None:
    settings.AXES_ENABLED = True  # type: ignore[attr-defined]
    try:
        for _ in range(settings.AXES_FAILURE_LIMIT):  # type: ignore[attr-defined]
            answer = Client().post("/login", {"username": lan.email, "password": "wrong"})
        assert answer.status_code == 429
        assert "15" in answer.content.decode()
        assert log_in(Client(), lan.email).status_code == 429  # type: ignore[attr-defined]
    finally:
        forget_failures()


def test_logging_out_ends_the_session(lan: User, client_for: Browser) -> None:
    client = client_for(lan)
    assert client.post("/logout").headers["Location"] == "/login"
    assert client.get("/profile").status_code == 302


def test_logging_out_needs_a_post(lan: User, client_for: Browser) -> None:
    assert client_for(lan).get("/logout").status_code == 405


@pytest.mark.parametrize(
    ("role", "home"),
    [(Role.ADMIN, "/forms"), (Role.COUNTY_CIVIL, "/review"), (Role.CHILD_DIRECTOR, "/tasks"),
     (Role.RULE_ADMIN, "/forms"), (Role.AUDITOR, "/rules"), (Role.VOLUNTEER, "/phone")],
)  # fmt: skip
def test_each_role_begins_where_its_work_is(
    country: Country, client_for: Browser, role: Role, home: str
) -> None:
    person = make_user("p", role, None if role == Role.ADMIN else country.county)
    assert client_for(person).get("/").headers["Location"] == home


def test_who_has_no_role_begins_at_the_account(db: None, client_for: Browser) -> None:
    nobody = User.objects.create_user("n@example.org", PASSWORD, display_name="n")
    client = client_for(nobody)
    assert client.get("/").headers["Location"] == "/profile"
    assert client.get("/profile").status_code == 200


def test_pages_are_chinese_first_and_the_switch_stays_with_the_person(
    lan: User, client_for: Browser
) -> None:
    client = client_for(lan)
    assert "我的账号" in client.get("/profile").content.decode()
    answer = client.post("/language", {"language": "en", "next": "/profile"})
    assert answer.headers["Location"] == "/profile"
    assert "Your account" in client.get("/profile").content.decode()
    lan.refresh_from_db()
    assert lan.language == "en"
    other_browser = Client()
    log_in(other_browser, lan.email)
    assert "Your account" in other_browser.get("/profile").content.decode()


def test_an_unknown_language_changes_nothing(lan: User, client_for: Browser) -> None:
    client = client_for(lan)
    assert (
        client.post("/language", {"language": "xx", "next": "//evil.example"}).headers["Location"]
        == "/"
    )
    assert settings.LANGUAGE_COOKIE_NAME not in client.cookies


def test_the_account_tells_roles_and_where_they_hold(lan: User, client_for: Browser) -> None:
    shown = client_for(lan).get("/profile").content.decode()
    assert "村儿童主任" in shown
    assert "柳树村" in shown


def test_a_new_password_needs_the_old_one_and_ends_other_sessions(
    lan: User, client_for: Browser
) -> None:
    client, other = client_for(lan), client_for(lan)
    open_session(lan)
    fields = {"new_password1": NEW, "new_password2": NEW}
    assert client.post("/profile/password", {"old_password": "wrong", **fields}).status_code == 422
    assert client.post("/profile/password", {"old_password": PASSWORD, **fields}).status_code == 302
    assert client.get("/profile").status_code == 200  # this browser stays
    assert other.get("/profile").status_code == 302
    assert not ApiSession.objects.filter(user=lan).exists()
    assert log_in(Client(), lan.email, NEW).status_code == 302  # type: ignore[attr-defined]


def test_a_weak_password_is_refused_with_a_reason(lan: User, client_for: Browser) -> None:
    fields = {"old_password": PASSWORD, "new_password1": "short", "new_password2": "short"}
    answer = client_for(lan).post("/profile/password", fields)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    lan.refresh_from_db()
    assert lan.check_password(PASSWORD)


def test_an_address_that_does_not_exist_is_a_page_for_people_and_json_for_programs(
    lan: User, client_for: Browser
) -> None:
    page = client_for(lan).get("/nowhere")
    assert page.status_code == 404
    assert '<nav class="menu"' in page.content.decode()
    anonymous = Client().get("/nowhere")
    assert anonymous.status_code == 404
    assert '<nav class="menu"' not in anonymous.content.decode()
    assert Client().get("/v1/nowhere").json()["code"] == "404.1"


def test_a_stale_form_is_told_and_changes_nothing(lan: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(lan, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.post("/language", {"language": "en"})
    assert answer.status_code == 403
    assert "403.2" in answer.content.decode()
    lan.refresh_from_db()
    assert lan.language == ""


def test_a_fault_of_ours_is_a_page_that_needs_no_database(
    lan: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> None:
        raise RuntimeError("out of order")

    monkeypatch.setattr("server.shell.pages.profile.grants_of", broken)
    client = Client(raise_request_exception=False)
    client.force_login(lan, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.get("/profile")
    assert answer.status_code == 500
    assert "出错了" in answer.content.decode()
    assert "out of order" not in answer.content.decode()


def test_every_page_forbids_scripts_from_elsewhere(db: None) -> None:
    answer = Client().get("/login")
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    body = answer.content.decode()
    assert "<script>" not in body
    assert "onclick" not in body
    assert "http://" not in body.replace("http://www.w3.org", "")


@pytest.mark.parametrize("floor", translations.FLOORS)
def test_every_text_has_chinese(floor: str) -> None:
    assert [str(gap) for gap in translations.gaps(floor)] == []
