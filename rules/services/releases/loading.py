"""Documents that ship with the product."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from forms.models import Project
from rules.engine.rule_set import load_document
from rules.models import Release, RuleSet
from rules.services.releases.deciding import approve_proven
from rules.services.releases.rows import Status, freeze, journal
from server.people.models import Actor


@transaction.atomic
def load_release(
    project: Project, document: Mapping[str, Any], author: Actor, approver: Actor, note: str = ""
) -> Release:
    """Put a document that ships with the product into force; the same document again changes
    nothing. Both engines have been tried on it before it was shipped.

    Problems: DOCUMENT_SHAPE, RULE_SET_INVALID, SAME_PERSON.
    """
    checked = load_document(document)
    rule_set, _ = RuleSet.objects.get_or_create(
        project=project, name=checked.name, defaults={"dataset": checked.subject}
    )
    newest = rule_set.releases.filter(sha256=checked.sha256).order_by("-number").first()
    if newest is not None and newest.status in (Status.APPROVED, Status.RETIRED):
        return newest
    release = freeze(rule_set, document, author, note)
    journal("request", release, author, note)
    return approve_proven(release, approver)
