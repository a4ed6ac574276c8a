"""What a place must be: codes of GB/T 2260 and its extensions, names, and who may stand under whom."""

import re

from server.masterdata import problems
from server.people.access import scope_of
from server.people.models import Actor
from server.people.roles import Verb
from server.places.finding import MODELS
from server.places.models import Area, FormerCode, School, Unit
from server.problems import CONFLICT, FORBIDDEN, Phrase, Problem, gettext_noop

Place = Area | School | Unit
KINDS = ("county", "town", "village", "group")
DIGITS = {"county": 6, "town": 9, "village": 12, "group": 15}
PROVINCES = frozenset(
    str(one)
    for first, last in (
        (11, 15),
        (21, 23),
        (31, 37),
        (41, 46),
        (50, 54),
        (61, 65),
        (71, 71),
        (81, 82),
    )
    for one in range(first, last + 1)
)
NAME_LENGTH = 100
_FREE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{1,19}")


def noun_of(place: Place) -> str:
    """ "area", "school" or "unit"."""
    return next(noun for noun, model in MODELS.items() if isinstance(place, model))


def check_area_code(code: str, kind: str, parent_code: str) -> None:
    """Problem CODE unless `code` has the digits of its kind and begins with its parent's."""
    digits = DIGITS[kind]
    if not (code.isascii() and code.isdecimal() and len(code) == digits):
        reason = Phrase(gettext_noop("it must be %(digits)s digits."), digits=digits)
    elif not parent_code and code[:2] not in PROVINCES:  # a county; below it the county says
        reason = Phrase(gettext_noop("no province begins with %(start)s."), start=code[:2])
    elif not code.startswith(parent_code):
        reason = Phrase(gettext_noop("it must begin with %(start)s."), start=parent_code)
    else:
        return
    raise Problem(problems.CODE, code=code[:40], reason=reason)


def check_free_code(code: str) -> None:
    """Problem CODE unless a school or unit can have this code."""
    if not _FREE.fullmatch(code):
        reason = Phrase(gettext_noop("2 to 20 letters, digits, - and _ are possible."))
        raise Problem(problems.CODE, code=code[:40], reason=reason)


def check_unused(noun: str, code: str, own: int | None = None) -> None:
    """Problem CONFLICT if another place has the code, or had it."""
    is_taken = MODELS[noun]._default_manager.filter(code=code).exclude(pk=own or 0).exists()
    former = FormerCode.objects.filter(noun=noun, code=code).exclude(place_id=own or 0)
    if is_taken or former.exists():
        raise Problem(CONFLICT, what=noun, field="code", value=code)


def checked_name(name: str) -> str:
    """`name` without spaces around it. Problem NAME."""
    name = name.strip()
    if not 1 <= len(name) <= NAME_LENGTH or not name.isprintable():
        raise Problem(problems.NAME, limit=NAME_LENGTH)
    return name


def check_parent(name: str, kind: str, parent: Area | None) -> None:
    """Problems PARENT, CLOSED."""
    above = KINDS[KINDS.index(kind) - 1] if kind != "county" else None
    if (parent.kind if parent else None) != above:
        raise Problem(problems.PARENT, name=name, parent=parent.name if parent else "—")
    if parent is not None and parent.closed_on:
        raise Problem(problems.CLOSED, name=parent.name)


def check_reach(actor: Actor | None, *paths: str) -> None:
    """Problem 403.1 unless `actor` keeps the master data at each of these paths; None is the system itself."""
    if actor is None:
        return
    scope = scope_of(actor, Verb.PLACE_UPDATE)
    if not all(scope.covers(path) for path in paths):
        raise Problem(FORBIDDEN)


def path_of(place: Place) -> str:
    """The path of an area, or of the area in which a school or unit stands."""
    return place.path if isinstance(place, Area) else place.area.path
