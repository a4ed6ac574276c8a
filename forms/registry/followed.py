"""What speaks of an entity that was merged into another speaks of that one; which records it was is kept, so that the
merge can be undone.
"""

from collections.abc import Iterable

from forms.models import Entity, Merge, MergedSubject, SubmissionVersion

MOST_STEPS = 20  # a survivor may have been merged in its turn; more is a fault in the data


def survivor_of(entity: Entity) -> Merge | None:
    """The merge by which `entity` goes on elsewhere, its survivor being the end of the chain; None where it stands by
    itself. No query for what is on the lists.
    """
    if entity.deleted_at is None:
        return None
    first = found = _merge_of(entity)
    for _ in range(MOST_STEPS):
        if found is None or found.survivor.deleted_at is None:
            break
        found = _merge_of(found.survivor)
    return found or first


def _merge_of(entity: Entity) -> Merge | None:
    rows = Merge.objects.filter(loser=entity, undone_at=None)
    return rows.select_related("survivor__dataset", "survivor__area").first()


def followed(entities: Iterable[Entity], version: SubmissionVersion) -> list[Entity]:
    """`entities`, each once, those merged away replaced by their survivors; that `version` named the loser is kept."""
    found: dict[int, Entity] = {}
    for one in entities:
        merge = survivor_of(one)
        if merge is not None:
            note_redirect(merge, version)
            one = merge.survivor
        found[one.pk] = one
    return list(found.values())


def note_redirect(merge: Merge, version: SubmissionVersion) -> None:
    """Keep that the submission is about the loser."""
    MergedSubject.objects.get_or_create(
        merge=merge, submission_id=version.submission_id, defaults={"came_later": True}
    )
