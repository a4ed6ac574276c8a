"""A child before a person who decides about its tier: locked, in scope, and every decision
recorded."""

from dataclasses import dataclass
from typing import Any

from forms.models import Entity
from rules import problems
from rules.engine.rule_set import RuleSet, Tier
from rules.models import Evaluation, TierDecision, TierState
from rules.services import phone, releases
from rules.services.tiers.automatic import Review, move
from rules.services.tiers.holding import true_rules
from server import clock
from server.journal.services import emit, record
from server.people.access import person_of, require, scope_of
from server.people.models import Actor
from server.people.roles import Verb
from server.problems import FORBIDDEN, NOT_FOUND, UNEXPECTED, Problem

LONGEST_REASON = 5000  # characters


@dataclass(frozen=True, slots=True)
class Case:
    """The child, its locked state, the rules and the evaluation in question, and who decides."""

    entity: Entity
    state: TierState
    rules: RuleSet
    evaluation: Evaluation
    actor: Actor

    @property
    def tier(self) -> Tier:
        """The tier in force."""
        return self.rules.tier(self.state.tier)

    def named(self, tier: str) -> Tier:
        """The tier of that id. Problem UNEXPECTED."""
        known = {one.id: one for one in self.rules.tiers}
        if tier not in known:
            reason = f"one of {', '.join(known)}"
            raise Problem(UNEXPECTED, field="tier", value=tier, reason=reason)
        return known[tier]


def open_case(entity: Entity, actor: Actor, evaluation_id: int | None = None) -> Case:
    """Lock the tier of `entity` for a decision of `actor` about `evaluation_id` (None: the newest).

    Call in a transaction. Problems: 401.2, 403.1, 404.1, NOT_EVALUATED, STALE.
    """
    require_cover(actor, Verb.TIER_REVIEW, entity)
    state = (
        TierState.objects.select_for_update(of=("self",))
        .select_related("evaluation__release", "requested_by")
        .filter(entity=entity)
        .first()
    )
    if state is None or state.evaluation is None or not state.tier:
        raise Problem(problems.NOT_EVALUATED)
    if evaluation_id is not None and evaluation_id != state.evaluation_id:
        raise Problem(problems.STALE)
    rule_set = releases.compiled(state.evaluation.release)
    return Case(entity, state, rule_set, state.evaluation, actor)


def require_cover(actor: Actor | None, verb: Verb, entity: Entity) -> None:
    """404.1 where `actor` does not see the child, 403.1 where `actor` sees it and may not
    `verb`."""
    require(actor)
    if not covers(actor, Verb.ENTITY_READ, entity):
        raise Problem(NOT_FOUND)
    if not covers(actor, verb, entity):
        raise Problem(FORBIDDEN)


def covers(actor: Actor | None, verb: Verb, entity: Entity) -> bool:
    """Whether `actor` may `verb` where the child lives or learns."""
    path = entity.area.path if entity.area else None
    return scope_of(actor, verb).covers(path, entity.school_id, entity.class_name)


def put_into_force(case: Case, action: str, tier: str, **why: Any) -> TierDecision:
    """Record the decision, set `tier`, and take the child out of the queue."""
    state = case.state
    decision = record_decision(case, action, tier, **why)
    move(state, tier, decision.at)
    state.review, state.waiting_since, state.proposed = Review.NONE, None, ""
    state.requested_tier, state.requested_by = "", None
    state.rank = case.rules.tier(state.tier).rank
    save(state)
    phone.show_child(case.entity, state, case.rules)
    if decision.from_tier != tier:
        emit("tier.changed", {"entity_id": case.entity.pk})  # visits, and what the tier asks for
    return decision


def record_decision(case: Case, action: str, tier: str, **why: Any) -> TierDecision:
    """The decision as a row and as a journal entry; `why`: reason, reason_code, until."""
    if "reason" in why:
        why["reason"] = why["reason"].replace("\x00", "")[:LONGEST_REASON]
    decision = TierDecision.objects.create(
        entity=case.entity,
        action=action,
        from_tier=case.state.tier,
        to_tier=tier,
        evaluation=case.evaluation,
        actor=case.actor,
        rules=true_rules(case.evaluation.decision),
        **why,
    )
    record(
        f"tier.{action}",
        actor=case.actor,
        subject=f"entity:{case.entity.uuid}",
        project_id=case.entity.dataset.project_id,
        details={
            "from": decision.from_tier,
            "to": tier,
            "evaluation": case.evaluation.pk,
            "rules": decision.rules,
            "until": decision.until.isoformat() if decision.until else None,
        },
        notes=why.get("reason", ""),
    )
    return decision


def save(state: TierState) -> None:
    """Write the state with the present time."""
    state.updated_at = clock.now()
    state.save()


def person_id(actor: Actor) -> int:
    """The person behind an actor, so that a phone and its owner are one."""
    person = person_of(actor)
    return person.pk if person else actor.pk
