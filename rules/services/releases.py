"""Rule sets and their releases: a draft is asked for by one person and released by another
(design.md §1.5, §6).

A release is immutable; the compiled form is kept per process by its SHA-256, so the same release
means the same decisions.
"""

import threading
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Max

from forms.models import Dataset, Project
from rules import problems
from rules.engine.rule_set import RuleSet as Compiled
from rules.engine.rule_set import load_document
from rules.models import Release, RuleSet
from rules.services.drafts import plain_document
from server import clock
from server.journal.services import emit, record
from server.people.access import person_of
from server.people.models import Actor
from server.problems import NOT_FOUND, Problem

_KEPT = 8  # compiled rule sets per process
_compiled: dict[str, Compiled] = {}
_lock = threading.Lock()


def compiled(release: Release) -> Compiled:
    """The compiled rule set of a release; the document is read from the database only the first
    time."""
    found = _compiled.get(release.sha256)
    if found is None:
        found = load_document(release.document)
        with _lock:
            while len(_compiled) >= _KEPT:
                _compiled.pop(next(iter(_compiled)))
            _compiled[release.sha256] = found
    return found


def active_release(dataset: Dataset) -> Release | None:
    """The release in force for the entities of `dataset`, its document not loaded; None where
    nothing classifies them."""
    rule_set = (
        RuleSet.objects.filter(
            project_id=dataset.project_id, dataset=dataset.name, active__isnull=False
        )
        .select_related("active")
        .defer("draft", "active__document")
        .order_by("id")
        .first()
    )
    if rule_set is None or rule_set.active is None:
        return None
    release = rule_set.active
    release.rule_set = rule_set
    return release


def find_rule_set(project_id: int, name: str) -> RuleSet:
    """The rule set `name` of a project. Problem 404.1."""
    found = (
        RuleSet.objects.select_related("active").filter(project_id=project_id, name=name).first()
    )
    if found is None:
        raise Problem(NOT_FOUND)
    return found


def rules_named(rule_set: RuleSet, release: str) -> tuple[Compiled, int | str]:
    """The compiled rules that `release` names ("": in force, "draft", or a number) and what a
    Decision calls them.

    Problems: NO_DRAFT, NOT_RELEASED, 404.1.
    """
    if release == "draft":
        if rule_set.draft is None:
            raise Problem(problems.NO_DRAFT, name=rule_set.name)
        return load_document(rule_set.draft), "draft"
    if not release:
        if rule_set.active is None:
            raise Problem(problems.NOT_RELEASED, name=rule_set.name)
        return compiled(rule_set.active), rule_set.active.number
    number = int(release) if release.isdecimal() and len(release) < 9 else 0
    found = rule_set.releases.filter(number=number).first()
    if found is None:
        raise Problem(NOT_FOUND)
    return compiled(found), found.number


@transaction.atomic
def request_release(rule_set: RuleSet, actor: Actor, note: str = "") -> Release:
    """Freeze the draft as the next release, waiting for another person. Problems: NO_DRAFT,
    RULE_SET_INVALID."""
    rule_set = RuleSet.objects.select_for_update().get(pk=rule_set.pk)
    if rule_set.draft is None:
        raise Problem(problems.NO_DRAFT, name=rule_set.name)
    release = _new_release(rule_set, rule_set.draft, actor, note)
    _record("rule_set.release.request", release, actor, note)
    return release


def _new_release(
    rule_set: RuleSet, document: Mapping[str, Any], author: Actor | None, note: str
) -> Release:
    checked = load_document(document)
    last = rule_set.releases.aggregate(last=Max("number"))["last"] or 0
    return Release.objects.create(
        rule_set=rule_set,
        number=last + 1,
        document=plain_document(document),
        sha256=checked.sha256,
        author=author,
        note=note,
    )


@transaction.atomic
def approve_release(release: Release, approver: Actor) -> Release:
    """Approve a requested release and put it into force. Problems: RELEASE_STATE, SAME_PERSON."""
    release = Release.objects.select_for_update().get(pk=release.pk)
    _require_state(release, Release.Status.REQUESTED)
    _require_other(release, approver)
    release.status = Release.Status.APPROVED
    release.approver = approver
    release.approved_at = clock.now()
    release.save(update_fields=["status", "approver", "approved_at"])
    _record("rule_set.release.approve", release, approver)
    return activate_release(release, approver)


@transaction.atomic
def refuse_release(release: Release, approver: Actor, note: str) -> Release:
    """Refuse a requested release. Problems: RELEASE_STATE, SAME_PERSON."""
    release = Release.objects.select_for_update().get(pk=release.pk)
    _require_state(release, Release.Status.REQUESTED)
    _require_other(release, approver)
    release.status = Release.Status.REFUSED
    release.approver = approver
    release.save(update_fields=["status", "approver"])
    _record("rule_set.release.refuse", release, approver, note)
    return release


@transaction.atomic
def activate_release(release: Release, actor: Actor | None) -> Release:
    """Put an approved release into force (an earlier one too: that is rolling back). Its children
    are evaluated again by
    the event `release.activated`. Problem: RELEASE_STATE."""
    rule_set = RuleSet.objects.select_for_update().get(pk=release.rule_set_id)
    if release.status not in (Release.Status.APPROVED, Release.Status.RETIRED):
        raise Problem(problems.RELEASE_STATE, number=release.number, state=release.status)
    if rule_set.active_id and rule_set.active_id != release.pk:
        Release.objects.filter(pk=rule_set.active_id).update(status=Release.Status.RETIRED)
    release.status = Release.Status.APPROVED
    release.activated_at = clock.now()
    release.save(update_fields=["status", "activated_at"])
    rule_set.active = release
    rule_set.save(update_fields=["active"])
    _record("rule_set.release.activate", release, actor)
    emit("release.activated", {"release_id": release.pk})
    return release


@transaction.atomic
def load_release(
    project: Project, document: Mapping[str, Any], author: Actor, approver: Actor, note: str = ""
) -> Release:
    """Put a document that ships with the product into force; the same document again changes
    nothing.

    Problems: DOCUMENT_SHAPE, RULE_SET_INVALID, SAME_PERSON.
    """
    checked = load_document(document)
    rule_set, _ = RuleSet.objects.get_or_create(
        project=project, name=checked.name, defaults={"dataset": checked.subject}
    )
    newest = rule_set.releases.filter(sha256=checked.sha256).order_by("-number").first()
    if newest is not None and newest.status in (Release.Status.APPROVED, Release.Status.RETIRED):
        return newest
    release = _new_release(rule_set, document, author, note)
    _record("rule_set.release.request", release, author, note)
    return approve_release(release, approver)


def _require_state(release: Release, *states: str) -> None:
    if release.status not in states:
        raise Problem(problems.RELEASE_STATE, number=release.number, state=release.status)


def _require_other(release: Release, approver: Actor) -> None:
    author = release.author
    if author is not None and (
        author.pk == approver.pk or _person_id(author) == _person_id(approver)
    ):
        raise Problem(problems.SAME_PERSON)


def _person_id(actor: Actor) -> int:
    person = person_of(actor)
    return person.pk if person is not None else actor.pk


def _record(action: str, release: Release, actor: Actor | None, note: str = "") -> None:
    rule_set = release.rule_set
    record(
        action,
        actor=actor,
        subject=f"rule_set:{rule_set.name}",
        project_id=rule_set.project_id,
        details={"release": release.number, "sha256": release.sha256},
        notes=note,
    )
