"""durable-rules behind a process boundary: a crash or hang of the C engine costs one comparison, not the server.

In: a rule-set document and the raw facts of one child or many. Out: a DurableAnswer each, always, within the time
limit (design.md §4). The child process is started at the first call, replaced at the next call after it died, and
renewed after EVALUATIONS evaluations or when it has grown beyond MEGABYTES.
"""

import hashlib
import json
import os
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from rules import problems
from rules.engine.durable_answer import OK, DurableAnswer, request_line, unavailable, words_of
from rules.engine.durable_breaker import Breaker
from rules.engine.durable_pipe import ChildLost, Pipe
from server.problems import Problem

SECONDS = 5.0
START_SECONDS = 30.0  # loading and compiling the largest rule set, on a busy machine
EVALUATIONS = 100_000
MEGABYTES = 512
_CHILD = "rules.engine.durable_child"
_IN_FLIGHT = 16  # answers that fit into a pipe many times over, so that neither side waits for the other for ever

Case = tuple[Mapping[str, Any], date]


@dataclass(frozen=True, slots=True)
class _Request:
    line: bytes
    digest: bytes


class DurableProcess:
    """The second engine for one rule-set document.

    Thread-safe: threads take turns, and one that waits too long gets 'unavailable'. A fork of the owning process
    starts a child of its own at its first call. `close()` or leaving a `with` block ends the child; so does the end
    of the process that owns it, however it ends.
    """

    def __init__(
        self,
        document_json: bytes | str,
        timeout: float = SECONDS,
        *,
        evaluations: int = EVALUATIONS,
        megabytes: int = MEGABYTES,
        breaker: Callable[[], Breaker] = Breaker,
    ) -> None:
        """`document_json` is the rule-set document; `timeout` the seconds granted to one evaluation."""
        # one line, whatever the layout of the document
        self._document = json.dumps(json.loads(document_json)).encode() + b"\n"
        self._timeout = timeout
        self._arguments = [str(timeout), str(megabytes), str(evaluations)]
        self._new_breaker = breaker
        self._reset()

    def _reset(self) -> None:
        """No child yet, nothing known: at first, and in a fork of the process that had one."""
        self._owner = os.getpid()
        self._lock = threading.Lock()
        self._breaker = self._new_breaker()
        self._pipe: Pipe | None = None
        self._rules: tuple[str, ...] = ()
        self._derived: tuple[str, ...] = ()

    def __enter__(self) -> "DurableProcess":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def child_pid(self) -> int | None:
        """The process id of the child, when one is running."""
        return self._pipe.pid if self._pipe else None

    def close(self) -> None:
        """End the child, after the evaluation that another thread has under way. A later call starts a new one."""
        self._own()
        with self._lock:
            self._drop()

    def _drop(self) -> None:
        pipe, self._pipe = self._pipe, None
        if pipe is not None:
            pipe.close()

    def start(self) -> None:
        """Make sure that a child is ready; Problem DURABLE_REFUSED when the engine does not take the document.

        Meant for the check before a release: evaluations start the child themselves."""
        self._own()
        with self._lock:
            try:
                self._ensure()
            except ChildLost as lost:
                raise Problem(problems.DURABLE_REFUSED, reason=lost.reason) from lost

    def evaluate(self, facts: Mapping[str, Any], as_of: date) -> DurableAnswer:
        """The second opinion on raw `facts` (missing: unknown) on the day `as_of`. Never raises for bad facts."""
        return self.evaluate_many([(facts, as_of)])[0]

    def evaluate_many(self, cases: Iterable[Case]) -> list[DurableAnswer]:
        """An answer for each of `cases`, in their order; many share the cost of the pipe. A case that breaks the child
        gets 'unavailable'; those after it go to its successor."""
        self._own()
        answers: list[DurableAnswer] = []
        requests = [self._request(case) for case in cases]
        while len(answers) < len(requests):
            start = len(answers)
            answers += self._turn(requests[start : start + _IN_FLIGHT])
        return answers

    def _own(self) -> None:
        if self._owner != os.getpid():
            self._reset()

    def _request(self, case: Case) -> _Request | None:
        """None for facts that cannot be written down."""
        try:
            line = request_line(*case)
        except (TypeError, ValueError):
            return None
        return _Request(line, hashlib.blake2b(line, digest_size=16).digest())

    def _turn(self, requests: Sequence[_Request | None]) -> list[DurableAnswer]:
        """Answers to the first one or more of `requests`."""
        first = requests[0]
        if first is None:
            return [unavailable("facts")]
        if self._breaker.is_banned(first.digest):
            return [unavailable("broke the engine before")]
        if not self._lock.acquire(timeout=START_SECONDS + self._timeout):
            return [unavailable("busy")]
        try:
            return self._asked(first, requests)
        finally:
            self._lock.release()

    def _asked(self, first: _Request, requests: Sequence[_Request | None]) -> list[DurableAnswer]:
        try:
            pipe = self._ensure()
        except (ChildLost, Problem, OSError) as error:
            return [unavailable(f"not started: {type(error).__name__}")]
        sound = []
        for request in requests:
            if request is None or self._breaker.is_banned(request.digest):
                break
            sound.append(request)
            pipe.send(request.line)
        return self._received(pipe, sound)

    def _received(self, pipe: Pipe, requests: Sequence[_Request]) -> list[DurableAnswer]:
        """The answers that come, ended by the first failure or by the child's retirement."""
        answers: list[DurableAnswer] = []
        for request in requests:
            try:
                answer, is_last = self._read(pipe.receive(self._timeout))
            except ChildLost as lost:
                self._fail(request.digest)
                return [*answers, unavailable(lost.reason)]
            answers.append(answer)
            self._breaker.succeeded(request.digest)
            if is_last:
                self._drop()
                break
        return answers

    def _read(self, line: bytes) -> tuple[DurableAnswer, bool]:
        """One answer line, and whether the child retires after it."""
        try:
            body = json.loads(line)
            if "error" in body:
                return unavailable(str(body["error"])), bool(body.get("last"))
            statuses = words_of(self._rules, body["rules"])
            derived = words_of(self._derived, body["derived"])
        except (ValueError, KeyError, TypeError):
            raise ChildLost("garbled") from None
        return DurableAnswer(OK, statuses, derived), bool(body.get("last"))

    def _fail(self, digest: bytes | None) -> None:
        self._drop()
        self._breaker.failed(digest)

    def _ensure(self) -> Pipe:
        """A child that is ready. ChildLost, or Problem when it refuses the document."""
        if self._pipe is not None and self._pipe.is_alive():
            return self._pipe
        self._drop()  # it may have been killed from outside while it was idle
        if self._breaker.is_resting():
            raise ChildLost("resting")
        pipe = Pipe(_CHILD, self._arguments)
        try:
            pipe.send(self._document)
            ready = json.loads(pipe.receive(START_SECONDS))
        except (ChildLost, ValueError) as error:
            pipe.close()
            self._breaker.failed(None)
            raise error if isinstance(error, ChildLost) else ChildLost("garbled") from None
        if "refused" in ready:
            pipe.close()
            self._breaker.failed(None)
            raise Problem(problems.DURABLE_REFUSED, reason=ready["reason"])
        self._rules, self._derived = tuple(ready["rules"]), tuple(ready["derived"])
        self._pipe = pipe
        return pipe
