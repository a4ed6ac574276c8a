"""A reviewer asks for facts: the rule set's own task for that, opened by hand (screens §6.1).

It has no rules behind it, so no evaluation takes it back. While one is live already, the questions are added to it.
"""

from django.db import transaction

from forms.models import Entity
from rules import problems
from rules.engine.rule_set import RuleSet
from rules.models import Task, TierState
from rules.services import phone, releases
from rules.services.deadlines import DEFAULT_DUE
from rules.services.notices import notify
from rules.services.tasks.events import add_event, journal
from rules.services.tasks.syncing import open_task
from rules.services.tasks.wanted import Wanted
from rules.services.tiers.case import require_cover
from server.people.models import Actor
from server.people.roles import Verb
from server.problems import MISSING, Problem


@transaction.atomic
def ask_for_facts(entity: Entity, actor: Actor, questions: str) -> Task:
    """The task that asks for `questions` about the child. Problems: 401.2, 403.1, 404.1, MISSING, NOT_EVALUATED."""
    require_cover(actor, Verb.TASK_ASSIGN, entity)
    questions = questions.strip()
    if not questions:
        raise Problem(MISSING, field="note")
    locked = (
        Entity.objects.select_for_update(of=("self",))
        .select_related("dataset", "area")
        .get(pk=entity.pk)
    )
    state = TierState.objects.select_related("evaluation__release").filter(entity=locked).first()
    rule_set = releases.compiled(state.evaluation.release) if state and state.evaluation else None
    if state is None or rule_set is None or rule_set.ask_for_facts is None:
        raise Problem(problems.NOT_EVALUATED)
    tasks = Task.objects.filter(entity=locked, rule_set=rule_set.name, code=rule_set.ask_for_facts)
    last = tasks.select_for_update(of=("self",)).order_by("-episode").first()
    if last is not None and last.state in Task.LIVE:
        task = _add(last, locked, questions)
    else:
        task = open_task(
            locked,
            rule_set,
            _call(rule_set, state.tier, questions),
            last.episode + 1 if last else 1,
            None,
        )
    add_event(task, "note", actor, questions)
    journal(task, "ask", actor, questions)
    return task


def _call(rule_set: RuleSet, tier: str, questions: str) -> Wanted:
    kind = rule_set.tasks[rule_set.ask_for_facts or ""]
    why = {"zh": f"请核实：{questions}", "en": f"Please find out: {questions}"}
    due = kind.due_in(tier) or DEFAULT_DUE
    return Wanted(kind, (), due, tier, rule_set.tier(tier).rank, why, None)


def _add(task: Task, entity: Entity, questions: str) -> Task:
    """The questions beside those that a live task asks already; its worker is told."""
    task.entity = entity
    told = task.why
    task.why = {
        "zh": f"{told.get('zh', '')}；{questions}",
        "en": f"{told.get('en', '')}; {questions}",
    }
    task.save(update_fields=["why"])
    if task.state != Task.State.VERIFYING:
        phone.deliver_task(task)
    text = {"zh": f"请一并核实：{questions}", "en": f"Please also find out: {questions}"}
    notify([task.assignee] if task.assignee else [], "task", text, entity=entity, task=task)
    return task
