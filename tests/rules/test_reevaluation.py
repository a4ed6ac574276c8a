"""After an activation every child is evaluated again in the background: in small steps that a kill does not lose,
paused and resumed, superseded by a newer release, and told to those who must review what changed."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from forms.models import Entity
from rules import problems
from rules.jobs import keep_releases
from rules.models import Evaluation, Notice, Reevaluation, Release, Task
from rules.services import evaluate
from rules.services.evaluate import evaluate_entity
from rules.services.reevaluation import (
    ask_once,
    find_reevaluation,
    passing,
    pause_reevaluation,
    resume_reevaluation,
)
from server.journal.models import Entry, Reaction
from server.journal.services import release_claims, run_pending
from server.people.models import User
from server.people.roles import Role
from server.problems import Problem
from tests.conftest import Country, make_user
from tests.rules.county_kit import (
    ALL_WELL,
    DOCUMENT,
    make_child,
    newest,
    release_small,
    state_of,
    store,
    tell,
)

POOR = ALL_WELL | {"poor": "yes"}
EVENT = "reevaluation.due"
Drain = Callable[[], int]


@pytest.fixture(autouse=True)
def agreeing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluate, "second_opinion", lambda *_: ("ok", ()))


def stricter(points: int = 31) -> dict[str, Any]:
    """The small document in which poverty weighs more."""
    document = deepcopy(DOCUMENT)
    document["rules"][1]["score"] = points
    return document


@pytest.fixture
def children(country: Country, drain: Drain) -> list[Entity]:
    """Two poor children and one who is well, under release 1."""
    first = make_child(country.village)
    release_small(first.dataset.project)
    villages = (country.next_village, country.other_town_village)
    others = [make_child(area, first.dataset.project, area.name) for area in villages]
    for child, answers in zip([first, *others], (POOR, ALL_WELL, POOR), strict=True):
        tell(child, "home_visit", answers)
    drain()
    return [first, *others]


def released(children: list[Entity], points: int = 31) -> Release:
    return release_small(children[0].dataset.project, stricter(points))


def evaluations_of(release: Release) -> int:
    return Evaluation.objects.filter(release=release, cause="release").count()


def test_everybody_is_evaluated_again_and_the_pass_says_what_came_of_it(
    children: list[Entity], drain: Drain
) -> None:
    release = released(children)
    run = find_reevaluation(release)
    assert (run.state, run.total, run.done) == ("running", 3, 0)
    drain()
    run.refresh_from_db()
    assert (run.state, run.done, evaluations_of(release)) == ("done", 3, 3)
    assert (run.summary["up"], run.summary["same"], run.summary["by_rules"]) == (2, 1, 2)
    assert [state_of(child).tier for child in children] == ["yellow", "green", "yellow"]
    assert newest(children[0]).change == "rules"


def test_an_activation_over_no_children_is_done_at_once(country: Country, drain: Drain) -> None:
    child = make_child(country.village)
    child.delete()
    release = release_small(child.dataset.project)
    drain()
    assert find_reevaluation(release).state == "done"


def test_a_kill_in_the_middle_loses_and_repeats_nothing(
    children: list[Entity], drain: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    release, real = released(children), evaluate.act

    def killed(prepared: Any, cause: Any) -> Any:
        acted = real(prepared, cause)
        if prepared.entity.pk == children[1].pk:
            raise KeyboardInterrupt  # after the work of the second child, before its transaction ends
        return acted

    with monkeypatch.context() as broken:
        broken.setattr(evaluate, "act", killed)
        with pytest.raises(KeyboardInterrupt):
            run_pending()
    assert (find_reevaluation(release).done, evaluations_of(release)) == (1, 1)
    release_claims()
    drain()
    run = find_reevaluation(release)
    assert (run.state, run.done, evaluations_of(release)) == ("done", 3, 3)
    assert (run.summary["up"], run.summary["same"]) == (2, 1)


def test_a_pause_stops_it_and_it_goes_on_where_it_was(
    children: list[Entity], drain: Drain, county: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passing, "CHUNK", 1)
    release = released(children)
    run_pending(1)
    run = pause_reevaluation(find_reevaluation(release), county)
    drain()
    assert (find_reevaluation(release).done, evaluations_of(release)) == (1, 1)
    with pytest.raises(Problem) as again:
        pause_reevaluation(run, county)
    assert again.value.kind is problems.REEVALUATION_STATE
    resume_reevaluation(run, county)
    drain()
    assert (find_reevaluation(release).state, evaluations_of(release)) == ("done", 3)
    actions = Entry.objects.filter(action__startswith="rule_set.reevaluation").order_by("pk")
    words = [entry.action.rpartition(".")[2] for entry in actions]
    assert words[-3:] == ["pause", "resume", "done"]


def test_a_pause_between_reading_and_writing_keeps_the_child_for_later(
    children: list[Entity], drain: Drain, county: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    release, real = released(children), evaluate.prepare

    def pausing(pk: int) -> Any:
        found = real(pk)
        if pk == children[1].pk:
            pause_reevaluation(find_reevaluation(release), county)
        return found

    with monkeypatch.context() as slow:
        slow.setattr(evaluate, "prepare", pausing)
        drain()
    assert evaluations_of(release) == 1
    resume_reevaluation(find_reevaluation(release), county)
    drain()
    assert evaluations_of(release) == 3


def test_a_newer_release_supersedes_the_pass(
    children: list[Entity], drain: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passing, "CHUNK", 1)
    first = released(children)
    run_pending(1)
    second = released(children, points=32)
    drain()
    assert find_reevaluation(first).state == "superseded"
    assert (evaluations_of(first), evaluations_of(second)) == (1, 3)


def test_a_release_that_came_between_reading_and_writing_is_the_one_that_speaks(
    children: list[Entity],
) -> None:
    prepared = evaluate.prepare(children[0].pk)
    assert prepared is not None
    release = released(children)
    acted = evaluate.act(prepared, evaluate.Cause("again"))
    assert acted is not None
    assert (acted.evaluation.release_id, acted.evaluation.tier) == (release.pk, "yellow")


def test_what_was_sent_between_reading_and_writing_is_not_overwritten(
    children: list[Entity],
) -> None:
    prepared = evaluate.prepare(children[0].pk)
    assert prepared is not None
    tell(children[0], "home_visit", ALL_WELL | {"danger": "yes"})
    evaluate.act(prepared, evaluate.Cause("again"))
    assert newest(children[0]).tier == "red"
    assert state_of(children[0]).evaluation == newest(children[0])


def test_one_child_that_cannot_be_evaluated_does_not_hold_up_the_others(
    children: list[Entity], drain: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    release, real = released(children), evaluate.act

    def broken(prepared: Any, cause: Any) -> Any:
        if prepared.entity.pk == children[0].pk:
            raise ValueError("nonsense")
        return real(prepared, cause)

    with monkeypatch.context() as context:
        context.setattr(evaluate, "act", broken)
        drain()
    run = find_reevaluation(release)
    assert (run.state, run.done, run.summary["failed"]) == ("done", 3, 1)
    assert run.summary["failures"] == [{"entity": children[0].pk, "error": "ValueError"}]
    assert evaluations_of(release) == 2


def test_two_chains_of_one_pass_become_one_again(
    children: list[Entity], drain: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passing, "CHUNK", 1)
    release = released(children)
    run = find_reevaluation(release)
    Reaction.objects.filter(event=EVENT).update(claimed_at="2020-01-01T00:00Z")  # a dead worker's
    ask_once(EVENT, {"reevaluation_id": run.pk})
    assert Reaction.objects.filter(event=EVENT, done_at=None).count() == 2
    ask_once(EVENT, {"reevaluation_id": run.pk})
    assert Reaction.objects.filter(event=EVENT, done_at=None).count() == 2
    run_pending(2)
    assert Reaction.objects.filter(event=EVENT, done_at=None).count() == 1
    drain()
    assert (find_reevaluation(release).done, evaluations_of(release)) == (3, 3)


def test_a_pass_that_nobody_carries_on_is_found_again(children: list[Entity], drain: Drain) -> None:
    release = released(children)
    Reaction.objects.filter(event=EVENT).update(failed_at="2026-01-01T00:00Z")
    drain()
    assert find_reevaluation(release).state == "running"
    keep_releases()
    keep_releases()
    drain()
    assert find_reevaluation(release).state == "done"
    assert evaluations_of(release) == 3


def test_each_coordinator_is_told_once_how_much_waits_in_his_own_areas(
    children: list[Entity], county: User, stranger: User, lan: User, country: Country, drain: Drain
) -> None:
    town = make_user("town", Role.TOWN_SUPERVISOR, country.town)
    other_town = make_user("other", Role.TOWN_SUPERVISOR, country.other_town)
    released(children)
    drain()
    told = {
        user.display_name: list(
            Notice.objects.filter(user=user, kind="release").values_list("text__zh", flat=True)
        )
        for user in (county, town, other_town, stranger, lan)
    }
    assert told["county"] == ["规则第2版已生效：2项变化待核定（升级2名）"]
    assert told["town"] == told["other"] == ["规则第2版已生效：1项变化待核定（升级1名）"]
    assert told["stranger"] == told["lan"] == []
    assert find_reevaluation(Release.objects.get(number=2)).summary["to_review"] == 2


def test_what_life_changed_meanwhile_is_not_counted_as_the_releases(
    children: list[Entity], county: User, drain: Drain
) -> None:
    store(children[1], "home_visit", ALL_WELL | {"alone": "yes"})
    release = released(children, points=11)
    drain()
    assert newest(children[1]).change == "life"
    run = find_reevaluation(release)
    assert (run.summary["by_life"], run.summary["by_rules"]) == (1, 2)
    assert run.summary["to_review"] == 2


def test_a_lowered_weight_only_proposes_and_leaves_the_tier_to_a_person(
    children: list[Entity], drain: Drain
) -> None:
    released(children)
    drain()
    release = released(children, points=1)
    drain()
    state = state_of(children[0])
    assert (state.tier, state.proposed, newest(children[0]).tier) == ("yellow", "green", "green")
    assert find_reevaluation(release).summary["down"] == 2


def test_stored_evaluations_are_never_changed(children: list[Entity], drain: Drain) -> None:
    with CaptureQueriesContext(connection) as queries:
        tell(children[1], "home_visit", ALL_WELL | {"danger": "yes"})
        released(children)
        drain()
        evaluate_entity(children[0].pk, "again")
        tell(children[0], "home_visit", ALL_WELL)
    said = [query["sql"] for query in queries]
    table = Evaluation._meta.db_table
    assert any(f'INSERT INTO "{table}"' in sql for sql in said)
    changes = tuple(f'{verb} "{table}"' for verb in ("UPDATE", "DELETE FROM"))
    assert not [sql for sql in said if sql.startswith(changes)]


def test_the_same_release_again_opens_no_task_twice(children: list[Entity], drain: Drain) -> None:
    released(children)
    drain()
    before = sorted(Task.objects.values_list("entity_id", "code", "episode"))
    for child in children:
        evaluate_entity(child.pk, "release")
    assert sorted(Task.objects.values_list("entity_id", "code", "episode")) == before


def test_a_pass_with_its_release_is_found_by_it(children: list[Entity]) -> None:
    release = Release.objects.get(number=1)
    assert find_reevaluation(release).release_id == release.pk
    Reevaluation.objects.all().delete()
    with pytest.raises(Problem):
        find_reevaluation(release)
