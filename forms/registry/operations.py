"""What a submission asks of an entity, applied (ODK entities spec; collect-checklist section 6).

Versions count as the phone counts: each accepted create or update raises the version by one. An
operation that cannot be applied is answered with a reason and kept by the caller. Conflicts are
applied and marked, as in ODK Central: hard if both sides changed the same property since the
phone's base version, else soft. The server's own annotations conflict with nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from forms.instance.entity import EntityOperation
from forms.models import Dataset, Entity, EntityVersion, Merge, Submission, SubmissionVersion
from forms.registry.followed import note_redirect, survivor_of
from forms.registry.placing import Home, Reach, place_of
from forms.registry.writing import Origin, append_version, insert_entity, lock_entity
from server.people.models import Actor

WAITING = "waiting"  # its create, or an earlier change of the same branch, has not arrived
OUT_OF_SCOPE = "out_of_scope"
EXISTS = "exists"
DELETED = "deleted"
INVALID = "invalid"
APPROVAL = "approval"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The entity as it is after the operation, or the reason why the operation must wait for time
    or for a person.
    """

    entity: Entity | None = None
    reason: str = ""
    is_changed: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """One operation with everything that decides about it. `is_forced`: waited long enough for what
    is missing.
    """

    dataset: Dataset
    operation: EntityOperation
    source: SubmissionVersion
    sender: Actor | None
    reach: Reach
    is_forced: bool = False


def apply_operation(request: Request) -> Outcome:
    """Apply it once: the same submission version never makes two versions of an entity."""
    operation = request.operation
    if operation.fault:
        return Outcome(reason=INVALID)
    entity = lock_entity(request.dataset, operation.id)
    if entity is None:
        return _create(request)
    merge = survivor_of(entity)
    if merge is not None:
        return _redirect(request, entity, merge)
    before = _earlier_by_submission(entity, request.source)
    if before is not None:
        return _apply_edit(request, entity, before)
    if entity.deleted_at is not None:
        return Outcome(reason=DELETED)
    if operation.is_create and not operation.is_update:
        return Outcome(reason=EXISTS)
    if not request.reach.covers(request.dataset, entity):
        return Outcome(reason=OUT_OF_SCOPE)
    return _update(request, entity)


def _create(request: Request) -> Outcome:
    operation, dataset = request.operation, request.dataset
    if not operation.is_create and not request.is_forced:
        return Outcome(reason=WAITING)
    approved = request.source.submission.review_state == Submission.ReviewState.APPROVED
    if dataset.approval_required and not approved:
        return Outcome(reason=APPROVAL)
    properties = operation.properties
    home = place_of(dataset, properties, request.sender)
    label = operation.label or operation.id  # an update that is forced into a create may have none
    entity = insert_entity(dataset, operation.id, label, properties, home, _origin(request, None))
    return Outcome(entity, is_changed=True)


def _redirect(request: Request, loser: Entity, merge: Merge) -> Outcome:
    """The phone still knows the entry that was merged away: what it changed there is changed in the survivor. Only
    what the phone told anew; later changes of the survivor make a conflict, as ever.
    """
    survivor = lock_entity(request.dataset, str(merge.survivor.uuid))
    if survivor is None or survivor.deleted_at is not None:
        return Outcome(reason=DELETED)
    covers = request.reach.covers
    if not covers(request.dataset, loser) and not covers(request.dataset, survivor):
        return Outcome(reason=OUT_OF_SCOPE)
    note_redirect(merge, request.source)
    by_this = _earlier_by_submission(survivor, request.source)
    before = by_this or _earlier_by_submission(loser, request.source)
    if before is not None and before.source_id == request.source.pk:
        return Outcome(survivor)
    told = before.data_received if before is not None else loser.data
    properties = request.operation.properties
    changed = {name: text for name, text in properties.items() if told.get(name) != text}
    if not changed:
        return Outcome(survivor)
    base = by_this.version if by_this is not None else merge.survivor_version
    return _append(request, survivor, survivor.label, changed, base)


def _earlier_by_submission(entity: Entity, source: SubmissionVersion) -> EntityVersion | None:
    """The newest version of the entity that this submission, or a version of it before the edit,
    has made.
    """
    made = entity.versions.filter(source__submission_id=source.submission_id)
    return made.order_by("version").last()


def _apply_edit(request: Request, entity: Entity, before: EntityVersion) -> Outcome:
    """An edited submission: only what the edit changed goes to the entity, so later changes by
    others stand.
    """
    operation = request.operation
    if before.source_id == request.source.pk or entity.deleted_at is not None:
        return Outcome(entity)
    received = before.data_received
    changed = {
        name: text for name, text in operation.properties.items() if received.get(name) != text
    }
    relabelled = bool(operation.label) and operation.label != before.label
    if not changed and not relabelled:
        return Outcome(entity)
    label = operation.label if relabelled else entity.label
    return _append(request, entity, label, changed, before.version)


def _update(request: Request, entity: Entity) -> Outcome:
    operation = request.operation
    base = _server_base(entity, operation)
    if base is None and not request.is_forced:
        return Outcome(reason=WAITING)
    if base is None:  # what is missing never came: from the last version that the phone had from us
        base = min(operation.trunk_version or 1, entity.version)
    return _append(request, entity, operation.label or entity.label, operation.properties, base)


def _server_base(entity: Entity, operation: EntityOperation) -> int | None:
    """The version of ours that the phone changed; None if the change before this one has not
    arrived.
    """
    given = (
        operation.base_version or 1
    )  # without a base version every change since the first may conflict
    if operation.branch_id and given > (operation.trunk_version or 1):
        before = entity.versions.filter(
            branch_id=operation.branch_id, branch_base_version=given - 1
        )
        return before.order_by("version").values_list("version", flat=True).last()
    return given if given <= entity.version else None


def _append(
    request: Request, entity: Entity, label: str, changed: Mapping[str, str], base: int
) -> Outcome:
    data = {**entity.data, **changed}
    conflict, properties = _conflict(entity, label, changed, base)
    before = Home(entity.area_id, entity.school_id, entity.class_name)
    origin = _origin(request, base, conflict, properties)
    append_version(entity, label, data, origin, home=place_of(request.dataset, data, None, before))
    return Outcome(entity, is_changed=True)


def _conflict(
    entity: Entity, label: str, changed: Mapping[str, str], base: int
) -> tuple[str, tuple[str, ...]]:
    if base >= entity.version:
        return "", ()
    versions = list(entity.versions.filter(version__gte=base).order_by("version"))
    theirs = _changed_since(versions)
    if theirs is None or not versions or versions[0].version != base:
        return "", ()
    start = _state(versions[0])
    mine = {name for name, text in changed.items() if start.get(name, "") != text}
    if label != versions[0].label and label != entity.label:
        mine.add("label")
    both = tuple(sorted(mine & theirs))
    return ("hard" if both else "soft"), both


def _changed_since(versions: Iterable[EntityVersion]) -> set[str] | None:
    """The properties that others changed after the first of `versions`; None if all they are is
    annotations.
    """
    rows = list(versions)
    if all(row.is_annotation for row in rows[1:]):
        return None
    found: set[str] = set()
    for before, after in pairwise(rows):
        if not after.is_annotation:
            old, new = _state(before), _state(after)
            found |= {
                name for name in old.keys() | new.keys() if old.get(name, "") != new.get(name, "")
            }
    return found


def _state(version: EntityVersion) -> dict[str, str]:
    return {**version.data, "label": version.label}


def _origin(
    request: Request, base: int | None, conflict: str = "", conflicting: tuple[str, ...] = ()
) -> Origin:
    operation = request.operation
    return Origin(
        actor=request.sender,
        source=request.source,
        base_version=base,
        trunk_version=operation.trunk_version,
        branch_id=operation.branch_id,
        branch_base_version=operation.base_version,
        conflict=conflict,
        conflicting=conflicting,
        received=operation.properties,
    )
