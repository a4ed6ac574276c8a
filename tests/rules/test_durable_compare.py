"""What counts as a disagreement between the engines, and what an engine does with values it cannot show."""

import threading
from datetime import date

import pytest

from rules.engine.durable import EngineFailure, engine_for
from rules.engine.durable_answer import DurableAnswer, letters_of, unavailable, words_of
from rules.engine.durable_compare import compare, state_of
from rules.engine.durable_literal import Unencodable
from rules.engine.kleene import Evaluated, evaluate
from rules.engine.rule_set import load_document
from rules.engine.values import resolve
from tests.rules.durable_kit import document_of

AS_OF = date(2026, 3, 15)
DOCUMENT = document_of({"R1": "${young}", "R2": "${fed}"}, {"young": "${age} < 6"})


def kleene_on(facts: dict[str, object], document: dict = DOCUMENT) -> Evaluated:
    rule_set = load_document(document)
    return evaluate(rule_set, resolve(rule_set, facts, AS_OF))


def test_the_same_statuses_are_no_difference():
    answer = DurableAnswer("ok", {"R1": "true", "R2": "unknown"}, {"young": "true"})

    assert compare(kleene_on({"age": 3}), answer) == ()
    assert state_of(kleene_on({"age": 3}), answer) == "ok"


def test_a_derived_fact_may_differ_where_no_rule_does():
    answer = DurableAnswer("ok", {"R1": "true", "R2": "unknown"}, {"young": "unknown"})

    found = compare(kleene_on({"age": 3}), answer)

    assert [(each.what, each.name, each.kleene, each.durable) for each in found] == [
        ("derived", "young", "true", "unknown")
    ]
    assert state_of(kleene_on({"age": 3}), answer) == "mismatch"


def test_unknown_against_false_is_a_difference():
    answer = DurableAnswer("ok", {"R1": "true", "R2": "false"}, {"young": "true"})

    assert [each.name for each in compare(kleene_on({"age": 3}), answer)] == ["R2"]


def test_a_rule_that_the_second_engine_does_not_know_is_a_difference():
    answer = DurableAnswer("ok", {"R1": "true"}, {"young": "true"})

    assert [each.durable for each in compare(kleene_on({"age": 3}), answer)] == ["missing"]


def test_no_second_opinion_is_no_mismatch():
    assert compare(kleene_on({}), unavailable("hang")) == ()
    assert state_of(kleene_on({}), unavailable("hang")) == "unavailable"


def test_a_rule_that_is_off_is_not_compared():
    document = document_of({"R1": "${seen}", "R2": "${fed}"})
    document["rules"][1]["on"] = False
    outcome = engine_for(load_document(document)).evaluate({"seen": True, "fed": True})
    answer = DurableAnswer("ok", {**outcome.rules, "R2": "false"}, outcome.derived)

    assert compare(kleene_on({"seen": True, "fed": True}, document), answer) == ()


def test_statuses_travel_as_letters_and_others_are_refused():
    names = ("a", "b", "c")
    words = {"a": "true", "b": "false", "c": "unknown"}

    assert letters_of(names, words) == "TFU"
    assert words_of(names, "TFU") == words
    for garbled in ("TF", "TFUU", "TFX"):
        with pytest.raises(ValueError, match="letters"):
            words_of(names, garbled)


@pytest.mark.parametrize(
    "facts",
    [{"age": "3"}, {"age": 2**53 + 1}, {"age": True}, {"fed": 1}, {"age": float("inf")}],
)
def test_values_that_cannot_be_shown_leave_the_engine_usable(facts: dict):
    engine = engine_for(load_document(DOCUMENT))

    with pytest.raises(Unencodable):
        engine.evaluate(facts)
    assert engine.evaluate({"age": 3}).derived == {"young": "true"}


def test_an_engine_serves_only_the_thread_that_made_it():
    engine, raised = engine_for(load_document(DOCUMENT)), []

    def ask() -> None:
        try:
            engine.evaluate({})
        except EngineFailure as failure:
            raised.append(failure)

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()

    assert len(raised) == 1


def test_an_engine_that_failed_once_is_never_used_again(monkeypatch: pytest.MonkeyPatch):
    engine = engine_for(load_document(DOCUMENT))
    with monkeypatch.context() as broken:
        broken.setattr("rules.engine.durable.native.start_action_for_state", lambda *_: None)
        with pytest.raises(EngineFailure):
            engine.evaluate({})

    with pytest.raises(EngineFailure):
        engine.evaluate({})


def test_a_network_that_says_true_and_false_at_once_is_a_failure(monkeypatch: pytest.MonkeyPatch):
    engine = engine_for(load_document(document_of({"R": "${fed}"})))
    every = set(range(len(engine.program.source.rows)))
    monkeypatch.setattr(engine, "_run", lambda parts: every)

    with pytest.raises(EngineFailure, match="both"):
        engine.evaluate({"fed": True})
