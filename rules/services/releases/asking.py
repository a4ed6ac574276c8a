"""Asking for a release, and taking that back."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from rules import problems
from rules.models import Release, RuleSet
from rules.services.people import person_behind
from rules.services.releases.rows import (
    Status,
    freeze,
    journal,
    locked_release,
    locked_rule_set,
    state_problem,
    tell,
)
from server.people.models import Actor, User
from server.people.roles import CAPABILITIES, Role, Verb
from server.problems import Problem

# who is told that something waits; the administrator may decide too, but it is not his daily work
_DECIDERS = [
    role
    for role, verbs in CAPABILITIES.items()
    if Verb.RULES_RELEASE in verbs and role != Role.ADMIN
]


def request_release(rule_set: RuleSet, actor: Actor, note: str = "") -> Release:
    """Freeze the draft as the next release, waiting for another person, with its newest simulation.

    Problems: NO_DRAFT, those that keep it from being released, RELEASE_WAITING while another waits, DRAFT_MOVED when
    the draft was changed while it was checked.
    """
    rule_set = RuleSet.objects.get(pk=rule_set.pk)
    document = rule_set.draft
    if document is None:
        raise Problem(problems.NO_DRAFT, name=rule_set.name)
    _require_releasable(rule_set, document)  # takes seconds: outside of the transaction
    return _request(rule_set, document, actor, note)


def _require_releasable(rule_set: RuleSet, document: dict[str, Any]) -> None:
    from rules.services.checking import require_releasable  # noqa: PLC0415  it reads releases itself

    require_releasable(rule_set, document)


@transaction.atomic
def _request(rule_set: RuleSet, document: Any, actor: Actor, note: str) -> Release:
    rule_set = locked_rule_set(rule_set.pk)
    if rule_set.draft != document:
        raise Problem(problems.DRAFT_MOVED)
    waiting = rule_set.releases.filter(status=Status.REQUESTED).defer("document").first()
    if waiting is not None:
        raise Problem(problems.RELEASE_WAITING, number=waiting.number)
    release = freeze(rule_set, document, actor, note.strip())
    release.editor = rule_set.draft_updated_by
    release.simulation = _simulation(rule_set, release.sha256)
    release.save(update_fields=["editor", "simulation"])
    journal("request", release, actor, note)
    number = release.number
    text = {
        "zh": f"规则第{number}版等待您审批：{note}"[:300],
        "en": f"Release {number} of the rules waits for approval: {note}"[:300],
    }
    tell(_others(actor), text)
    return release


def _simulation(rule_set: RuleSet, sha256: str) -> Any:
    from rules.services.simulations import simulation_for  # noqa: PLC0415  it reads releases itself

    return simulation_for(rule_set, sha256)


def _others(actor: Actor) -> Iterable[User]:
    person = person_behind(actor)
    users = User.objects.filter(is_active=True, deleted_at=None, grants__role__in=_DECIDERS)
    return (users.exclude(pk=person.pk) if person else users).distinct()


@transaction.atomic
def withdraw_release(release: Release, actor: Actor, note: str = "") -> Release:
    """Take back a request, or an approval whose day has not come. Problem RELEASE_STATE."""
    release = locked_release(release)
    if not is_withdrawable(release):
        raise state_problem(release)
    release.status, release.answer = Status.WITHDRAWN, note.strip()
    release.activate_at = None
    release.save(update_fields=["status", "answer", "activate_at"])
    journal("withdraw", release, actor, note)
    return release


def is_withdrawable(release: Release) -> bool:
    """Whether it still waits: for its approval, or for its day."""
    is_scheduled = release.status == Status.APPROVED and release.activate_at is not None
    return release.status == Status.REQUESTED or (is_scheduled and release.activated_at is None)
