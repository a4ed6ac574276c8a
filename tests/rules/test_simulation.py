"""A simulation: who moves and why, over whom and as of which day, in pieces that neither a kill nor a fault
spoils."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.test.utils import CaptureQueriesContext

from forms.models import Entity, Subject
from rules import problems
from rules.models import Move, Simulation, TierDecision, TierState
from rules.services.releases import approve_release, request_release
from rules.services.simulations import (
    cancel_simulation,
    looking,
    run_simulation,
    running,
    simulation_for,
)
from rules.services.simulations.population import next_children
from rules.services.simulations.result import Result
from rules.services.simulations.summary import summary_of
from server import clock
from server.journal.models import Entry, Reaction
from server.journal.services import release_claims, run_pending
from server.people.models import User
from server.people.roles import Role
from server.problems import FORBIDDEN, NOT_FOUND, UNEXPECTED, Problem
from tests.conftest import Country, make_user
from tests.rules.county_kit import (
    ALL_WELL,
    DOCUMENT,
    NOON,
    actor,
    days_later,
    make_child,
    store,
)
from tests.rules.simulation_kit import Village, changed, make_village, matrix, moved

Drain = Callable[[], int]
STRICTER = changed("rules", "R-POOR", floor="yellow")
State = Simulation.State


@pytest.fixture
def village(country: Country) -> Any:
    """The five children; it is noon of the day on which they were visited."""
    found = make_village(country, make_user("author", Role.RULE_ADMIN))
    Reaction.objects.all().delete()  # nobody is evaluated: a simulation needs no stored tier
    with clock.at(NOON):
        yield found


def finished(simulation: Simulation, drain: Drain) -> Simulation:
    drain()
    simulation.refresh_from_db()
    assert simulation.state == State.DONE, simulation.error
    return simulation


# --- who moves ---------------------------------------------------------------------------------


def test_a_changed_rule_moves_exactly_those_whom_it_concerns(
    village: Village, drain: Drain
) -> None:
    found = finished(village.start(STRICTER), drain)
    assert moved(found) == {"王蓝": ("blue", "yellow")}
    assert matrix(found) == {
        "red": {"red": 1}, "yellow": {"yellow": 1}, "blue": {"yellow": 1}, "green": {"green": 2},
    }  # fmt: skip
    assert (found.done, found.total) == (5, 5)
    move = found.moves.get()
    assert move.rules == [{"id": "R-POOR", "old": "true", "new": "true"}]
    assert (move.old_rank, move.new_rank) == (1, 2)


def test_the_same_document_moves_nobody(village: Village, drain: Drain) -> None:
    found = finished(village.start(DOCUMENT), drain)
    assert moved(found) == {}
    summary = summary_of(found)
    assert summary is not None
    assert [one for one in summary.workloads() if one.opened or one.cancelled] == []


def test_the_old_side_is_the_release_in_force_and_not_the_stored_tier(
    village: Village, drain: Drain
) -> None:
    TierState.objects.create(entity=village.children["赵绿"], tier="red", proposed="red")
    assert moved(finished(village.start(DOCUMENT), drain)) == {}


def test_nothing_but_the_simulation_itself_is_written(village: Village, drain: Drain) -> None:
    entries = Entry.objects.count()
    finished(village.start(STRICTER), drain)
    assert not TierState.objects.exists()
    assert not TierDecision.objects.exists()
    actions = list(Entry.objects.order_by("pk").values_list("action", flat=True)[entries:])
    assert actions == ["rule_set.draft", "rule_set.simulate"]


def test_a_changed_merge_policy_counts_on_its_own_side_only(village: Village, drain: Drain) -> None:
    child = village.children["张红"]
    with clock.at(NOON + timedelta(hours=1)):
        store(child, "home_visit", ALL_WELL)  # no danger any more
    document = changed("facts", "danger", merge="latest")
    for column in ("positive", "cleared_by"):
        del document["facts"][0][column]
    found = finished(village.start(document), drain)
    assert moved(found) == {"张红": ("red", "green")}


def test_facts_that_only_one_side_knows_count_on_that_side(village: Village, drain: Drain) -> None:
    document = changed("tasks", "T_ASK", close={"manual": True})
    document["facts"] = [fact for fact in document["facts"] if fact["name"] != "alone"]
    hungry = {"name": "hungry", "title": {"zh": "挨饿", "en": "Hungry"}, "type": "select_one",
              "choices": "yn", "question": "hungry", "forms": ["home_visit"], "merge": "latest"}  # fmt: skip
    document["facts"].insert(0, hungry)
    document["rules"][2]["when"] = "${hungry} = 'yes'"
    with clock.at(NOON + timedelta(hours=1)):
        store(village.children["赵绿"], "home_visit", ALL_WELL | {"hungry": "yes"})
    found = finished(village.start(document), drain)
    assert moved(found) == {"李黄": ("yellow", "green"), "赵绿": ("green", "yellow")}


def test_where_nothing_is_in_force_every_child_comes_from_no_tier(
    village: Village, drain: Drain
) -> None:
    village.rule_set.active = None
    village.rule_set.save()
    found = finished(village.start(DOCUMENT), drain)
    assert matrix(found) == {"none": {"red": 1, "yellow": 1, "blue": 1, "green": 2}}
    assert moved(found) == {}
    summary = summary_of(found)
    assert summary is not None
    assert summary.moved == 0


def test_a_removed_rule_is_absent_on_the_new_side(village: Village, drain: Drain) -> None:
    document = changed("rules", "R-ALONE")
    document["rules"] = [rule for rule in document["rules"] if rule["id"] != "R-ALONE"]
    found = finished(village.start(document), drain)
    assert moved(found)["李黄"] == ("yellow", "green")
    rules = found.moves.get(entity=village.children["李黄"]).rules
    assert rules == [{"id": "R-ALONE", "old": "true", "new": "absent"}]


def test_a_rule_is_named_only_where_it_pulls_the_child_the_way_it_moves(
    village: Village, drain: Drain
) -> None:
    store(village.children["李黄"], "safety_assess", {"danger": "no"})
    document = changed(
        "rules", "R-ALONE", when="${alone} = 'no'"
    )  # falls for one, fires for others
    document["rules"][1] |= {"when": "${alone} = 'yes'"}  # poor: newly fires for the one that falls
    found = finished(village.start(document), drain)
    named = {
        move.entity.label: [one["id"] for one in move.rules]
        for move in found.moves.select_related("entity")
    }
    assert moved(found)["李黄"] == ("yellow", "blue")
    assert named["李黄"] == ["R-ALONE"]
    assert named["赵绿"] == ["R-ALONE"]


def test_a_tier_that_only_one_side_has_stands_in_its_place(village: Village, drain: Drain) -> None:
    document = changed("rules", "R-ALONE", floor="orange")
    orange = {"id": "orange", "title": {"zh": "橙", "en": "Orange"}, "min_score": None}
    document["tiers"].insert(3, orange)
    summary = summary_of(finished(village.start(document), drain))
    assert summary is not None
    assert list(summary.tiers) == ["green", "blue", "yellow", "orange", "red"]
    assert [(way, tier.id, n) for way, tier, n in summary.changes()] == [(1, "orange", 1)]
    release = request_release(village.rule_set, village.author, "")
    approve_release(release, actor("second"))
    Reaction.objects.exclude(event="simulation.started").delete()
    back = summary_of(finished(village.start(candidate=1), drain))
    assert back is not None
    assert list(back.tiers) == ["green", "blue", "yellow", "orange", "red"]
    assert [(way, tier.id, n) for way, tier, n in back.changes()] == [(-1, "yellow", 1)]


def test_a_release_can_be_tried_against_the_one_in_force(village: Village, drain: Drain) -> None:
    village.start(STRICTER)
    village.rule_set.refresh_from_db()
    release = request_release(village.rule_set, village.author, "")
    approve_release(release, actor("second"))
    Reaction.objects.exclude(event="simulation.started").delete()
    back = finished(village.start(candidate=1), drain)
    assert (back.label, back.base_id) == ("1", release.pk)
    assert moved(back) == {"王蓝": ("yellow", "blue")}


# --- what comes of it --------------------------------------------------------------------------


def test_tasks_are_counted_by_role_and_by_the_week_in_which_they_are_due(
    village: Village, drain: Drain
) -> None:
    document = changed("rules", "R-POOR", tasks=["T_CARE", {"id": "T_REPORT", "due": {"days": 7}}])
    summary = summary_of(finished(village.start(document), drain))
    assert summary is not None
    # Tuesday 1 September: T_CARE within a week, T_REPORT with the rule's own week, T_AID within
    # three working days, of which Thursday is a holiday
    assert dict(summary.result.work) == {
        ("town_supervisor", "2026-09-07"): (1, 0),
        ("discoverer", "2026-09-07"): (1, 0),
        ("child_director", "2026-09-07"): (0, 1),
    }
    counts = {one.task.id: (one.before, one.now, one.opened, one.cancelled)
              for one in summary.workloads()}  # fmt: skip
    assert counts["T_AID"] == (1, 0, 0, 1)
    assert counts["T_CARE"] == (2, 3, 1, 0)


def test_a_rules_own_limit_decides_the_week(village: Village, drain: Drain) -> None:
    document = changed("rules", "R-POOR", tasks=["T_AID", {"id": "T_CARE", "due": {"days": 1}}])
    summary = summary_of(finished(village.start(document), drain))
    assert summary is not None
    assert dict(summary.result.work) == {("town_supervisor", "2026-08-31"): (1, 0)}


def test_children_are_counted_by_town_sex_and_age(
    village: Village, country: Country, drain: Drain
) -> None:
    poor = village.children["王蓝"]
    poor.data |= {"sex": "female", "dob": "2014-09-02"}  # twelve tomorrow
    poor.save()
    summary = summary_of(finished(village.start(STRICTER), drain))
    assert summary is not None
    groups = summary.result.comparison.groups
    assert groups["area"][country.town.code][("blue", "yellow")] == 1
    assert groups["sex"]["female"] == {("blue", "yellow"): 1}
    assert groups["age"]["6-11"] == {("blue", "yellow"): 1}
    assert sum(groups["age"][""].values()) == 4


def test_unknown_facts_and_rules_without_hits_are_told(village: Village, drain: Drain) -> None:
    summary = summary_of(finished(village.start(STRICTER), drain))
    assert summary is not None
    assert dict(summary.unknown()) == {"danger": 1, "poor": 1, "alone": 1}
    assert summary.never_hit() == ["R-AGAIN"]
    hits = summary.result.comparison.hits
    assert hits["R-POOR"] == (1, 1, 1)


# --- over whom ---------------------------------------------------------------------------------


def test_an_area_and_the_actors_own_areas_bound_the_children(
    village: Village, country: Country, drain: Drain
) -> None:
    with clock.at(NOON - timedelta(hours=1)):
        make_child(country.other_town_village, village.project, "钱镇")
        make_child(country.other_county_village, village.project, "周县")
    assert finished(village.start(DOCUMENT), drain).total == 7
    assert finished(village.start(area=country.county), drain).total == 6
    local = Village(
        village.children, village.rule_set, make_user("local", Role.RULE_ADMIN, country.town)
    )
    assert finished(local.start(), drain).total == 5
    with pytest.raises(Problem) as problem:
        local.start(area=country.other_town)
    assert problem.value.kind == NOT_FOUND


def test_deleted_children_and_other_datasets_are_left_out(village: Village, drain: Drain) -> None:
    gone = village.children["张红"]
    gone.deleted_at = NOON
    gone.save()
    assert finished(village.start(STRICTER), drain).total == 4


def test_a_sample_is_the_same_each_time_and_another_seed_draws_another(
    village: Village, country: Country, drain: Drain
) -> None:
    with clock.at(NOON - timedelta(hours=1)):
        for number in range(20):
            make_child(country.village, village.project, f"孩子{number}")
    drawn = [sampled(village, drain, seed) for seed in (1, 1, 2)]
    assert len(drawn[0]) == 8
    assert drawn[0] == drawn[1]
    assert drawn[0] != drawn[2]


def sampled(village: Village, drain: Drain, seed: int) -> list[int]:
    found = finished(village.start(DOCUMENT, sample=8, seed=seed), drain)
    assert found.total == found.done == 8
    return next_children(found, 0, 100)


def test_a_sample_larger_than_the_registry_is_everybody(village: Village, drain: Drain) -> None:
    assert finished(village.start(STRICTER, sample=1000), drain).total == 5


def test_who_is_registered_while_it_runs_is_left_out(
    village: Village, country: Country, drain: Drain
) -> None:
    simulation = village.start(STRICTER)
    with clock.at(NOON + timedelta(minutes=1)):
        make_child(country.village, village.project, "新来")
        assert finished(simulation, drain).total == 5


# --- as of a past day --------------------------------------------------------------------------


def test_a_past_day_knows_only_what_was_told_of_it_and_who_was_there(
    village: Village, country: Country, drain: Drain
) -> None:
    with clock.at(days_later(10)):
        store(village.children["赵绿"], "home_visit", ALL_WELL | {"poor": "yes"})
        later = make_child(country.village, village.project, "新生")
        store(later, "home_visit", ALL_WELL | {"poor": "yes"})
        now = finished(village.start(STRICTER), drain)
        then = finished(village.start(as_of=days_later(5).date()), drain)
    assert set(moved(now)) == {"王蓝", "赵绿", "新生"}
    assert moved(then) == {"王蓝": ("blue", "yellow")}
    assert (now.total, then.total) == (6, 5)


def test_a_child_of_whom_a_late_arrival_speaks_was_there(
    village: Village, country: Country, drain: Drain
) -> None:
    with clock.at(days_later(10)):
        late = make_child(country.village, village.project, "晚到")
        store(late, "home_visit", ALL_WELL | {"poor": "yes"}, on=days_later(3).date())
        found = finished(village.start(STRICTER, as_of=days_later(5).date()), drain)
    assert "晚到" in moved(found)


def test_tiers_count_as_they_were_decided_until_that_day(village: Village, drain: Drain) -> None:
    document = changed("rules", "R-AGAIN", score=10)
    child = village.children["赵绿"]
    for tier, day in (("red", 2), ("green", 3)):
        TierDecision.objects.create(
            entity=child, action="override", to_tier=tier, at=days_later(day)
        )
    with clock.at(days_later(10)):
        before = finished(village.start(document, as_of=days_later(1).date()), drain)
        after = finished(village.start(as_of=days_later(5).date()), drain)
    assert moved(before) == {}
    assert moved(after) == {"赵绿": ("green", "blue")}


def test_parameters_have_the_value_of_that_day(village: Village, drain: Drain) -> None:
    document = changed("rules", "R-POOR", when="${poor} = 'yes' and ${strict} = 1")
    document["parameters"] = {
        "strict": {
            "title": {"zh": "从严", "en": "Strict"},
            "type": "integer",
            "values": [{"from": "2026-01-01", "value": 1}, {"from": "2026-09-05", "value": 0}],
        }
    }
    with clock.at(days_later(10)):
        now = finished(village.start(document), drain)
        then = finished(village.start(as_of=days_later(2).date()), drain)
    assert moved(now) == {"王蓝": ("blue", "green")}
    assert moved(then) == {}


def test_a_day_to_come_is_refused(village: Village) -> None:
    with pytest.raises(Problem) as problem:
        village.start(STRICTER, as_of=days_later(1).date())
    assert problem.value.kind == UNEXPECTED
    assert not Simulation.objects.exists()


# --- in pieces ---------------------------------------------------------------------------------


@pytest.fixture
def pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "CHUNK", 2)


def test_pieces_add_up_to_the_whole(
    village: Village, drain: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = finished(village.start(STRICTER), drain)
    monkeypatch.setattr(running, "CHUNK", 2)
    pieces = finished(village.start(), drain)
    same = Result.from_json(whole.result), Result.from_json(pieces.result)
    assert same[0].to_json() == same[1].to_json()
    assert moved(whole) == moved(pieces)


def test_progress_is_seen_between_the_pieces(village: Village, pieces: None) -> None:
    simulation = village.start(STRICTER)
    seen = []
    for _ in range(4):
        run_pending(1)
        simulation.refresh_from_db()
        seen.append((simulation.state, simulation.done, simulation.total))
    assert seen == [("running", 2, 5), ("running", 4, 5), ("running", 5, 5), ("done", 5, 5)]


@pytest.mark.django_db(transaction=True)
def test_killed_in_the_middle_of_a_piece_it_goes_on_where_it_was(
    village: Village, pieces: None, drain: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulation = village.start(STRICTER)
    run_pending(1)
    killed_in(monkeypatch, running, "emit")  # the last step of the piece's transaction
    with pytest.raises(KeyboardInterrupt):
        run_pending(1)
    simulation.refresh_from_db()
    assert (simulation.state, simulation.done) == (State.RUNNING, 2)
    monkeypatch.undo()
    monkeypatch.setattr(running, "CHUNK", 2)
    release_claims()
    found = finished(simulation, drain)
    assert (found.done, Move.objects.count()) == (5, 1)
    assert sum(sum(row.values()) for row in matrix(found).values()) == 5


def killed_in(monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> None:
    def killed(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, name, killed)


def test_a_piece_that_is_run_again_counts_once(
    village: Village, pieces: None, drain: Drain
) -> None:
    simulation = village.start(STRICTER)
    run_pending(1)
    run_simulation(simulation.pk, 0)  # killed after its commit, before the mark that it is done
    found = finished(simulation, drain)
    run_simulation(simulation.pk, 0)
    found.refresh_from_db()
    assert (found.done, Move.objects.count()) == (5, 1)


def test_cancelled_it_stops_and_keeps_what_was_counted(
    village: Village, pieces: None, drain: Drain
) -> None:
    simulation = village.start(STRICTER)
    run_pending(1)
    cancel_simulation(simulation, village.author)
    drain()
    simulation.refresh_from_db()
    assert (simulation.state, simulation.done, simulation.total) == (State.CANCELLED, 2, 5)
    summary = summary_of(simulation)
    assert summary is not None
    assert summary.children == 2
    with pytest.raises(Problem) as problem:
        cancel_simulation(simulation, village.author)
    assert problem.value.kind == problems.SIMULATION_ENDED


def test_a_piece_that_was_being_looked_at_when_it_was_cancelled_is_thrown_away(
    village: Village, drain: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulation = village.start(STRICTER)
    real = running.look

    def slow(*given: Any) -> Any:
        answer = real(*given)
        cancel_simulation(simulation, village.author)
        return answer

    monkeypatch.setattr(running, "look", slow)
    drain()
    simulation.refresh_from_db()
    assert (simulation.state, simulation.done) == (State.CANCELLED, 0)
    assert not Move.objects.exists()


def test_a_fault_ends_it_with_words_and_stores_nothing_of_the_piece(
    village: Village, drain: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulation = village.start(STRICTER)

    def broken(*_: Any) -> Any:
        raise Problem(problems.NO_DRAFT, name="small")

    monkeypatch.setattr(running, "look", broken)
    drain()
    simulation.refresh_from_db()
    assert (simulation.state, simulation.done) == (State.FAILED, 0)
    assert "small" in simulation.error
    assert simulation.finished_at is not None


def test_a_database_that_is_away_is_tried_again(
    village: Village, drain: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulation = village.start(STRICTER)

    def away(*_: Any) -> Any:
        raise OperationalError("database is locked")

    monkeypatch.setattr(running, "look", away)
    run_pending(1)
    monkeypatch.undo()
    simulation.refresh_from_db()
    assert simulation.state == State.RUNNING
    with clock.at(NOON + timedelta(minutes=1)):
        while run_pending(10):
            pass
    simulation.refresh_from_db()
    assert (simulation.state, simulation.done) == (State.DONE, 5)


def test_a_piece_takes_the_same_queries_however_many_children_it_has(
    village: Village, country: Country, monkeypatch: pytest.MonkeyPatch
) -> None:
    with clock.at(NOON - timedelta(hours=1)):
        for number in range(20):
            child = make_child(country.village, village.project, f"孩子{number}")
            store(child, "home_visit", ALL_WELL | {"poor": "yes"})
    assert queries(village, 3, monkeypatch) == queries(village, 25, monkeypatch)


def queries(village: Village, size: int, monkeypatch: pytest.MonkeyPatch) -> int:
    from django.db import connection  # noqa: PLC0415

    monkeypatch.setattr(running, "CHUNK", size)
    simulation = village.start(STRICTER)
    with CaptureQueriesContext(connection) as seen:
        run_simulation(simulation.pk)
    cancel_simulation(simulation, village.author)
    return len(seen)


# --- asking for it -----------------------------------------------------------------------------


def test_what_is_tried_is_frozen_at_the_start(village: Village, drain: Drain) -> None:
    simulation = village.start(STRICTER)
    village.rule_set.refresh_from_db()
    village.start(DOCUMENT)
    assert moved(finished(simulation, drain)) == {"王蓝": ("blue", "yellow")}


def test_the_newest_finished_simulation_of_a_document_is_found(
    village: Village, drain: Drain
) -> None:
    first = finished(village.start(STRICTER), drain)
    second = finished(village.start(), drain)
    assert simulation_for(village.rule_set, first.sha256) == second
    village.start()
    assert simulation_for(village.rule_set, first.sha256) == second
    assert simulation_for(village.rule_set, "0" * 64) is None


def test_a_request_that_came_before_the_trial_gets_it(village: Village, drain: Drain) -> None:
    simulation = village.start(STRICTER)
    village.rule_set.refresh_from_db()
    release = request_release(village.rule_set, village.author, "")
    assert release.simulation is None
    finished(simulation, drain)
    release.refresh_from_db()
    assert release.simulation == simulation
    finished(village.start(), drain)
    release.refresh_from_db()
    assert release.simulation == simulation


def test_only_who_may_change_rules_starts_and_cancels(
    village: Village, county: User, lan: User
) -> None:
    simulation = village.start(STRICTER)
    for person in (county, lan):
        with pytest.raises(Problem) as problem:
            Village(village.children, village.rule_set, person).start()
        assert problem.value.kind == FORBIDDEN
        with pytest.raises(Problem) as problem:
            cancel_simulation(simulation, person)
        assert problem.value.kind == FORBIDDEN


def test_too_many_at_once_are_refused(village: Village) -> None:
    for _ in range(3):
        village.start(STRICTER)
    with pytest.raises(Problem) as problem:
        village.start()
    assert problem.value.kind == problems.TOO_MANY_SIMULATIONS
    assert Simulation.objects.count() == 3


@pytest.mark.parametrize("candidate", ["7", "0", "-1", "latest", "9" * 30, "１"])
def test_a_release_that_is_not_there_is_refused(village: Village, candidate: str) -> None:
    with pytest.raises(Problem) as problem:
        village.start(STRICTER, candidate=candidate)
    assert problem.value.kind == NOT_FOUND


def test_without_a_draft_there_is_nothing_to_try(village: Village) -> None:
    with pytest.raises(Problem) as problem:
        village.start()
    assert problem.value.kind == problems.NO_DRAFT


# --- reading many ------------------------------------------------------------------------------


def test_a_submission_about_two_children_speaks_of_both(village: Village, drain: Drain) -> None:
    both = village.children["王蓝"], village.children["赵绿"]
    with clock.at(NOON + timedelta(hours=1)):
        version = store(both[0], "home_visit", ALL_WELL | {"poor": "yes"})
    Subject.objects.create(submission=version.submission, entity=both[1])
    assert set(moved(finished(village.start(STRICTER), drain))) == {"王蓝", "赵绿"}


def test_only_one_of_the_two_is_read_when_only_one_is_asked_for(village: Village) -> None:
    both = village.children["王蓝"], village.children["赵绿"]
    version = store(both[0], "home_visit", ALL_WELL)
    Subject.objects.create(submission=version.submission, entity=both[1])
    seen = looking.observations_of_many([both[0].pk], NOON.date())
    assert list(seen) == [both[0].pk]
    assert len(seen[both[0].pk]) == 2


def test_observations_of_many_are_those_of_each(village: Village) -> None:
    from rules.facts import observations_of, tier_spans  # noqa: PLC0415

    keys = [child.pk for child in village.children.values()]
    many = looking.observations_of_many(keys)
    spans = looking.tier_spans_of_many(keys, date(2026, 9, 1))
    for child in Entity.objects.filter(pk__in=keys):
        assert many[child.pk] == observations_of(child)
        assert spans[child.pk] == tier_spans(child, date(2026, 9, 1))
