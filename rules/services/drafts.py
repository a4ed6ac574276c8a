"""The draft of a rule set: what an administrator is working on, in force for nobody (design.md §6).

A draft is always a document without errors: what is broken is refused whole, and the draft stays.
"""

import json
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from forms.models import Project
from rules.engine.rule_set import RuleSet as Compiled
from rules.engine.rule_set import load_document
from rules.models import RuleSet
from server import clock
from server.journal.services import record
from server.people.models import Actor
from server.problems import CONFLICT, UNEXPECTED, Problem


def plain_document(document: Mapping[str, Any]) -> dict[str, Any]:
    """A copy as JSON stores it."""
    return json.loads(json.dumps(document, ensure_ascii=False, default=str))


@transaction.atomic
def new_rule_set(project: Project, document: Mapping[str, Any], actor: Actor | None) -> RuleSet:
    """A rule set named by its document, which becomes its draft. Problems: CONFLICT, and those of
    `put_draft`."""
    checked = load_document(document)
    if RuleSet.objects.filter(project=project, name=checked.name).exists():
        raise Problem(CONFLICT, what="rule set", field="name", value=checked.name)
    rule_set = RuleSet.objects.create(project=project, name=checked.name, dataset=checked.subject)
    return put_draft(rule_set, document, actor)


@transaction.atomic
def put_draft(rule_set: RuleSet, document: Mapping[str, Any], actor: Actor | None) -> RuleSet:
    """Replace the draft. Problems: DOCUMENT_SHAPE, RULE_SET_INVALID, UNEXPECTED for the document
    of another rule set."""
    checked = load_document(document)
    _require_same(rule_set, checked)
    rule_set.draft = plain_document(document)
    rule_set.draft_updated_at = clock.now()
    rule_set.draft_updated_by = actor
    rule_set.save(update_fields=["draft", "draft_updated_at", "draft_updated_by"])
    subject = f"rule_set:{rule_set.name}"
    record("rule_set.draft", actor=actor, subject=subject, project_id=rule_set.project_id)
    return rule_set


def _require_same(rule_set: RuleSet, checked: Compiled) -> None:
    for field, ours, theirs in (
        ("settings.name", rule_set.name, checked.name),
        ("settings.subject", rule_set.dataset, checked.subject),
    ):
        if ours != theirs:
            raise Problem(UNEXPECTED, field=field, value=theirs, reason=f"here it is {ours}")
