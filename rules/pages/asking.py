"""What the address's query asks for, read once and never trusted: filters and the place in a list by key."""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q

from server.people.access import Scope
from server.people.models import RoleGrant, User
from server.people.roles import Role
from server.places.models import Area

LIMIT = 1000  # counts stop here: they cost the same however many rows there are
FIELD_ROLES = (Role.CHILD_DIRECTOR, Role.CLASS_TEACHER)


@dataclass(frozen=True, slots=True)
class Asked:
    """The filters of a list that were given, cleaned; `after` is the key of the last row seen."""

    given: Mapping[str, str]
    after: str = ""

    def get(self, name: str) -> str:
        """One filter, "" when it was not given."""
        return self.given.get(name, "")

    def link(self, **changes: str) -> str:
        """The query string with `changes` ("" leaves out), at the beginning of the list."""
        kept = {name: value for name, value in {**self.given, **changes}.items() if value}
        return f"?{urlencode(kept)}" if kept else "?"

    @property
    def is_narrowed(self) -> bool:
        """Whether anything is filtered."""
        return any(self.given.values())


def read_query(query: Mapping[str, str], *names: str) -> Asked:
    """The filters `names` of `query`."""
    given = {name: query.get(name, "").strip()[:100] for name in names}
    return Asked({name: value for name, value in given.items() if value}, query.get("after", ""))


def named_like(text: str, prefix: str = "") -> Q:
    """Children whose name holds `text`, or whose code begins with it."""
    wanted = Q(**{f"{prefix}label__icontains": text})
    code = text.replace("-", "").lower()
    if 4 <= len(code) <= 32 and re.fullmatch(r"[0-9a-f]+", code):
        low, high = uuid.UUID(code.ljust(32, "0")), uuid.UUID(code.ljust(32, "f"))
        wanted |= Q(**{f"{prefix}uuid__gte": low, f"{prefix}uuid__lte": high})
    return wanted


def in_area(code: str, prefix: str = "") -> Q:
    """Children in the area `code` and all below it."""
    area = Area.objects.filter(code=code).first()
    wanted = Area.objects.within([area.path]) if area else Area.objects.none()
    return Q(**{f"{prefix}area__in": wanted})


def of_worker(pk: str, prefix: str = "") -> Q:
    """Children of a field worker: those in the areas, schools and classes where the worker works."""
    grants = RoleGrant.objects.filter(user=int(pk) if pk.isdecimal() and len(pk) < 19 else 0)
    found = grants.filter(role__in=FIELD_ROLES).select_related("area")
    scope = Scope(
        paths=tuple(one.area.path for one in found if one.area),
        schools=tuple(one.school_id for one in found if one.school_id and not one.class_name),
        classes=tuple(
            (one.school_id, one.class_name) for one in found if one.school_id and one.class_name
        ),
    )
    return scope.query(prefix)


def areas_in(scope: Scope) -> list[Area]:
    """The areas to choose from, in the order of the tree: county, towns and villages."""
    known = Area.objects.exclude(kind=Area.Kind.GROUP).order_by("path")
    return list((known if scope.everywhere else known.within(scope.paths))[:LIMIT])


def workers_in(scope: Scope) -> list[User]:
    """The field workers to choose from."""
    grants = RoleGrant.objects.filter(role__in=FIELD_ROLES)
    if not scope.everywhere:
        grants = grants.filter(area__in=Area.objects.within(scope.paths))
    return list(
        User.objects.filter(grants__in=grants, is_active=True)
        .distinct()
        .order_by("display_name")[:LIMIT]
    )


def split_key(text: str, *kinds: Any) -> list[Any] | None:
    """The parts of a list's key ("2~2026-11-20T01:30:00+00:00~17"), None when it is no such key."""
    parts = text.split("~")
    try:
        if len(parts) != len(kinds):
            return None
        found = [kind(part) for kind, part in zip(kinds, parts, strict=True)]
    except (ValueError, OverflowError):
        return None
    if any(isinstance(part, datetime) and part.tzinfo is None for part in found):
        return None
    return None if any(isinstance(part, int) and abs(part) > 2**62 for part in found) else found
