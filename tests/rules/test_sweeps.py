"""Evaluations that no submission asks for: each day once, and after a release; in pieces that a kill does not lose."""

from copy import deepcopy
from typing import Any

import pytest

from forms.models import Entity
from rules.jobs import escalate, expire_overrides, nightly
from rules.models import Evaluation
from rules.services import evaluate, sweeps
from server import clock
from server.journal.models import Reaction
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
    tell,
)

AGING = {
    "name": "stale",
    "title": {"zh": "久未走访", "en": "Long unseen"},
    "type": "integer",
    "history": {"kind": "days_since", "forms": ["home_visit"]},
}
LATE = {
    "id": "R-STALE",
    "dimension": "care",
    "title": {"zh": "久未走访", "en": "Long unseen"},
    "when": "${stale} > 30",
    "score": 10,
    "tasks": ["T_AID"],
}


@pytest.fixture(autouse=True)
def agreeing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluate, "second_opinion", lambda *_: ("ok", ()))


@pytest.fixture
def child(country: Country) -> Entity:
    child = make_child(country.village)
    document = deepcopy(DOCUMENT)
    document["facts"].append(AGING)
    document["rules"].append(LATE)
    release_small(child.dataset.project, document)
    with clock.at(NOON):
        tell(child, "home_visit", ALL_WELL)
    return child


def test_a_day_that_changes_nothing_stores_nothing(child: Entity) -> None:
    with clock.at(days_later(2)):
        assert nightly() == 1
    assert Evaluation.objects.count() == 1


def test_time_alone_raises_a_tier_and_opens_a_task(child: Entity) -> None:
    with clock.at(days_later(31)):
        assert nightly() == 1
    assert (newest(child).cause, state_of(child).tier) == ("sweep", "blue")


def test_each_day_sees_a_child_once_and_goes_on_after_a_kill(
    child: Entity, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_child(child.area, child.dataset.project, "李小红")  # type: ignore[arg-type]
    real = sweeps.evaluate_entity

    def killed(pk: int, cause: str) -> Any:
        if pk == other.pk:
            raise KeyboardInterrupt
        return real(pk, cause)

    with clock.at(days_later(1)):
        with monkeypatch.context() as broken:
            broken.setattr(sweeps, "evaluate_entity", killed)
            with pytest.raises(KeyboardInterrupt):
                nightly()
        assert nightly() == 1
        assert nightly() == 0


def test_a_release_evaluates_everybody_in_pieces(
    child: Entity, drain: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeps, "CHUNK", 1)
    for number in range(2):
        make_child(child.area, child.dataset.project, f"孩子{number}")  # type: ignore[arg-type]
    Reaction.objects.all().delete()
    wider = deepcopy(DOCUMENT)
    wider["rules"][1]["score"] = 11
    release = release_small(child.dataset.project, wider)
    drain()
    assert Evaluation.objects.filter(release=release, cause="release").count() == 3


def test_the_jobs_have_nothing_to_do_in_an_empty_county(db: None) -> None:
    assert (escalate(), nightly(), expire_overrides()) == (0, 0, 0)
