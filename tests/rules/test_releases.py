"""A release comes into force by two persons, now or on its day, proven by both engines; what fails half-way leaves the
old one in force; an earlier one comes back by one person with a reason."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from forms.models import Entity
from rules import problems
from rules.engine.durable_answer import DurableAnswer
from rules.jobs import keep_releases
from rules.models import Notice, Reevaluation, Release, Simulation
from rules.services import evaluate
from rules.services.drafts import put_draft
from rules.services.in_force import compiled
from rules.services.releases import (
    activate_release,
    approve_release,
    proving,
    refuse_release,
    request_release,
    roll_back,
    withdraw_release,
)
from server import clock
from server.journal.models import Entry
from server.people.models import AppUser, User
from server.people.roles import Role
from server.problems import MISSING, UNEXPECTED, Kind, Problem
from tests.conftest import Country, make_user
from tests.rules.county_kit import make_child, newest, release_small, tell
from tests.rules.release_kit import POOR, released, requested, rule_set_of, stricter

Status = Release.Status
MONDAY = datetime(2026, 9, 7, 0, 0, tzinfo=UTC)
Drain = Callable[[], int]


@pytest.fixture(autouse=True)
def agreeing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluate, "second_opinion", lambda *_: ("ok", ()))


@pytest.fixture
def proven(monkeypatch: pytest.MonkeyPatch) -> None:
    """The proof by both engines has its own tests; it takes a process."""
    monkeypatch.setattr("rules.services.releases.deciding.prove", lambda _: None)
    monkeypatch.setattr("rules.services.releases.activating.prove", lambda _: None)


@pytest.fixture
def author(db: None) -> User:
    return make_user("author", Role.RULE_ADMIN)


@pytest.fixture
def approver(db: None) -> User:
    return make_user("approver", Role.RULE_ADMIN)


@pytest.fixture
def child(country: Country, drain: Drain) -> Entity:
    child = make_child(country.village)
    release_small(child.dataset.project)
    tell(child, "home_visit", POOR)
    drain()
    return child


def refusal(kind: Kind, work: Callable[[], object]) -> Problem:
    with pytest.raises(Problem) as found:
        work()
    assert found.value.kind is kind, found.value
    return found.value


# --- asking ------------------------------------------------------------------------------------


def test_a_request_freezes_the_draft_with_what_it_is_compared_with(
    child: Entity, author: User
) -> None:
    rule_set = rule_set_of(child)
    put_draft(rule_set, stricter(), author)
    simulated = Simulation.objects.create(
        rule_set=rule_set, document={}, sha256=compiled_sha(stricter()), label="draft",
        as_of=clock.today(), state=Simulation.State.DONE, actor=author,
    )  # fmt: skip
    release = request_release(rule_set, author, " 贫困加分 ")
    assert (release.number, release.status, release.note) == (2, "requested", "贫困加分")
    assert (release.base, release.simulation) == (rule_set.active, simulated)
    assert release.editor_id == author.pk
    put_draft(rule_set_of(child), stricter(12), author)
    release.refresh_from_db()
    assert release.document["rules"][1]["score"] == 31


def compiled_sha(document: dict[str, Any]) -> str:
    return compiled(Release(document=document, sha256="")).sha256


def test_a_request_without_a_simulation_is_taken(child: Entity, author: User) -> None:
    assert requested(child, author).simulation is None


def test_only_one_request_waits_at_a_time(child: Entity, author: User, approver: User) -> None:
    first = requested(child, author)
    refusal(problems.RELEASE_WAITING, lambda: requested(child, author, 12))
    withdraw_release(first, approver, "以后再说")
    assert requested(child, author, 12).number == 3


def test_a_rule_set_without_a_draft_cannot_be_asked_for(child: Entity, author: User) -> None:
    refusal(problems.NO_DRAFT, lambda: request_release(rule_set_of(child), author))


def test_a_draft_with_an_error_of_the_check_cannot_be_asked_for(
    child: Entity, author: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise Problem(problems.CASES_FAIL, count=1, cases="a")

    monkeypatch.setattr("rules.services.checking.require_releasable", refuse)
    refusal(problems.CASES_FAIL, lambda: requested(child, author))
    assert Release.objects.count() == 1


def test_a_draft_that_moves_while_it_is_checked_is_not_frozen(
    child: Entity, author: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def edit(rule_set: Any, document: Any) -> None:
        put_draft(rule_set, stricter(12), author)

    monkeypatch.setattr("rules.services.checking.require_releasable", edit)
    refusal(problems.DRAFT_MOVED, lambda: requested(child, author))


def test_those_who_may_decide_are_told_and_the_author_hears_the_answer(
    child: Entity, author: User, approver: User, proven: None
) -> None:
    release = requested(child, author)
    assert [one.user_id for one in Notice.objects.filter(kind="rules")] == [approver.pk]
    refuse_release(release, approver, "先做试算")
    answer = Notice.objects.get(kind="rules", user=author)
    assert "先做试算" in answer.text["zh"]


# --- deciding ----------------------------------------------------------------------------------


def test_another_person_puts_it_into_force_and_everybody_is_evaluated_again(
    child: Entity, author: User, approver: User, drain: Drain
) -> None:
    release = released(child, author, approver)
    rule_set = rule_set_of(child)
    assert (rule_set.active, release.status) == (release, "approved")
    assert Release.objects.get(number=1).status == "retired"
    drain()
    assert (newest(child).release, newest(child).tier) == (release, "yellow")


def test_nobody_approves_or_refuses_their_own_request(child: Entity, author: User) -> None:
    release = requested(child, author)
    refusal(problems.SAME_PERSON, lambda: approve_release(release, author))
    refusal(problems.SAME_PERSON, lambda: refuse_release(release, author, "不行"))
    release.refresh_from_db()
    assert release.status == Status.REQUESTED


def test_nobody_approves_by_the_phone_what_they_asked_for_themselves(
    child: Entity, author: User
) -> None:
    phone = AppUser.objects.create(type="field_key", display_name="phone", worker=author)
    by_hand = requested(child, author)
    refusal(problems.SAME_PERSON, lambda: approve_release(by_hand, phone))
    withdraw_release(by_hand, author)
    by_phone = Release.objects.get(pk=requested(child, phone, 12).pk)  # author as a plain Actor
    refusal(problems.SAME_PERSON, lambda: approve_release(by_phone, author))


def test_who_edited_the_draft_last_does_not_approve_it_either(
    child: Entity, author: User, approver: User, proven: None
) -> None:
    rule_set = rule_set_of(child)
    put_draft(rule_set, stricter(), approver)
    release = request_release(rule_set, author)
    refusal(problems.EDITED_BY_YOU, lambda: approve_release(release, approver))
    third = make_user("third", Role.RULE_ADMIN)
    assert approve_release(release, third).status == Status.APPROVED


def test_a_refusal_needs_its_reason_and_keeps_it(
    child: Entity, author: User, approver: User
) -> None:
    release = requested(child, author)
    refusal(MISSING, lambda: refuse_release(release, approver, "  "))
    assert refuse_release(release, approver, "先做试算").answer == "先做试算"
    refusal(problems.RELEASE_STATE, lambda: approve_release(release, approver))
    assert rule_set_of(child).active.number == 1


def test_a_withdrawn_request_cannot_be_approved(
    child: Entity, author: User, approver: User
) -> None:
    release = withdraw_release(requested(child, author), author, "笔误")
    assert (release.status, release.answer) == ("withdrawn", "笔误")
    refusal(problems.RELEASE_STATE, lambda: approve_release(release, approver))
    refusal(problems.RELEASE_STATE, lambda: withdraw_release(release, author))


# --- the proof ---------------------------------------------------------------------------------


def test_a_release_that_the_second_engine_refuses_leaves_the_old_one_in_force(
    child: Entity, author: User, approver: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(_: object) -> None:
        raise Problem(problems.DURABLE_REFUSED, reason="test")

    monkeypatch.setattr(proving.DurableProcess, "start", start)
    monkeypatch.setattr(proving, "_proven", set())
    release = requested(child, author)
    refusal(problems.DURABLE_REFUSED, lambda: approve_release(release, approver))
    release.refresh_from_db()
    assert (release.status, rule_set_of(child).active.number) == ("requested", 1)


def test_engines_that_differ_about_a_release_keep_it_out(
    child: Entity, author: User, approver: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = DurableAnswer("ok", {"R-DANGER": "false"}, {})
    monkeypatch.setattr(proving.DurableProcess, "start", lambda _: None)
    monkeypatch.setattr(proving.DurableProcess, "evaluate", lambda *_: told)
    monkeypatch.setattr(proving, "_proven", set())
    release = requested(child, author)
    problem = refusal(problems.ENGINES_DIFFER, lambda: approve_release(release, approver))
    assert "R-DANGER" in problem.tokens["names"]
    assert rule_set_of(child).active.number == 1


def test_an_activation_that_fails_half_way_leaves_everything_as_it_was(
    child: Entity, author: User, approver: User, proven: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = requested(child, author)
    monkeypatch.setattr("rules.services.releases.activating.begin_reevaluation", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        approve_release(release, approver)
    release.refresh_from_db()
    assert (release.status, release.activated_at) == ("requested", None)
    assert rule_set_of(child).active.status == "approved"
    assert Reevaluation.objects.count() == 1


# --- on its day --------------------------------------------------------------------------------


@pytest.fixture
def scheduled(child: Entity, author: User, approver: User, proven: None) -> Release:
    with clock.at(MONDAY - timedelta(days=3)):
        return approve_release(requested(child, author), approver, MONDAY)


def due(moment: datetime) -> int:
    with clock.at(moment):
        return keep_releases()


def test_an_approved_release_waits_for_its_day(child: Entity, scheduled: Release) -> None:
    assert (scheduled.status, scheduled.activated_at) == ("approved", None)
    due(MONDAY - timedelta(minutes=1))
    assert rule_set_of(child).active.number == 1
    due(MONDAY)
    assert rule_set_of(child).active == scheduled
    before = Entry.objects.filter(action="rule_set.release.activate").count()
    due(MONDAY + timedelta(minutes=1))
    assert Entry.objects.filter(action="rule_set.release.activate").count() == before


def test_a_day_that_has_passed_is_no_day(child: Entity, author: User, approver: User) -> None:
    release = requested(child, author)
    yesterday = clock.now() - timedelta(days=1)
    refusal(UNEXPECTED, lambda: approve_release(release, approver, yesterday))


def test_an_approved_release_can_be_taken_back_before_its_day(
    child: Entity, scheduled: Release, approver: User
) -> None:
    withdraw_release(scheduled, approver, "县里推迟")
    due(MONDAY)
    assert rule_set_of(child).active.number == 1


def test_a_release_that_comes_first_ends_what_was_approved_for_later(
    child: Entity, scheduled: Release, author: User, approver: User
) -> None:
    released(child, author, approver, 12)
    scheduled.refresh_from_db()
    assert (scheduled.status, scheduled.activate_at) == ("withdrawn", None)
    assert "3" in scheduled.answer
    due(MONDAY)
    assert rule_set_of(child).active.number == 3


def test_a_release_that_fails_on_its_day_stays_out_and_says_why(
    child: Entity, scheduled: Release, author: User, approver: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: object) -> None:
        raise Problem(problems.DURABLE_REFUSED, reason="test")

    with monkeypatch.context() as broken:
        broken.setattr("rules.services.releases.activating.prove", refuse)
        due(MONDAY)
    scheduled.refresh_from_db()
    assert (scheduled.activate_at, rule_set_of(child).active.number) == (None, 1)
    assert "test" in scheduled.answer
    told = [one for one in Notice.objects.filter(kind="rules") if "未能生效" in one.text["zh"]]
    assert {one.user_id for one in told} == {author.pk, approver.pk}
    due(MONDAY + timedelta(minutes=1))
    assert rule_set_of(child).active.number == 1
    roll_back(scheduled, approver, "引擎已修复")
    assert rule_set_of(child).active == scheduled


# --- rolling back ------------------------------------------------------------------------------


def test_an_earlier_release_comes_back_by_one_person_with_a_reason(
    child: Entity, author: User, approver: User, proven: None, drain: Drain
) -> None:
    released(child, author, approver)
    drain()
    first = Release.objects.get(number=1)
    refusal(MISSING, lambda: roll_back(first, author, ""))
    roll_back(first, author, "误升太多")
    drain()
    assert rule_set_of(child).active == first
    assert (newest(child).release, newest(child).change) == (first, "rules")
    entry = Entry.objects.filter(action="rule_set.release.activate").latest("pk")
    assert (entry.notes, entry.actor_id) == ("误升太多", author.pk)


@pytest.mark.parametrize("status", ["requested", "refused", "withdrawn", "trial"])
def test_only_what_two_persons_released_comes_into_force(
    child: Entity, author: User, status: str, proven: None
) -> None:
    release = requested(child, author)
    Release.objects.filter(pk=release.pk).update(status=status)
    release.refresh_from_db()
    refusal(problems.RELEASE_STATE, lambda: roll_back(release, author, "试一试"))
    refusal(problems.RELEASE_STATE, lambda: activate_release(release, author))


def test_what_is_in_force_does_not_come_into_force_again(child: Entity, author: User) -> None:
    active = rule_set_of(child).active
    assert active is not None
    refusal(problems.RELEASE_STATE, lambda: activate_release(active, author))


def test_the_bundled_document_is_put_into_force_once(child: Entity) -> None:
    release_small(child.dataset.project)
    assert Release.objects.count() == 1
    assert release_small(child.dataset.project, stricter()).number == 2
