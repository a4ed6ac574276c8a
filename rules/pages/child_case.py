"""A case made of a child: shown, downloaded, or put into the draft (design.md §6). Nothing in it says who
the child is."""

import json
import uuid
from typing import Any

import yaml
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from rules.models import RuleSet
from rules.pages.people import name_of
from rules.pages.scope import find_child
from rules.services.case_making import add_cases, case_of_child
from server.people.access import can, require
from server.people.models import User
from server.people.roles import Verb
from server.people.web import me
from server.shell.downloads import disposition

TYPES = {"yaml": "application/yaml; charset=utf-8", "json": "application/json; charset=utf-8"}


@login_required
@require_http_methods(["GET", "POST"])
def child_case(request: HttpRequest, child: uuid.UUID) -> HttpResponse:
    """GET shows the case, or sends it as `?format=yaml|json`; POST adds it to the draft."""
    user = me(request)
    entity = find_child(user, child)
    case = case_of_child(entity, user)
    kind = request.GET.get("format", "")
    if kind in TYPES:
        return download(case, kind)
    drafted = drafted_for(entity.dataset.project_id, entity.dataset.name, user)
    if request.method == "POST":
        return put(request, user, drafted, case)
    context = {
        "entity": entity,
        "name": name_of(entity),
        "text": text_of(case, "yaml"),
        "count": len(case["submissions"]),
        "drafted": drafted,
    }
    return render(request, "rules/rule_sets/case_of_child.html", context)


def text_of(case: dict[str, Any], kind: str) -> str:
    """A case file with this one case."""
    if kind == "json":
        return json.dumps({"cases": [case]}, ensure_ascii=False, indent=2)
    return yaml.safe_dump({"cases": [case]}, allow_unicode=True, sort_keys=False, width=100)


def download(case: dict[str, Any], kind: str) -> HttpResponse:
    """The case file."""
    response = HttpResponse(text_of(case, kind), content_type=TYPES[kind])
    response["Content-Disposition"] = disposition(f"{case['case_id']}.{kind}")
    return response


def drafted_for(project_id: int, dataset: str, user: User) -> RuleSet | None:
    """The rule set with a draft that `user` may change and that judges entities of `dataset`."""
    if not can(user, Verb.RULES_UPDATE):
        return None
    rows = RuleSet.objects.filter(project_id=project_id, dataset=dataset, draft__isnull=False)
    return rows.defer("draft").order_by("id").first()


def put(
    request: HttpRequest, user: User, drafted: RuleSet | None, case: dict[str, Any]
) -> HttpResponse:
    """Add the case to the draft."""
    require(user, Verb.RULES_UPDATE)
    if drafted is None:
        messages.error(request, _("There is no draft to add the case to."))
        return redirect(request.path)
    add_cases(drafted, [case], user)
    messages.success(request, _("The case is in the draft now."))
    return redirect("rule_set_cases", drafted.pk)
