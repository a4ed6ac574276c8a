"""Deciding about a request: by another person than who asked for it or edited it last (design.md §1.5)."""

from datetime import datetime

from django.db import transaction

from rules import problems
from rules.models import Release
from rules.services.people import person_behind
from rules.services.releases.activating import activate_release
from rules.services.releases.proving import prove
from rules.services.releases.rows import (
    Status,
    journal,
    locked_release,
    locked_rule_set,
    require_reason,
    require_state,
    tell,
)
from server import clock
from server.people.models import Actor
from server.problems import UNEXPECTED, Kind, Problem


def approve_release(
    release: Release, approver: Actor, activate_at: datetime | None = None
) -> Release:
    """Approve a request and put it into force, now or at `activate_at` (aware). Before that both engines must take it:
    what fails half-way leaves everything as it was.

    Problems: RELEASE_STATE, SAME_PERSON, EDITED_BY_YOU, 400.8 for a moment that has passed, and those of `prove`.
    """
    _require_decidable(release, approver)
    if activate_at is not None and activate_at <= clock.now():
        told = activate_at.isoformat()
        raise Problem(UNEXPECTED, field="activateAt", value=told, reason="it has passed")
    prove(release)
    return approve_proven(release, approver, activate_at)


@transaction.atomic
def approve_proven(
    release: Release, approver: Actor, activate_at: datetime | None = None
) -> Release:
    """The approval itself."""
    locked_rule_set(release.rule_set_id)
    release = locked_release(release)
    _require_decidable(release, approver)
    release.status, release.approver = Status.APPROVED, approver
    release.approved_at, release.activate_at = clock.now(), activate_at
    release.save(update_fields=["status", "approver", "approved_at", "activate_at"])
    journal("approve", release, approver, activate_at.isoformat() if activate_at else "")
    if activate_at is None:
        release = activate_release(release, approver)
    _tell_author(release, "已批准", "was approved")
    return release


@transaction.atomic
def refuse_release(release: Release, approver: Actor, note: str) -> Release:
    """Refuse a request, with the reason. Problems: RELEASE_STATE, SAME_PERSON, EDITED_BY_YOU, 400.2 without one."""
    release = locked_release(release)
    _require_decidable(release, approver)
    release.answer = require_reason(note, "note")
    release.status, release.approver = Status.REFUSED, approver
    release.save(update_fields=["status", "approver", "answer"])
    journal("refuse", release, approver, release.answer)
    _tell_author(release, f"未获批准：{release.answer}", f"was refused: {release.answer}")
    return release


def _require_decidable(release: Release, approver: Actor) -> None:
    require_state(release, Status.REQUESTED)
    against = reason_against(release, approver)
    if against is not None:
        raise Problem(against)


def reason_against(release: Release, approver: Actor) -> Kind | None:
    """Why `approver` may not decide about `release`: it is his own request, or his own last edit of the draft; also
    when one of the two acts through a phone. None: he may."""
    person = _person_id(approver)
    if release.author is not None and _person_id(release.author) == person:
        return problems.SAME_PERSON
    if release.editor is not None and _person_id(release.editor) == person:
        return problems.EDITED_BY_YOU
    return None


def _person_id(actor: Actor) -> int:
    """The person behind an actor; where that person has left, the actor itself."""
    person = person_behind(actor)
    return person.pk if person is not None else actor.pk


def _tell_author(release: Release, zh: str, en: str) -> None:
    text = {
        "zh": f"规则第{release.number}版{zh}"[:300],
        "en": f"Release {release.number} of the rules {en}"[:300],
    }
    tell([person_behind(release.author)], text)
