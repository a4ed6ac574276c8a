"""What rules did, counted once and read from sums: hits, unknowns, overrides, disagreement."""

from collections.abc import Callable
from copy import deepcopy
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.test.utils import CaptureQueriesContext

from forms.models import Entity
from rules.models import Evaluation, RuleSet, Tally, TallyMark
from rules.services import evaluate
from rules.services.evaluate import evaluate_entity
from rules.services.statistics import Report, RuleLine, rule_statistics, tally_new, tallying
from rules.services.tiers import confirm_tier, override_tier
from server import clock
from server.people.models import User
from server.people.roles import Role
from server.problems import UNEXPECTED, Problem
from tests.conftest import Country, make_user
from tests.rules.county_kit import (
    ALL_WELL,
    DOCUMENT,
    NOON,
    days_later,
    make_child,
    release_small,
    tell,
)

ClientFor = Callable[[User], Client]
REASON = "入户核实：母亲已返乡长住，孩子由母亲照料，学校也确认了。"
ALONE = ALL_WELL | {"alone": "yes"}
DAY = date(2026, 9, 1)


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


def rule_set() -> RuleSet:
    return RuleSet.objects.select_related("active").get()


def counted(moment: datetime | None = None) -> int:
    """Count what is there, an hour after it came."""
    with clock.at(moment or days_later(30)):
        return tally_new()


def report(since: date = DAY, until: date = DAY + timedelta(days=30)) -> Report:
    return rule_statistics(rule_set(), since, until)


def line(rule: str) -> RuleLine:
    return next(one for one in report().rules if one.id == rule)


def test_hits_beginnings_and_the_last_time_of_each_rule(child: Entity) -> None:
    for day, answers in ((0, ALONE), (1, ALONE | {"poor": "yes"}), (2, ALL_WELL), (3, ALONE)):
        with clock.at(days_later(day)):
            tell(child, "home_visit", answers)
    assert counted() > 0
    alone, poor, danger = line("R-ALONE"), line("R-POOR"), line("R-DANGER")
    assert (alone.seen, alone.hits, alone.begun, alone.last_hit_at) == (4, 3, 2, days_later(3))
    assert (poor.hits, poor.begun, poor.last_hit_at) == (1, 1, days_later(1))
    assert (danger.hits, danger.last_hit_at) == (0, None)
    assert [one.id for one in report().never] == ["R-DANGER", "R-AGAIN"]
    assert report().evaluations == 4


def test_only_the_days_asked_for_count_but_the_last_time_is_ever(child: Entity) -> None:
    for day in (0, 5):
        with clock.at(days_later(day)):
            tell(child, "home_visit", ALONE if day == 0 else ALL_WELL)
    counted()
    later = report(since=DAY + timedelta(days=5))
    assert later.evaluations == 1
    found = next(one for one in later.rules if one.id == "R-ALONE")
    assert (found.hits, found.last_hit_at) == (0, NOON)


def test_nothing_is_counted_twice_and_what_came_since_is_added(child: Entity) -> None:
    with clock.at(NOON):
        tell(child, "home_visit", ALONE)
    assert counted(days_later(1)) > 0
    assert counted(days_later(1)) == 0
    with clock.at(NOON + timedelta(hours=1)):
        tell(child, "home_visit", ALONE | {"poor": "yes"})
    counted(days_later(1))
    assert (line("R-ALONE").hits, line("R-ALONE").begun) == (2, 1)


def test_what_is_too_young_waits_and_is_told_as_pending(child: Entity) -> None:
    with clock.at(NOON):
        tell(child, "home_visit", ALONE)
        assert tally_new() == 0
        assert report().pending == 1
    counted()
    assert report().pending == 0


def test_steps_end_where_a_young_one_stands_and_go_on_later(
    child: Entity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tallying, "CHUNK", 2)
    for day in range(5):
        with clock.at(days_later(day)):
            tell(child, "home_visit", ALONE | {"poor": "yes" if day % 2 else "no"})
    counted(days_later(3))  # the evaluation of that very moment is too young
    assert report().evaluations == 3
    counted()
    assert (report().evaluations, line("R-ALONE").hits) == (5, 5)


def test_a_step_that_breaks_off_counts_nothing(
    child: Entity, monkeypatch: pytest.MonkeyPatch
) -> None:
    with clock.at(NOON):
        tell(child, "home_visit", ALONE)
    with monkeypatch.context() as broken:
        broken.setattr(Tally.objects, "bulk_create", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            counted()
    assert TallyMark.objects.get().evaluation == 0
    counted()
    assert line("R-ALONE").hits == 1


def test_two_counters_at_once_count_once(child: Entity, monkeypatch: pytest.MonkeyPatch) -> None:
    with clock.at(NOON):
        tell(child, "home_visit", ALONE)
    real = tallying._known

    def overtaken(numbers: Any) -> Any:
        monkeypatch.setattr(tallying, "_known", real)
        return real(numbers)

    monkeypatch.setattr(tallying, "_known", overtaken)
    mark = TallyMark.objects.create(pk=1)
    counted()
    assert not tallying._write(mark, tallying.Numbers(), 0, 0)
    assert line("R-ALONE").hits == 1


def test_unknown_rates_of_rules_and_facts_leave_out_what_does_not_apply(child: Entity) -> None:
    document = deepcopy(DOCUMENT)
    document["facts"][1] |= {"applies": "${alone} = 'yes'"}
    release_small(child.dataset.project, document)
    with clock.at(NOON):
        tell(child, "home_visit", {"danger": "no"})
    with clock.at(days_later(1)):
        tell(child, "home_visit", {"danger": "no", "alone": "no"})
    counted()
    facts = {one.name: one for one in report().facts}
    assert (facts["alone"].seen, facts["alone"].unknown, facts["alone"].needed) == (2, 1, 1)
    assert (facts["poor"].seen, facts["poor"].unknown) == (1, 1)
    assert facts["danger"].unknown == 0
    assert (line("R-ALONE").unknown, line("R-ALONE").unknown_rate) == (1, 50.0)
    assert report().insufficient == 2  # what does not apply is not asked for, yet it is unknown


def test_people_against_rules(child: Entity, town: User, county: User, country: Country) -> None:
    with clock.at(NOON):
        tell(child, "home_visit", ALONE | {"poor": "yes"})
        confirm_tier(child, town)
        override_tier(child, town, tier="red", reason_code="policy", reason=REASON)
        other = make_child(country.village, child.dataset.project, "李小红")
        tell(other, "home_visit", ALL_WELL | {"poor": "yes"})
        override_tier(other, town, tier="green", reason_code="policy", reason=REASON)
    counted()
    assert (report().agreed, report().raised, report().lowered) == (1, 1, 1)
    assert report().agreement == 33.3
    poor, alone = line("R-POOR"), line("R-ALONE")
    assert (poor.agreed, poor.raised, poor.lowered, poor.override_rate) == (1, 1, 1, 66.7)
    assert (alone.agreed, alone.raised, alone.lowered, alone.override_rate) == (1, 1, 0, 50.0)


def test_disagreement_and_silence_of_the_second_engine(
    child: Entity, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day, verdict in enumerate(("mismatch", "unavailable")):
        monkeypatch.setattr(evaluate, "second_opinion", lambda *_, v=verdict: (v, ()))
        with clock.at(days_later(day)):
            tell(child, "home_visit", ALONE)
    counted()
    assert (report().mismatched, report().silent) == (1, 1)


def test_a_rule_that_is_no_longer_there_stays_in_the_report(child: Entity) -> None:
    with clock.at(NOON):
        tell(child, "home_visit", ALONE)
    document = deepcopy(DOCUMENT)
    document["rules"] = [one for one in document["rules"] if one["id"] != "R-ALONE"]
    release_small(child.dataset.project, document)
    counted()
    assert (line("R-ALONE").is_in_force, line("R-ALONE").hits) == (False, 1)
    assert "R-ALONE" not in [one.id for one in report().never]


def test_reading_takes_as_many_queries_however_much_there_is(
    child: Entity, country: Country
) -> None:
    from django.db import connection  # noqa: PLC0415

    def queries() -> int:
        found = rule_set()
        with CaptureQueriesContext(
            connection,
        ) as caught:
            rule_statistics(found, DAY, DAY + timedelta(days=30))
        return len(caught)

    with clock.at(NOON):
        tell(child, "home_visit", ALONE)
    counted()
    few = queries()
    for number in range(4):
        with clock.at(days_later(number)):
            other = make_child(country.village, child.dataset.project, f"孩子{number}")
            tell(other, "home_visit", ALL_WELL)
            evaluate_entity(child.pk, "again")
    counted()
    assert queries() == few <= 4


@pytest.mark.parametrize("days", [-1, 367])
def test_another_span_is_refused(child: Entity, days: int) -> None:
    with pytest.raises(Problem) as caught:
        report(until=DAY + timedelta(days=days))
    assert caught.value.kind is UNEXPECTED


# --- pages and API -----------------------------------------------------------------------------


def test_page_and_api_show_the_report_to_who_may_read_rules(
    client_for: ClientFor, client: Client, child: Entity, county: User, lan: User
) -> None:
    with clock.at(NOON):
        tell(child, "home_visit", ALONE)
        confirm_tier(child, county)
    counted()
    page = f"/rules/{rule_set().pk}/statistics?from=2026-09-01&to=2026-09-30"
    api = f"/v1/projects/{child.dataset.project_id}/rule-sets/small/statistics?from=2026-09-01"
    with clock.at(days_later(20)):
        text = client_for(county).get(page).content.decode()
        body = client_for(county).get(api).json()
    assert "孩子独处" in text
    assert "#R-DANGER" in text
    assert "张小明" not in text
    assert body["never"] == ["R-DANGER", "R-POOR", "R-AGAIN"]
    assert body["decisions"] == {"agreed": 1, "raised": 0, "lowered": 0, "agreement": 100.0}
    assert next(one for one in body["rules"] if one["id"] == "R-ALONE")["hits"] == 1
    assert (client_for(lan).get(page).status_code, client_for(lan).get(api).status_code) == (
        403,
    ) * 2
    assert (client.get(page).status_code, client.get(api).status_code) == (302, 401)


def test_empty_county_and_wrong_days(client_for: ClientFor, child: Entity, county: User) -> None:
    page = f"/rules/{rule_set().pk}/statistics"
    api = f"/v1/projects/{child.dataset.project_id}/rule-sets/small/statistics"
    assert "这段时间没有评估" in client_for(county).get(page).content.decode()
    assert client_for(county).get(api).json()["evaluations"] == 0
    for path in (page, api):
        for query in (
            "from=soon",
            "to=2026-02-30",
            "from=2020-01-01",
            "from=2026-09-02&to=2026-09-01",
        ):
            assert client_for(county).get(f"{path}?{query}").status_code == 400
    assert client_for(county).get("/rules/999/statistics").status_code == 404
    assert not Evaluation.objects.exists()
