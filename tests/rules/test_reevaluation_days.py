"""Each day looks at each child once, cheaply, and evaluates in full only where time alone has changed the outcome."""

from collections.abc import Callable
from copy import deepcopy
from datetime import datetime
from typing import Any

import pytest

from forms.models import Entity
from rules.jobs import escalate, expire_overrides, nightly
from rules.models import DayPass, Evaluation, RuleSet
from rules.services import evaluate
from rules.services.evaluate import evaluate_entity
from rules.services.reevaluation import controlling, days, find_reevaluation, pause_reevaluation
from server import clock
from server.journal.models import Reaction
from server.journal.services import release_claims, run_pending
from server.people.models import User
from tests.conftest import Country
from tests.rules.county_kit import (
    ALL_WELL,
    DOCUMENT,
    NOON,
    days_later,
    make_child,
    newest,
    release_small,
    state_of,
    store,
    tell,
)

AGING: dict[str, Any] = {
    "name": "stale",
    "title": {"zh": "久未走访", "en": "Long unseen"},
    "type": "integer",
    "history": {"kind": "days_since", "forms": ["home_visit"]},
}
LATE: dict[str, Any] = {
    "id": "R-STALE",
    "dimension": "care",
    "title": {"zh": "久未走访", "en": "Long unseen"},
    "when": "${stale} > 30",
    "score": 10,
    "tasks": ["T_AID"],
}
Drain = Callable[[], int]


@pytest.fixture(autouse=True)
def second_engine(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The second engine agrees; each question to it leaves a word."""
    asked: list[str] = []

    def opinion(*_: object) -> tuple[str, tuple[str, ...]]:
        asked.append("asked")
        return "ok", ()

    monkeypatch.setattr(evaluate, "second_opinion", opinion)
    return asked


def aging(points: int = 10) -> dict[str, Any]:
    document = deepcopy(DOCUMENT)
    document["facts"].append(deepcopy(AGING))
    document["rules"].append(LATE | {"score": points})
    return document


@pytest.fixture
def children(country: Country, drain: Drain) -> list[Entity]:
    first = make_child(country.village)
    release_small(first.dataset.project, aging())
    found = [
        first,
        *(make_child(country.village, first.dataset.project, f"孩子{n}") for n in (2, 3)),
    ]
    with clock.at(NOON):
        for child in found:
            tell(child, "home_visit", ALL_WELL)
        drain()
    return found


def night(moment: datetime, drain: Drain) -> DayPass:
    """What happens on the night of `moment`: the job and all that follows."""
    with clock.at(moment):
        nightly()
        drain()
        return DayPass.objects.get(day=clock.today())


def test_a_day_that_changes_nothing_writes_nothing_about_the_children(
    children: list[Entity], drain: Drain, second_engine: list[str]
) -> None:
    before = state_of(children[0]).updated_at
    second_engine.clear()
    found = night(days_later(2), drain)
    assert (found.looked_at, found.evaluated, found.failed) == (3, 0, 0)
    assert found.finished_at is not None
    assert (Evaluation.objects.count(), state_of(children[0]).updated_at) == (3, before)
    assert second_engine == []


def test_time_alone_raises_a_tier_and_opens_a_task(children: list[Entity], drain: Drain) -> None:
    with clock.at(days_later(20)):
        tell(children[1], "home_visit", ALL_WELL)
        drain()
    found = night(days_later(31), drain)
    assert (found.looked_at, found.evaluated) == (3, 2)
    last = newest(children[0])
    assert (last.cause, last.change, state_of(children[0]).tier) == ("sweep", "time", "blue")
    assert state_of(children[1]).tier == "green"


def test_a_birthday_is_seen_on_its_day(country: Country, drain: Drain) -> None:
    child = make_child(country.village)
    document = aging()
    born = {
        "name": "dob",
        "title": {"zh": "出生日期", "en": "Born"},
        "type": "date",
        "question": "dob",
        "forms": ["home_visit"],
    }
    document["facts"].append(born)
    of_age = LATE | {"id": "R-AGE", "when": "years-between(${dob}, today()) >= 16", "score": 11}
    document["rules"].append(of_age)
    release_small(child.dataset.project, document)
    with clock.at(NOON):
        tell(child, "home_visit", ALL_WELL | {"dob": "2010-09-03"})
        drain()
    night(days_later(1), drain)
    assert state_of(child).tier == "green"
    night(days_later(2), drain)
    assert (state_of(child).tier, newest(child).change) == ("blue", "time")


def test_each_day_is_looked_at_once_however_often_the_job_runs(
    children: list[Entity], drain: Drain
) -> None:
    night(days_later(31), drain)
    found = night(days_later(31.2), drain)
    assert (found.looked_at, DayPass.objects.count()) == (3, 1)
    assert night(days_later(32), drain).evaluated == 0


def test_a_kill_in_the_middle_loses_and_repeats_nothing(
    children: list[Entity], drain: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(days, "CHUNK", 1)
    real = evaluate.act

    def killed(prepared: Any, cause: Any) -> Any:
        acted = real(prepared, cause)
        if prepared.entity.pk == children[1].pk:
            raise KeyboardInterrupt
        return acted

    with clock.at(days_later(31)):
        nightly()
        with monkeypatch.context() as broken:
            broken.setattr(evaluate, "act", killed)
            with pytest.raises(KeyboardInterrupt):
                run_pending()
        found = DayPass.objects.get()
        assert (found.looked_at, found.evaluated) == (1, 1)
        release_claims()
        drain()
    found.refresh_from_db()
    assert (found.looked_at, found.evaluated) == (3, 3)
    assert Evaluation.objects.filter(cause="sweep").count() == 3


def test_a_look_that_midnight_overtakes_leaves_the_children_to_the_new_day(
    children: list[Entity], drain: Drain
) -> None:
    with clock.at(days_later(30)):
        nightly()
    with clock.at(days_later(31)):
        nightly()
        drain()
    old, new = DayPass.objects.order_by("day")
    assert (old.looked_at, new.looked_at, new.evaluated) == (0, 3, 3)
    assert old.finished_at is not None


def test_one_child_that_cannot_be_evaluated_is_counted_and_tried_again_the_next_day(
    children: list[Entity], drain: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = evaluate.prepare

    def broken(pk: int) -> Any:
        if pk == children[0].pk:
            raise ValueError("nonsense")
        return real(pk)

    with monkeypatch.context() as context:
        context.setattr(evaluate, "prepare", broken)
        found = night(days_later(31), drain)
    assert (found.failed, found.evaluated) == (1, 2)
    assert night(days_later(32), drain).evaluated == 1


def test_what_no_evaluation_has_seen_yet_is_found(children: list[Entity], drain: Drain) -> None:
    other = make_child(children[0].area, children[0].dataset.project, "新来")  # type: ignore[arg-type]
    assert night(days_later(1), drain).evaluated == 1
    assert newest(other).change == "first"


def test_a_missing_second_opinion_is_asked_for_again(
    children: list[Entity], drain: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    with clock.at(NOON), monkeypatch.context() as silent:
        silent.setattr(evaluate, "second_opinion", lambda *_: ("unavailable", ()))
        tell(children[0], "home_visit", ALL_WELL | {"poor": "yes"})
    assert night(days_later(1), drain).evaluated == 1
    assert newest(children[0]).engine_state == "ok"


def test_children_that_a_release_has_not_reached_are_left_to_its_pass(
    children: list[Entity], drain: Drain, county: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = release_small(children[0].dataset.project, aging(points=31))
    pause_reevaluation(find_reevaluation(release), county)
    assert night(days_later(31), drain).evaluated == 0
    controlling.Reevaluation.objects.update(state="done")
    assert night(days_later(32), drain).evaluated == 3


def test_the_look_takes_few_queries_however_many_children_there_are(
    children: list[Entity], django_assert_max_num_queries: Any
) -> None:
    rule_set = RuleSet.objects.select_related("active").get()
    with clock.at(days_later(1)):
        for number in range(20):
            child = make_child(children[0].area, children[0].dataset.project, f"孩子{number}")  # type: ignore[arg-type]
            store(child, "home_visit", ALL_WELL)
            evaluate_entity(child.pk, "again")
        keys = list(Entity.objects.filter(dataset=children[0].dataset).values_list("pk", flat=True))
        with django_assert_max_num_queries(8):
            assert list(days._changed(rule_set, keys)) == []


def test_the_jobs_have_nothing_to_do_in_an_empty_county(db: None) -> None:
    assert (escalate(), nightly(), expire_overrides()) == (0, 0, 0)
    assert not Reaction.objects.exists()
