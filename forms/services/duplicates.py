"""Children that may have been registered twice: found by their keys, shown to whoever may change them, decided."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q, QuerySet

from forms import problems
from forms.models import Dataset, DuplicatePair, Entity, LikenessKey
from forms.people.likeness import LEAST, SEARCHED, compare, grouped
from forms.registry.likeness import DATASET, index_entities
from server import clock
from server.journal.services import record
from server.people.access import Scope, scope_of
from server.people.models import Actor
from server.people.roles import Verb
from server.problems import NOT_FOUND, Problem

MOST_CANDIDATES = 50  # entries that share one key: more is no likeness but a placeholder ("无名")
INDEXED_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Side:
    """One entry of a pair as a reader may see it; `entity` is None where it is not theirs to see, `place` says then
    where it stands, no nearer than needed to know whom to ask.
    """

    entity: Entity | None
    place: str
    name: str = ""  # whole: templates mask it


def find_duplicates(entity_ids: Sequence[int]) -> int:
    """A Reaction's job: open a pair for each living child that looks like one of `entity_ids`; answers how many are
    new. Candidates are read by the index of the keys, never the whole list. Safe to run twice.
    """
    count = 0
    for entity in Entity.objects.alive().filter(pk__in=entity_ids).order_by("pk"):
        with transaction.atomic():
            count += _find_for(entity)
    return count


def _find_for(entity: Entity) -> int:
    mine = list(LikenessKey.objects.filter(entity=entity).values_list("kind", "digest"))
    found = _candidates(entity, mine)
    theirs: dict[int, list[tuple[str, str]]] = {pk: [] for pk in found}
    for pk, kind, text in LikenessKey.objects.filter(entity__in=found).values_list(
        "entity_id", "kind", "digest"
    ):
        theirs[pk].append((kind, text))
    own, alike = grouped(mine), {}
    for pk, rows in theirs.items():
        likeness = compare(own, grouped(rows))
        if likeness.score >= LEAST:
            alike[pk] = likeness
    _forget_unlike(entity, set(alike))
    return sum(_open_pair(entity.pk, pk, one.score, one.reasons) for pk, one in alike.items())


def _candidates(entity: Entity, mine: Iterable[tuple[str, str]]) -> list[int]:
    searched = {one.value for one in SEARCHED}
    found: set[int] = set()
    for kind, text in mine:
        if kind in searched:
            rows = LikenessKey.objects.filter(digest=text, kind=kind).exclude(entity=entity)
            rows = rows.filter(entity__deleted_at=None, entity__dataset=entity.dataset_id)
            found |= set(
                rows.order_by("-entity_id").values_list("entity_id", flat=True)[:MOST_CANDIDATES]
            )
    return sorted(found)


def _open_pair(one: int, other: int, score: int, reasons: Sequence[str]) -> bool:
    first, second = sorted((one, other))
    pair, is_new = DuplicatePair.objects.get_or_create(
        first_id=first, second_id=second, defaults={"score": score, "reasons": list(reasons)}
    )
    if not is_new and (pair.score, pair.reasons) != (score, list(reasons)):
        pair.score, pair.reasons = score, list(reasons)
        pair.save(update_fields=["score", "reasons"])
    return is_new


def _forget_unlike(entity: Entity, alike: set[int]) -> None:
    """Open pairs whose two sides are no longer alike (a name was corrected) go away."""
    rows = DuplicatePair.objects.filter(
        Q(first=entity) | Q(second=entity), state=DuplicatePair.State.OPEN
    )
    for pair in rows:
        if ({pair.first_id, pair.second_id} - {entity.pk}).isdisjoint(alike):
            pair.delete()


def pairs_for(reader: Actor, verb: Verb = Verb.ENTITY_UPDATE) -> QuerySet[DuplicatePair]:
    """The pairs of living children of which at least one is within the reader's scope for `verb`."""
    scope = scope_of(reader, verb)
    rows = DuplicatePair.objects.filter(scope.query("first__") | scope.query("second__"))
    return rows.select_related(
        *(f"{side}__{part}" for side in ("first", "second") for part in _NEEDED)
    )


_NEEDED = ("dataset__project", "area__parent__parent", "school")


def open_pairs(reader: Actor) -> QuerySet[DuplicatePair]:
    """Those that wait for somebody to look."""
    return pairs_for(reader).filter(
        state=DuplicatePair.State.OPEN, first__deleted_at=None, second__deleted_at=None
    )


def pairs_about(entity: Entity) -> QuerySet[DuplicatePair]:
    """The open pairs of one child, the surest first."""
    rows = DuplicatePair.objects.filter(
        Q(first=entity) | Q(second=entity),
        state=DuplicatePair.State.OPEN,
        first__deleted_at=None,
        second__deleted_at=None,
    )
    needed = (f"{side}__{part}" for side in ("first", "second") for part in _NEEDED)
    return rows.select_related(*needed).order_by("-score", "pk")


def side_of(entity: Entity, scope: Scope) -> Side:
    """An entry (with its area's line of ancestors at hand) as somebody with `scope` sees it."""
    area = entity.area
    path = area.path if area else None
    if scope.covers(path, entity.school_id, entity.class_name):
        return Side(entity, "", name_of(entity))
    names = []
    while area is not None:
        if area.kind in (area.Kind.COUNTY, area.Kind.TOWN):
            names.append(area.name)
        area = area.parent
    return Side(None, " ".join(reversed(names)))


def may_decide(reader: Actor, pair: DuplicatePair) -> bool:
    """Whether both children are the reader's to change."""
    scope = scope_of(reader, Verb.ENTITY_UPDATE)
    return all(side_of(one, scope).entity is not None for one in (pair.first, pair.second))


@transaction.atomic
def tell_apart(pair: DuplicatePair, *, note: str, actor: Actor) -> DuplicatePair:
    """Say that a pair is two children: it is not shown again. Problems: 403.1, PAIR_DECIDED."""
    locked = DuplicatePair.objects.select_for_update().get(pk=pair.pk)
    if locked.state != DuplicatePair.State.OPEN:
        raise Problem(problems.PAIR_DECIDED)
    locked.state = DuplicatePair.State.DIFFERENT
    locked.decided_by, locked.decided_at, locked.note = actor, clock.now(), note[:500]
    locked.save()
    record(
        "entity.duplicate.different",
        actor=actor,
        subject=f"entity:{pair.first.uuid}",
        project_id=pair.first.dataset.project_id,
        details={"other": str(pair.second.uuid), "score": pair.score},
        notes=note,
    )
    return locked


def pair_of(reader: Actor, number: int) -> DuplicatePair:
    """One pair of which the reader may change a child. Problem 404.1."""
    found = pairs_for(reader).filter(pk=number).first()
    if found is None:
        raise Problem(NOT_FOUND)
    return found


def index_dataset(dataset: Dataset, after: int = 0) -> tuple[int, int]:
    """Index the next children of a list, `after` the entity of that key; answers how many were looked at and the last
    key (0: the end). One short transaction; the searches follow as Reactions.
    """
    rows = Entity.objects.alive().filter(dataset=dataset, pk__gt=after)
    some = list(rows.select_related("dataset").order_by("pk")[:INDEXED_AT_ONCE])
    with transaction.atomic():
        index_entities(some)
    return len(some), some[-1].pk if len(some) == INDEXED_AT_ONCE else 0


def index_everything() -> int:
    """Index the children of every project, some at a time; answers how many were looked at."""
    total = 0
    for dataset in Dataset.objects.filter(name=DATASET).order_by("pk"):
        last = -1
        while last:
            count, last = index_dataset(dataset, max(last, 0))
            total += count
    return total


def name_of(entity: Entity) -> str:
    """The child's name; without one, the first word of the label (the rest may be a birthday)."""
    return str(entity.data.get("child_name") or (entity.label.split() or [""])[0])
