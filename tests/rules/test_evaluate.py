"""From a submission to a stored decision: once, in one transaction, with its reasons; red at once,
down never by itself."""

from copy import deepcopy
from datetime import date

import pytest

from forms.models import Entity, EntityVersion
from rules.models import Evaluation, Notice, Task, TierDecision, TierState
from rules.services import evaluate
from rules.services.evaluate import evaluate_entity
from rules.services.tiers import confirm_tier
from server import clock
from server.journal.models import Entry
from server.people.models import User
from server.people.roles import Role
from tests.conftest import Country, make_user
from tests.rules.county_kit import (
    ALL_WELL,
    DOCUMENT,
    NOON,
    days_later,
    live,
    make_child,
    newest,
    release_small,
    state_of,
    store,
    tasks_of,
    tell,
)

Review = TierState.Review


@pytest.fixture(autouse=True)
def agreeing(monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[str, tuple[str, ...]]]:
    """The second engine's answer, to be changed by a test."""
    said: dict[str, tuple[str, tuple[str, ...]]] = {"verdict": ("ok", ())}
    monkeypatch.setattr(evaluate, "second_opinion", lambda *_: said["verdict"])
    return said


@pytest.fixture
def child(country: Country, lan: User, county: User) -> Entity:
    make_user("town", Role.TOWN_SUPERVISOR, country.town)
    child = make_child(country.village)
    release_small(child.dataset.project)
    return child


def test_an_evaluation_keeps_facts_sources_and_release(child: Entity) -> None:
    with clock.at(NOON):
        visit = tell(child, "home_visit", {"poor": "yes", "danger": "no", "alone": "no"})
    found = newest(child)
    assert (found.tier, found.score, found.release.number) == ("blue", 10, 1)
    assert found.facts["poor"] == {
        "value": "yes", "form": "home_visit", "date": "2026-09-01", "instanceId": visit.instance_id, "worker": "",
    }  # fmt: skip
    assert found.cause_subject == f"submission:{visit.instance_id}"
    assert found.decision["engines"] == {"kleene": "ok", "durable": "ok"}


def test_the_same_facts_again_are_not_stored_twice(child: Entity) -> None:
    tell(child, "home_visit", ALL_WELL)
    first = newest(child)
    assert evaluate_entity(child.pk, "again") == first
    assert Evaluation.objects.count() == 1
    assert Task.objects.count() == 0


def test_red_is_in_force_at_once_with_tasks_and_notices(child: Entity, county: User) -> None:
    tell(child, "home_visit", ALL_WELL | {"danger": "yes"})
    state = state_of(child)
    assert (state.tier, state.review) == ("red", Review.NEW)
    assert live(child) == {"T_RESCUE", "T_REPORT", "T_CARE"}
    assert Notice.objects.filter(user=county, kind="tier", entity=child).count() == 1
    assert TierDecision.objects.get().action == "automatic"


def test_a_rise_is_in_force_and_waits_for_confirmation(child: Entity) -> None:
    tell(child, "home_visit", ALL_WELL)
    tell(child, "home_visit", ALL_WELL | {"alone": "yes"})
    state = state_of(child)
    assert (state.tier, state.previous, state.review) == ("yellow", "green", Review.UP)


def test_a_fall_is_only_proposed(child: Entity) -> None:
    tell(child, "home_visit", ALL_WELL | {"alone": "yes"})
    tell(child, "home_visit", ALL_WELL)
    state = state_of(child)
    assert (state.tier, state.proposed, state.review) == ("yellow", "green", Review.DOWN)
    assert newest(child).tier == "green"


def test_from_red_only_one_step_down_is_proposed(child: Entity) -> None:
    with clock.at(NOON):
        tell(child, "home_visit", ALL_WELL | {"danger": "yes"})
    with clock.at(days_later(0.1)):
        tell(child, "safety_assess", {"danger": "no"})
    state = state_of(child)
    assert (newest(child).tier, state.tier, state.proposed) == ("green", "red", "yellow")


def test_a_proposal_ends_when_the_facts_are_back(child: Entity) -> None:
    tell(child, "home_visit", ALL_WELL | {"alone": "yes"})
    state_of_before = state_of(child)
    tell(child, "home_visit", ALL_WELL)
    tell(child, "home_visit", ALL_WELL | {"alone": "yes"})
    state = state_of(child)
    assert (state.tier, state.proposed, state.review) == ("yellow", "", Review.NONE)
    assert state.since == state_of_before.since


def test_a_gap_that_could_raise_the_tier_is_asked_for(child: Entity) -> None:
    tell(child, "home_visit", {"danger": "no"})
    state = state_of(child)
    assert (state.tier, newest(child).possible_tier, newest(child).is_insufficient) == (
        "green",
        "yellow",
        True,
    )
    assert state.review == Review.NEW  # the first tier comes before the gap
    asked = tasks_of(child)["T_ASK"]
    assert "独处" in asked.why["zh"]
    assert "Alone" in asked.why["en"]


def test_a_gap_waits_at_the_end_of_the_queue_until_somebody_has_seen_it(
    child: Entity, county: User
) -> None:
    tell(child, "home_visit", ALL_WELL)
    confirm_tier(child, county)
    wider = deepcopy(DOCUMENT)
    wider["facts"].append(wider["facts"][2] | {"name": "sick", "question": "sick"})
    wider["rules"].append(wider["rules"][2] | {"id": "R-SICK", "when": "${sick} = 'yes'"})
    release_small(child.dataset.project, wider)
    evaluate_entity(child.pk, "release")
    assert (state_of(child).review, state_of(child).rank) == (Review.INSUFFICIENT, -1)
    confirm_tier(child, county)
    evaluate_entity(child.pk, "again")
    assert state_of(child).review == Review.NONE


def test_engines_that_differ_put_the_child_before_a_person(
    child: Entity, county: User, agreeing: dict
) -> None:
    tell(child, "home_visit", ALL_WELL | {"alone": "yes"})
    agreeing["verdict"] = ("mismatch", ("R-ALONE",))
    tell(child, "home_visit", ALL_WELL)
    state = state_of(child)
    assert (state.tier, state.review, state.proposed) == ("yellow", Review.MISMATCH, "")
    assert newest(child).engine_state == "mismatch"
    assert newest(child).decision["engines"]["differing"] == ["R-ALONE"]
    assert Notice.objects.filter(user=county, kind="mismatch").count() == 1
    assert "T_CARE" in live(child)  # nothing is taken back in doubt


def test_a_silent_second_engine_does_not_stop_red(child: Entity, agreeing: dict) -> None:
    agreeing["verdict"] = ("unavailable", ())
    tell(child, "home_visit", ALL_WELL | {"danger": "yes"})
    state = state_of(child)
    assert (state.tier, state.review) == ("red", Review.MISMATCH)


def test_the_phone_sees_tier_reasons_and_tasks(child: Entity) -> None:
    with clock.at(NOON):
        tell(child, "home_visit", ALL_WELL | {"alone": "yes", "poor": "yes"})
    child.refresh_from_db()
    assert child.data["tier"] == "yellow"
    assert child.data["tier_reasons"] == "孩子独处；家庭贫困"
    assert child.data["open_tasks"] == "救助（9月7日前）；落实照护（9月8日前）"
    assert EntityVersion.objects.filter(entity=child, is_annotation=True).count() == 1


def test_entities_of_other_lists_and_projects_without_rules_are_left_alone(
    country: Country,
) -> None:
    child = make_child(country.village)
    assert evaluate_entity(child.pk, "submission.created") is None
    assert not TierState.objects.exists()


def test_a_failure_in_the_middle_leaves_nothing_and_the_retry_does_it_once(
    child: Entity, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(child, "home_visit", ALL_WELL | {"danger": "yes"})
    with monkeypatch.context() as broken:
        broken.setattr(evaluate.phone, "show_child", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            evaluate_entity(child.pk, "submission.created")
    assert not Evaluation.objects.exists()
    assert not Task.objects.exists()
    evaluate_entity(child.pk, "submission.created")
    evaluate_entity(child.pk, "submission.created")
    assert Evaluation.objects.count() == 1
    assert Task.objects.count() == 3


def test_a_late_arrival_counts_at_its_own_day(child: Entity) -> None:
    with clock.at(days_later(30)):
        tell(child, "home_visit", ALL_WELL, on=date(2026, 9, 30))
        tell(child, "home_visit", ALL_WELL | {"poor": "yes"}, on=date(2026, 9, 10))
    assert newest(child).tier == "green"


def test_rejected_deleted_and_draft_submissions_do_not_count(child: Entity) -> None:
    tell(child, "home_visit", ALL_WELL)
    for change in ({"review_state": "rejected"}, {"deleted_at": clock.now()}, {"is_draft": True}):
        visit = store(child, "home_visit", ALL_WELL | {"danger": "yes"})
        for name, value in change.items():
            setattr(visit.submission, name, value)
        visit.submission.save()
    evaluate_entity(child.pk, "again")
    assert newest(child).tier == "green"


def test_an_evaluation_without_news_takes_few_queries(
    child: Entity, django_assert_max_num_queries
) -> None:
    tell(child, "home_visit", ALL_WELL | {"danger": "yes"})
    evaluate_entity(child.pk, "again")
    with django_assert_max_num_queries(14):
        evaluate_entity(child.pk, "again")


def test_what_an_evaluation_changed_stands_in_the_journal(child: Entity) -> None:
    tell(child, "home_visit", ALL_WELL | {"danger": "yes"})
    entry = Entry.objects.get(action="entity.evaluate")
    assert entry.details["tier"] == "red"
    assert set(entry.details["opened"]) == {"T_RESCUE", "T_REPORT", "T_CARE"}


def test_having_been_red_is_history_only_after_red_has_been_left(child: Entity) -> None:
    with clock.at(NOON):
        tell(child, "home_visit", ALL_WELL | {"danger": "yes"})
    with clock.at(days_later(1)):
        tell(child, "safety_assess", {"danger": "no"})
    assert newest(child).facts["was_red"]["value"] is False
    TierDecision.objects.create(
        entity=child, action="approve", from_tier="red", to_tier="yellow", at=days_later(1)
    )
    with clock.at(days_later(2)):
        evaluate_entity(child.pk, "sweep")
    assert newest(child).facts["was_red"]["value"] is True
