"""What holds a tier up and what may lower it: floors on every path, exceptions that end, requests
and refusals that outlast a night, and the rules that stood behind each decision."""

from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest

from forms.models import Entity
from rules import problems
from rules.models import Notice, Task, TierDecision, TierState
from rules.pages.decide import choices_of
from rules.services import evaluate
from rules.services.evaluate import evaluate_entity
from rules.services.sweeps import expire_overrides
from rules.services.tasks import finish_task, refuse_task, reopen_task, verify_task
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
from server.problems import FORBIDDEN, UNEXPECTED, Kind, Problem
from tests.conftest import Country, make_user
from tests.rules.county_kit import (
    ALL_WELL,
    DOCUMENT,
    NOON,
    days_later,
    make_child,
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
def other(country: Country) -> User:
    return make_user("other", Role.COUNTY_CIVIL, country.county)


@pytest.fixture
def child(country: Country, lan: User, county: User, town: User) -> Entity:
    child = make_child(country.village)
    release_small(child.dataset.project)
    return child


def refused(kind: Kind, act: Any, *args: Any, **named: Any) -> None:
    with pytest.raises(Problem) as caught:
        act(*args, **named)
    assert caught.value.kind is kind


def override(child: Entity, who: User, tier: str, **more: Any) -> TierState:
    return override_tier(
        child, who, **{"tier": tier, "reason_code": "discretionary", "reason": REASON, **more}
    )


def lower(child: Entity, who: User, tier: str = "yellow", **more: Any) -> TierState:
    return request_downgrade(child, who, tier=tier, reason=REASON, **more)


def release_with(child: Entity, **rule: Any) -> None:
    """One more rule comes into force, and the child is evaluated under it."""
    document = deepcopy(DOCUMENT)
    document["rules"].append(
        {
            "id": "R-NEW",
            "dimension": "care",
            "title": {"zh": "新规则", "en": "New rule"},
            "when": "${poor} = 'yes'",
            "score": 0,
            **rule,
        }
    )
    release_small(child.dataset.project, document)
    evaluate_entity(child.pk, "release")


def all_red_done(child: Entity, lan: User, town: User) -> None:
    """The work of a red child, finished and verified, and assessed again; the danger stays."""
    for code, who in (("T_RESCUE", lan), ("T_REPORT", lan), ("T_CARE", town)):
        finish_task(tasks_of(child)[code], who, "已办")
    verify_task(tasks_of(child)["T_RESCUE"], town)
    tell(child, "safety_assess", {})


# --- the rules behind a decision ---------------------------------------------------------------


def test_every_decision_keeps_the_rules_that_were_true(
    child: Entity, town: User, county: User
) -> None:
    with clock.at(NOON):
        tell(child, "home_visit", ALONE | {"poor": "yes"})
        confirm_tier(child, town)
        override(child, county, "blue", reason_code="exception", until=days_later(2).date())
    with clock.at(days_later(3)):
        expire_overrides()
    kept = TierDecision.objects.order_by("id").values_list("action", "rules")
    assert [action for action, _ in kept][:4] == ["automatic", "confirm", "override", "expire"]
    assert all(rules == ["R-POOR", "R-ALONE"] for _, rules in kept)


# --- floors ------------------------------------------------------------------------------------


def test_an_exception_is_not_made_longer_or_changed_by_another_kind_of_override(
    child: Entity, town: User, county: User
) -> None:
    tell(child, "home_visit", ALONE)
    override(child, county, "green", reason_code="exception")
    for tier in ("green", "blue"):  # both are below the floor that holds, the second is a rise
        refused(problems.BELOW_FLOOR, override, child, town, tier)
        refused(FORBIDDEN, override, child, town, tier, reason_code="exception")
    assert override(child, town, "yellow").tier == "yellow"


def test_an_exception_from_red_takes_two_and_one_of_them_cannot_prolong_it(
    child: Entity, lan: User, town: User, county: User, other: User
) -> None:
    with clock.at(NOON):
        tell(child, "home_visit", DANGER, by=lan)
    with clock.at(days_later(1)):
        all_red_done(child, lan, town)
        lower(child, county, reason_code="exception")
        state = approve_downgrade(child, other)
        assert (state.tier, state.overridden_until) == ("yellow", days_later(91).date())
        for tier in ("yellow", "blue", "green"):
            refused(problems.TWO_PERSONS, override, child, county, tier, reason_code="exception")
        refused(FORBIDDEN, lower, child, town, "blue", reason_code="exception")
        lower(child, county, "blue", reason_code="exception")
        refused(FORBIDDEN, approve_downgrade, child, town)
        assert approve_downgrade(child, other).tier == "blue"
    with clock.at(days_later(91)):
        assert expire_overrides() == 0
    with clock.at(days_later(92)):
        assert expire_overrides() == 1
    assert (state_of(child).tier, state_of(child).overridden_until) == ("red", None)


def test_no_exception_lasts_longer_than_ninety_days(child: Entity, county: User) -> None:
    with clock.at(NOON):
        tell(child, "home_visit", ALONE)
        more = {"reason_code": "exception", "until": days_later(91).date()}
        refused(UNEXPECTED, override, child, county, "green", **more)
        state = override(child, county, "green", reason_code="exception")
        assert state.overridden_until is not None
        assert state.overridden_until <= days_later(90).date()


def test_a_confirmed_fall_stops_at_the_floor_that_holds(child: Entity, town: User) -> None:
    tell(child, "home_visit", ALONE)
    override(child, town, "red", until=clock.today() + timedelta(days=1))
    with clock.at(clock.now() + timedelta(days=2)):
        expire_overrides()
        assert (state_of(child).tier, state_of(child).proposed) == ("red", "yellow")


# --- news while an exception stands ------------------------------------------------------------


def test_a_rule_that_was_not_known_ends_an_exception_of_the_same_height(
    child: Entity, county: User
) -> None:
    tell(child, "home_visit", ALONE | {"poor": "yes"})
    override(child, county, "blue", reason_code="exception")
    release_with(child, floor="yellow")
    assert (state_of(child).tier, state_of(child).overridden_until) == ("yellow", None)
    assert TierDecision.objects.order_by("id").last().rules[-1] == "R-NEW"  # type: ignore[union-attr]


def test_a_new_rule_that_does_not_reach_above_the_tier_leaves_the_exception(
    child: Entity, county: User
) -> None:
    tell(child, "home_visit", ALONE | {"poor": "yes"})
    override(child, county, "blue", reason_code="exception")
    release_with(child, floor="blue")
    assert (state_of(child).tier, state_of(child).review) == ("blue", Review.NONE)


def test_the_same_answer_again_leaves_an_exception_and_a_new_alarm_ends_it(
    child: Entity, lan: User, town: User, county: User, other: User
) -> None:
    with clock.at(NOON):
        tell(child, "home_visit", DANGER, by=lan)
    with clock.at(days_later(1)):
        all_red_done(child, lan, town)
        lower(child, county, reason_code="exception")
        approve_downgrade(child, other)
    with clock.at(days_later(2)):
        tell(child, "home_visit", ALL_WELL)  # does not clear it, and reports nothing
        assert state_of(child).tier == "yellow"
    with clock.at(days_later(3)):
        tell(child, "home_visit", DANGER)
    assert (state_of(child).tier, state_of(child).overridden_until) == ("red", None)


def test_a_release_without_the_tier_in_force_sets_the_tier_anew(child: Entity, town: User) -> None:
    tell(child, "home_visit", ALONE)
    override(child, town, "red")
    document = deepcopy(DOCUMENT)
    document["tiers"][3]["id"] = document["rules"][0]["floor"] = "crimson"
    document["facts"][3]["history"]["tier"] = "crimson"
    release_small(child.dataset.project, document)
    evaluate_entity(child.pk, "release")
    assert state_of(child).tier == "yellow"


# --- requests ----------------------------------------------------------------------------------


def made_safe(child: Entity, lan: User, town: User) -> None:
    with clock.at(NOON):
        tell(child, "home_visit", DANGER, by=lan)
    with clock.at(days_later(1)):
        all_red_done(child, lan, town)
        tell(child, "safety_assess", {"danger": "no"})


def test_a_request_for_an_exception_outlasts_the_night(
    child: Entity, lan: User, town: User, county: User, other: User
) -> None:
    with clock.at(NOON):
        tell(child, "home_visit", DANGER, by=lan)
    with clock.at(days_later(1)):
        all_red_done(child, lan, town)
        lower(child, county, reason_code="exception")
    with clock.at(days_later(2)):
        evaluate_entity(child.pk, "sweep")
        state = state_of(child)
        assert (state.requested_tier, state.review) == ("yellow", Review.SECOND)
        assert approve_downgrade(child, other).tier == "yellow"


def test_a_request_stands_while_the_engines_are_in_doubt_and_afterwards(
    child: Entity, lan: User, town: User, county: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_safe(child, lan, town)
    with clock.at(days_later(1.1)):
        lower(child, town)
        with monkeypatch.context() as silent:
            silent.setattr(evaluate, "second_opinion", lambda *_: ("unavailable", ()))
            tell(child, "home_visit", POOR)
        assert (state_of(child).requested_tier, state_of(child).review) == (
            "yellow", Review.MISMATCH,
        )  # fmt: skip
        tell(child, "home_visit", ALL_WELL)
        assert state_of(child).review == Review.SECOND


def test_lowering_ends_the_override_that_had_raised_the_tier(
    child: Entity, lan: User, town: User, county: User
) -> None:
    with clock.at(NOON):
        tell(child, "home_visit", POOR, by=lan)
        override(child, town, "red", until=days_later(60).date())
    with clock.at(days_later(1)):
        tell(child, "safety_assess", {"danger": "no"})
        lower(child, town)
        evaluate_entity(child.pk, "sweep")
        state = approve_downgrade(child, county)
    assert (state.tier, state.overridden_until, state.override_floor) == ("yellow", None, "")


def test_a_refusal_of_the_family_is_no_finished_task(
    child: Entity, lan: User, town: User, county: User
) -> None:
    with clock.at(NOON):
        tell(child, "home_visit", DANGER, by=lan)
    with clock.at(days_later(1)):
        refuse_task(tasks_of(child)["T_RESCUE"], lan, "家属不让进门")
        finish_task(tasks_of(child)["T_REPORT"], lan, "已报")
        finish_task(tasks_of(child)["T_CARE"], town, "已办")
        tell(child, "safety_assess", {"danger": "no"})
        refused(problems.TASKS_UNFINISHED, lower, child, town)
        task = reopen_task(tasks_of(child)["T_RESCUE"], town, "再去一次")
        finish_task(Task.objects.get(pk=task.pk), lan, "见到孩子")
        verify_task(Task.objects.get(pk=task.pk), town)
        assert lower(child, town).requested_tier == "yellow"


# --- refusals ----------------------------------------------------------------------------------


def refused_once(child: Entity, lan: User, town: User, county: User) -> None:
    made_safe(child, lan, town)
    with clock.at(days_later(1.1)):
        lower(child, town)
        refuse_downgrade(child, county, reason=REASON)


def test_what_was_refused_is_not_proposed_again_by_the_next_night(
    child: Entity, lan: User, town: User, county: User
) -> None:
    refused_once(child, lan, town, county)
    for day in (2, 3):
        with clock.at(days_later(day)):
            evaluate_entity(child.pk, "sweep")
        assert (state_of(child).proposed, state_of(child).review) == ("", Review.NONE)


def test_what_was_refused_is_proposed_again_after_new_answers(
    child: Entity, lan: User, town: User, county: User
) -> None:
    refused_once(child, lan, town, county)
    with clock.at(days_later(2)):
        tell(child, "home_visit", ALL_WELL)
    assert (state_of(child).proposed, state_of(child).review) == ("yellow", Review.DOWN)


def test_what_was_refused_is_proposed_again_after_a_release(
    child: Entity, lan: User, town: User, county: User
) -> None:
    refused_once(child, lan, town, county)
    with clock.at(days_later(2)):
        release_with(child, floor="blue")
    assert (state_of(child).proposed, state_of(child).review) == ("yellow", Review.DOWN)


def test_a_proposal_is_turned_down_by_keeping_the_tier_with_a_reason(
    child: Entity, town: User
) -> None:
    tell(child, "home_visit", ALONE)
    tell(child, "home_visit", ALL_WELL)
    state = TierState.objects.select_related("evaluation__release").get(entity=child)
    offered = choices_of(child, state, town)["tiers"]
    assert [chip.id for chip in offered] == ["red", "yellow", "blue", "green"]
    state = override(child, town, "yellow")
    evaluate_entity(child.pk, "again")
    assert (state_of(child).tier, state_of(child).proposed) == ("yellow", "")


# --- who may -----------------------------------------------------------------------------------


def test_a_tier_is_lowered_by_the_roles_that_the_rules_name_or_the_county(
    child: Entity, town: User, county: User
) -> None:
    document = deepcopy(DOCUMENT)
    document["tiers"][2]["downgrade"] = {"roles": ["county_civil"]}
    release_small(child.dataset.project, document)
    tell(child, "home_visit", ALONE)
    tell(child, "home_visit", ALL_WELL)
    refused(problems.LOWERED_BY, confirm_tier, child, town)
    refused(problems.LOWERED_BY, override, child, town, "blue")
    assert override(child, town, "red").tier == "red"  # up is everybody's at once
    assert TierDecision.objects.filter(action="override").count() == 1


def test_a_person_who_raises_to_red_has_its_people_told(
    child: Entity, town: User, county: User
) -> None:
    tell(child, "home_visit", ALL_WELL)
    override(child, town, "red")
    assert Notice.objects.filter(user=county, kind="tier", entity=child).count() == 1
