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

from rules.engine.durable_process import DurableProcess
from rules.engine.kleene import evaluate
from rules.engine.rule_set import RuleSet, canonical_bytes
from rules.engine.values import Values
from rules.language.ast import Value
from rules.models import Release
from rules.services.releases import compiled
from server.problems import Problem

logger = logging.getLogger("rules.durable")
OK, MISMATCH, UNAVAILABLE = "ok", "mismatch", "unavailable"
_KEPT = 2  # children alive at once: the release in force and, say, a draft
_WORDS = {True: "true", False: "false", None: "unknown"}
_processes: dict[str, DurableProcess] = {}
_lock = threading.Lock()


def second_opinion(
    rule_set: RuleSet, facts: Mapping[str, Value], values: Values
) -> tuple[str, tuple[str, ...]]:
    """OK, MISMATCH or UNAVAILABLE, and the rules and derived facts about which the engines
    differ."""
    answer = _process_of(rule_set).evaluate(facts, values.as_of)
    if answer.state != OK:
        logger.warning("no second opinion: %s", answer.reason)
        return UNAVAILABLE, ()
    ours = {name: _WORDS[status] for name, status in evaluate(rule_set, values).statuses.items()}
    derived = {name: _WORDS[_as_status(values.get(name))] for name in answer.derived}
    differing = {name for name, status in ours.items() if answer.statuses.get(name) != status}
    differing |= {name for name, status in answer.derived.items() if derived[name] != status}
    if differing:
        logger.error("the engines differ about %s", sorted(differing))
        return MISMATCH, tuple(sorted(differing))
    return OK, ()


def _as_status(value: Value | None) -> bool | None:
    return value if isinstance(value, bool) else None


def _process_of(rule_set: RuleSet) -> DurableProcess:
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
            _process_of(compiled(release)).start()
    except (DatabaseError, Problem) as error:
        logger.warning("not warmed up: %s", error)


@atexit.register
def close_processes() -> None:
    """End the children."""
    with _lock:
        while _processes:
            _processes.popitem()[1].close()
