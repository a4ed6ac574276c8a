"""Which rule set and which release a request means, and whether the asker may."""

from rest_framework.request import Request

from forms.api.requests import person
from forms.services.offers import project_for
from rules.api.release_shapes import release_rows
from rules.models import Release, RuleSet
from rules.services import releases
from server.people.models import User
from server.people.roles import Verb
from server.problems import NOT_FOUND, Problem


def rule_set_for(
    request: Request, project_id: int, name: str, *verbs: Verb
) -> tuple[User, RuleSet]:
    """Who asks and the rule set. Problems: 401.2, 403.1, 404.1."""
    user = person(request, Verb.RULES_READ, *verbs)
    project = project_for(user, project_id)
    return user, releases.find_rule_set(project.pk, name)


def release_of(rule_set: RuleSet, number: int | None) -> Release:
    """The release of that number, or the newest request. Problem 404.1."""
    rows = release_rows(rule_set).defer("base__document", "rule_set__draft").order_by("-number")
    asked = rows.filter(number=number) if number else rows.filter(status=Release.Status.REQUESTED)
    found = asked.first()
    if found is None:
        raise Problem(NOT_FOUND)
    return found
