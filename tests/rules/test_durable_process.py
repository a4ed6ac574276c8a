"""A crash or hang of the C engine costs one comparison, not the server (design.md §4)."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from rules import problems
from rules.engine import durable_process
from rules.engine.durable_answer import request_line
from rules.engine.durable_breaker import Breaker
from rules.engine.durable_child import TEST_VARIABLE
from rules.engine.durable_pipe import ROOT
from rules.engine.durable_process import DurableProcess
from server.problems import Problem
from tests.rules.durable_kit import document_of

AS_OF = date(2026, 3, 15)
YOUNG = {"age": 3, "fed": False}
DOCUMENT = json.dumps(
    document_of(
        {"R1": "${young} and not(${fed})", "R2": "${weight} < 9.5"}, {"young": "${age} < 6"}
    )
)


@pytest.fixture
def engine() -> Iterator[DurableProcess]:
    with DurableProcess(DOCUMENT, timeout=2) as process:
        yield process


@pytest.fixture
def spoiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fact `note` may name a misfortune, which the child then suffers."""

    def line(facts: dict, as_of: date) -> bytes:
        wish = {"test": facts["note"]} if "note" in facts else {}
        return request_line(facts, as_of, **wish)

    monkeypatch.setenv(TEST_VARIABLE, "1")
    monkeypatch.setattr(durable_process, "request_line", line)


def is_gone(pid: int | None) -> bool:
    """Whether no such process is left, not even a zombie; waits a little for it to end."""
    for _ in range(100):
        if not Path(f"/proc/{pid}").exists():
            return True
        time.sleep(0.05)
    return False


def is_dead(pid: int) -> bool:
    """Whether it has ended; a zombie of somebody else's is dead too."""
    for _ in range(200):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


def test_statuses_come_for_rules_and_derived_facts(engine: DurableProcess):
    answer = engine.evaluate(YOUNG, AS_OF)

    assert answer.state == "ok"
    assert answer.statuses == {"R1": "true", "R2": "unknown"}
    assert answer.derived == {"young": "true"}


def test_many_cases_are_answered_in_their_order(engine: DurableProcess):
    cases = [({"age": number % 12, "fed": False}, AS_OF) for number in range(100)]

    answers = engine.evaluate_many(cases)

    assert [each.statuses["R1"] for each in answers] == [
        "true" if number % 12 < 6 else "false" for number in range(100)
    ]


@pytest.mark.parametrize(
    "facts", [{"age": "old"}, {"no_such_fact": 1}, {"age": object()}, {"weight": float("nan")}]
)
def test_facts_that_make_no_sense_are_unavailable_and_harm_nothing(
    engine: DurableProcess, facts: dict
):
    assert engine.evaluate(facts, AS_OF).state == "unavailable"
    assert engine.evaluate(YOUNG, AS_OF).state == "ok"


@pytest.mark.parametrize("how", ["crash", "exit"])
@pytest.mark.usefixtures("spoiled")
def test_a_crash_costs_one_answer(engine: DurableProcess, how: str):
    engine.start()
    first = engine.child_pid

    assert engine.evaluate({"note": how}, AS_OF).reason == "crash"
    assert is_gone(first)
    assert engine.evaluate(YOUNG, AS_OF).state == "ok"
    assert engine.child_pid != first


@pytest.mark.usefixtures("spoiled")
def test_a_hang_inside_c_ends_at_the_time_limit():
    with DurableProcess(DOCUMENT, timeout=0.5) as engine:
        engine.start()
        first, begun = engine.child_pid, time.monotonic()

        answer = engine.evaluate({"note": "hang"}, AS_OF)

        assert (answer.state, answer.reason) == ("unavailable", "hang")
        assert time.monotonic() - begun < 2
        assert is_gone(first)
        assert engine.evaluate(YOUNG, AS_OF).state == "ok"


@pytest.mark.usefixtures("spoiled")
def test_in_a_batch_only_the_culprit_is_unavailable(engine: DurableProcess):
    cases = [(YOUNG, AS_OF)] * 5 + [({"note": "crash"}, AS_OF)] + [(YOUNG, AS_OF)] * 30

    states = [answer.state for answer in engine.evaluate_many(cases)]

    assert states == ["ok"] * 5 + ["unavailable"] + ["ok"] * 30


@pytest.mark.usefixtures("spoiled")
def test_facts_that_break_it_twice_are_never_tried_again(engine: DurableProcess):
    for _ in range(2):
        assert engine.evaluate({"note": "exit"}, AS_OF).reason == "crash"
        assert engine.evaluate(YOUNG, AS_OF).state == "ok"
    child = engine.child_pid

    assert engine.evaluate({"note": "exit"}, AS_OF).reason == "broke the engine before"
    assert engine.child_pid == child


@pytest.mark.usefixtures("spoiled")
def test_an_engine_that_keeps_breaking_is_left_alone_for_a_while():
    now = [100.0]
    with DurableProcess(DOCUMENT, breaker=lambda: Breaker(clock=lambda: now[0])) as engine:
        for age in range(2):
            assert engine.evaluate({"note": "exit", "age": age}, AS_OF).reason == "crash"

        assert engine.evaluate(YOUNG, AS_OF).state == "unavailable"
        assert engine.child_pid is None
        now[0] += 2
        assert engine.evaluate(YOUNG, AS_OF).state == "ok"


def test_wishes_for_a_crash_are_deaf_outside_of_tests(
    engine: DurableProcess, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(
        durable_process, "request_line", lambda *case: request_line(*case, test="exit")
    )

    assert engine.evaluate(YOUNG, AS_OF).state == "ok"


def test_a_child_killed_while_idle_costs_nothing(engine: DurableProcess):
    engine.start()
    assert engine.child_pid
    os.kill(engine.child_pid, signal.SIGKILL)
    time.sleep(0.2)

    assert engine.evaluate(YOUNG, AS_OF).state == "ok"


def test_a_child_is_renewed_after_its_evaluations_without_a_gap():
    with DurableProcess(DOCUMENT, evaluations=25) as engine:
        engine.start()
        first = engine.child_pid

        answers = engine.evaluate_many([(YOUNG, AS_OF)] * 60)

        assert {answer.state for answer in answers} == {"ok"}
        assert engine.child_pid != first
        assert is_gone(first)


def test_a_child_that_has_grown_is_renewed():
    with DurableProcess(DOCUMENT, megabytes=1) as engine:
        engine.start()
        first = engine.child_pid

        engine.evaluate_many([(YOUNG, AS_OF)] * 201)

        assert engine.child_pid != first


def test_threads_take_turns(engine: DurableProcess):
    wrong: list[object] = []

    def ask(age: int) -> None:
        wanted = "true" if age < 6 else "false"
        for _ in range(30):
            answer = engine.evaluate({"age": age, "fed": False}, AS_OF)
            if answer.statuses.get("R1") != wanted:
                wrong.append(answer)

    threads = [threading.Thread(target=ask, args=(age,)) for age in range(2, 10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []


@pytest.mark.usefixtures("spoiled")
def test_closing_waits_for_the_evaluation_of_another_thread():
    with DurableProcess(DOCUMENT, timeout=0.7) as engine:
        engine.start()
        answers: list[str] = []
        thread = threading.Thread(
            target=lambda: answers.append(engine.evaluate({"note": "hang"}, AS_OF).reason)
        )
        thread.start()
        time.sleep(0.2)
        engine.close()
        thread.join()

    assert answers == ["hang"]


def ask_in_fork(engine: DurableProcess, said: "multiprocessing.connection.Connection") -> None:
    said.send((engine.evaluate(YOUNG, AS_OF).state, engine.child_pid))
    engine.close()


def test_a_fork_gets_a_child_of_its_own(engine: DurableProcess):
    engine.start()
    heard, said = multiprocessing.Pipe()
    fork = multiprocessing.get_context("fork").Process(target=ask_in_fork, args=(engine, said))
    fork.start()

    state, pid = heard.recv()
    fork.join()

    assert state == "ok"
    assert pid != engine.child_pid
    assert is_gone(pid)
    assert engine.evaluate(YOUNG, AS_OF).state == "ok"


@pytest.mark.parametrize("where", ["main", "thread"])
def test_the_child_dies_with_its_parent(where: str):
    script = f"""
        import threading, time
        from datetime import date
        from rules.engine.durable_process import DurableProcess
        engine = DurableProcess({DOCUMENT!r})
        if {where!r} == "main":
            engine.start()
        else:
            thread = threading.Thread(target=engine.start)
            thread.start()
            thread.join()
        print(engine.evaluate({{"age": 3}}, date(2026, 3, 15)).state, engine.child_pid, flush=True)
        time.sleep(60)
    """
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE, cwd=ROOT, text=True
    )
    assert parent.stdout
    state, pid = parent.stdout.readline().split()
    parent.kill()
    parent.wait()
    parent.stdout.close()

    assert state == "ok"
    assert is_dead(int(pid))


def test_a_document_with_errors_is_refused_when_it_is_checked():
    document = json.dumps(document_of({"R": "${no_such} = 1"}))
    with DurableProcess(document) as engine, pytest.raises(Problem) as refused:
        engine.start()

    assert refused.value.kind is problems.DURABLE_REFUSED
    assert "no_such" in refused.value.tokens["reason"]


def test_a_child_holds_no_file_of_its_parent(engine: DurableProcess, tmp_path: Path):
    with (tmp_path / "secret").open("w") as open_file:
        os.set_inheritable(open_file.fileno(), True)
        engine.start()
        held = [os.readlink(each) for each in Path(f"/proc/{engine.child_pid}/fd").iterdir()]

    assert not [name for name in held if "secret" in name]


def test_the_child_counts_with_a_point_and_inherits_no_secrets(
    engine: DurableProcess, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    monkeypatch.setenv("SECRET_KEY", "hush")
    engine.start()

    environment = Path(f"/proc/{engine.child_pid}/environ").read_bytes().split(b"\0")

    assert b"LC_ALL=C" in environment
    assert not [entry for entry in environment if b"hush" in entry]
    assert engine.evaluate({"weight": 9.4}, AS_OF).statuses["R2"] == "true"
    assert engine.evaluate({"weight": 9.6}, AS_OF).statuses["R2"] == "false"
