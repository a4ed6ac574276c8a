"""Evaluations per second of each rule engine on the programme, and memory after many.

    python -m tests.bench.engines [--children 500] [--rounds 3] [--evaluations 100000]
    python -m tests.bench.engines --agree 100000

Baseline of the same run: the three-valued evaluator giving statuses only. Every engine sees the same random children,
rounds are interleaved, the best round counts; answers are compared while it runs.
"""

import argparse
import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from rules.engine.bulk import evaluate_frame, frame_of
from rules.engine.decision import decide
from rules.engine.durable import engine_for
from rules.engine.durable_answer import OK, DurableAnswer
from rules.engine.durable_compare import compare
from rules.engine.durable_process import DurableProcess
from rules.engine.kleene import evaluate
from rules.engine.parts import RuleSet
from rules.engine.rule_set import load_document
from rules.engine.values import resolve
from rules.programme import programme_document
from tests.bench.agreement import agree
from tests.rules.durable_facts import RandomFacts

AS_OF = date(2026, 3, 15)
Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Contender:
    """One way to evaluate all children."""

    name: str
    run: Callable[[], object]


def contenders(
    rule_set: RuleSet, process: DurableProcess, children: Sequence[Facts]
) -> list[Contender]:
    """What is measured; the first is the baseline."""
    engine = engine_for(rule_set)
    values = [resolve(rule_set, facts, AS_OF) for facts in children]
    cases = [(facts, AS_OF) for facts in children]
    frame = frame_of(rule_set, children)
    return [
        Contender("three-valued, statuses only", lambda: [evaluate(rule_set, v) for v in values]),
        Contender(
            "three-valued, from raw facts",
            lambda: [evaluate(rule_set, resolve(rule_set, f, AS_OF)) for f in children],
        ),
        Contender(
            "three-valued, whole decision",
            lambda: [decide(rule_set, v, with_nearest=False) for v in values],
        ),
        Contender(
            "three-valued, decision with nearest", lambda: [decide(rule_set, v) for v in values]
        ),
        Contender("columns, statuses to tasks", lambda: evaluate_frame(rule_set, frame, AS_OF)),
        Contender(
            "columns, from raw facts",
            lambda: evaluate_frame(rule_set, frame_of(rule_set, children), AS_OF),
        ),
        Contender("durable, this process", lambda: [engine.evaluate(v.env) for v in values]),
        Contender("durable, child, one by one", lambda: [process.evaluate(*c) for c in cases]),
        Contender("durable, child, in a batch", lambda: process.evaluate_many(cases)),
    ]


def measure(every: Sequence[Contender], children: int, rounds: int) -> None:
    """Print the best of `rounds` for each contender, as a ratio to the first."""
    best = dict.fromkeys((each.name for each in every), float("inf"))
    for _ in range(rounds):
        for each in every:
            start = time.perf_counter()
            each.run()
            best[each.name] = min(best[each.name], time.perf_counter() - start)
    base = best[every[0].name]
    for name, seconds in best.items():
        each_us = seconds / children * 1e6
        print(f"{name:38} {children / seconds:9.0f}/s {each_us:8.0f} us   x {base / seconds:.3f}")


def disagreements(rule_set: RuleSet, process: DurableProcess, children: Sequence[Facts]) -> int:
    """How many children the engines differ on; one without an answer counts."""
    answers = process.evaluate_many([(facts, AS_OF) for facts in children])
    return sum(
        answer.state != OK or differs(rule_set, facts, answer)
        for facts, answer in zip(children, answers, strict=True)
    )


def differs(rule_set: RuleSet, facts: Facts, answer: DurableAnswer) -> bool:
    """Whether the engines differ on one child."""
    return bool(compare(evaluate(rule_set, resolve(rule_set, facts, AS_OF)), answer))


def resident(pid: int | None) -> float:
    """Megabytes in use by a process; 0 where /proc cannot say."""
    try:
        pages = int(Path(f"/proc/{pid or 0}/statm").read_text().split()[1])
    except OSError:
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def memory(process: DurableProcess, children: Sequence[Facts], evaluations: int) -> None:
    """Print the memory of parent and child before and after `evaluations`, within one child's life."""
    cases = [(facts, AS_OF) for facts in children]
    for share in range(5):
        here, there = resident(os.getpid()), resident(process.child_pid)
        done = share * evaluations // 4
        print(f"after {done:7} evaluations: parent {here:6.1f} MB, child {there:6.1f} MB")
        target = (share + 1) * evaluations // 4
        while share < 4 and done < target:
            process.evaluate_many(cases[: target - done])
            done += len(cases)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--children", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--evaluations", type=int, default=100_000, help="of the memory test")
    parser.add_argument("--agree", type=int, default=0, help="only compare, on so many children")
    options = parser.parse_args()
    if options.agree:
        agree(options.agree)
        return
    document = programme_document()
    rule_set = load_document(document)
    facts = RandomFacts(rule_set, 7, AS_OF)
    children = [facts.draw() for _ in range(options.children)]
    with DurableProcess(json.dumps(document), evaluations=10**9) as process:
        start = time.perf_counter()
        process.start()
        print(f"{'the child process starts in':38} {time.perf_counter() - start:9.2f} s")
        measure(contenders(rule_set, process, children), len(children), options.rounds)
        print(f"children they differ on: {disagreements(rule_set, process, children)}")
        memory(process, children, options.evaluations)


if __name__ == "__main__":
    main()
