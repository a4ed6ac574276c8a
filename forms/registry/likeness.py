"""The keys of children kept up to date in the transaction that changes what is known of them; who looks alike is
searched afterwards, by `forms.services.duplicates`.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.crypto import salted_hmac

from forms.instance.flatten import answers
from forms.models import Entity, LikenessKey, SubmissionVersion
from forms.people.likeness import SEARCHED, Kind, Person, keys_of
from server import clock
from server.journal.services import emit

DATASET = "child"  # the list whose entities are people
CHUNK = 100  # entities in one Reaction
_SALT = "forms.likeness"
# attribute of a person -> the property of the entity, or the question of the form that registers it
_NAMES = {
    "name": "child_name",
    "born": "dob",
    "mother": "mother_name",
    "id_number": "child_id_no",
    "sex": "sex",
}
# an update that tells none of these leaves the keys as they are
_TOLD = frozenset(_NAMES.values())


def index_entity(
    entity: Entity, source: SubmissionVersion | None, told: Mapping[str, Any] | None = None
) -> None:
    """Bring the keys of a child up to date with its properties and the answers of `source`, and ask for a search if
    they changed. `told`: what the change is about, if that is known; nothing happens if it tells of no name.
    """
    if entity.dataset.name != DATASET or not _speaks(source, told):
        return
    said = _sources([entity.pk]).get(entity.pk, {})
    if _replace([entity], {entity.pk: _person(entity.data, said)}):
        ask_search([entity.pk])


def index_entities(entities: Iterable[Entity], *, search: bool = True) -> int:
    """The same for many children of one list, with the answers of the records that registered them; a few queries for
    all. Answers how many have other keys than before.
    """
    rows = list(entities)
    sources = _sources([one.pk for one in rows])
    known = {one.pk: _person(one.data, sources.get(one.pk, {})) for one in rows}
    changed = _replace(rows, known)
    if search and changed:
        ask_search(changed)
    return len(changed)


def ask_search(keys: list[int]) -> None:
    """Emit the search for these children, some at a time."""
    for at in range(0, len(keys), CHUNK):
        emit("likeness.due", {"entity_ids": keys[at : at + CHUNK]})


def digest(kind: str, text: str) -> str:
    """What stands for a key in the table."""
    return salted_hmac(_SALT, f"{kind}:{text}", algorithm="sha256").hexdigest()[:32]


def _speaks(source: SubmissionVersion | None, told: Mapping[str, Any] | None) -> bool:
    if told is not None and _TOLD & told.keys():
        return True
    return source is not None and bool(_TOLD & answers(source.data).keys())


def _sources(keys: list[int]) -> dict[int, dict[str, Any]]:
    """What the records that wrote each child tell of its name, day of birth, mother and number; later ones win. One
    query.
    """
    rows = (
        SubmissionVersion.objects.filter(
            is_current=True,
            is_draft=False,
            submission__deleted_at=None,
            submission__versions__entity_versions__entity__in=keys,
        )
        .order_by("pk")
        .values_list("submission__versions__entity_versions__entity_id", "data")
    )
    found: dict[int, dict[str, Any]] = {}
    for pk, data in rows:
        told = {name: text for name, text in answers(data).items() if name in _TOLD and text}
        found[pk] = {**found.get(pk, {}), **told}
    return found


def _person(data: Mapping[str, Any], said: Mapping[str, Any]) -> Person:
    """Properties first: they are what the register says."""
    return Person(
        **{part: _text(data.get(name) or said.get(name)) for part, name in _NAMES.items()}
    )


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _replace(entities: list[Entity], known: Mapping[int, Person]) -> list[int]:
    """Write the keys; answers the children whose searched keys are others than before."""
    today = clock.today()
    wanted = {
        (pk, kind.value, digest(kind.value, text))
        for pk, person in known.items()
        for kind, text in keys_of(person, today)
    }
    rows = LikenessKey.objects.filter(entity__in=entities)
    have = {
        (pk, kind, text): key
        for key, pk, kind, text in rows.values_list("pk", "entity_id", "kind", "digest")
    }
    stale = [key for row, key in have.items() if row not in wanted]
    fresh = wanted - have.keys()
    if stale:
        LikenessKey.objects.filter(pk__in=stale).delete()
    LikenessKey.objects.bulk_create(
        [LikenessKey(entity_id=pk, kind=kind, digest=text) for pk, kind, text in sorted(fresh)],
        batch_size=500,
        ignore_conflicts=True,
    )
    searched = {Kind(one).value for one in SEARCHED}
    return sorted({pk for pk, kind, _ in fresh if kind in searched})
