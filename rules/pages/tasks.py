"""Tasks: the list of one's own work or of an area, and the page of one task with its history (design.md §5.6)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from forms.models import Form
from rules.engine.calendar.parts import CalendarItem
from rules.engine.parts import Rule
from rules.models import Task
from rules.pages.asking import Asked, areas_in, in_area, named_like, read_query, split_key
from rules.pages.people import Child, child_of, prefixes
from rules.pages.scope import may, readable_tasks
from rules.pages.steps import STEP_WORDS, steps_of
from rules.pages.tiers import Chip, chips_in_force, rules_in_force
from rules.services.tasks import ACTIONS, assign_task, possible_actions
from server import clock
from server.people.access import can, scope_of
from server.people.models import RoleGrant, User
from server.people.roles import CAPABILITIES, Role, Verb
from server.people.web import me
from server.problems import NOT_FOUND, Problem

SIZE = 50
FILTERS = ("who", "state", "role", "tier", "late", "area", "q")
WAITING = (Task.State.OPEN, Task.State.ACCEPTED)
STATES = {
    "": Task.LIVE,
    **{state: (state,) for state in Task.State.values},
    "all": tuple(Task.State.values),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One task of the list."""

    task: Task
    child: Child
    tier: Chip | None
    is_late: bool


@login_required
@require_GET
def task_list(request: HttpRequest) -> HttpResponse:
    """One's own tasks, or (`who`) all in one's areas, or those of nobody; the earliest deadline first."""
    user = me(request)
    asked, chips = read_query(request.GET, *FILTERS), chips_in_force(rules_in_force())
    who = asked.get("who") or ("all" if can(user, Verb.TASK_ASSIGN) else "mine")
    tasks, after = page_of(narrowed(readable_tasks(user), user, who, asked), asked)
    context = {
        "rows": [_row(task, chips) for task in tasks],
        "who": who,
        "asked": asked,
        "next": asked.link(after=after) if after else "",
        "first": asked.link() if asked.after else "",
        "chips": chips,
        "states": Task.State,
        "roles": Role,
        "areas": areas_in(scope_of(user, Verb.TASK_READ)),
    }
    return render(request, "rules/tasks.html", context)


def narrowed(tasks: QuerySet[Task], user: User, who: str, asked: Asked) -> QuerySet[Task]:
    """The tasks that the filters leave; without a state those that are still to be done."""
    tasks = tasks.filter(state__in=STATES.get(asked.get("state"), Task.LIVE))
    if who == "mine":
        tasks = tasks.filter(assignee=user)
    elif who == "none":
        tasks = tasks.filter(assignee=None)
    if asked.get("late"):
        tasks = tasks.filter(due_at__lt=clock.now(), state__in=WAITING)
    for name in ("tier", "role"):
        if value := asked.get(name):
            tasks = tasks.filter(**{name: value})
    if area := asked.get("area"):
        tasks = tasks.filter(in_area(area, "entity__"))
    if text := asked.get("q"):
        tasks = tasks.filter(named_like(text, "entity__") | Q(code__iexact=text))
    return tasks


def page_of(tasks: QuerySet[Task], asked: Asked) -> tuple[list[Task], str]:
    """The tasks of the page that `asked.after` names, and the key of the next page ("": none)."""
    key = split_key(asked.after, datetime.fromisoformat, int)
    if key is not None:
        due, pk = key
        tasks = tasks.filter(Q(due_at__gt=due) | Q(due_at=due, pk__gt=pk))
    related = ("entity__area__parent", "entity__school", "assignee")
    found = list(tasks.select_related(*related).order_by("due_at", "pk")[: SIZE + 1])
    last = found[SIZE - 1] if len(found) > SIZE else None
    return found[:SIZE], f"{last.due_at.isoformat()}~{last.pk}" if last else ""


def _row(task: Task, chips: dict[str, Chip]) -> Row:
    is_late = task.state in WAITING and task.due_at < clock.now()
    return Row(task, child_of(task.entity), chips.get(task.tier), is_late)


@login_required
@require_GET
def task_page(request: HttpRequest, task_id: int) -> HttpResponse:
    """One task: what, why, by when, what proves it, what happened, and what can be done with it now."""
    user = me(request)
    task = find_task(user, task_id)
    return render(request, "rules/task.html", detail_of(task, user))


def find_task(user: User, task_id: int) -> Task:
    """A task that `user` may see. Problem 404.1 otherwise, whether it exists or not."""
    related = (
        "entity__area__parent",
        "entity__school",
        "entity__dataset",
        "assignee",
        "done_by",
        "closed_by_submission",
    )
    task = readable_tasks(user).select_related(*related).filter(pk=task_id).first()
    if task is None:
        raise Problem(NOT_FOUND)
    return task


def detail_of(task: Task, user: User) -> dict[str, Any]:
    """What the page of a task shows."""
    rule_sets = rules_in_force()
    rules = next((one for one in rule_sets if one.name == task.rule_set), None)
    kind = rules.tasks.get(task.code) if rules else None
    causes: list[Rule | CalendarItem] = [*rules.rules, *rules.calendar] if rules else []
    named = {one.id: one for one in causes}
    actions = possible_actions(task, user)
    forms = [one.form for one in kind.closes] if kind else []
    return {
        "task": task,
        "child": child_of(task.entity),
        "sees_child": may(user, Verb.ENTITY_READ, task.entity),
        "tier": chips_in_force(rule_sets).get(task.tier),
        "is_late": task.state in WAITING and task.due_at < clock.now(),
        "role": Role(task.role).label,
        "evidence": kind.evidence if kind else {},
        "rules": [named[name] for name in task.rules if name in named],
        "closing": _titles(task, forms),
        "steps": steps_of(task),
        "actions": [STEP_WORDS[name] for name in actions if name in STEP_WORDS],
        "candidates": candidates(task) if "assign" in actions else [],
    }


def _titles(task: Task, forms: list[str]) -> list[str]:
    """The forms that close it, by title."""
    if not forms:
        return []
    known = Form.objects.alive().filter(
        project=task.entity.dataset.project_id, xml_form_id__in=forms
    )
    titles = dict(known.values_list("xml_form_id", "current__title"))
    return list(dict.fromkeys(titles.get(form) or form for form in forms))


def candidates(task: Task) -> list[tuple[str, User]]:
    """Who could do it: everybody who may act where the child lives or learns, the role asked for first."""
    child = task.entity
    here = Q(area=None, school=None) | Q(
        area__path__in=prefixes(child.area.path) if child.area else []
    )
    if child.school_id:
        here |= Q(school=child.school_id, class_name__in=("", child.class_name))
    roles = [
        role
        for role, verbs in CAPABILITIES.items()
        if Verb.TASK_ACT in verbs and role != Role.ADMIN
    ]
    grants = RoleGrant.objects.filter(
        here, role__in=roles, user__is_active=True, user__deleted_at=None
    )
    found = {
        one.user_id: one
        for one in grants.select_related("user").order_by("user__display_name")[:200]
    }
    ordered = sorted(found.values(), key=lambda one: one.role != task.role)
    return [(str(Role(one.role).label), one.user) for one in ordered]


@login_required
@require_POST
def act(request: HttpRequest, task_id: int, action: str) -> HttpResponse:
    """Take a step with a task, then back to its page."""
    user = me(request)
    task, note = find_task(user, task_id), request.POST.get("note", "")
    if action == "assign":
        assign_task(task, user, chosen(task, request.POST.get("assignee", "")), note)
    elif action in ACTIONS:
        ACTIONS[action](task, user, note)
    else:
        raise Problem(NOT_FOUND)
    messages.success(request, _("Noted."))
    return redirect("task", task_id)


def chosen(task: Task, pk: str) -> User:
    """The person that was chosen among those who could do it. Problem 404.1."""
    found = {str(user.pk): user for _role, user in candidates(task)}
    if pk not in found:
        raise Problem(NOT_FOUND)
    return found[pk]
