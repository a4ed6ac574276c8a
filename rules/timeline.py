"""What the rules floor tells of a child: evaluations with what changed, decisions about the tier,
tasks (screens §6.2)."""

from collections.abc import Iterator
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from forms.models import Entity
from rules.engine.rule_set import RuleSet
from rules.models import Evaluation, Task, TaskEvent, TierDecision
from rules.services import releases
from rules.services.appeals import appeal_items
from rules.services.reading import hidden_forms
from rules.services.words import change_words, in_language
from server import clock
from server.people.access import scope_of
from server.people.models import Actor
from server.people.roles import Verb
from server.shell.timeline import Item

MOST = 200  # of each kind, the newest


def timeline(entity: Entity, reader: Actor) -> Iterator[Item]:
    """The items about `entity` that `reader` may see, in no order. Six queries at most."""
    yield from _evaluations(entity, hidden_forms(reader, entity))
    yield from _decisions(entity)
    yield from appeal_items(entity, reader)
    path = entity.area.path if entity.area else None
    if scope_of(reader, Verb.TASK_READ).covers(path, entity.school_id, entity.class_name):
        yield from _tasks(entity)


def _evaluations(entity: Entity, hidden: frozenset[str]) -> Iterator[Item]:
    found = list(
        Evaluation.objects.filter(entity=entity)
        .select_related("release")
        .defer("release__document")
        .order_by("-id")[: MOST + 1]
    )
    for index, evaluation in enumerate(found[:MOST]):
        before = found[index + 1] if index + 1 < len(found) else None
        rule_set = releases.compiled(evaluation.release)
        yield Item(
            at=evaluation.created_at,
            occurred_on=clock.local_day(evaluation.as_of),
            kind="evaluation",
            title=_("Evaluated: %(tier)s, score %(score)s")
            % {"tier": _tier(rule_set, evaluation.tier), "score": evaluation.score},
            detail=changes_between(before, evaluation, hidden) | {"change": evaluation.change},
            badges=tuple(_badges(evaluation, before)),
        )


def _badges(evaluation: Evaluation, before: Evaluation | None) -> Iterator[str]:
    if before is not None and before.release_id != evaluation.release_id:
        yield _("new release")
    if before is not None and (words := change_words(evaluation.change)):
        yield words
    if evaluation.is_insufficient:
        yield _("insufficient information")
    if evaluation.engine_state != "ok":
        yield _("engines disagree")


def changes_between(
    before: Evaluation | None, after: Evaluation, hidden: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """What differs: `facts` (name, old, new; those of `hidden` forms without values) apart from
    `rules` (id, old and new status)
    and `release` (numbers, when the rules themselves changed)."""
    old_facts = before.facts if before else {}
    old_rules = _statuses(before)
    changed = [
        name
        for name in sorted(old_facts.keys() | after.facts.keys())
        if _value(old_facts, name) != _value(after.facts, name)
    ]
    numbers = [before.release.number, after.release.number] if before else []
    return {
        "facts": [_change(name, old_facts, after.facts, hidden) for name in changed],
        "rules": [
            {"id": rule, "from": old_rules.get(rule), "to": status}
            for rule, status in _statuses(after).items()
            if old_rules.get(rule, "false") != status
        ],
        "release": numbers if len(set(numbers)) > 1 else [],
        "tier": [before.tier if before else None, after.tier],
        "score": [before.score if before else None, after.score],
    }


def _value(facts: dict[str, Any], name: str) -> Any:
    return facts.get(name, {}).get("value")


def _change(
    name: str, old: dict[str, Any], new: dict[str, Any], hidden: frozenset[str]
) -> dict[str, Any]:
    source = new.get(name) or old.get(name) or {}
    if {old.get(name, {}).get("form"), source.get("form")} & hidden:
        return {"fact": name, "from": None, "to": None, "hidden": True}
    return {
        "fact": name,
        "from": _value(old, name),
        "to": _value(new, name),
        "form": source.get("form"),
    }


def _statuses(evaluation: Evaluation | None) -> dict[str, str]:
    return (
        {rule["id"]: rule["status"] for rule in evaluation.decision["rules"]} if evaluation else {}
    )


def _decisions(entity: Entity) -> Iterator[Item]:
    found = (
        TierDecision.objects.filter(entity=entity)
        .select_related("actor", "evaluation__release")
        .defer("evaluation__facts", "evaluation__decision", "evaluation__release__document")
    )
    for decision in found[:MOST]:
        rule_set = releases.compiled(decision.evaluation.release) if decision.evaluation else None
        names = {
            "action": TierDecision.Action(decision.action).label,
            "from": _tier(rule_set, decision.from_tier),
            "to": _tier(rule_set, decision.to_tier),
        }
        said = _("%(action)s: %(from)s → %(to)s") if decision.from_tier else _("%(action)s: %(to)s")
        yield Item(
            at=decision.at,
            occurred_on=clock.local_day(decision.at),
            kind="decision",
            title=said % names,
            actor=decision.actor.display_name if decision.actor else "",
            detail={
                "reason": decision.reason,
                "reasonCode": decision.reason_code,
                "until": decision.until.isoformat() if decision.until else None,
                "from": decision.from_tier,
                "to": decision.to_tier,
            },
            badges=(decision.to_tier,),
        )


def _tier(rule_set: RuleSet | None, tier: str) -> str:
    found = [one.title for one in rule_set.tiers if one.id == tier] if rule_set else []
    return in_language(found[0]) if found else tier


def _tasks(entity: Entity) -> Iterator[Item]:
    events = (
        TaskEvent.objects.filter(task__entity=entity)
        .exclude(action="rules_changed")
        .select_related("task", "actor")
        .order_by("-id")
    )
    for event in events[:MOST]:
        task: Task = event.task
        yield Item(
            at=event.at,
            occurred_on=clock.local_day(event.at),
            kind="task",
            title=f"{action_name(event.action)}: {in_language(task.title) or task.code}",
            actor=event.actor.display_name if event.actor else "",
            url=_url("task", task.pk),
            detail={
                "code": task.code,
                "action": event.action,
                "note": event.note,
                "state": task.state,
            },
            badges=(str(Task.State(task.state).label),),
        )


def action_name(action: str) -> str:
    """The step of a task in the reader's language."""
    names = {
        "opened": _("Task opened"),
        "accepted": _("Task accepted"),
        "done": _("Task done"),
        "refused": _("Task refused by the family"),
        "failed": _("Task not done"),
        "cancelled": _("Task cancelled"),
        "verified": _("Task verified"),
        "returned": _("Task returned"),
        "reopened": _("Task opened again"),
        "merged": _("Task goes with the child's entry"),
        "assigned": _("Task assigned"),
        "escalated": _("Task escalated"),
        "cause_gone": _("Cause of the task gone"),
        "reported": _("Report on the task"),
        "note": _("Note on the task"),
    }
    return names.get(action, action)


def _url(name: str, *args: object) -> str:
    try:
        return reverse(name, args=args)
    except NoReverseMatch:  # the pages may be absent: the API stands alone
        return ""
