"""Taking an objection down, and who may see it."""

from datetime import date, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from forms.models import Entity
from rules import problems
from rules.engine.rule_set import Tier
from rules.models import Appeal, TierDecision, TierState
from rules.services import releases
from rules.services.notices import holders_for, notify
from rules.services.tiers import covers, person_id, require_cover
from server import clock
from server.journal.services import record
from server.people.access import person_of, require, scope_of
from server.people.models import Actor, User
from server.people.roles import Role, Verb
from server.problems import MISSING, UNEXPECTED, Problem

DAYS = 15  # from the day of receipt to the written answer
LATEST = timedelta(days=366)  # what was received longer ago is a slip of the pen
MOST = 5000  # characters
# What people decide about a tier; a request alone decides nothing.
DECIDING = (
    TierDecision.Action.CONFIRM,
    TierDecision.Action.OVERRIDE,
    TierDecision.Action.APPROVE,
    TierDecision.Action.REFUSE,
)


@transaction.atomic
def open_appeal(
    entity: Entity,
    actor: Actor,
    *,
    by: str,
    grounds: str,
    name: str = "",
    contact: str = "",
    received_on: date | None = None,
) -> Appeal:
    """Take down that somebody objects to the tier of `entity`; its deciders are told.

    `received_on` is a day of the site (default: today); the answer is due 15 days later. Problems:
    401.2, 403.1, 404.1, NOT_EVALUATED, APPEAL_OPEN, MISSING, UNEXPECTED.
    """
    require_cover(actor, Verb.SUBMISSION_CREATE, entity)
    grounds, name, contact = (text.replace("\x00", "") for text in (grounds, name, contact))
    day = _checked(by, grounds, received_on)
    state = TierState.objects.select_for_update(of=("self",)).filter(entity=entity).first()
    if state is None or not state.tier or state.evaluation_id is None:
        raise Problem(problems.NOT_EVALUATED)
    waiting = Appeal.objects.filter(entity=entity, state=Appeal.State.OPEN).first()
    if waiting is not None:
        raise Problem(problems.APPEAL_OPEN, day=waiting.due_on)
    appeal = Appeal.objects.create(
        entity=entity,
        by=by,
        name=name.strip()[:100],
        contact=contact.strip()[:100],
        grounds=grounds.strip(),
        received_on=day,
        due_on=day + timedelta(days=DAYS),
        tier=state.tier,
        evaluation_id=state.evaluation_id,
        actor=actor,
    )
    note("appeal.open", appeal, actor, appeal.grounds)
    tell(appeal, "appeal", "收到等级异议", "An objection to the tier was received")
    return appeal


def _checked(by: str, grounds: str, received_on: date | None) -> date:
    """The day of receipt, if the rest can be taken down. Problems MISSING, UNEXPECTED."""
    if by not in Appeal.By.values:
        known = ", ".join(Appeal.By.values)
        raise Problem(UNEXPECTED, field="by", value=by, reason=f"one of {known}")
    if not grounds.strip():
        raise Problem(MISSING, field="grounds")
    if len(grounds) > MOST:
        raise Problem(UNEXPECTED, field="grounds", value=grounds[:40], reason=f"≤ {MOST}")
    today = clock.today()
    day = received_on or today
    if not today - LATEST <= day <= today:
        span = f"{today - LATEST} … {today}"
        raise Problem(UNEXPECTED, field="receivedOn", value=day, reason=span)
    return day


def may_take_down(actor: Actor | None, entity: Entity) -> bool:
    """Whether `actor` may take down an objection about this child: whoever works with it."""
    return covers(actor, Verb.ENTITY_READ, entity) and covers(actor, Verb.SUBMISSION_CREATE, entity)


def readable_appeals(reader: Actor | None) -> QuerySet[Appeal]:
    """The objections that `reader` may see: those about children whose tiers they review, and those
    that they took down themselves. Problems: 401.2, 403.1."""
    require(reader, Verb.ENTITY_READ)
    seen = scope_of(reader, Verb.ENTITY_READ).query("entity__")
    reviewed = scope_of(reader, Verb.TIER_REVIEW).query("entity__")
    own = Q(actor=person_of(reader))
    return Appeal.objects.filter(seen & (reviewed | own), entity__deleted_at=None)


def last_decision(entity: Entity) -> TierDecision | None:
    """The newest decision of a person about the tier of `entity`."""
    made = TierDecision.objects.filter(entity=entity, action__in=DECIDING, actor__isnull=False)
    return made.select_related("actor").order_by("-id").first()


def tier_of(appeal: Appeal) -> Tier | None:
    """The tier that is objected to, by the release that it was evaluated under."""
    if appeal.evaluation is None:
        return None
    tiers = releases.compiled(appeal.evaluation.release).tiers
    return next((tier for tier in tiers if tier.id == appeal.tier), None)


def deciders(appeal: Appeal) -> list[User]:
    """Who could decide, closest to the child: the roles of the tier (where it takes two persons,
    the county) without whoever decided the tier last; else the county."""
    tier, last = tier_of(appeal), last_decision(appeal.entity)
    gone = {person_id(last.actor)} if last and last.actor else set()
    is_county = tier is None or tier.downgrade_approvals > 1
    roles = () if tier is None or is_county else tier.downgrade_roles
    found = [user for role in roles for user in holders_for(appeal.entity, role)]
    left = [user for user in found if user.pk not in gone]
    county = holders_for(appeal.entity, Role.COUNTY_CIVIL.value)
    return left or [user for user in county if user.pk not in gone]


def tell(appeal: Appeal, kind: str, zh: str, en: str, *, also: str = "") -> int:
    """A notice to those who could decide, and to the role `also`; answers how many were told."""
    entity = appeal.entity
    users = deciders(appeal) + (holders_for(entity, also) if also else [])
    text = {
        "zh": f"{entity.label} {zh}，请于{appeal.due_on.month}月{appeal.due_on.day}日前书面答复",
        "en": f"{entity.label}: {en}, answer in writing by {appeal.due_on}",
    }
    return notify(users, kind, text, entity=entity)


def note(action: str, appeal: Appeal, actor: Actor, notes: str) -> None:
    """A journal entry about an objection."""
    record(
        action,
        actor=actor,
        subject=f"entity:{appeal.entity.uuid}",
        project_id=appeal.entity.dataset.project_id,
        details={"appeal": appeal.pk, "tier": appeal.tier, "state": appeal.state},
        notes=notes,
    )
