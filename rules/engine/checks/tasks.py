"""Tasks that nothing opens, that have no limit where they are opened, or whose escalation makes no
sense."""

from rules import problems
from rules.engine.findings import Findings, place_of
from rules.engine.parts import Due, Escalation, RuleSet, Task
from server.problems import Phrase
from server.problems import gettext_noop as _

SLACK = 1.001  # two ways to write the same time are the same


def check_tasks(rule_set: RuleSet, findings: Findings) -> None:
    """Note it for every kind of task."""
    lowest = opened_from(rule_set)
    for index, task in enumerate(rule_set.tasks.values()):
        if task.id not in lowest:
            findings.warn(problems.TASK_UNUSED, place_of("tasks", index, "id"), name=task.id)
        else:
            _check_limits(rule_set, index, task, lowest[task.id], findings)
        _check_escalation(index, task, findings)


def opened_from(rule_set: RuleSet) -> dict[str, int]:
    """For each task that something opens the rank of the lowest tier in which it may be opened."""
    ranks = {tier.id: tier.rank for tier in rule_set.tiers}
    found: dict[str, int] = {}

    def note(task: str, rank: int) -> None:
        found[task] = min(rank, found.get(task, rank))

    for rule in rule_set.rules:
        if rule.is_on:
            for use in rule.tasks:
                # a limit of the rule's own stands in for those of the task
                note(use.id, len(ranks) if use.due else ranks.get(rule.floor or "", 0))
    for item in rule_set.calendar:
        for use in item.tasks:
            note(use.id, len(ranks) if use.due else 0)
        if item.trigger.first:
            note(item.trigger.first, 0)
    if rule_set.ask_for_facts:
        note(rule_set.ask_for_facts, 0)
    return found


def _check_limits(
    rule_set: RuleSet, index: int, task: Task, lowest: int, findings: Findings
) -> None:
    """A limit by tier must speak of every tier from `lowest` on."""
    if not task.due_by_tier:
        return
    lacking = [
        tier.id for tier in rule_set.tiers if tier.rank >= lowest and task.due_in(tier.id) is None
    ]
    if lacking:
        place = place_of("tasks", index, "due")
        findings.warn(problems.DUE_LACKS_TIER, place, name=task.id, tiers=", ".join(lacking))


def _check_escalation(index: int, task: Task, findings: Findings) -> None:
    place = place_of("tasks", index, "escalation")
    before: Escalation | None = None
    for number, step in enumerate(task.escalation, 1):
        for reason in _faults(task, step, before):
            findings.warn(problems.ESCALATION_STEP, place, name=task.id, step=number, reason=reason)
        before = step


def _faults(task: Task, step: Escalation, before: Escalation | None) -> list[Phrase]:
    found = []
    limits = [*task.due_by_tier.values(), *([task.due] if task.due else [])]
    if step.start == "due" and not limits:
        found.append(Phrase(_("it counts from the due time, but the task has none")))
    if step.to == task.assignee:
        found.append(Phrase(_("it goes to %(role)s, who has the task already"), role=step.to))
    follows = before is not None and before.start == step.start
    if before is not None and follows and step.after.hours * SLACK < before.after.hours:
        found.append(Phrase(_("it comes before the step above it")))
    if step.start == "opening" and step.after.hours * SLACK < _shortest(limits):
        found.append(Phrase(_("it comes before the task is due")))
    return found


def _shortest(limits: list[Due]) -> float:
    return min((limit.hours for limit in limits), default=0.0)
