"""The rule sets, and the front page of one: the rules in force, in words."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_GET

from rules.models import RuleSet
from rules.pages.rule_sets.frame import find_rule_set, frame
from server.people.access import require
from server.people.roles import Verb
from server.people.web import me


@login_required
@require_GET
def rule_sets(request: HttpRequest) -> HttpResponse:
    """All rule sets; where there is only one, its page."""
    require(me(request), Verb.RULES_READ)
    rows = RuleSet.objects.filter(project__deleted_at=None).select_related("project", "active")
    found = list(rows.defer("draft", "active__document").order_by("project_id", "name")[:200])
    if len(found) == 1:
        return redirect("rule_set", found[0].pk)
    return render(request, "rules/rule_sets/list.html", {"rows": found})


@login_required
@require_GET
def rule_set_page(request: HttpRequest, rule_set_id: int) -> HttpResponse:
    """The rules in force."""
    rule_set = find_rule_set(me(request), rule_set_id)
    return render(request, "rules/rule_sets/home.html", frame(request, rule_set, "rules"))


urlpatterns = [
    path("rules", rule_sets, name="rule_sets"),
    path("rules/<int:rule_set_id>", rule_set_page, name="rule_set"),
]
