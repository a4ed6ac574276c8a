"""What every page of a rule set shares: finding it, the tabs, what is in force and what is being drafted."""

from typing import Any

from django.http import HttpRequest

from rules.models import Release, RuleSet
from rules.services.words import in_language
from server.people.access import can, require
from server.people.models import User
from server.people.roles import Verb
from server.people.web import me
from server.problems import NOT_FOUND, Problem


def find_rule_set(reader: User, rule_set_id: int, *verbs: Verb) -> RuleSet:
    """A rule set with its release in force, documents not loaded. Problems: 401.2, 403.1, 404.1."""
    require(reader, Verb.RULES_READ, *verbs)
    found = (
        RuleSet.objects.filter(pk=rule_set_id, project__deleted_at=None)
        .select_related("project", "active", "candidate", "draft_updated_by")
        .defer("draft", "active__document", "candidate__document")
        .first()
    )
    if found is None:
        raise Problem(NOT_FOUND)
    return found


def frame(request: HttpRequest, rule_set: RuleSet, tab: str) -> dict[str, Any]:
    """The context of `rules/rule_sets/frame.html`; `tab` is the id of the page's own tab."""
    reader = me(request)
    asked = rule_set.releases.filter(status=Release.Status.REQUESTED).defer("document")
    return {
        "rule_set": rule_set,
        "title": title_of(rule_set),
        "tab": tab,
        "requested": asked.order_by("-number").first(),
        "may_change": can(reader, Verb.RULES_UPDATE),
        "may_release": can(reader, Verb.RULES_RELEASE),
    }


def title_of(rule_set: RuleSet) -> str:
    """The title of the rules in force, else the name. One query."""
    titles = Release.objects.filter(active_of=rule_set)
    title = titles.values_list("document__settings__title", flat=True).first()
    return in_language(title) if title else rule_set.name
