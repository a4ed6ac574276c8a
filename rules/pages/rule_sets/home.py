"""The rule sets, and the front page of one: the rules in force, in words (screens §6.3, §6.4)."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_GET

from rules.engine.rule_set import RuleSet as Compiled
from rules.models import Release, RuleSet
from rules.pages.asking import Asked, read_query
from rules.pages.rule_sets import rule_words as words
from rules.pages.rule_sets.frame import find_rule_set, frame
from rules.services.in_force import compiled
from server import clock
from server.people.access import require
from server.people.roles import Verb
from server.people.web import me
from server.problems import NOT_FOUND, Problem

FILTERS = ("release", "q", "dimension", "floor")
NO_FLOOR = "none"


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
    """The rules of the release in force, or of the one that is asked for, in words."""
    rule_set = find_rule_set(me(request), rule_set_id)
    asked = read_query(request.GET, *FILTERS)
    release = release_of(rule_set, asked.get("release"))
    context = frame(request, rule_set, "rules") | {
        "asked": asked,
        "release": release,
        "releases": releases_of(rule_set),
    }
    if release is not None:
        context |= in_words(compiled(release), asked)
    return render(request, "rules/rule_sets/home.html", context)


def release_of(rule_set: RuleSet, number: str) -> Release | None:
    """The release of that number ("": the one in force, None where nothing is). Problem 404.1."""
    if not number:
        return rule_set.active
    known = rule_set.releases.select_related("author", "approver").defer("document")
    found = known.filter(number=int(number)) if number.isdecimal() and len(number) < 10 else None
    release = found.first() if found is not None else None
    if release is None:
        raise Problem(NOT_FOUND)
    return release


def releases_of(rule_set: RuleSet) -> list[Release]:
    """The releases to choose from, the newest first."""
    return list(rule_set.releases.defer("document").order_by("-number")[:50])


def in_words(rules: Compiled, asked: Asked) -> dict[str, Any]:
    """What the page shows of a rule set; the filters leave rules and names that hold the text."""
    groups = words.groups_of(rules)
    shown = narrowed(groups, asked)
    text = asked.get("q").lower()
    return {
        "rules": rules,
        "today": clock.today(),
        "tiers": words.tier_rows(rules),
        "dimensions": groups,
        "groups": shown,
        "count": sum(len(group.rows) for group in shown),
        "total": len(rules.rules),
        "facts": holding(words.fact_rows(rules), text),
        "derived": holding(words.derived_rows(rules), text),
        "parameters": holding(words.parameter_rows(rules), text),
    }


def narrowed(groups: Sequence[words.Group], asked: Asked) -> list[words.Group]:
    """The groups with the rules that the filters leave; empty ones are left out."""
    text, dimension, floor = asked.get("q").lower(), asked.get("dimension"), asked.get("floor")

    def fits(row: words.RuleRow) -> bool:
        its_floor = row.floor.id if row.floor else NO_FLOOR
        return (not text or row.holds(text)) and floor in ("", its_floor)

    kept = [
        replace(group, rows=tuple(row for row in group.rows if fits(row)))
        for group in groups
        if dimension in ("", group.id)
    ]
    return [group for group in kept if group.rows]


def holding(rows: Any, text: str) -> list[words.NameRow]:
    """The rows that hold `text` in name, title or origin."""
    return [
        row
        for row in rows
        if not text or any(text in said.lower() for said in (row.name, row.title, row.origin))
    ]


urlpatterns = [
    path("rules", rule_sets, name="rule_sets"),
    path("rules/<int:rule_set_id>", rule_set_page, name="rule_set"),
]
