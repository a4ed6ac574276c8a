"""What an actor may do and see: the one place where roles become verbs and scopes become querysets."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from server.people.models import Actor, AppUser, RoleGrant, User
from server.people.roles import Verb, verbs_of
from server.places.models import Area, School
from server.prepared import Prepared, partial
from server.problems import FORBIDDEN, UNAUTHENTICATED, Problem


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a verb holds: everywhere, in area trees (paths), in whole schools, in single classes."""

    everywhere: bool = False
    paths: tuple[str, ...] = ()
    schools: tuple[int, ...] = ()
    classes: tuple[tuple[int, str], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.everywhere or self.paths or self.schools or self.classes)

    def query(self, prefix: str = "") -> Q:
        """A filter on a model with `area`, `school` (and, if `class_name` is a field, class) reached through
        `prefix`.
        """
        if self.everywhere:
            return Q()
        wanted = Q(pk__in=[])
        if self.paths:
            wanted |= Q(**{f"{prefix}area__in": Area.objects.within(self.paths)})
        if self.schools:
            wanted |= Q(**{f"{prefix}school__in": self.schools})
        for school, name in self.classes:
            wanted |= Q(**{f"{prefix}school": school, f"{prefix}class_name": name})
        return wanted

    def covers(
        self, area_path: str | None, school_id: int | None = None, class_name: str = ""
    ) -> bool:
        """Whether one record placed at `area_path` and in this school and class is inside."""
        return (
            self.everywhere
            or (area_path is not None and area_path.startswith(self.paths or ("\0",)))
            or school_id in self.schools
            or (school_id, class_name) in self.classes
        )


def person_of(actor: Actor | None) -> User | None:
    """The person who stands behind an actor: a user, or the worker who carries the app user's phone."""
    if isinstance(actor, User):
        return actor if actor.is_active and actor.deleted_at is None else None
    if isinstance(actor, AppUser):
        return person_of(actor.worker) if actor.worker else None
    return None


def stand_at(actor: Actor | None, project_id: int, form_id: int | None = None) -> None:
    """Ask for `actor` about this project, and form of it, from now on: the roles they hold there count too."""
    person = person_of(actor)
    if person is not None:
        person._place = (project_id, form_id)  # type: ignore[attr-defined]


def grants_of(actor: Actor | None) -> list[RoleGrant]:
    """The person's grants that hold where they stand (`stand_at`): those on another project or form do not."""
    person = person_of(actor)
    project_id, form_id = getattr(person, "_place", (None, None))
    return [
        grant
        for grant in all_grants_of(actor)
        if grant.project_id is None
        or (grant.project_id == project_id and grant.form_id in (None, form_id))
    ]


def all_grants_of(actor: Actor | None) -> list[RoleGrant]:
    """The person's grants with their areas, wherever they hold, read once per actor object."""
    person = person_of(actor)
    if person is None:
        return []
    cached: list[RoleGrant] | None = getattr(person, "_grants", None)
    if cached is None:
        cached = _read_grants(person)
        person._grants = cached  # type: ignore[attr-defined]
    return cached


_PARTS: tuple[tuple[str, type[Area] | type[School]], ...] = (("area", Area), ("school", School))
_GRANT = tuple(one.attname for one in RoleGrant._meta.concrete_fields)
_grants = Prepared(
    lambda marks: (
        RoleGrant.objects.filter(user_id=marks.number("user"))
        .order_by("pk")
        .values_list(
            *_GRANT, *(f"{name}__{one}" for name, model in _PARTS for one in _columns(model))
        )
    )
)


def _columns(model: type[Area] | type[School]) -> list[str]:
    return [one.attname for one in model._meta.concrete_fields]


def _read_grants(person: User) -> list[RoleGrant]:
    """One query that is built once: everybody's every request asks it."""
    found = []
    for row in _grants.rows(user=person.pk):
        values = iter(row)
        grant = partial(RoleGrant, **{name: next(values) for name in _GRANT})
        for name, model in _PARTS:
            columns = {one: next(values) for one in _columns(model)}
            setattr(grant, name, partial(model, **columns) if columns["id"] is not None else None)
        found.append(grant)
    return found


def scope_of(actor: Actor | None, verb: Verb) -> Scope:
    """Where `actor` may do `verb`."""
    grants = [grant for grant in grants_of(actor) if verb in _opens(grant)]
    return Scope(
        everywhere=any(grant.area_id is None and grant.school_id is None for grant in grants),
        paths=tuple(sorted({grant.area.path for grant in grants if grant.area})),
        schools=tuple(
            sorted(
                {grant.school_id for grant in grants if grant.school_id and not grant.class_name}
            )
        ),
        classes=tuple(
            sorted(
                {
                    (grant.school_id, grant.class_name)
                    for grant in grants
                    if grant.school_id and grant.class_name
                }
            )
        ),
    )


def can(actor: Actor | None, *verbs: Verb) -> bool:
    """Whether `actor` may do every one of `verbs` somewhere."""
    return set(verbs) <= verbs_held(actor)


def verbs_held(actor: Actor | None) -> set[Verb]:
    """All that `actor` may do somewhere, or where they stand."""
    return set[Verb]().union(*(_opens(grant) for grant in grants_of(actor)))


def projects_with(actor: Actor | None, verb: Verb) -> set[int]:
    """The projects on which (or on a form of which) a grant opens `verb` to `actor`."""
    return {
        grant.project_id
        for grant in all_grants_of(actor)
        if grant.project_id is not None and verb in _opens(grant)
    }


def readable_places(actor: Actor | None, verb: Verb) -> tuple[set[int], set[int]]:
    """The projects, and the single forms, on which grants open `verb` to `actor`."""
    grants = [one for one in all_grants_of(actor) if one.project_id and verb in _opens(one)]
    whole = {one.project_id for one in grants if one.form_id is None and one.project_id}
    return whole, {one.form_id for one in grants if one.form_id}


def forms_with(actor: Actor | None, project_id: int, verb: Verb) -> set[int] | None:
    """The keys of the forms of a project on which `actor` may do `verb`; None for all of them."""
    found: set[int] = set()
    for grant in all_grants_of(actor):
        if grant.project_id not in (None, project_id) or verb not in _opens(grant):
            continue
        if grant.form_id is None:
            return None
        found.add(grant.form_id)
    return found


def _opens(grant: RoleGrant) -> frozenset[Verb]:
    return verbs_of(grant.role, on_form=grant.form_id is not None)


def roles_of(actor: Actor | None) -> set[str]:
    """The role codes that `actor` holds anywhere."""
    return {grant.role for grant in grants_of(actor)}


def require(actor: Actor | None, *verbs: Verb) -> None:
    """Problem 401.2 without a login, 403.1 where a verb is lacking."""
    if actor is None or (isinstance(actor, User) and person_of(actor) is None):
        raise Problem(UNAUTHENTICATED)
    if not can(actor, *verbs):
        raise Problem(FORBIDDEN)


def holders(
    role: str, area_path: str | None, school_id: int | None = None, class_name: str = ""
) -> list[User]:
    """Who holds `role` for a record there, the closest first: class, school, then the deepest area upward, then
    everywhere.
    """
    grants = RoleGrant.objects.filter(
        role=role, user__is_active=True, user__deleted_at=None, project_id=None
    ).select_related("user", "area")
    ranked = [
        (_closeness(grant, area_path, school_id, class_name), grant.user_id, grant.user)
        for grant in grants
    ]
    return [user for rank, _, user in sorted(ranked, key=lambda row: (-row[0], row[1])) if rank > 0]


def _closeness(
    grant: RoleGrant, area_path: str | None, school_id: int | None, class_name: str
) -> int:
    """0: does not cover; else the more, the nearer."""
    if grant.school_id:
        if grant.school_id != school_id or (grant.class_name and grant.class_name != class_name):
            return 0
        return 1002 if grant.class_name else 1001
    if grant.area is None:
        return 1
    return 1 + len(grant.area.path) if area_path and area_path.startswith(grant.area.path) else 0


def actor_json(actor: Any) -> dict[str, Any]:
    """Central's Actor shape."""
    return {
        "id": actor.pk, "type": actor.type, "displayName": actor.display_name, "createdAt": api_time(actor.created_at),
        "updatedAt": api_time(actor.updated_at), "deletedAt": api_time(actor.deleted_at),
    }  # fmt: skip


def api_time(moment: Any) -> str | None:
    """ISO 8601 in UTC with milliseconds, as the contract has it; None stays None."""
    return (
        moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
        if moment
        else None
    )
