"""Rule sets, evaluations, tiers, tasks and timelines as JSON, in the contract's style."""

from typing import Any

from django.utils.translation import gettext

from rules.engine.findings import Finding
from rules.engine.rule_set import check_document
from rules.models import Evaluation, Release, RuleSet, Task, TaskEvent, TierState
from rules.services.explain import redacted
from server.people.access import actor_json, api_time
from server.people.models import Actor
from server.problems import Problem
from server.shell.problems import problem_json
from server.shell.timeline import Item

Json = dict[str, Any]


def rule_set_json(rule_set: RuleSet) -> Json:
    """A rule set without its documents."""
    return {
        "projectId": rule_set.project_id,
        "name": rule_set.name,
        "dataset": rule_set.dataset,
        "activeRelease": rule_set.active.number if rule_set.active else None,
        "hasDraft": rule_set.draft_updated_at is not None,
        "draftVersion": rule_set.draft_version,
        "draftUpdatedAt": api_time(rule_set.draft_updated_at),
        "createdAt": api_time(rule_set.created_at),
    }


def release_json(release: Release) -> Json:
    """A release without its document."""
    return {
        "number": release.number,
        "status": release.status,
        "sha256": release.sha256,
        "note": release.note,
        "answer": release.answer,
        "author": actor_of(release.author),
        "editor": actor_of(release.editor),
        "approver": actor_of(release.approver),
        "base": release.base.number if release.base else None,
        "simulationId": release.simulation_id,
        "createdAt": api_time(release.created_at),
        "approvedAt": api_time(release.approved_at),
        "activateAt": api_time(release.activate_at),
        "activatedAt": api_time(release.activated_at),
    }


def actor_of(actor: Actor | None) -> Json | None:
    """An actor, or null."""
    return actor_json(actor) if actor is not None else None


def finding_json(finding: Finding, translate: Any) -> Json:
    """An error or warning about a document, at its cell."""
    return finding.as_dict(translate)


def findings_json(document: Any) -> list[Json]:
    """All errors and warnings of a document, in the reader's language."""
    try:
        return [finding_json(one, gettext) for one in check_document(document)]
    except Problem as problem:  # not even the shape of a document
        return [problem_json(problem)]


def evaluation_json(evaluation: Evaluation, hidden: frozenset[str]) -> Json:
    """The Decision as it was stored, and what the evaluation adds; answers of `hidden` forms are left out."""
    facts = {
        name: {"hidden": True} if fact.get("form") in hidden else fact
        for name, fact in evaluation.facts.items()
    }
    return {
        **redacted(evaluation.decision, hidden),
        "id": evaluation.pk,
        "createdAt": api_time(evaluation.created_at),
        "asOf": api_time(evaluation.as_of),
        "cause": evaluation.cause,
        "causeSubject": evaluation.cause_subject,
        "change": evaluation.change or None,
        "digest": evaluation.digest,
        "facts": facts,
    }


def evaluation_line(evaluation: Evaluation) -> Json:
    """A past evaluation in a list."""
    return {
        "id": evaluation.pk,
        "createdAt": api_time(evaluation.created_at),
        "cause": evaluation.cause,
        "causeSubject": evaluation.cause_subject,
        "change": evaluation.change or None,
        "release": evaluation.release.number,
        "tier": evaluation.tier,
        "possibleTier": evaluation.possible_tier,
        "score": evaluation.score,
        "scoreRange": [evaluation.score, evaluation.score_possible],
        "insufficient": evaluation.is_insufficient,
        "engines": {"kleene": "ok", "durable": evaluation.engine_state},
    }


def tier_json(state: TierState) -> Json:
    """Where a child stands."""
    return {
        "tier": state.tier,
        "since": api_time(state.since),
        "previous": state.previous or None,
        "proposed": state.proposed or None,
        "review": state.review or None,
        "waitingSince": api_time(state.waiting_since),
        "overriddenUntil": state.overridden_until.isoformat() if state.overridden_until else None,
        "requestedTier": state.requested_tier or None,
        "requestedBy": actor_of(state.requested_by),
        "evaluationId": state.evaluation_id,
    }


def task_json(task: Task) -> Json:
    """A task; `entity` and people at hand."""
    return {
        "id": task.pk,
        "entity": {"uuid": str(task.entity.uuid), "label": task.entity.label},
        "ruleSet": task.rule_set,
        "code": task.code,
        "episode": task.episode,
        "title": task.title,
        "why": task.why,
        "rules": task.rules,
        "dimension": task.dimension or None,
        "state": task.state,
        "tier": task.tier,
        "role": task.role,
        "assignee": actor_of(task.assignee),
        "openedAt": api_time(task.opened_at),
        "dueAt": api_time(task.due_at),
        "escalateAt": api_time(task.escalate_at),
        "escalatedTo": task.escalated_to or None,
        "needsVerification": task.needs_verification,
        "doneBy": actor_of(task.done_by),
        "closedAt": api_time(task.closed_at),
        "causeGoneAt": api_time(task.cause_gone_at),
    }


def event_json(event: TaskEvent) -> Json:
    """One line of a task's history."""
    return {
        "at": api_time(event.at),
        "action": event.action,
        "actor": actor_of(event.actor),
        "note": event.note,
        "data": event.data,
    }


def item_json(item: Item) -> Json:
    """One line of a timeline."""
    return {
        "at": api_time(item.at),
        "occurredOn": item.occurred_on.isoformat(),
        "kind": item.kind,
        "title": item.title,
        "actor": item.actor,
        "url": item.url or None,
        "detail": item.detail,
        "badges": list(item.badges),
    }
