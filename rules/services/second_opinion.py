"""durable-rules beside the evaluator of record: does it come to the same statuses (design.md §4)?

One child process per rule set and process of ours, started at the first question. What is wrong
with it costs a comparison,
never an evaluation.
"""

import atexit
import logging
import threading
from collections.abc import Mapping

from django.conf import settings
from django.db import DatabaseError

from rules.engine.durable_answer import OK, UNAVAILABLE
from rules.engine.durable_compare import MISMATCH, compare
from rules.engine.durable_process import DurableProcess
from rules.engine.kleene import Evaluated
from rules.engine.rule_set import RuleSet, canonical_bytes
from rules.engine.values import Values
from rules.language.ast import Value
from rules.models import Release
from rules.services.in_force import compiled
from server.problems import Problem

__all__ = ["MISMATCH", "OK", "UNAVAILABLE", "process_of", "second_opinion", "warm_up"]
Statuses = Mapping[str, bool | None]

logger = logging.getLogger("rules.durable")
_KEPT = 2  # children alive at once: the release in force and, say, a draft
_processes: dict[str, DurableProcess] = {}
_lock = threading.Lock()


def second_opinion(
    rule_set: RuleSet, facts: Mapping[str, Value], values: Values, statuses: Statuses
) -> tuple[str, tuple[str, ...]]:
    """OK, MISMATCH or UNAVAILABLE, and the rules and derived facts about which the engines differ.

    `statuses`: what the evaluator of record found for `values`, which come from `facts`."""
    answer = process_of(rule_set).evaluate(facts, values.as_of)
    if answer.state != OK:
        logger.warning("no second opinion: %s", answer.reason)
        return UNAVAILABLE, ()
    differing = sorted({one.name for one in compare(Evaluated(values, dict(statuses)), answer)})
    if differing:
        logger.error("the engines differ about %s", differing)
        return MISMATCH, tuple(differing)
    return OK, ()


def process_of(rule_set: RuleSet) -> DurableProcess:
    """The child process of `rule_set`: the one there is, or one that starts at its first question."""
    with _lock:
        found = _processes.pop(rule_set.sha256, None)
        if found is None:
            while len(_processes) >= _KEPT:
                _processes.pop(next(iter(_processes))).close()
            timeout = settings.DURABLE_TIMEOUT_SECONDS
            found = DurableProcess(canonical_bytes(rule_set.document), timeout)
        _processes[rule_set.sha256] = found  # the newest last
        return found


def warm_up() -> None:
    """Compile the rules in force and start their second engine, if the database can tell them by
    now."""
    try:
        active = list(Release.objects.filter(active_of__isnull=False).defer("document")[:_KEPT])
        for release in active:
            process_of(compiled(release)).start()
    except (DatabaseError, Problem) as error:
        logger.warning("not warmed up: %s", error)


@atexit.register
def close_processes() -> None:
    """End the children."""
    with _lock:
        while _processes:
            _processes.popitem()[1].close()
