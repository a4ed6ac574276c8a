"""Objections to a tier: taken down by whoever works with the child, decided in fifteen days by
somebody else, answered with the rules that hold."""

from typing import Any

import pytest

from forms.models import Entity, Form
from rules import problems
from rules.models import Appeal, Notice, TierDecision, TierState
from rules.services import evaluate
from rules.services.appeals import (
    decide_appeal,
    drafted_answer,
    may_decide,
    open_appeal,
    readable_appeals,
    remind_appeals,
    withdraw_appeal,
)
from rules.services.tasks import finish_task, verify_task
from rules.services.tiers import confirm_tier, request_downgrade
from rules.timeline import timeline
from server import clock
from server.journal.models import Entry
from server.people.models import User
from server.people.roles import Role
from server.problems import (
    FORBIDDEN,
    MISSING,
    NOT_FOUND,
    UNAUTHENTICATED,
    UNEXPECTED,
    Kind,
    Problem,
)
from tests.conftest import Country, make_user
from tests.rules.county_kit import (
    ALL_WELL,
    NOON,
    days_later,
    make_child,
    release_small,
    state_of,
    store,
    tasks_of,
    tell,
)

ALONE = ALL_WELL | {"alone": "yes"}
POOR = ALL_WELL | {"poor": "yes"}
DANGER = ALL_WELL | {"danger": "yes"}
ANSWER = "已派未参与原核定的人员再次入户，见到孩子和母亲，核对了每一条规则。"
GROUNDS = "孩子的母亲已经回家，不应再按独处对待。"


@pytest.fixture(autouse=True)
def agreeing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluate, "second_opinion", lambda *_: ("ok", ()))


@pytest.fixture
def town(country: Country) -> User:
    return make_user("town", Role.TOWN_SUPERVISOR, country.town)


@pytest.fixture
def colleague(country: Country) -> User:
    return make_user("colleague", Role.TOWN_SUPERVISOR, country.town)


@pytest.fixture
def child(country: Country, lan: User, county: User, town: User, colleague: User) -> Entity:
    child = make_child(country.village)
    release_small(child.dataset.project)
    return child


@pytest.fixture
def yellow(child: Entity, lan: User, town: User) -> Entity:
    """Yellow for being alone, confirmed by the town."""
    with clock.at(NOON):
        tell(child, "home_visit", ALONE, by=lan)
        confirm_tier(child, town)
    return child


def taken(child: Entity, who: User, **more: Any) -> Appeal:
    return open_appeal(child, who, **{"by": "guardian", "grounds": GROUNDS, **more})


def decided(appeal: Appeal, who: User, outcome: str = "dismissed", **more: Any) -> Appeal:
    return decide_appeal(appeal.pk, who, **{"outcome": outcome, "answer": ANSWER, **more})


def refused(kind: Kind, act: Any, *args: Any, **named: Any) -> None:
    with pytest.raises(Problem) as caught:
        act(*args, **named)
    assert caught.value.kind is kind


def told(user: User, kind: str) -> int:
    return Notice.objects.filter(user=user, kind=kind).count()


# --- taking down -------------------------------------------------------------------------------


def test_the_village_takes_an_objection_down_and_the_clock_runs_in_the_sites_days(
    yellow: Entity, lan: User
) -> None:
    with clock.at(days_later(0.5)):  # already the next day in Shanghai
        appeal = taken(yellow, lan, name="张母", contact="13800001234")
    assert (str(appeal.received_on), str(appeal.due_on)) == ("2026-09-02", "2026-09-17")
    assert (appeal.tier, appeal.state, appeal.evaluation) == (
        "yellow", "open", state_of(yellow).evaluation,
    )  # fmt: skip
    assert Entry.objects.filter(action="appeal.open").count() == 1


def test_those_who_could_decide_are_told_and_who_decided_the_tier_is_not(
    yellow: Entity, lan: User, town: User, colleague: User
) -> None:
    taken(yellow, lan)
    assert (told(colleague, "appeal"), told(town, "appeal"), told(lan, "appeal")) == (1, 0, 0)


def test_where_nobody_else_of_the_town_is_left_the_county_is_told(
    yellow: Entity, lan: User, colleague: User, county: User
) -> None:
    colleague.grants.all().delete()
    taken(yellow, lan)
    assert told(county, "appeal") == 1


def test_one_objection_waits_at_a_time(yellow: Entity, lan: User, colleague: User) -> None:
    appeal = taken(yellow, lan)
    refused(problems.APPEAL_OPEN, taken, yellow, lan)
    decided(appeal, colleague)
    assert taken(yellow, lan).state == "open"


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"by": "neighbour"}, UNEXPECTED),
        ({"grounds": "  "}, MISSING),
        ({"grounds": "长" * 5001}, UNEXPECTED),
        ({"received_on": days_later(1).date()}, UNEXPECTED),
        ({"received_on": days_later(-400).date()}, UNEXPECTED),
    ],
)
def test_what_cannot_be_taken_down_is_refused(
    yellow: Entity, lan: User, change: dict[str, Any], kind: Kind
) -> None:
    with clock.at(NOON):
        refused(kind, taken, yellow, lan, **change)
    assert not Appeal.objects.exists()


def test_strangers_see_no_child_and_readers_without_the_field_may_not(
    yellow: Entity, stranger: User, country: Country
) -> None:
    lead = make_user("lead", Role.COUNTY_LEAD, country.county)
    refused(NOT_FOUND, taken, yellow, stranger)
    refused(FORBIDDEN, taken, yellow, lead)
    refused(UNAUTHENTICATED, taken, yellow, None)
    refused(problems.NOT_EVALUATED, taken, make_child(country.village, yellow.dataset.project),
            make_user("other", Role.CHILD_DIRECTOR, country.village))  # fmt: skip


def test_an_objection_is_seen_by_its_taker_and_by_reviewers_of_the_area(
    yellow: Entity, lan: User, colleague: User, stranger: User, country: Country
) -> None:
    taken(yellow, lan)
    other = make_user("other", Role.CHILD_DIRECTOR, country.village)
    counts = [readable_appeals(who).count() for who in (lan, colleague, stranger, other)]
    assert counts == [1, 1, 0, 0]


# --- deciding ----------------------------------------------------------------------------------


def test_nobody_decides_about_their_own_decision(
    yellow: Entity, lan: User, town: User, colleague: User, stranger: User
) -> None:
    appeal = taken(yellow, lan)
    refused(problems.DECIDED_BEFORE, decided, appeal, town)
    refused(FORBIDDEN, decided, appeal, lan)
    refused(NOT_FOUND, decided, appeal, stranger)
    assert (may_decide(appeal, town), may_decide(appeal, colleague)) == (False, True)
    assert decided(appeal, colleague).state == "dismissed"


def test_a_worker_does_not_decide_their_own_objection(yellow: Entity, colleague: User) -> None:
    refused(problems.DECIDED_BEFORE, decided, taken(yellow, colleague, by="worker"), colleague)


def test_a_dismissal_is_answered_with_the_rules_that_hold(
    yellow: Entity, lan: User, colleague: User
) -> None:
    appeal = decided(taken(yellow, lan), colleague)
    assert appeal.answer.startswith(ANSWER)
    assert "孩子独处（R-ALONE）：独处为“是”。" in appeal.answer
    assert (appeal.decided_tier, appeal.decided_by_id) == ("yellow", colleague.pk)
    assert state_of(yellow).tier == "yellow"
    assert Entry.objects.filter(action="appeal.decide").count() == 1


def test_an_answer_that_names_every_rule_is_left_as_it_was_written(
    yellow: Entity, lan: User, colleague: User
) -> None:
    appeal = taken(yellow, lan)
    text = drafted_answer(appeal) + "经核查，孩子仍独自居住，母亲尚未返乡，邻居可以证明。"
    assert decided(appeal, colleague, answer=text).answer == text


def test_the_answer_bears_no_colour_and_nothing_of_restricted_forms(
    child: Entity, lan: User, town: User
) -> None:
    with clock.at(NOON):
        tell(child, "home_visit", ALONE, by=lan)
        store(child, "safety_assess", {"danger": "yes"})
        Form.objects.filter(xml_form_id="safety_assess").update(sensitivity="restricted")
        evaluate.evaluate_entity(child.pk, "again")
        draft = drafted_answer(taken(child, lan))
    assert "孩子独处" in draft
    assert "依法不予告知" in draft
    assert "危险" not in draft
    assert "红" not in draft


def test_upholding_lowers_the_tier_under_the_same_rules(
    child: Entity, lan: User, town: User, colleague: User
) -> None:
    tell(child, "home_visit", POOR, by=lan)
    appeal = taken(child, lan)
    refused(problems.NO_OTHER_TIER, decided, appeal, colleague, "upheld")
    refused(problems.NO_OTHER_TIER, decided, appeal, colleague, "upheld", tier="blue")
    appeal = decided(appeal, colleague, "upheld", tier="green")
    state = state_of(child)
    assert (state.tier, appeal.decided_tier, appeal.state) == ("green", "green", "upheld")
    assert state.overridden_until is not None
    assert TierDecision.objects.filter(action="override", actor=colleague).count() == 1


def test_upholding_goes_below_a_floor_only_as_the_countys_exception(
    yellow: Entity, lan: User, colleague: User, county: User
) -> None:
    appeal = taken(yellow, lan)
    refused(problems.BELOW_FLOOR, decided, appeal, colleague, "upheld", tier="blue")
    more = {"tier": "blue", "reason_code": "exception"}
    refused(FORBIDDEN, decided, appeal, colleague, "upheld", **more)
    assert Appeal.objects.get().state == "open"
    assert decided(appeal, county, "upheld", **more).state == "upheld"


def test_upholding_what_the_rules_propose_is_a_confirmation_without_end(
    yellow: Entity, lan: User, colleague: User
) -> None:
    tell(yellow, "home_visit", ALL_WELL)
    decided(taken(yellow, lan), colleague, "upheld", tier="green")
    assert (state_of(yellow).tier, state_of(yellow).overridden_until) == ("green", None)
    assert TierDecision.objects.filter(action="confirm", to_tier="green").count() == 1


def test_red_is_decided_by_the_county_and_lowered_by_two(
    child: Entity, lan: User, town: User, county: User
) -> None:
    with clock.at(NOON):
        tell(child, "home_visit", DANGER, by=lan)
    with clock.at(days_later(1)):
        for code, who in (("T_RESCUE", lan), ("T_REPORT", lan), ("T_CARE", town)):
            finish_task(tasks_of(child)[code], who, "已办")
        verify_task(tasks_of(child)["T_RESCUE"], town)
        tell(child, "safety_assess", {"danger": "no"})
        appeal = taken(child, lan)
        assert told(county, "appeal") == 1
        refused(FORBIDDEN, decided, appeal, town)
        refused(problems.TWO_PERSONS, decided, appeal, county, "upheld", tier="yellow")
        request_downgrade(child, town, tier="yellow", reason=ANSWER)
        assert decided(appeal, county, "upheld", tier="yellow").state == "upheld"
    assert state_of(child).tier == "yellow"
    assert TierDecision.objects.filter(action="approve", actor=county).count() == 1


def test_a_tier_may_be_raised_by_an_objection(yellow: Entity, lan: User, colleague: User) -> None:
    decided(taken(yellow, lan, by="child"), colleague, "upheld", tier="red")
    assert state_of(yellow).tier == "red"


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"answer": "太短"}, problems.ANSWER_SHORT),
        ({"answer": ""}, problems.ANSWER_SHORT),
        ({"outcome": "open"}, UNEXPECTED),
        ({"outcome": "withdrawn"}, UNEXPECTED),
    ],
)
def test_a_decision_needs_an_answer_and_an_outcome(
    yellow: Entity, lan: User, colleague: User, change: dict[str, Any], kind: Kind
) -> None:
    refused(kind, decided, taken(yellow, lan), colleague, **change)
    assert Appeal.objects.get().state == "open"


def test_the_draft_alone_is_no_answer(yellow: Entity, lan: User, colleague: User) -> None:
    appeal = taken(yellow, lan)
    draft = drafted_answer(appeal)
    assert len(draft) > 20
    refused(problems.ANSWER_SHORT, decided, appeal, colleague, answer=draft + "不变")


def test_what_is_decided_or_taken_back_stays_so(
    yellow: Entity, lan: User, colleague: User, stranger: User
) -> None:
    appeal = taken(yellow, lan)
    refused(NOT_FOUND, withdraw_appeal, appeal.pk, stranger)
    assert withdraw_appeal(appeal.pk, lan, "母亲来电撤回").state == "withdrawn"
    refused(problems.APPEAL_CLOSED, decided, appeal, colleague)
    refused(problems.APPEAL_CLOSED, withdraw_appeal, appeal.pk, lan)


# --- the clock ---------------------------------------------------------------------------------


def test_people_are_told_once_five_days_before_and_once_when_it_is_late(
    yellow: Entity, lan: User, colleague: User, county: User
) -> None:
    with clock.at(NOON):
        taken(yellow, lan)
    counts = {}
    for day in (9, 10, 11, 15, 16, 17, 30):
        with clock.at(days_later(day)):
            counts[day] = remind_appeals()
            Notice.objects.update(read_at=clock.now())  # what has been read is not told again
    assert counts == {9: 0, 10: 1, 11: 0, 15: 0, 16: 1, 17: 0, 30: 0}
    assert (told(colleague, "appeal_due"), told(colleague, "appeal_late")) == (1, 1)
    assert (told(county, "appeal_due"), told(county, "appeal_late")) == (0, 1)


def test_what_is_decided_is_not_reminded_of(yellow: Entity, lan: User, colleague: User) -> None:
    with clock.at(NOON):
        decided(taken(yellow, lan), colleague)
    with clock.at(days_later(20)):
        assert remind_appeals() == 0


def test_the_timeline_tells_of_the_objection_and_its_answer(
    yellow: Entity, lan: User, colleague: User
) -> None:
    decided(taken(yellow, lan), colleague)
    titles = [item.title for item in timeline(yellow, colleague) if item.kind == "appeal"]
    assert len(titles) == 2
    assert TierState.objects.get().tier == "yellow"
