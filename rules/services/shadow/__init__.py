"""A candidate evaluated beside the release in force for a while, acting on nothing (ux §6.4).

Here is what begins and ends it; the work stands in `observing`, what came of it in `reporting`.
"""

from datetime import datetime, timedelta

from django.db import transaction

from rules import problems
from rules.models import Evaluation, Release, RuleSet
from rules.services.releases.rows import Status, freeze, locked_rule_set, state_problem
from server import clock
from server.journal.services import emit, record
from server.people.models import Actor
from server.problems import UNEXPECTED, Problem

LONGEST = timedelta(days=92)
_COMPARABLE = (Status.REQUESTED, Status.APPROVED, Status.RETIRED, Status.TRIAL)


def look_beside(rule_set: RuleSet, evaluation: Evaluation) -> None:
    """Ask for the candidate's view of what has just been evaluated, if there is a candidate. It is looked at later, in
    work of its own: neither slowed nor broken is the evaluation that counts."""
    if rule_set.candidate_id is not None:
        emit("shadow.due", {"evaluation_id": evaluation.pk})


@transaction.atomic
def start_shadow(
    rule_set: RuleSet, actor: Actor, release: Release | None, until: datetime
) -> Release:
    """Evaluate `release` (None: the draft, frozen for this) beside the one in force until `until` (aware), for every
    evaluation and once for all children. Answers the candidate.

    Problems: NOT_RELEASED, NO_DRAFT, SHADOW_RUNNING, RELEASE_STATE, 400.8 for an end that is no end.
    """
    if not clock.now() < until <= clock.now() + LONGEST:
        reason = f"it lies in the next {LONGEST.days} days"
        raise Problem(UNEXPECTED, field="until", value=until.isoformat(), reason=reason)
    rule_set = locked_rule_set(rule_set.pk)
    if rule_set.active_id is None:
        raise Problem(problems.NOT_RELEASED, name=rule_set.name)
    if rule_set.candidate_id is not None:
        raise Problem(problems.SHADOW_RUNNING)
    candidate = release if release is not None else _frozen(rule_set, actor)
    if candidate.status not in _COMPARABLE or candidate.pk == rule_set.active_id:
        raise state_problem(candidate)
    rule_set.candidate, rule_set.shadow_since = candidate, clock.now()
    rule_set.shadow_until = until
    rule_set.save(update_fields=["candidate", "shadow_since", "shadow_until"])
    _journal("begin", rule_set, candidate, actor)
    emit("shadow.pass", {"release_id": candidate.pk})
    return candidate


def _frozen(rule_set: RuleSet, actor: Actor) -> Release:
    if rule_set.draft is None:
        raise Problem(problems.NO_DRAFT, name=rule_set.name)
    return freeze(rule_set, rule_set.draft, actor, status=Status.TRIAL)


@transaction.atomic
def stop_shadow(rule_set: RuleSet, actor: Actor | None) -> None:
    """End it now; what it found stays. Problem SHADOW_NONE."""
    rule_set = locked_rule_set(rule_set.pk)
    candidate = rule_set.candidate
    if candidate is None:
        raise Problem(problems.SHADOW_NONE)
    rule_set.candidate = None
    rule_set.shadow_until = min(rule_set.shadow_until or clock.now(), clock.now())
    rule_set.save(update_fields=["candidate", "shadow_until"])
    _journal("end", rule_set, candidate, actor)


def end_due_shadows() -> int:
    """End those whose time has come; answers how many. A beat job."""
    due = RuleSet.objects.filter(candidate__isnull=False, shadow_until__lte=clock.now())
    found = list(due.only("pk"))
    for rule_set in found:
        stop_shadow(rule_set, None)
    return len(found)


def _journal(action: str, rule_set: RuleSet, candidate: Release, actor: Actor | None) -> None:
    until = rule_set.shadow_until
    record(
        f"rule_set.shadow.{action}",
        actor=actor,
        subject=f"rule_set:{rule_set.name}",
        project_id=rule_set.project_id,
        details={"release": candidate.number, "until": until.isoformat() if until else None},
    )
