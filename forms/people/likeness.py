"""Whether two entries of the register speak of one person: keys that the same person has in common, and what common
keys are worth.

Keys are plain texts here; whoever stores them hashes them first. Two entries are compared by kinds of keys alone.
"""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import product

from forms.people.id_number import read_id_number
from forms.people.names import spellings, written


class Kind(StrEnum):
    """What a key is made of."""

    ID = "id"  # the identity number
    NAME_BORN = "name_born"  # how the name sounds, and the day of birth
    NAME_MOTHER = "name_mother"  # how the child's and the mother's name sound
    WRITTEN = "written"  # the name in its usual characters
    BORN = "born"
    MOTHER = "mother"  # how the mother's name sounds
    SEX = "sex"


SEARCHED = (Kind.ID, Kind.NAME_BORN, Kind.NAME_MOTHER)
LEAST = 60  # below this two entries are not shown as one person


@dataclass(frozen=True, slots=True)
class Person:
    """What is known of one child; "" for what is not. `born`: ISO."""

    name: str = ""
    born: str = ""
    mother: str = ""
    id_number: str = ""
    sex: str = ""


@dataclass(frozen=True, slots=True)
class Likeness:
    """How sure it is, 0 to 100, with the reasons for and against as codes."""

    score: int
    reasons: tuple[str, ...]


def keys_of(person: Person, today: date) -> frozenset[tuple[Kind, str]]:
    """The keys of `person`. A wrong identity number gives none; no key holds less than one whole attribute."""
    known = read_id_number(person.id_number, today) if person.id_number else None
    born = _day(person.born) or (known.born.isoformat() if known else "")
    names, mothers = spellings(person.name), spellings(person.mother)
    found = [
        *((Kind.NAME_BORN, f"{name}|{born}") for name in names if born),
        *((Kind.NAME_MOTHER, f"{one}|{other}") for one, other in product(names, mothers)),
        *((Kind.MOTHER, mother) for mother in mothers),
    ]
    if known:
        found.append((Kind.ID, known.text))
    if born:
        found.append((Kind.BORN, born))
    if names:
        found.append((Kind.WRITTEN, written(person.name)))
    sex = person.sex or (known.sex if known else "")
    return frozenset([*found, (Kind.SEX, sex)] if sex else found)


def compare(one: Mapping[Kind, Set[str]], other: Mapping[Kind, Set[str]]) -> Likeness:
    """How alike two entries are by their keys (hashed alike, grouped by kind); symmetric.

    The same identity number decides, and so do two different right ones. Else name, day of birth and mother's name
    count; a difference in what both sides tell counts against.
    """
    agree = {kind for kind in Kind if one.get(kind, set()) & other.get(kind, set())}
    differ = {kind for kind in Kind if one.get(kind) and other.get(kind)} - agree
    if Kind.ID in agree:
        return Likeness(100, ("id_number", *_details(agree, differ)))
    if Kind.ID in differ:
        return Likeness(0, ("other_id_number",))
    score = _by_name(agree, differ)
    if score and Kind.SEX in differ:
        score -= 25
    return Likeness(score, _details(agree, differ) if score else ())


def _by_name(agree: Set[Kind], differ: Set[Kind]) -> int:
    is_written = 5 if Kind.WRITTEN in agree else 0
    if Kind.NAME_BORN in agree and Kind.MOTHER in agree:
        return 90 + is_written
    if Kind.NAME_BORN in agree:
        return (45 if Kind.MOTHER in differ else 70) + is_written
    if Kind.NAME_MOTHER in agree:
        # a birthday is mistyped more often than two children of one mother are called alike
        return (65 if is_written else 50) if Kind.BORN in differ else 70 + is_written
    return 0


def _details(agree: Set[Kind], differ: Set[Kind]) -> tuple[str, ...]:
    found = []
    if Kind.WRITTEN in agree:
        found.append("name")
    elif agree & {Kind.NAME_BORN, Kind.NAME_MOTHER}:
        found.append("name_sounds")
    words = ((Kind.BORN, "born"), (Kind.MOTHER, "mother"), (Kind.SEX, "sex"))
    found += [word for kind, word in words if kind in agree]
    return (*found, *(f"other_{word}" for kind, word in words if kind in differ))


def grouped(rows: Iterable[tuple[str, str]]) -> dict[Kind, set[str]]:
    """Rows of kind and key, by kind."""
    found: dict[Kind, set[str]] = {}
    for kind, key in rows:
        found.setdefault(Kind(kind), set()).add(key)
    return found


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text[:10]).isoformat()
    except ValueError:
        return ""
