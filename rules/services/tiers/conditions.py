"""When a tier may be lowered (domain report, section 4.1): how far, by whom, and after what."""

from datetime import date, timedelta
from typing import Any

from forms.models import Subject
from rules import problems
from rules.engine.rule_set import Rule, Tier
from rules.models import Task
from rules.services.tiers.automatic import lowest_step
from rules.services.tiers.case import Case, require_cover
from rules.services.words import in_language, listed
from server import clock
from server.people.roles import Verb
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
    """Whether the child may go down to `wanted` now.

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


def check_floor(case: Case, wanted: Tier, reason_code: str) -> None:
    """Nothing goes below a floor that holds, but by the county's exception. Problems: BELOW_FLOOR,
    403.1."""
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
    holding = true_rules(case.evaluation.decision)
    return [
        rule
        for rule in case.rules.rules
        if rule.id in holding and rule.floor and case.rules.tier(rule.floor).rank > wanted.rank
    ]


def true_rules(decision: dict[str, Any]) -> frozenset[str]:
    """The ids of the rules that are true in a stored decision."""
    return frozenset(rule["id"] for rule in decision["rules"] if rule["status"] == "true")


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
    unfinished = Task.objects.filter(
        entity=case.entity, tier=case.state.tier, state__in=Task.LIVE
    ).order_by("due_at")
    titles = [task.title for task in unfinished[:10]]
    if titles:
        tier = in_language(case.tier.title)
        raise Problem(problems.TASKS_UNFINISHED, tier=tier, tasks=listed(titles))
