"""Two rule administrators, a county with children under a small rule set, and drafts that change one number of it."""

from copy import deepcopy
from typing import Any

from forms.models import Entity
from rules.models import Release, RuleSet
from rules.services.drafts import put_draft
from rules.services.releases import approve_release, request_release
from server.people.models import Actor
from tests.rules.county_kit import ALL_WELL, DOCUMENT

POOR = ALL_WELL | {"poor": "yes"}


def stricter(points: int = 31) -> dict[str, Any]:
    """The small document in which poverty weighs more."""
    document = deepcopy(DOCUMENT)
    document["rules"][1]["score"] = points
    return document


def rule_set_of(child: Entity) -> RuleSet:
    """The rule set that classifies the child."""
    return RuleSet.objects.select_related("active").get(
        project_id=child.dataset.project_id, dataset=child.dataset.name
    )


def requested(child: Entity, author: Actor, points: int = 31, note: str = "贫困加分") -> Release:
    """A request for the draft with that weight of poverty."""
    rule_set = rule_set_of(child)
    put_draft(rule_set, stricter(points), author)
    return request_release(rule_set, author, note)


def released(child: Entity, author: Actor, approver: Actor, points: int = 31) -> Release:
    """The same, approved and in force."""
    return approve_release(requested(child, author, points), approver)
