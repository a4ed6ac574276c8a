"""When a tier may be lowered (domain report, section 4.1): how far, by whom, and after what."""

from datetime import date, timedelta

from forms.models import Subject
from rules import problems
from rules.engine.rule_set import Rule, Tier
from rules.models import Task
from rules.services.tiers.automatic import lowest_step
from rules.services.tiers.case import Case, covers, require_cover
from rules.services.tiers.holding import holding_above
from rules.services.words import in_language, listed
from server import clock
from server.people.access import holders, person_of
from server.people.roles import Role, Verb
from server.problems import UNEXPECTED, Problem

# The two-person assessment; lowering from red needs one from after the child became red.
ASSESSMENT_FORM = "safety_assess"
LEAST_REASON = 20  # characters
LONGEST_OVERRIDE = timedelta(days=366)
LONGEST_EXCEPTION = timedelta(days=90)
EXCEPTION = "exception"
REASONS = ("policy", "discretionary", EXCEPTION)


def check_reason(reason_code: str, reason: str) -> None:
    """Problems UNEXPECTED for an unknown code, REASON_SHORT for fewer than 20 characters."""
    if reason_code not in REASONS:
        known = ", ".join(REASONS)
        raise Problem(UNEXPECTED, field="reasonCode", value=reason_code, reason=f"one of {known}")
    length = len(reason.strip())
    if length < LEAST_REASON:
        raise Problem(problems.REASON_SHORT, length=length, least=LEAST_REASON)


def end_of(wanted: Tier, reason_code: str, until: date | None) -> date:
    """The last day of an override: as given, else the next visit due. Problem UNEXPECTED."""
    today = clock.today()
    longest = today + (LONGEST_EXCEPTION if reason_code == EXCEPTION else LONGEST_OVERRIDE)
    ends = until or min(today + timedelta(days=wanted.visit_days or 30), longest)
    if not today < ends <= longest:
        span = f"{today + timedelta(days=1)} … {longest}"
        raise Problem(UNEXPECTED, field="until", value=ends, reason=span)
    return ends


def check_lowering(case: Case, wanted: Tier, reason_code: str) -> None:
    """Whether the child may go down to `wanted` now, as far as the child is concerned.

    Problems: UNEXPECTED, ONE_STEP, BELOW_FLOOR, LATER_FORM, TASKS_UNFINISHED, 403.1.
    """
    current = case.tier
    if wanted.rank >= current.rank:
        raise Problem(UNEXPECTED, field="tier", value=wanted.id, reason="it is not lower")
    step = lowest_step(case.rules, current, wanted)
    if step.rank != wanted.rank:
        tier, below = in_language(current.title), in_language(step.title)
        raise Problem(problems.ONE_STEP, tier=tier, next=below)
    check_floor(case, wanted, reason_code)
    if current.downgrade_approvals > 1:
        _check_later_form(case)
        _check_tasks_done(case)


def check_role(case: Case) -> None:
    """Whether this person may lower the tier in force: one of the roles that the tier names, or
    the county, which may do what its towns may. Problem LOWERED_BY."""
    roles = case.tier.downgrade_roles
    if not roles or covers(case.actor, Verb.TIER_REVIEW_RED, case.entity):
        return
    person, entity = person_of(case.actor), case.entity
    place = (entity.area.path if entity.area else None, entity.school_id, entity.class_name)
    if any(person in holders(role, *place) for role in roles):
        return
    titles = "、".join(str(Role(role).label) if role in Role.values else role for role in roles)
    raise Problem(problems.LOWERED_BY, tier=in_language(case.tier.title), roles=titles)


def takes_two(case: Case, wanted: Tier) -> Tier | None:
    """The tier on account of which `wanted` takes two persons; None where one is enough.

    It is the tier in force, or that of a floor that holds: what two persons have excepted is not
    lowered further, nor its exception made longer, by one of them.
    """
    if wanted.rank < case.tier.rank and case.tier.downgrade_approvals > 1:
        return case.tier
    floors = [
        case.rules.tier(rule.floor) for rule in rules_holding_above(case, wanted) if rule.floor
    ]
    strict = [tier for tier in floors if tier.downgrade_approvals > 1]
    return max(strict, key=lambda tier: tier.rank, default=None)


def check_floor(case: Case, wanted: Tier, reason_code: str) -> None:
    """No person puts a child below a floor that holds, but by the county's exception.

    Problems: BELOW_FLOOR, 403.1.
    """
    holding = rules_holding_above(case, wanted)
    if not holding:
        return
    if reason_code != EXCEPTION:
        floors = [case.rules.tier(rule.floor) for rule in holding if rule.floor]
        highest = max(floors, key=lambda tier: tier.rank)
        raise Problem(
            problems.BELOW_FLOOR,
            floor=in_language(highest.title),
            rules=listed(rule.title for rule in holding),
        )
    require_cover(case.actor, Verb.TIER_REVIEW_RED, case.entity)


def rules_holding_above(case: Case, wanted: Tier) -> list[Rule]:
    """The true rules whose floor is above `wanted`."""
    return holding_above(case.rules, case.evaluation.decision, wanted.rank)


def _check_later_form(case: Case) -> None:
    since = case.state.since or clock.now()
    day = clock.local_day(since)
    later = Subject.objects.filter(
        entity=case.entity,
        submission__form__xml_form_id=ASSESSMENT_FORM,
        submission__deleted_at=None,
        submission__is_draft=False,
        submission__created_at__gt=since,
        submission__versions__is_current=True,
        submission__versions__occurred_on__gte=day,
    )
    if not later.exists():
        tier = in_language(case.tier.title)
        raise Problem(problems.LATER_FORM, tier=tier, form=ASSESSMENT_FORM, day=day)


def _check_tasks_done(case: Case) -> None:
    """Each task of this tier is done and verified, or taken back: a family's refusal is not done
    (section 5). Of several episodes the newest counts; those from before this tier do not."""
    tasks = Task.objects.filter(entity=case.entity, tier=case.state.tier).order_by("episode")
    since = case.state.since or clock.now()
    unfinished = [
        task
        for task in {(task.rule_set, task.code): task for task in tasks}.values()
        if task.state in Task.LIVE
        or (task.state in (Task.State.REFUSED, Task.State.FAILED) and task.closed_at
            and task.closed_at >= since)
    ]  # fmt: skip
    if unfinished:
        unfinished.sort(key=lambda task: task.due_at)
        tier = in_language(case.tier.title)
        tasks_said = listed([task.title for task in unfinished[:10]])
        raise Problem(problems.TASKS_UNFINISHED, tier=tier, tasks=tasks_said)
