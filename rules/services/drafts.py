"""The draft of a rule set: what an administrator is working on, in force for nobody (design.md §6).

A draft is always a document without errors: what is broken is refused whole, and the draft stays.
Two people who change it at the same time are told: `expected_version` is the `draft_version` that the
change was made from, and a draft that has gone on since is not overwritten. The draft that was
replaced or discarded last can be brought back once.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from forms.models import Project
from rules import problems
from rules.engine.document import canonical_bytes
from rules.engine.findings import Findings
from rules.models import DraftCopy, Release, RuleSet
from rules.services.draft_files import read_upload
from rules.workbook import Change, changes_between, findings_of
from server import clock
from server.journal.services import record
from server.people.models import Actor
from server.problems import CONFLICT, NOT_FOUND, UNEXPECTED, Problem

_UPLOAD_KEPT = timedelta(days=7)


def plain_document(document: Mapping[str, Any]) -> dict[str, Any]:
    """A copy as JSON stores it."""
    return json.loads(json.dumps(document, ensure_ascii=False, default=str))


def require_valid(document: Mapping[str, Any]) -> None:
    """Whether a document is free of errors. Problems: DOCUMENT_SHAPE; RULE_SET_INVALID with all errors
    at once, of the shape and of what it means."""
    Findings(findings_of(document)).raise_errors()


@transaction.atomic
def new_rule_set(project: Project, document: Mapping[str, Any], actor: Actor | None) -> RuleSet:
    """A rule set named by its document, which becomes its draft. Problems: CONFLICT, and those of
    `put_draft`."""
    require_valid(document)
    settings = document["settings"]
    if RuleSet.objects.filter(project=project, name=settings["name"]).exists():
        raise Problem(CONFLICT, what="rule set", field="name", value=settings["name"])
    rule_set = RuleSet.objects.create(
        project=project, name=settings["name"], dataset=settings["subject"]
    )
    return put_draft(rule_set, document, actor)


def put_draft(
    rule_set: RuleSet,
    document: Mapping[str, Any],
    actor: Actor | None,
    expected_version: int | None = None,
) -> RuleSet:
    """Replace the draft; the same document again changes nothing.

    Problems: DOCUMENT_SHAPE, RULE_SET_INVALID, UNEXPECTED for the document of another rule set,
    DRAFT_CHANGED where somebody was faster.
    """
    require_valid(document)
    require_same(rule_set, document)
    plain = plain_document(document)
    with transaction.atomic():
        rule_set = _locked(rule_set, expected_version)
        if rule_set.draft is not None and _is_same(rule_set.draft, plain):
            return rule_set
        return _replace(rule_set, plain, actor, "rule_set.draft")


@transaction.atomic
def discard_draft(
    rule_set: RuleSet, actor: Actor | None, expected_version: int | None = None
) -> RuleSet:
    """Put the draft aside: what is in force is then all there is. Problems: NO_DRAFT, DRAFT_CHANGED."""
    rule_set = _locked(rule_set, expected_version)
    if rule_set.draft is None:
        raise Problem(problems.NO_DRAFT, name=rule_set.name)
    return _replace(rule_set, None, actor, "rule_set.draft.discard")


@transaction.atomic
def restore_draft(
    rule_set: RuleSet, actor: Actor | None, expected_version: int | None = None
) -> RuleSet:
    """Undo: the draft before the last change, which in turn can be undone. Problems: NOTHING_TO_UNDO,
    DRAFT_CHANGED."""
    rule_set = _locked(rule_set, expected_version)
    kept = replaced_draft(rule_set)
    if kept is None:
        raise Problem(problems.NOTHING_TO_UNDO, name=rule_set.name)
    return _replace(rule_set, kept.document, actor, "rule_set.draft.restore")


def draft_from_release(
    rule_set: RuleSet, number: int, actor: Actor | None, expected_version: int | None = None
) -> RuleSet:
    """Begin a draft with the document of a release. Problems: 404.1, and those of `put_draft`."""
    release = rule_set.releases.filter(number=number).first()
    if release is None:
        raise Problem(NOT_FOUND)
    return put_draft(rule_set, release.document, actor, expected_version)


def replaced_draft(rule_set: RuleSet) -> DraftCopy | None:
    """What the last change of the draft took the place of, by whom and when; its document is null where
    there was no draft. None before the first change."""
    return DraftCopy.objects.filter(rule_set=rule_set, kind=DraftCopy.Kind.REPLACED).first()


# --- an upload waits until somebody has seen what it changes ---------------------------------------


def keep_upload(
    rule_set: RuleSet, content: bytes, kind: str, filename: str, actor: Actor
) -> DraftCopy:
    """Read and check an uploaded file (kind: xlsx, yaml, json) and keep it for its uploader's decision;
    the draft stays as it is.

    Problems: those of `read_upload`, UNEXPECTED for the document of another rule set.
    """
    document = read_upload(content, kind)
    require_same(rule_set, document)
    with transaction.atomic():
        draft = RuleSet.objects.select_for_update().only("draft_version").get(pk=rule_set.pk)
        uploads = DraftCopy.objects.filter(rule_set=rule_set, kind=DraftCopy.Kind.PENDING)
        uploads.filter(created_at__lt=clock.now() - _UPLOAD_KEPT).delete()
        uploads.filter(actor=actor).delete()
        return DraftCopy.objects.create(
            rule_set=rule_set, kind=DraftCopy.Kind.PENDING, document=plain_document(document),
            filename=filename[:200], actor=actor, draft_version=draft.draft_version,
        )  # fmt: skip


def pending_upload(rule_set: RuleSet, actor: Actor) -> DraftCopy | None:
    """What `actor` has uploaded and not decided about."""
    uploads = DraftCopy.objects.filter(rule_set=rule_set, kind=DraftCopy.Kind.PENDING)
    return uploads.filter(actor=actor).first()


def find_upload(rule_set: RuleSet, actor: Actor) -> DraftCopy:
    """The same. Problem NO_UPLOAD."""
    found = pending_upload(rule_set, actor)
    if found is None:
        raise Problem(problems.NO_UPLOAD)
    return found


def take_upload(rule_set: RuleSet, actor: Actor, expected_version: int | None = None) -> RuleSet:
    """Let the upload replace the draft of `expected_version`, with which it was compared. Problems:
    NO_UPLOAD, DRAFT_CHANGED, and those of `put_draft`."""
    upload = find_upload(rule_set, actor)
    taken = put_draft(rule_set, upload.document or {}, actor, expected_version)
    upload.delete()
    return taken


def leave_upload(rule_set: RuleSet, actor: Actor) -> None:
    """Forget the upload; the draft stays. Problem NO_UPLOAD."""
    find_upload(rule_set, actor).delete()


# --- what differs ----------------------------------------------------------------------------------


def changes_to_draft(rule_set: RuleSet, document: Mapping[str, Any]) -> list[Change]:
    """What `document` would change: of the draft, or of what is in force where there is no draft."""
    base = rule_set.draft if rule_set.draft is not None else document_in_force(rule_set)
    return changes_between(base, document)


def changes_in_draft(rule_set: RuleSet) -> list[Change]:
    """How the draft differs from what is in force; none without a draft."""
    if rule_set.draft is None:
        return []
    return changes_to_release(rule_set, rule_set.draft)


def document_in_force(rule_set: RuleSet) -> dict[str, Any] | None:
    """The document of the release in force. One query, for rule sets are read without documents."""
    if rule_set.active_id is None:
        return None
    document: dict[str, Any] = Release.objects.values_list("document", flat=True).get(
        pk=rule_set.active_id
    )
    return document


def changes_to_release(rule_set: RuleSet, document: Mapping[str, Any]) -> list[Change]:
    """How `document` differs from what is in force; all of it where nothing is."""
    return changes_between(document_in_force(rule_set), document)


def require_same(rule_set: RuleSet, document: Mapping[str, Any]) -> None:
    """Whether a valid document is of this rule set. Problem UNEXPECTED."""
    settings = document["settings"]
    for field, ours, theirs in (
        ("settings.name", rule_set.name, settings["name"]),
        ("settings.subject", rule_set.dataset, settings["subject"]),
    ):
        if ours != theirs:
            raise Problem(UNEXPECTED, field=field, value=theirs, reason=f"here it is {ours}")


# --- one change ------------------------------------------------------------------------------------


def _locked(rule_set: RuleSet, expected_version: int | None) -> RuleSet:
    """The row as it is now, held until the end of the transaction. Problem DRAFT_CHANGED."""
    row = RuleSet.objects.select_for_update().get(pk=rule_set.pk)
    if expected_version is not None and row.draft_version != expected_version:
        last = replaced_draft(row)  # put aside by whoever made the last change
        raise Problem(
            problems.DRAFT_CHANGED,
            who=last.actor.display_name if last and last.actor else "–",
            when=_spoken(last.created_at) if last else "–",
            details={"version": row.draft_version},
        )
    return row


def _spoken(moment: datetime) -> str:
    return moment.astimezone(clock.site_zone()).strftime("%Y-%m-%d %H:%M")


def _is_same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return canonical_bytes(one) == canonical_bytes(other)


def _replace(
    rule_set: RuleSet, document: dict[str, Any] | None, actor: Actor | None, action: str
) -> RuleSet:
    """Put `document` (None: no draft) in the place of the draft, which is kept for an undo."""
    _keep_replaced(rule_set, actor)
    rule_set.draft = document
    rule_set.draft_updated_at = None if document is None else clock.now()
    rule_set.draft_updated_by = actor
    rule_set.draft_version += 1
    rule_set.save(update_fields=["draft", "draft_updated_at", "draft_updated_by", "draft_version"])
    record(
        action,
        actor=actor,
        subject=f"rule_set:{rule_set.name}",
        project_id=rule_set.project_id,
        details={"version": rule_set.draft_version},
    )
    return rule_set


def _keep_replaced(rule_set: RuleSet, actor: Actor | None) -> None:
    DraftCopy.objects.update_or_create(
        rule_set=rule_set,
        kind=DraftCopy.Kind.REPLACED,
        defaults={
            "document": rule_set.draft,
            "actor": actor,
            "draft_version": rule_set.draft_version,
            "created_at": clock.now(),
        },
    )
