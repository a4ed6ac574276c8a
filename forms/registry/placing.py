"""Where records belong: an entity by its properties, a submission by its subject or by who sent it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from forms.models import Dataset, Entity, ProjectAppUser, PublicLink
from server.people.access import Scope, grants_of, person_of, scope_of
from server.people.models import Actor, AppUser
from server.people.roles import CAPABILITIES, Role, Verb
from server.places.finding import key_of
from server.prepared import Prepared


@dataclass(frozen=True, slots=True)
class Home:
    """An area and a school (keys, or None) and a class ("" for none)."""

    area_id: int | None = None
    school_id: int | None = None
    class_name: str = ""


def home_of(actor: Actor | None) -> Home:
    """Where somebody who sends records works: the school, or the deepest area, of the grants that
    let them; the area of a public link; nowhere for others.
    """
    if isinstance(actor, PublicLink):
        return Home(actor.area_id)
    grants = [
        one for one in grants_of(actor) if Verb.SUBMISSION_CREATE in CAPABILITIES[Role(one.role)]
    ]
    schools = [one.school for one in grants if one.school]
    if schools:
        return Home(schools[0].area_id, schools[0].pk)
    areas = sorted((one.area for one in grants if one.area), key=lambda area: len(area.path))
    return Home(areas[-1].pk) if areas else Home()


def is_placed(dataset: Dataset) -> bool:
    """Whether entities of `dataset` stand in areas or schools, so that lists and writing are cut to
    them.
    """
    return bool(dataset.area_property or dataset.school_property)


def place_of(
    dataset: Dataset, data: Mapping[str, str], sender: Actor | None, before: Home | None = None
) -> Home:
    """The home that the properties name; an unreadable code leaves the old home, a new entity falls
    to its sender's.
    """
    if not is_placed(dataset):
        return before or Home()
    area_code, school_code = (
        data.get(dataset.area_property, ""),
        data.get(dataset.school_property, ""),
    )
    area_id = key_of("area", area_code) if dataset.area_property else None
    school_id = key_of("school", school_code) if dataset.school_property else None
    if area_id is None and dataset.area_property:
        area_id = before.area_id if before else home_of(sender).area_id
    if not school_code and before is None and not area_code:
        school_id = home_of(sender).school_id
    class_name = data.get(dataset.class_property, "") if dataset.class_property else ""
    return Home(area_id, school_id, class_name[:50])


@dataclass(frozen=True, slots=True)
class Reach:
    """Which entities somebody may see in lists and write by a submission."""

    scope: Scope
    person_id: int | None
    all_rows: bool = False

    def covers(self, dataset: Dataset, entity: Entity) -> bool:
        """Whether `entity` (with its area at hand) is within."""
        if self.all_rows or (entity.worker_id and entity.worker_id == self.person_id):
            return True
        if entity.worker_id:
            return False
        is_free = entity.area_id is None and entity.school_id is None
        if is_free and not is_placed(dataset):
            return bool(self.scope)
        path = entity.area.path if entity.area else None
        return self.scope.covers(path, entity.school_id, entity.class_name)


def reach_of(actor: Actor | None) -> Reach:
    """A phone reaches what its worker may see; one made for the whole project by an administrator
    reaches everything.
    """
    if isinstance(actor, AppUser) and actor.worker_id is None:
        return Reach(Scope(), None, all_rows=_sees_all(actor))
    if isinstance(actor, PublicLink):
        return _reach_of_link(actor)
    person = person_of(actor)
    return Reach(scope_of(actor, Verb.ENTITY_READ), person.pk if person else None)


_sight = Prepared(
    lambda marks: ProjectAppUser.objects.filter(app_user_id=marks.number("phone")).values_list(
        "sees_all_entities"
    )
)


def _sees_all(phone: AppUser) -> bool:
    """What the phone's link to its project says, asked once per request."""
    if phone._state.fields_cache.get("project_link"):
        return phone.project_link.sees_all_entities
    known: bool | None = getattr(phone, "_sees_all", None)
    if known is None:
        row = _sight.first(phone=phone.pk)
        known = phone._sees_all = bool(row and row[0])  # type: ignore[attr-defined]
    return known


def _reach_of_link(link: PublicLink) -> Reach:
    """The rows that its maker let it see: those of its area, or all; none otherwise."""
    if not link.sees_entities:
        return Reach(Scope(), None)
    return Reach(places_of_link(link), None, all_rows=link.area_id is None)


def places_of_link(link: PublicLink) -> Scope:
    """The villages and schools that its lists name: those of its area."""
    if link.area is None:
        return Scope(everywhere=link.sees_entities)
    return Scope(paths=(link.area.path,))


def first_home(entities: Iterable[Entity]) -> Home | None:
    """The home of the first entity that has one."""
    for entity in entities:
        if entity.area_id or entity.school_id:
            return Home(entity.area_id, entity.school_id, entity.class_name)
    return None
