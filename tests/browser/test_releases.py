"""The story of a release in a browser: asked for at the desk, approved on a phone, watched to its end."""

from datetime import timedelta

import pytest

from rules.services import evaluate
from rules.services.shadow import start_shadow
from server import clock
from server.journal.services import run_pending
from server.people.roles import Role
from tests.browser.conftest import PHONE, Visiting
from tests.conftest import Country, make_user
from tests.rules.county_kit import make_child, release_small, tell
from tests.rules.release_kit import POOR, requested, rule_set_of


@pytest.fixture(autouse=True)
def agreeing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluate, "second_opinion", lambda *_: ("ok", ()))
    monkeypatch.setattr("rules.services.releases.deciding.prove", lambda _: None)


def test_a_release_is_asked_for_approved_and_watched_to_its_end(
    visit: Visiting, country: Country
) -> None:
    author, approver = make_user("author", Role.RULE_ADMIN), make_user("approver", Role.RULE_ADMIN)
    child = make_child(country.village)
    release_small(child.dataset.project)
    tell(child, "home_visit", POOR)
    while run_pending():
        pass
    requested(child, author).delete()  # the draft stays

    desk = visit(author)
    page = desk.go(f"/rules/{rule_set_of(child).pk}/releases")
    assert not desk.is_too_wide()
    page.fill("#r-note", "贫困家庭加分由10提高到31")
    page.click("text=申请发布 >> nth=-1")
    page.wait_for_selector("text=须由另一人")

    phone = visit(approver, size=PHONE)
    page = phone.go(f"/rules/{rule_set_of(child).pk}/releases/2")
    assert not phone.is_too_wide()
    page.click("text=批准…")
    page.click("dialog[open] >> text=批准 >> nth=-1")
    page.wait_for_selector("#progress")
    assert "0 / 1" in page.inner_text("#progress")
    while run_pending():
        pass
    page.wait_for_selector("text=1名升级")
    assert not phone.is_too_wide()


def test_how_a_candidate_compares_fits_a_phone(visit: Visiting, country: Country) -> None:
    author = make_user("author", Role.RULE_ADMIN)
    child = make_child(country.village)
    release_small(child.dataset.project)
    tell(child, "home_visit", POOR)
    release = requested(child, author)
    start_shadow(rule_set_of(child), author, release, clock.now() + timedelta(days=7))
    while run_pending():
        pass
    window = visit(make_user("admin", Role.ADMIN), size=PHONE)
    page = window.go(f"/rules/{release.rule_set_id}/releases/2/shadow")
    page.wait_for_selector("text=0.0 %")
    assert not window.is_too_wide()
