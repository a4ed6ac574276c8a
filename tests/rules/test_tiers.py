"""People decide about tiers: confirm, override with a reason and an end, lower red only by two and
after its conditions."""

from datetime import timedelta
from typing import Any

import pytest

from forms.models import Entity
from rules import problems
from rules.models import TierDecision, TierState
from rules.services import evaluate
from rules.services.evaluate import evaluate_entity
from rules.services.sweeps import expire_overrides
from rules.services.tasks import finish_task, verify_task
from rules.services.tiers import (
    approve_downgrade,
    confirm_tier,
    override_tier,
    refuse_downgrade,
    request_downgrade,
)
from server import clock
from server.people.models import User
from server.people.roles import Role
from server.problems import FORBIDDEN, NOT_FOUND, UNAUTHENTICATED, UNEXPECTED, Kind, Problem
from tests.conftest import Country, make_user
from tests.rules.county_kit import (
    ALL_WELL,
    NOON,
    days_later,
    make_child,
    newest,
    release_small,
    state_of,
    tasks_of,
    tell,
)

Review = TierState.Review
DANGER = ALL_WELL | {"danger": "yes"}
ALONE = ALL_WELL | {"alone": "yes"}
POOR = ALL_WELL | {"poor": "yes"}
REASON = "入户核实：母亲已返乡长住，孩子由母亲照料，学校也确认了。"


@pytest.fixture(autouse=True)
def agreeing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluate, "second_opinion", lambda *_: ("ok", ()))


@pytest.fixture
def town(country: Country) -> User:
    return make_user("town", Role.TOWN_SUPERVISOR, country.town)


@pytest.fixture
def child(country: Country, lan: User, county: User, town: User) -> Entity:
    child = make_child(country.village)
    release_small(child.dataset.project)
    return child


def refused(kind: Kind, act: Any, *args: Any, **named: Any) -> None:
    with pytest.raises(Problem) as caught:
        act(*args, **named)
    assert caught.value.kind is kind


def made_safe(child: Entity, lan: User, town: User) -> None:
    """Red at noon; the next day assessed as safe, every task done and verified."""
    with clock.at(NOON):
        tell(child, "home_visit", DANGER, by=lan)
    with clock.at(days_later(1)):
        for code, who in (("T_RESCUE", lan), ("T_REPORT", lan), ("T_CARE", town)):
            finish_task(tasks_of(child)[code], who, "已办")
        verify_task(tasks_of(child)["T_RESCUE"], town)
        tell(child, "safety_assess", {"danger": "no"})


# --- confirming --------------------------------------------------------------------------------


def test_confirming_a_rise_takes_the_child_out_of_the_queue(child: Entity, town: User) -> None:
    tell(child, "home_visit", ALONE)
    state = confirm_tier(child, town)
    assert (state.tier, state.review, state.waiting_since) == ("yellow", Review.NONE, None)
    assert TierDecision.objects.filter(action="confirm", actor=town, to_tier="yellow").count() == 1


def test_confirming_a_proposed_fall_puts_it_into_force(child: Entity, town: User) -> None:
    tell(child, "home_visit", ALONE)
    tell(child, "home_visit", ALL_WELL)
    state = confirm_tier(child, town)
    assert (state.tier, state.previous, state.proposed) == ("green", "yellow", "")
    child.refresh_from_db()
    assert child.data["tier"] == "green"


def test_nothing_waiting_is_nothing_to_confirm(child: Entity, town: User) -> None:
    tell(child, "home_visit", ALONE)
    confirm_tier(child, town)
    refused(problems.NOTHING_TO_CONFIRM, confirm_tier, child, town)


def test_a_decision_about_an_older_evaluation_is_refused(child: Entity, town: User) -> None:
    tell(child, "home_visit", ALONE)
    seen = newest(child).pk
    tell(child, "home_visit", POOR)
    refused(problems.STALE, confirm_tier, child, town, evaluation_id=seen)


def test_red_is_confirmed_by_the_county(child: Entity, town: User, county: User) -> None:
    tell(child, "home_visit", DANGER)
    refused(FORBIDDEN, confirm_tier, child, town)
    assert confirm_tier(child, county).review == Review.NONE


def test_who_does_not_review_may_not_and_who_is_elsewhere_sees_nothing(
    child: Entity, lan: User, stranger: User
) -> None:
    tell(child, "home_visit", ALONE)
    refused(FORBIDDEN, confirm_tier, child, lan)
    refused(NOT_FOUND, confirm_tier, child, stranger)
    refused(UNAUTHENTICATED, confirm_tier, child, None)


def test_a_child_without_evaluation_cannot_be_decided(child: Entity, town: User) -> None:
    refused(problems.NOT_EVALUATED, confirm_tier, child, town)


# --- overriding --------------------------------------------------------------------------------


def override(child: Entity, who: User, tier: str, **more: Any) -> TierState:
    return override_tier(
        child, who, **{"tier": tier, "reason_code": "discretionary", "reason": REASON, **more}
    )


def test_an_override_holds_against_the_rules_until_things_get_worse(
    child: Entity, town: User
) -> None:
    tell(child, "home_visit", POOR)
    state = override(child, town, "green")
    assert state.overridden_until == clock.today() + timedelta(days=90)  # the next visit of green
    evaluate_entity(child.pk, "again")
    assert (state_of(child).tier, state_of(child).review) == ("green", Review.NONE)
    tell(child, "home_visit", POOR | {"alone": "yes"})
    assert (state_of(child).tier, state_of(child).overridden_until) == ("yellow", None)


def test_a_raised_tier_stays_raised_while_its_override_lasts(child: Entity, town: User) -> None:
    tell(child, "home_visit", ALL_WELL)
    override(child, town, "yellow")
    evaluate_entity(child.pk, "again")
    assert (state_of(child).tier, state_of(child).proposed) == ("yellow", "")


def test_an_override_ends_by_itself_and_the_rules_speak_again(child: Entity, town: User) -> None:
    with clock.at(NOON):
        tell(child, "home_visit", POOR)
        override(child, town, "green", until=days_later(10).date())
    with clock.at(days_later(10)):
        assert expire_overrides() == 0
    with clock.at(days_later(11)):
        assert expire_overrides() == 1
        assert expire_overrides() == 0
    assert (state_of(child).tier, state_of(child).review) == ("blue", Review.UP)
    assert TierDecision.objects.filter(action="expire").count() == 1


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"reason": "太短"}, problems.REASON_SHORT),
        ({"reason": " " * 40}, problems.REASON_SHORT),
        ({"reason_code": "because"}, UNEXPECTED),
        ({"tier": "purple"}, UNEXPECTED),
        ({"until": days_later(-1).date()}, UNEXPECTED),
        ({"until": days_later(500).date()}, UNEXPECTED),
    ],
)
def test_an_override_needs_reason_tier_and_end(
    child: Entity, town: User, change: dict[str, Any], kind: Kind
) -> None:
    with clock.at(NOON):
        tell(child, "home_visit", POOR)
        refused(kind, override, child, town, **{"tier": "yellow", **change})
    assert not TierDecision.objects.filter(action="override").exists()


def test_no_tier_goes_below_a_floor_that_holds_but_by_the_countys_exception(
    child: Entity, town: User, county: User
) -> None:
    tell(child, "home_visit", ALONE)
    refused(problems.BELOW_FLOOR, override, child, town, "blue")
    refused(FORBIDDEN, override, child, town, "blue", reason_code="exception")
    longest = clock.today() + timedelta(days=91)
    refused(UNEXPECTED, override, child, county, "blue", reason_code="exception", until=longest)
    state = override(child, county, "blue", reason_code="exception")
    assert (state.tier, state.override_floor) == ("blue", "yellow")


def test_red_is_never_overridden_downward(child: Entity, county: User) -> None:
    tell(child, "home_visit", DANGER)
    refused(problems.TWO_PERSONS, override, child, county, "yellow")


# --- lowering red ------------------------------------------------------------------------------


def lower(child: Entity, who: User, tier: str = "yellow", **more: Any) -> TierState:
    return request_downgrade(child, who, tier=tier, reason=REASON, **more)


def test_red_goes_down_by_two_persons(child: Entity, lan: User, town: User, county: User) -> None:
    made_safe(child, lan, town)
    with clock.at(days_later(1.1)):
        state = lower(child, town)
        assert (state.tier, state.review, state.requested_tier) == ("red", Review.SECOND, "yellow")
        state = approve_downgrade(child, county)
    assert (state.tier, state.previous, state.review) == ("yellow", "red", Review.NONE)
    actions = list(TierDecision.objects.values_list("action", flat=True).order_by("id"))
    assert actions == ["automatic", "request", "approve"]


def test_confirming_a_fall_from_red_is_a_request(child: Entity, lan: User, town: User) -> None:
    made_safe(child, lan, town)
    with clock.at(days_later(1.1)):
        refused(problems.REASON_SHORT, confirm_tier, child, town)
        assert confirm_tier(child, town, reason=REASON).review == Review.SECOND


def test_nobody_approves_their_own_request(
    child: Entity, lan: User, town: User, county: User
) -> None:
    made_safe(child, lan, town)
    with clock.at(days_later(1.1)):
        lower(child, county)
        refused(problems.SAME_PERSON, approve_downgrade, child, county)
        refused(FORBIDDEN, approve_downgrade, child, town)


def test_red_goes_down_one_step_only(child: Entity, lan: User, town: User) -> None:
    made_safe(child, lan, town)
    with clock.at(days_later(1.1)):
        refused(problems.ONE_STEP, lower, child, town, "green")


def test_red_does_not_go_down_while_its_rule_holds(child: Entity, town: User) -> None:
    tell(child, "home_visit", DANGER)
    refused(problems.BELOW_FLOOR, lower, child, town)


def test_red_needs_a_later_assessment(child: Entity, lan: User, town: User, county: User) -> None:
    with clock.at(NOON):
        tell(child, "home_visit", DANGER)
    with clock.at(days_later(1)):
        refused(problems.LATER_FORM, lower, child, county, reason_code="exception")


def test_red_needs_its_tasks_finished_and_verified(child: Entity, lan: User, town: User) -> None:
    with clock.at(NOON):
        tell(child, "home_visit", DANGER, by=lan)
    with clock.at(days_later(1)):
        finish_task(tasks_of(child)["T_RESCUE"], lan, "已办")
        tell(child, "safety_assess", {"danger": "no"})
        refused(problems.TASKS_UNFINISHED, lower, child, town)


def test_a_request_falls_when_danger_is_back(
    child: Entity, lan: User, town: User, county: User
) -> None:
    made_safe(child, lan, town)
    with clock.at(days_later(1.1)):
        lower(child, town)
        tell(child, "home_visit", DANGER)
        assert (state_of(child).requested_tier, state_of(child).review) == ("", Review.NONE)
        refused(problems.NO_REQUEST, approve_downgrade, child, county)


def test_a_refused_request_leaves_red(child: Entity, lan: User, town: User, county: User) -> None:
    made_safe(child, lan, town)
    with clock.at(days_later(1.1)):
        lower(child, town)
        state = refuse_downgrade(child, county, reason=REASON)
    assert (state.tier, state.review, state.requested_tier) == ("red", Review.NONE, "")
