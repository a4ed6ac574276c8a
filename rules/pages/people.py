"""Who asks, typed; a child as lists show it; and who is responsible for children."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from forms.models import Entity
from server import clock
from server.people.models import RoleGrant, User
from server.people.roles import Role
from server.places.models import Area


@dataclass(frozen=True, slots=True)
class Child:
    """What lists say of a child: no whole name, no birthday."""

    entity: Entity
    name: str  # whole: templates mask it
    code: str
    sex: str
    age: int | None
    place: str
    last_visit: date | None


def child_of(entity: Entity) -> Child:
    """`entity` (with its area and the area's parent at hand) for a list."""
    data, area = entity.data, entity.area
    town = area.parent.name if area and area.parent and area.parent.kind == Area.Kind.TOWN else ""
    place = " · ".join(filter(None, [town, area.name if area else ""]))
    return Child(
        entity=entity,
        name=name_of(entity),
        code=str(entity.uuid)[:8].upper(),
        sex=sex_word(data.get("sex", "")),
        age=age_on(data.get("dob", ""), clock.today()),
        place=place or (entity.school.name if entity.school_id and entity.school else ""),
        last_visit=day_of(data.get("last_visit_date", "")),
    )


def name_of(entity: Entity) -> str:
    """The child's name; without one, the first word of the label (the rest may be a birthday)."""
    return entity.data.get("child_name") or (entity.label.split() or [""])[0]


def sex_word(code: str) -> str:
    """The word for a code of the enumeration form."""
    return {"male": pgettext("child", "Boy"), "female": pgettext("child", "Girl")}.get(code, "")


def age_on(born: str, today: date) -> int | None:
    """Full years; None where the birthday is unknown or unreadable."""
    day = day_of(born)
    if day is None or day > today:
        return None
    return today.year - day.year - ((today.month, today.day) < (day.month, day.day))


def day_of(text: str) -> date | None:
    """The day that a property names, None when it names none."""
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def workers_of(children: Iterable[Entity]) -> dict[int, User]:
    """The child director closest to each child, by the child's key. One query."""
    paths = {child.pk: child.area.path for child in children if child.area}
    above = {prefix for path in paths.values() for prefix in prefixes(path)}
    grants = RoleGrant.objects.filter(
        role=Role.CHILD_DIRECTOR, area__path__in=above, user__is_active=True, user__deleted_at=None
    )
    held: dict[str, User] = {}
    for grant in grants.select_related("user", "area").order_by("-user_id"):
        held[grant.area.path] = grant.user  # type: ignore[union-attr]  # filtered by area
    return {
        pk: held[closest]
        for pk, path in paths.items()
        if (closest := max((one for one in prefixes(path) if one in held), key=len, default=""))
    }


def prefixes(path: str) -> list[str]:
    """The paths of an area and of all above it."""
    codes = [code for code in path.split("/") if code]
    return [f"/{'/'.join(codes[: end + 1])}/" for end in range(len(codes))]


def who(name: str) -> str:
    """A name to show, or that it is the rules."""
    return name or _("The rules")
