"""Submissions that end tasks: the feedback on one task, or any form that meets a task's closing
condition (design.md §5.6)."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.db import transaction

from forms.instance.flatten import answers
from forms.models import Submission, SubmissionVersion
from rules.engine.kleene import holds
from rules.engine.rule_set import Closing, RuleSet
from rules.models import Release, Task
from rules.services import releases
from rules.services.tasks.events import add_event, end_task, journal
from server import clock
from server.people.access import person_of
from server.people.models import Actor, AppUser, User

# What the question `task_result` of the feedback form says about a task that its closing condition does not close.
RESULT_QUESTION = "task_result"
RESULTS: dict[str, str] = {"refused": Task.State.REFUSED, "failed": Task.State.FAILED}


@transaction.atomic
def close_by_submission(version_id: int) -> None:
    """End the tasks that a registered submission ends. A Reaction's job: the second time it finds
    nothing to do.

    A feedback speaks of the tasks that it selected; any other form of the live tasks of its
    children.
    """
    version = (
        SubmissionVersion.objects.select_related(
            "submission__submitter__user", "submission__submitter__appuser__worker", "form"
        )
        .defer("xml")
        .filter(pk=version_id, is_draft=False, is_current=True, submission__deleted_at=None)
        .first()
    )
    if version is not None:
        close_tasks(version, _tasks_of(version.submission))


def close_tasks(
    version: SubmissionVersion, tasks: Iterable[Task], *, only_by_answers: bool = False
) -> int:
    """End those of `tasks` that `version` ends; answers how many. `only_by_answers`: a form alone, without a condition
    on its answers, does not count (the submission that opened a task has not yet done it).
    """
    told, count = answers(version.data), 0
    known: dict[tuple[int, str], RuleSet | None] = {}
    for task in tasks:
        key = (task.entity.dataset.project_id, task.rule_set)
        if key not in known:
            known[key] = rules_of(task)
        rule_set = known[key]
        if rule_set is not None and (_names(version, task) or not _is_older(version, task)):
            count += _settle(task, rule_set, version, told, only_by_answers)
    return count


def _tasks_of(submission: Submission) -> list[Task]:
    live = (
        Task.objects.select_for_update(of=("self",))
        .select_related("entity__dataset", "entity__area", "delivery__dataset", "assignee")
        .filter(state__in=Task.LIVE)
        .order_by("id")
    )
    named = list(live.filter(delivery__subjects__submission=submission))
    return named or list(live.filter(entity__subjects__submission=submission))


def _is_older(version: SubmissionVersion, task: Task) -> bool:
    """What happened before the task was opened does not do it."""
    return day_of(version) < clock.local_day(task.opened_at)


def _names(version: SubmissionVersion, task: Task) -> bool:
    """A feedback that selected this very task speaks of it whatever the phone's clock said."""
    row = task.delivery_id
    return row is not None and version.submission.subjects.filter(entity_id=row).exists()


def rules_of(task: Task) -> RuleSet | None:
    """The rules in force that know this kind of task."""
    release = (
        Release.objects.filter(
            active_of__project_id=task.entity.dataset.project_id, active_of__name=task.rule_set
        )
        .defer("document")
        .first()
    )
    return releases.compiled(release) if release else None


def _settle(
    task: Task,
    rule_set: RuleSet,
    version: SubmissionVersion,
    told: Mapping[str, Any],
    only_by_answers: bool,
) -> bool:
    kind = rule_set.tasks.get(task.code)
    closings = [one for one in kind.closes if one.form == version.form.xml_form_id] if kind else []
    if only_by_answers:
        closings = [one for one in closings if one.when is not None]
    sender = sender_of(version.submission)
    if any(_meets(one, told, version, rule_set) for one in closings):
        if task.state == Task.State.VERIFYING or _has_closed_another(version, task):
            return False
        state = Task.State.VERIFYING if task.needs_verification else Task.State.DONE
        end_task(
            task, state, "done", actor=sender, submission=version.submission, data=_of(version)
        )
        journal(task, "done", sender, form=version.form.xml_form_id)
        return True
    result = told.get(RESULT_QUESTION)
    if result and task.delivery_id and task.state != Task.State.VERIFYING and not only_by_answers:
        return _report(task, str(result), version, sender)
    return False


def _has_closed_another(version: SubmissionVersion, task: Task) -> bool:
    """One visit is one visit: it closed the episode before, and, corrected on the same day, does not close the next."""
    others = Task.objects.filter(
        entity_id=task.entity_id, rule_set=task.rule_set, code=task.code,
        closed_by_submission=version.submission_id,
    )  # fmt: skip
    return others.exclude(pk=task.pk).exists()


def _meets(
    closing: Closing, told: Mapping[str, Any], version: SubmissionVersion, rule_set: RuleSet
) -> bool:
    if closing.when is None:
        return True
    return holds(closing.when, told, day_of(version), rule_set.neutral_codes) is True


def _report(task: Task, result: str, version: SubmissionVersion, sender: Actor | None) -> bool:
    """A feedback that does not finish the task: refused and failed end it, the rest is a line of
    its history."""
    if task.events.filter(data__submission_id=version.submission.instance_id).exists():
        return False
    known = _of(version)
    state = RESULTS.get(result)
    if state is None:
        add_event(task, "reported", sender, result=result, **known)
        return False
    end_task(task, state, result, actor=sender, submission=version.submission, data=known)
    journal(task, result, sender)
    return True


def _of(version: SubmissionVersion) -> dict[str, Any]:
    return {
        "form": version.form.xml_form_id,
        "submission_id": version.submission.instance_id,
        "day": day_of(version).isoformat(),
    }


def day_of(version: SubmissionVersion) -> date:
    """The day that a submission speaks of."""
    return version.occurred_on or clock.local_day(version.created_at)


def sender_of(submission: Submission) -> Actor | None:
    """The person who sent a submission: the worker of the phone, else the actor itself."""
    submitter = submission.submitter
    if submitter is None:
        return None
    actor = getattr(submitter, "appuser", None) or getattr(submitter, "user", None)
    person = person_of(actor) if isinstance(actor, User | AppUser) else None
    return person or submitter
