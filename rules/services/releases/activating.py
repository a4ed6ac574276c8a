"""Putting a release into force: after its approval, when its day has come, or again (rolling back).

Rolling back is to be quick, so one person with the right does it, with a reason: that release has had its second person
when it was approved.
"""

import logging

from django.db import transaction
from django.utils.translation import gettext

from rules.models import Release, RuleSet
from rules.services.people import person_behind
from rules.services.reevaluation import begin_reevaluation
from rules.services.releases.proving import prove
from rules.services.releases.rows import (
    Status,
    journal,
    locked_release,
    locked_rule_set,
    require_reason,
    state_problem,
    tell,
)
from server import clock
from server.people.models import Actor
from server.problems import Problem

logger = logging.getLogger("rules.releases")


@transaction.atomic
def activate_release(release: Release, actor: Actor | None, reason: str = "") -> Release:
    """Put an approved or retired release into force; its children are evaluated again in the background, approvals
    for a later day end. Problem RELEASE_STATE, also for the one in force."""
    rule_set = locked_rule_set(release.rule_set_id)
    release = locked_release(release)
    if release.status not in (Status.APPROVED, Status.RETIRED) or rule_set.active_id == release.pk:
        raise state_problem(release)
    if rule_set.active_id:
        Release.objects.filter(pk=rule_set.active_id).update(status=Status.RETIRED)
    release.status, release.activated_at = Status.APPROVED, clock.now()
    release.activate_at = None
    release.save(update_fields=["status", "activated_at", "activate_at"])
    rule_set.active = release
    rule_set.save(update_fields=["active"])
    _end_trial_of(rule_set, release)
    _end_schedules(rule_set, release)
    journal("activate", release, actor, reason)
    begin_reevaluation(release, actor)
    return release


def _end_trial_of(rule_set: RuleSet, release: Release) -> None:
    if rule_set.candidate_id == release.pk:
        rule_set.candidate, rule_set.shadow_until = None, clock.now()
        rule_set.save(update_fields=["candidate", "shadow_until"])


def _end_schedules(rule_set: RuleSet, release: Release) -> None:
    """What was approved for a later day was compared with rules that are in force no more."""
    rows = rule_set.releases.filter(status=Status.APPROVED, activate_at__isnull=False)
    for one in rows.exclude(pk=release.pk).select_related("rule_set").defer("document"):
        one.status, one.activate_at = Status.WITHDRAWN, None
        one.answer = (
            f"第{release.number}版先行生效 / release {release.number} came into force first"
        )
        one.save(update_fields=["status", "activate_at", "answer"])
        journal("withdraw", one, None, one.answer)
        _tell_both(one, "的预定生效已取消：", "will not come into force: ")


def roll_back(release: Release, actor: Actor, reason: str) -> Release:
    """Put an earlier release into force again, or an approved one whose day failed. Problems: RELEASE_STATE, 400.2
    without a reason, and those of `prove`."""
    if release.status not in (Status.APPROVED, Status.RETIRED):
        raise state_problem(release)
    reason = require_reason(reason)
    prove(release)
    return activate_release(release, actor, reason)


def activate_due() -> int:
    """Put into force what was approved for a moment that has come; answers how many. A beat job.

    One that fails stays out, says why to those who asked for it and approved it, and is not tried again by itself."""
    due = Release.objects.filter(
        status=Status.APPROVED, activated_at=None, activate_at__lte=clock.now()
    )
    return sum(map(_activate, list(due.select_related("rule_set").order_by("activate_at", "pk"))))


def _activate(release: Release) -> bool:
    try:
        prove(release)
        activate_release(release, release.approver)
    except Problem as problem:
        logger.error("release %s did not come into force: %s", release.number, problem)
        _fail(release, problem)
        return False
    return True


@transaction.atomic
def _fail(release: Release, problem: Problem) -> None:
    found = locked_release(release)
    if found.activate_at is None or found.activated_at is not None:
        return  # somebody has decided otherwise meanwhile
    found.activate_at, found.answer = None, problem.message_in(gettext)
    found.save(update_fields=["activate_at", "answer"])
    journal("fail", found, None, found.answer)
    _tell_both(found, "未能生效：", "could not come into force: ")


def _tell_both(release: Release, zh: str, en: str) -> None:
    text = {
        "zh": f"规则第{release.number}版{zh}{release.answer}"[:300],
        "en": f"Release {release.number} of the rules {en}{release.answer}"[:300],
    }
    tell([person_behind(release.author), person_behind(release.approver)], text)
