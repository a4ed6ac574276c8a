"""The journal page: for auditors, within their areas, by key."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client

from server.journal.services import record
from server.people.models import Actor, AppUser, User
from server.people.roles import Role
from server.places.models import School
from server.shell.journal_words import ACTIONS
from server.shell.menu import home_of, menu_of
from server.shell.pages.journal import entries_for
from server.shell.paging import page_of
from server.shell.templatetags.shell import masked
from tests.conftest import Country, make_user

Browser = Callable[[User], Client]


@pytest.fixture
def auditor(db: None) -> User:
    """Audits everything."""
    return make_user("auditor", Role.AUDITOR)


def test_an_auditor_reads_who_did_what(auditor: User, lan: User, client_for: Browser) -> None:
    record("entity.reveal", actor=lan, subject="entity:1234", details={"why": ["visit", "call"]})
    shown = client_for(auditor).get("/journal").content.decode()
    assert "entity.reveal" in shown
    assert "entity:1234" in shown
    assert "visit、call" in shown


@pytest.mark.parametrize("role", [Role.CHILD_DIRECTOR, Role.COUNTY_CIVIL, Role.RULE_ADMIN])
def test_who_does_not_audit_is_refused(country: Country, client_for: Browser, role: Role) -> None:
    person = make_user("p", role, country.county)
    assert client_for(person).get("/journal").status_code == 403
    assert "/journal" not in [item.url for item in menu_of(person)]


def test_nobody_reads_it_without_a_login(db: None) -> None:
    assert Client().get("/journal").headers["Location"] == "/login?next=/journal"


def test_an_auditor_of_one_county_sees_only_what_its_people_and_phones_did(
    country: Country, lan: User, stranger: User
) -> None:
    school = School.objects.create(code="s", name="河口小学", area=country.town)
    teacher = make_user("teacher", Role.CLASS_TEACHER, None, school=school, class_name="3-1")
    phone = AppUser.objects.create(type=Actor.Type.FIELD_KEY, display_name="phone", worker=lan)
    for actor in (lan, teacher, phone, stranger):
        record("form.create", actor=actor)
    here = make_user("here", Role.AUDITOR, country.county)
    there = make_user("there", Role.AUDITOR, country.other_county)
    assert set(entries_for(here).values_list("actor_id", flat=True)) == {
        lan.pk,
        teacher.pk,
        phone.pk,
    }
    assert set(entries_for(there).values_list("actor_id", flat=True)) == {stranger.pk}


def test_entries_are_found_by_action_person_and_subject(
    auditor: User, lan: User, client_for: Browser
) -> None:
    record("form.create", actor=lan, subject="form:a")
    record("formula.create", actor=auditor, subject="form:b")
    client = client_for(auditor)
    for query, there, gone in (
        ("?action=form.", "form:a", "form:b"),
        ("?actor=LAN", "form:a", "form:b"),
        ("?subject=form:b", "form:b", "form:a"),
    ):  # fmt: skip
        shown = client.get(f"/journal{query}").content.decode()
        assert f"<code>{there}</code>" in shown
        assert f"<code>{gone}</code>" not in shown


def test_pages_follow_each_other_without_gap_or_repetition(auditor: User) -> None:
    for number in range(7):
        record("task.done", actor=auditor, subject=str(number))
    seen: list[str] = []
    asked = {"action": "task", "before": ""}
    while True:
        page = page_of(entries_for(auditor).filter(action__startswith="task"), asked, size=3)
        seen += [row.subject for row in page.rows]
        if not page.older:
            break
        assert "action=task" in page.older
        asked["before"] = page.older.rpartition("before=")[2]
    assert seen == ["6", "5", "4", "3", "2", "1", "0"]


@pytest.mark.parametrize("before", ["x", "-1", "9" * 30, "1;drop", "٣"])
def test_a_page_that_cannot_be_is_the_first_page(
    auditor: User, before: str, client_for: Browser
) -> None:
    record("task.done", actor=auditor, subject="only")
    answer = client_for(auditor).get("/journal", {"before": before})
    assert answer.status_code == 200


def test_a_long_journal_costs_few_queries(
    auditor: User, client_for: Browser, django_assert_max_num_queries: Callable[..., object]
) -> None:
    for number in range(60):
        record("task.done", actor=auditor, subject=str(number))
    client = client_for(auditor)
    with django_assert_max_num_queries(6):  # type: ignore[attr-defined]
        assert client.get("/journal").status_code == 200


def test_the_page_to_begin_with_is_never_the_bell(auditor: User) -> None:
    assert home_of(auditor) not in [item.url for item in menu_of(auditor) if item.icon == "bell"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [("张晓明", "张*明"), ("李雷", "李*"), ("欧阳小兰", "欧*兰"), ("王", "王"), ("", "")],
)
def test_masked_names_tell_no_more_than_they_must(name: str, shown: str) -> None:
    assert masked(name) == shown


def test_every_action_that_the_code_records_has_a_word() -> None:
    called = re.compile(r'\brecord\(\s*"([a-z_]+(?:\.[a-z_]+)+)"')
    said = {
        action
        for floor in ("server", "forms", "rules", "exports")
        for path in Path(floor).rglob("*.py")
        for action in called.findall(path.read_text())
    }
    assert "submission.read" in said  # the search finds something
    assert said - set(ACTIONS) == set()
