"""Passes over all children, and what a candidate says beside the release in force, as JSON."""

from typing import Any

from django.db.models import QuerySet

from rules.models import Reevaluation, Release, RuleSet
from rules.services.shadow.reporting import Differing, ShadowReport
from server.people.access import api_time

Json = dict[str, Any]


def release_rows(rule_set: RuleSet) -> QuerySet[Release]:
    """The releases with all that `release_json` reads."""
    return rule_set.releases.select_related("author", "approver", "editor", "base", "rule_set")


def reevaluation_json(run: Reevaluation) -> Json:
    """How far it is and what came of it; counts by direction of the tier and by what caused the change."""
    found = run.summary
    return {
        "state": run.state,
        "total": run.total,
        "done": run.done,
        "startedAt": api_time(run.started_at),
        "finishedAt": api_time(run.finished_at),
        "summary": {
            "new": found.get("new", 0),
            "up": found.get("up", 0),
            "down": found.get("down", 0),
            "same": found.get("same", 0),
            "failed": found.get("failed", 0),
            "tasksOpened": found.get("opened", 0),
            "tasksCancelled": found.get("cancelled", 0),
            "toReview": found.get("to_review", 0),
            "changes": {
                name.removeprefix("by_"): count
                for name, count in sorted(found.items())
                if name.startswith("by_")
            },
        },
    }


def shadow_json(rule_set: RuleSet, candidate: Release, report: ShadowReport) -> Json:
    """The candidate and how it compares; `isRunning` while it is watched."""
    is_running = rule_set.candidate_id == candidate.pk
    return {
        "release": candidate.number,
        "isRunning": is_running,
        "since": api_time(rule_set.shadow_since) if is_running else None,
        "until": api_time(rule_set.shadow_until) if is_running else None,
        "compared": report.compared,
        "differing": report.differing,
        "failed": report.failed,
        "agreement": round(report.agreement, 4),
        "matrix": [
            {"inForce": before, "candidate": after, "count": count}
            for (before, after), count in sorted(report.matrix.items())
        ],
        "rules": [{"id": rule, "count": count} for rule, count in report.rules],
    }


def differing_json(one: Differing) -> Json:
    """One child about whom they differ; named only to who may read it."""
    child = one.child
    return {
        "number": one.result.pk,
        "entity": {"uuid": str(child.uuid), "label": child.label} if child else None,
        "inForce": one.result.active_tier,
        "candidate": one.result.tier,
        "at": api_time(one.result.at),
        **{name: one.result.details.get(name, []) for name in ("rules", "opened", "left")},
    }
