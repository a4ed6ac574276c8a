"""The candidate looks at a child: facts by its own rules, statuses only, one row for each child. Its failure is caught
and counted; nothing else comes of it."""

import logging
import time
from typing import Any

from django.db import InterfaceError, OperationalError, transaction

from rules.engine.parts import RuleSet as Compiled
from rules.engine.standing import Standing, standing_of
from rules.engine.values import resolve
from rules.facts import facts_of
from rules.models import Evaluation, Release, RuleSet, ShadowResult, TierState
from rules.services.in_force import compiled
from server import clock
from server.journal.services import by_itself, emit, give_way

logger = logging.getLogger("rules.shadow")
CHUNK = 50
SECONDS = 0.5
_WORDS = {True: "true", False: "false", None: "unknown"}
_UPDATED = ["evaluation", "tier", "active_tier", "differs", "details", "at"]
_KNOWN = (
    "evaluation__release__rule_set",
    "evaluation__entity__dataset",
    "evaluation__entity__area",
)


@by_itself
def observe(evaluation_id: int) -> None:
    """The candidate's view of one child, if `evaluation_id` still counts for it. A Reaction's job."""
    states = _states().filter(evaluation_id=evaluation_id)
    for state in states:
        evaluation = state.evaluation
        if evaluation is not None:
            candidate = _candidate(evaluation.release.rule_set)
            if candidate is not None:
                _store(candidate, [_result(candidate, evaluation)])


@by_itself
def observe_all(release_id: int, after: int = 0) -> None:
    """The candidate's view of all children, in pieces. A Reaction's job; safe to run twice."""
    rule_set = RuleSet.objects.filter(candidate=release_id).defer("draft").first()
    candidate = _candidate(rule_set) if rule_set is not None else None
    if rule_set is None or candidate is None:
        return
    ends, found = time.monotonic() + SECONDS, []
    rows = _states().filter(evaluation__release_id=rule_set.active_id, entity_id__gt=after)
    states = list(rows.order_by("entity_id")[:CHUNK])
    for state in states:
        if state.evaluation is not None:
            found.append(_result(candidate, state.evaluation))
        after = state.entity_id
        if time.monotonic() > ends:
            break
        give_way()
    with transaction.atomic():
        _store(candidate, found)
        if states:
            emit("shadow.pass", {"release_id": release_id, "after": after})


def _states() -> Any:
    rows = TierState.objects.filter(entity__deleted_at=None, evaluation__isnull=False)
    rows = rows.select_related("evaluation", *_KNOWN)
    return rows.defer(
        "evaluation__facts", "evaluation__release__document", "evaluation__release__rule_set__draft"
    )


def _candidate(rule_set: RuleSet) -> Release | None:
    """The candidate whose time has not run out."""
    if rule_set.candidate_id is None or (rule_set.shadow_until or clock.now()) <= clock.now():
        return None
    return Release.objects.defer("document").get(pk=rule_set.candidate_id)


def _result(candidate: Release, evaluation: Evaluation) -> ShadowResult:
    result = ShadowResult(
        release=candidate,
        entity=evaluation.entity,
        evaluation=evaluation,
        active_tier=evaluation.tier,
        at=clock.now(),
    )
    try:
        found = _standing(compiled(candidate), evaluation)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:  # the candidate's own fault
        logger.exception("the candidate failed about evaluation %s", evaluation.pk)
        result.details = {"failed": type(error).__name__}
        return result
    result.tier = found.tier
    result.details = _differences(evaluation, found)
    told = ("tier", "possible", "opened", "left")
    result.differs = any(result.details[name] for name in told)
    return result


def _standing(rules: Compiled, evaluation: Evaluation) -> Standing:
    today = clock.today()
    facts = facts_of(evaluation.entity, rules, today)
    return standing_of(rules, resolve(rules, facts.values, today))


def _differences(evaluation: Evaluation, found: Standing) -> dict[str, Any]:
    """Where the candidate says something else: [in force, candidate]; tasks that only it opens, that it leaves out;
    rules with both statuses ("absent" where one side has no such rule)."""
    decision = evaluation.decision
    before = {rule["id"]: rule["status"] for rule in decision["rules"]}
    after = {name: _WORDS[status] for name, status in found.statuses.items()}
    tasks = [task["id"] for task in decision["tasks"]]
    possible = [evaluation.possible_tier, found.possible_tier]
    return {
        "tier": _pair(evaluation.tier, found.tier),
        "possible": _pair(*possible),
        "score": _pair(evaluation.score, round(found.score)),
        "opened": [name for name in found.tasks if name not in tasks],
        "left": [name for name in tasks if name not in found.tasks],
        "rules": [
            {"id": name, "old": before.get(name, "absent"), "new": after.get(name, "absent")}
            for name in dict.fromkeys([*before, *after])
            if before.get(name, "absent") != after.get(name, "absent")
        ],
    }


def _pair(before: Any, after: Any) -> list[Any]:
    return [before, after] if before != after else []


def _store(candidate: Release, results: list[ShadowResult]) -> None:
    """The newest view of each child; what was evaluated anew meanwhile has its own."""
    fields = ["release", "entity"]
    ShadowResult.objects.bulk_create(
        results, update_conflicts=True, unique_fields=fields, update_fields=_UPDATED
    )
