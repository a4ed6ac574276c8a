"""The process in which durable-rules runs; started by durable_pipe.py with the values of `Limits` as arguments.

First line in: the rule-set document. Out: what it compiled to. Then one answer line to each request line. It may
crash or hang at any moment; the kernel's alarm ends it when an evaluation takes too long, even without a parent.
"""

import ctypes
import gc
import json
import os
import resource
import select
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import durable_rules_engine as native

from rules.engine.durable import Engine, Program, compile_rule_set, engine_for
from rules.engine.durable_answer import letters_of
from rules.engine.durable_literal import Unencodable
from rules.engine.parts import RuleSet
from rules.engine.rule_set import load_document
from rules.engine.values import resolve
from server.problems import Problem

TEST_VARIABLE = (
    "ANHU_DURABLE_TEST"  # set by tests only: requests may then ask for a crash or a hang
)
_PR_SET_PDEATHSIG = 1
_BUILD_SECONDS = 60.0  # longer than any parent waits
_LOOK_ROUND = 5.0  # seconds between looks whether the parent lives
_MEMORY_EVERY = 200  # evaluations between looks at the memory in use
_ADDRESS_SPACE = 4 * 2**30


@dataclass(frozen=True, slots=True)
class Limits:
    """What the parent grants: its own id, seconds per evaluation, resident megabytes, evaluations in a life."""

    parent: int
    seconds: float
    megabytes: int
    evaluations: int
    is_tied: bool  # started by the parent's main thread: the kernel may end us with that thread


def main() -> None:
    """Serve one parent until it closes the pipe, dies, or a limit is reached."""
    parent, seconds, megabytes, evaluations, tied = sys.argv[1:6]
    limits = Limits(int(parent), float(seconds), int(megabytes), int(evaluations), tied == "1")
    replies = prepare(limits)
    lines = read_lines(limits.parent)
    signal.setitimer(signal.ITIMER_REAL, _BUILD_SECONDS)
    try:
        rule_set, program, engine = build(json.loads(next(lines)))
    except Problem as problem:
        send(replies, {"refused": problem.kind.code, "reason": str(problem)[:500]})
        return
    signal.setitimer(signal.ITIMER_REAL, 0)
    send(replies, {"rules": program.rules, "derived": program.derived})
    serve(lines, replies, Evaluator(rule_set, program, engine), limits)


def prepare(limits: Limits) -> int:
    """Cut every tie but the pipes; the file descriptor for answers, so that a stray print cannot spoil them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core file would hold a child's data
    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE, _ADDRESS_SPACE))
    if limits.is_tied and sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != limits.parent:
        raise SystemExit(1)
    replies = os.dup(1)
    os.dup2(2, 1)
    return replies


def read_lines(parent: int) -> Iterator[bytes]:
    """Lines from stdin until it ends or `parent` is gone (someone else may hold the pipe open)."""
    buffer = b""
    while True:
        head, mark, rest = buffer.partition(b"\n")
        if mark:
            buffer = rest
            yield head
            continue
        if not select.select([0], [], [], _LOOK_ROUND)[0]:
            if os.getppid() != parent:
                return
            continue
        more = os.read(0, 1 << 16)
        if not more:
            return
        buffer += more


def build(document: dict[str, Any]) -> tuple[RuleSet, Program, Engine]:
    """The loaded rule set and its engine; Problem when either is refused."""
    rule_set = load_document(document)
    program = compile_rule_set(rule_set)
    return rule_set, program, engine_for(rule_set, program)


@dataclass(frozen=True, slots=True)
class Evaluator:
    """One rule set, ready."""

    rule_set: RuleSet
    program: Program
    engine: Engine

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """The answer to one request; facts that cannot be evaluated are an answer too. EngineFailure ends us."""
        if "test" in request and os.environ.get(TEST_VARIABLE) == "1":
            misbehave(request["test"])
        try:
            values = resolve(self.rule_set, request["facts"], date.fromisoformat(request["as_of"]))
            outcome = self.engine.evaluate(values.env)
        except Problem as problem:
            return {"error": problem.kind.code}
        except Unencodable:
            return {"error": "unencodable"}
        rules = letters_of(self.program.rules, outcome.rules)
        return {"rules": rules, "derived": letters_of(self.program.derived, outcome.derived)}


def serve(lines: Iterator[bytes], replies: int, evaluator: Evaluator, limits: Limits) -> None:
    """Answer until a limit is reached; the last answer says so."""
    gc.freeze()
    for count, line in enumerate(lines, start=1):
        signal.setitimer(signal.ITIMER_REAL, limits.seconds + 1)
        answer = evaluator.answer(json.loads(line))
        signal.setitimer(signal.ITIMER_REAL, 0)
        is_last = count >= limits.evaluations or (
            count % _MEMORY_EVERY == 0 and resident_megabytes() > limits.megabytes
        )
        send(replies, {**answer, "last": True} if is_last else answer)
        if is_last:
            return


def send(replies: int, answer: dict[str, Any]) -> None:
    """Write one line whole."""
    left = json.dumps(answer).encode() + b"\n"
    while left:
        left = left[os.write(replies, left) :]


def resident_megabytes() -> float:
    """Memory in use now, from /proc; 0 where there is none."""
    try:
        with open("/proc/self/statm") as file:
            pages = int(file.read().split()[1])
    except OSError:
        return 0.0
    return pages * resource.getpagesize() / 2**20


def misbehave(how: str) -> None:
    """For tests: a crash, the C engine's own endless loop (513 conditions under one node), an early end."""
    if how == "crash":
        signal.raise_signal(signal.SIGSEGV)
    if how == "hang":
        rules = ",".join(f'"r{n}":{{"all":[{{"m":{{"a":{n}}}}}]}}' for n in range(600))
        native.create_ruleset("hang", f"{{{rules}}}")
    if how == "exit":
        raise SystemExit(3)


if __name__ == "__main__":
    main()
