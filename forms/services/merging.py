"""Two entries of one child made one, and that undone.

The survivor keeps its uuid and takes the values that were chosen; every record about the loser is the survivor's from
then on. The loser leaves the lists and keeps its versions. What phones still send about it goes to the survivor
(`forms.registry.followed`).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Q

from forms import problems
from forms.models import (
    DuplicatePair,
    Entity,
    EntityVersion,
    Merge,
    MergedSubject,
    Subject,
    Submission,
)
from forms.registry import remove_entity, restore_entity
from forms.registry.likeness import ask_search
from forms.registry.placing import Home, first_home, place_of
from forms.registry.tallies import note_moved
from forms.registry.writing import Origin, append_version, lock_entity
from server import clock
from server.journal.services import emit, record
from server.people.models import Actor
from server.problems import Problem

LABEL = "label"
# columns of the server's own (rules' annotations): never a choice, each entry gets its own anew
OWN_COLUMNS = frozenset({"tier", "tier_reasons", "open_tasks"})


@dataclass(frozen=True, slots=True)
class Choice:
    """One property in which the two entries differ."""

    name: str
    one: str
    other: str


def choices_between(one: Entity, other: Entity) -> list[Choice]:
    """The properties to choose between, the label first; what only one side tells is there too."""
    names = [name for name in dict.fromkeys([*one.data, *other.data]) if name not in OWN_COLUMNS]
    pairs = [Choice(LABEL, one.label, other.label)]
    pairs += [
        Choice(name, str(one.data.get(name) or ""), str(other.data.get(name) or ""))
        for name in names
    ]
    return [pair for pair in pairs if pair.one != pair.other]


@transaction.atomic
def merge_entities(
    survivor: Entity, loser: Entity, taken: Collection[str], *, actor: Actor, note: str = ""
) -> Merge:
    """Make one entry of two; `taken`: the properties (and "label") whose values are the loser's. Both are children of
    the same list that the caller may change. Problems: MERGE_SELF, MERGE_GONE, MERGE_PROPERTY.
    """
    keeps, goes = _locked(survivor, loser)
    unknown = set(taken) - {choice.name for choice in choices_between(keeps, goes)}
    if unknown:
        raise Problem(problems.MERGE_PROPERTY, name=sorted(unknown)[0])
    before = _state(keeps)
    _write(keeps, _label(keeps, goes, taken), _merged(keeps, goes, taken), actor)
    merge = Merge.objects.create(
        survivor=keeps,
        loser=goes,
        taken=sorted(taken),
        before=before,
        after=_state(keeps),
        survivor_version=keeps.version,
        note=note[:500],
        actor=actor,
    )
    _move_subjects(merge)
    remove_entity(goes, actor=actor)
    _settle_pairs(merge, actor)
    _tell(merge, "entity.merge", actor, note)
    return merge


@transaction.atomic
def undo_merge(merge: Merge, *, actor: Actor, note: str = "") -> Merge:
    """Make two entries of it again: records go back to whom they spoke of, values to what they were; what was changed
    by somebody since stays as it is, and what was sent about the loser since is the loser's. Problems: MERGE_UNDONE,
    MERGE_GONE.
    """
    merge = Merge.objects.select_for_update().get(pk=merge.pk)
    if merge.undone_at is not None:
        raise Problem(problems.MERGE_UNDONE)
    keeps = lock_entity(merge.survivor.dataset, str(merge.survivor.uuid))
    goes = lock_entity(merge.loser.dataset, str(merge.loser.uuid))
    if keeps is None or goes is None or keeps.deleted_at is not None:
        raise Problem(problems.MERGE_GONE)
    merge.undone_at, merge.undone_by = clock.now(), actor
    merge.save(update_fields=["undone_at", "undone_by"])
    restore_entity(goes, actor=actor)
    goes.deleted_at = None
    since = _told_since(merge)
    _take_back(merge, keeps, since, actor)
    if since:
        _write(goes, goes.label, {**goes.data, **since}, actor)
    _return_subjects(merge, keeps, goes)
    _open_pairs(merge)
    _tell(merge, "entity.unmerge", actor, note)
    return merge


def _locked(survivor: Entity, loser: Entity) -> tuple[Entity, Entity]:
    """Both, locked in the order of their keys, so that two merges never wait for each other."""
    if survivor.pk == loser.pk or survivor.dataset_id != loser.dataset_id:
        raise Problem(problems.MERGE_SELF)
    found = {}
    for one in sorted((survivor, loser), key=lambda row: row.pk):
        locked = lock_entity(one.dataset, str(one.uuid))
        if locked is None or locked.deleted_at is not None:
            raise Problem(problems.MERGE_GONE)
        found[one.pk] = locked
    return found[survivor.pk], found[loser.pk]


def _label(keeps: Entity, goes: Entity, taken: Collection[str]) -> str:
    return goes.label if LABEL in taken else keeps.label


def _merged(keeps: Entity, goes: Entity, taken: Collection[str]) -> dict[str, Any]:
    chosen = {name: goes.data.get(name, "") for name in taken if name != LABEL}
    return {**keeps.data, **chosen}


def _write(entity: Entity, label: str, data: Mapping[str, Any], actor: Actor) -> None:
    """A new version if anything changes."""
    if (label, dict(data)) == (entity.label, entity.data):
        return
    told = {name: text for name, text in data.items() if entity.data.get(name) != text}
    before = Home(entity.area_id, entity.school_id, entity.class_name)
    home = place_of(entity.dataset, data, None, before)
    origin = Origin(actor, base_version=entity.version, received=told)
    append_version(entity, label, data, origin, home=home)


def _state(entity: Entity) -> dict[str, Any]:
    return {
        "label": entity.label,
        "data": dict(entity.data),
        "area": entity.area_id,
        "school": entity.school_id,
        "class": entity.class_name,
    }


def _move_subjects(merge: Merge) -> None:
    """The loser's records become the survivor's, and stand where it stands."""
    both = set(
        Subject.objects.filter(entity=merge.survivor).values_list("submission_id", flat=True)
    )
    moved = list(
        Subject.objects.filter(entity=merge.loser)
        .order_by("submission_id")
        .values_list("submission_id", flat=True)
    )
    MergedSubject.objects.bulk_create(
        [MergedSubject(merge=merge, submission_id=one, was_both=one in both) for one in moved]
    )
    Subject.objects.filter(entity=merge.loser, submission__in=both).delete()
    Subject.objects.filter(entity=merge.loser).update(entity=merge.survivor)
    _place_anew(moved)


def _return_subjects(merge: Merge, keeps: Entity, goes: Entity) -> None:
    rows = list(merge.subjects.values_list("submission_id", "was_both", "came_later"))
    alone = [pk for pk, was_both, _ in rows if not was_both]
    Subject.objects.bulk_create(
        [Subject(submission_id=pk, entity=goes) for pk, _, _ in rows], ignore_conflicts=True
    )
    written = EntityVersion.objects.filter(
        entity=keeps, source__submission__in=alone, version__lte=merge.survivor_version
    )
    stays = set(written.values_list("source__submission_id", flat=True))
    Subject.objects.filter(entity=keeps, submission__in=set(alone) - stays).delete()
    _place_anew([pk for pk, _, _ in rows])


def _place_anew(keys: list[int]) -> None:
    """Put records where their first subject is."""
    links = Subject.objects.filter(submission__in=keys).select_related("entity").order_by("pk")
    about: dict[int, list[Entity]] = {}
    for link in links:
        about.setdefault(link.submission_id, []).append(link.entity)
    for submission in Submission.objects.filter(pk__in=keys).select_related("form"):
        home = first_home(about.get(submission.pk, []))
        before = (submission.area_id, submission.school_id)
        if home is not None and before != (home.area_id, home.school_id):
            submission.area_id, submission.school_id = home.area_id, home.school_id
            submission.save(update_fields=["area", "school"])
            note_moved(submission, before)


def _told_since(merge: Merge) -> dict[str, str]:
    """What records about the loser have written into the survivor since the merge."""
    later = merge.subjects.filter(came_later=True).values("submission_id")
    moved = merge.subjects.filter(came_later=False).values("submission_id")
    versions = EntityVersion.objects.filter(
        Q(source__submission__in=later) | Q(source__submission__in=moved),
        entity=merge.survivor,
        version__gt=merge.survivor_version,
    )
    found: dict[str, str] = {}
    for version in versions.order_by("version"):
        found |= version.data_received
    return found


def _take_back(merge: Merge, keeps: Entity, since: Mapping[str, str], actor: Actor) -> None:
    """Give the survivor its own values back, but where somebody has changed them since."""
    before, after = merge.before, merge.after
    data = dict(keeps.data)
    for name in {*before["data"], *after["data"], *since} - OWN_COLUMNS:
        is_ours = data.get(name) in (
            after["data"].get(name),
            since.get(name, after["data"].get(name)),
        )
        if is_ours and name in before["data"]:
            data[name] = before["data"][name]
        elif is_ours:
            data.pop(name, None)
    label = before["label"] if keeps.label == after["label"] else keeps.label
    _write(keeps, label, data, actor)
    stands = (keeps.area_id, keeps.school_id, keeps.class_name)
    was = (before["area"], before["school"], before["class"])
    if stands == (after["area"], after["school"], after["class"]) and stands != was:
        Entity.objects.filter(pk=keeps.pk).update(
            area_id=was[0], school_id=was[1], class_name=was[2]
        )


def _settle_pairs(merge: Merge, actor: Actor) -> None:
    """The pair of the two is settled; others of the loser are asked about the survivor by its keys."""
    first, second = sorted((merge.survivor_id, merge.loser_id))
    DuplicatePair.objects.filter(first=first, second=second).update(
        state=DuplicatePair.State.MERGED,
        decided_by=actor,
        decided_at=clock.now(),
        note=merge.note,
    )
    for pair in DuplicatePair.objects.filter(
        Q(first=merge.loser) | Q(second=merge.loser), state=DuplicatePair.State.OPEN
    ):
        other = pair.second_id if pair.first_id == merge.loser_id else pair.first_id
        low, high = sorted((other, merge.survivor_id))
        DuplicatePair.objects.get_or_create(
            first_id=low,
            second_id=high,
            defaults={"score": pair.score, "reasons": pair.reasons},
        )


def _open_pairs(merge: Merge) -> None:
    first, second = sorted((merge.survivor_id, merge.loser_id))
    DuplicatePair.objects.filter(first=first, second=second).update(
        state=DuplicatePair.State.OPEN, decided_by=None, decided_at=None
    )
    ask_search([merge.survivor_id, merge.loser_id])


def _tell(merge: Merge, action: str, actor: Actor, note: str) -> None:
    """The journal, and the floors above: tasks are theirs to move, facts to be merged anew."""
    for one, other in ((merge.survivor, merge.loser), (merge.loser, merge.survivor)):
        record(
            action,
            actor=actor,
            subject=f"entity:{one.uuid}",
            project_id=one.dataset.project_id,
            details={"other": str(other.uuid), "survivor": str(merge.survivor.uuid)},
            notes=note,
        )
    emit("entity.merged", {"merge_id": merge.pk})
