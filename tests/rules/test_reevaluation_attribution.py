"""A jump caused by the rules is told apart from one caused by life, and from one that only time has made."""

from copy import deepcopy
from datetime import date
from typing import Any

import pytest

from forms.models import Entity, Submission
from rules.models import Evaluation
from rules.services import evaluate
from rules.services.evaluate import evaluate_entity
from server import clock
from tests.conftest import Country
from tests.rules.county_kit import (
    ALL_WELL,
    DOCUMENT,
    NOON,
    days_later,
    make_child,
    newest,
    release_small,
    store,
    tell,
)

POOR = ALL_WELL | {"poor": "yes"}
STALE: dict[str, Any] = {
    "name": "stale",
    "title": {"zh": "久未走访", "en": "Long unseen"},
    "type": "integer",
    "history": {"kind": "days_since", "forms": ["home_visit"]},
}
RECENT: dict[str, Any] = {
    "name": "recently",
    "title": {"zh": "近期贫困", "en": "Poor lately"},
    "type": "select_one",
    "choices": "yn",
    "question": "poor",
    "forms": ["home_visit"],
    "merge": "latest",
    "window_days": 20,
}


@pytest.fixture(autouse=True)
def agreeing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluate, "second_opinion", lambda *_: ("ok", ()))


def rules(points_of_poor: int = 10) -> dict[str, Any]:
    """The small document with a rule about days and one about a window."""
    document = deepcopy(DOCUMENT)
    document["facts"] += [deepcopy(STALE), deepcopy(RECENT)]
    rule = document["rules"][1]
    rule["score"] = points_of_poor
    document["rules"] += [
        rule | {"id": "R-STALE", "when": "${stale} > 30", "score": 10},
        rule | {"id": "R-RECENT", "when": "${recently} = 'yes'", "score": 5},
    ]
    return document


@pytest.fixture
def child(country: Country) -> Entity:
    child = make_child(country.village)
    release_small(child.dataset.project, rules())
    return child


def evaluated(child: Entity, day: float, cause: str = "again") -> str:
    with clock.at(days_later(day)):
        evaluate_entity(child.pk, cause)
    return newest(child).change


def told(child: Entity, answers: dict[str, str], day: float, on: date | None = None) -> str:
    with clock.at(days_later(day)):
        tell(child, "home_visit", answers, on=on)
    return newest(child).change


def released(child: Entity, document: dict[str, Any], day: float) -> str:
    with clock.at(days_later(day)):
        release_small(child.dataset.project, document)
    return evaluated(child, day, "release")


def test_the_first_evaluation_is_nobodys_jump(child: Entity) -> None:
    assert told(child, ALL_WELL, 0) == "first"


def test_an_answer_that_leaves_the_outcome_as_it_was_is_no_jump(child: Entity) -> None:
    told(child, ALL_WELL, 0)
    assert told(child, ALL_WELL | {"kind": "urgent"}, 0.1) == ""
    assert Evaluation.objects.count() == 2


def test_a_new_answer_is_life(child: Entity) -> None:
    told(child, ALL_WELL, 0)
    assert told(child, POOR, 1) == "life"


def test_a_late_arrival_about_an_earlier_day_is_life(child: Entity) -> None:
    told(child, {"danger": "no"}, 5)
    assert told(child, {"poor": "yes"}, 6, on=date(2026, 9, 2)) == "life"


def test_an_edit_of_what_was_known_is_life(child: Entity) -> None:
    told(child, ALL_WELL, 0)
    version = Submission.objects.get().versions.get()
    version.data = POOR
    version.save()
    assert evaluated(child, 0.5, "submission.updated") == "life"


@pytest.mark.parametrize(
    "change", [{"deleted_at": NOON}, {"review_state": Submission.ReviewState.REJECTED}]
)
def test_what_was_taken_back_is_life(child: Entity, change: dict[str, Any]) -> None:
    told(child, ALL_WELL, 0)
    told(child, POOR, 1)
    Submission.objects.filter(pk=Submission.objects.latest("pk").pk).update(**change)
    assert evaluated(child, 1.5, "submission.deleted") == "life"


def test_days_that_pass_are_time(child: Entity) -> None:
    told(child, ALL_WELL, 0)
    assert evaluated(child, 31, "sweep") == "time"
    assert newest(child).score == 10


def test_a_window_that_ends_is_time(child: Entity) -> None:
    told(child, POOR, 0)
    assert evaluated(child, 21, "sweep") == "time"


def test_a_form_that_says_nothing_new_on_a_day_of_change_leaves_it_to_time(child: Entity) -> None:
    told(child, POOR, 0)
    with clock.at(days_later(21)):
        store(child, "safety_assess", {"danger": "no"}, on=date(2026, 9, 1))
    assert evaluated(child, 21, "submission.created") == "time"


def test_another_threshold_alone_is_the_rules(child: Entity) -> None:
    told(child, POOR, 0)
    assert released(child, rules(points_of_poor=31), 1) == "rules"
    assert newest(child).tier == "yellow"


def test_new_rules_that_say_the_same_are_no_jump_but_are_stored(child: Entity) -> None:
    told(child, ALL_WELL, 0)
    assert released(child, rules(points_of_poor=31), 1) == ""
    assert newest(child).release.number == 2


def test_new_rules_and_a_new_answer_are_both(child: Entity) -> None:
    told(child, ALL_WELL, 0)
    with clock.at(days_later(1)):
        store(child, "home_visit", POOR)
    assert released(child, rules(points_of_poor=31), 1) == "both"


def test_a_new_answer_under_new_rules_that_have_no_part_in_it_is_life(child: Entity) -> None:
    told(child, ALL_WELL, 0)
    with clock.at(days_later(1)):
        store(child, "home_visit", ALL_WELL | {"alone": "yes"})
    assert released(child, rules(points_of_poor=31), 1) == "life"


def test_days_under_new_rules_that_have_no_part_in_it_are_time(child: Entity) -> None:
    told(child, POOR, 0)
    other = rules()
    other["rules"][2]["score"] = 21
    assert released(child, other, 21) == "time"
