"""Cases from life: one made of a child for who may read its answers, and the cases of a draft added and
taken away (design.md §6)."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction

from forms.models import Entity
from rules import problems
from rules.cases.making import make_case
from rules.cases.reading import cases_of
from rules.engine.observed import Context
from rules.facts import facts_of, tier_spans
from rules.models import RuleSet
from rules.services import in_force
from rules.services.drafts import put_draft
from rules.services.form_shapes import forms_of
from rules.services.reading import hidden_forms
from server import clock
from server.journal.services import record
from server.people.access import require, scope_of
from server.people.models import Actor, User
from server.people.roles import Verb
from server.problems import FORBIDDEN, Problem

_VERBS = (Verb.ENTITY_READ, Verb.RULES_READ, Verb.SUBMISSION_READ)


def may_make_case(reader: User, entity: Entity) -> bool:
    """Whether `reader` may read the rules and all answers about `entity` (with its area at hand)."""
    path = entity.area.path if entity.area else None
    place = (path, entity.school_id, entity.class_name)
    return all(
        bool(scope_of(reader, verb)) if verb == Verb.RULES_READ else scope_of(reader, verb).covers(*place)
        for verb in _VERBS
    )  # fmt: skip


def case_of_child(entity: Entity, reader: User) -> dict[str, Any]:
    """A case as the rules in force decide about `entity` today; journalled as reading it. Nothing is
    stored. Problems: 401.2, 403.1, NOT_RELEASED, CASE_DIFFERS."""
    require(reader, *_VERBS)
    release = in_force.active_release(entity.dataset)
    if release is None:
        raise Problem(problems.NOT_RELEASED, name=entity.dataset.name)
    rules, today = in_force.compiled(release), clock.today()
    facts = facts_of(entity, rules, today)
    hidden = hidden_forms(reader, entity)
    if not may_make_case(reader, entity) or any(one.form in hidden for one in facts.observations):
        raise Problem(FORBIDDEN)
    offered = {
        (name, question.name): question.codes
        for name, shape in forms_of(entity.dataset.project_id).published.items()
        for question in shape.questions.values()
    }
    case = make_case(rules, facts, Context(tier_spans(entity, today)), today, offered)
    record(
        "entity.case",
        actor=reader,
        subject=f"entity:{entity.uuid}",
        project_id=entity.dataset.project_id,
    )
    return case


@transaction.atomic
def add_cases(rule_set: RuleSet, cases: Iterable[Mapping[str, Any]], actor: Actor) -> RuleSet:
    """Put `cases` at the end of the draft's. Problems: NO_DRAFT, CASES_SHAPE, CASE_EXISTS, those of
    `put_draft`."""
    added = [dict(case) for case in cases]
    cases_of({"cases": added})
    rule_set, document = _draft_of(rule_set)
    known = {str(case.get("case_id")) for case in document["cases"]}
    for case in added:
        name = str(case.get("case_id") or "")
        if name in known:
            raise Problem(problems.CASE_EXISTS, name=name)
        known.add(name)
    document["cases"] += added
    return put_draft(rule_set, document, actor)


@transaction.atomic
def remove_case(rule_set: RuleSet, case_id: str, actor: Actor) -> RuleSet:
    """Take the case of that id out of the draft; nothing happens when there is none. Problem
    NO_DRAFT."""
    rule_set, document = _draft_of(rule_set)
    left = [case for case in document["cases"] if str(case.get("case_id")) != case_id]
    if len(left) == len(document["cases"]):
        return rule_set
    document["cases"] = left
    return put_draft(rule_set, document, actor)


def _draft_of(rule_set: RuleSet) -> tuple[RuleSet, dict[str, Any]]:
    """The rule set, locked, and a copy of its draft that always has the section `cases`."""
    rule_set = RuleSet.objects.select_for_update().get(pk=rule_set.pk)
    if rule_set.draft is None:
        raise Problem(problems.NO_DRAFT, name=rule_set.name)
    return rule_set, {**rule_set.draft, "cases": list(rule_set.draft.get("cases") or [])}
