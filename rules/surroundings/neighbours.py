"""Who lives with whom."""

from datetime import date, datetime, time, timedelta

from forms.models import Entity
from server import clock

_LEAST_DIGITS = 7  # of a telephone number that can tell households apart


def find_household(entity: Entity, as_of: date) -> list[Entity] | None:
    """The other living children of the same village with the same `household_id`, or, lacking that, the same
    caregiver's telephone; None where neither is told. One query, over one village."""
    mark = household_mark(entity.data)
    if mark is None or entity.area_id is None:
        return None
    others = (
        Entity.objects.alive()
        .filter(dataset_id=entity.dataset_id, area_id=entity.area_id, created_at__lt=end_of(as_of))
        .exclude(pk=entity.pk)
        .order_by("pk")
    )
    return [one for one in others if household_mark(one.data) == mark]


def household_mark(data: dict[str, str]) -> str | None:
    """What tells the household apart: its id, else the digits of the caregiver's telephone."""
    told = str(data.get("household_id") or "").strip()
    if told:
        return f"id:{told}"
    digits = "".join(one for one in str(data.get("caregiver_phone") or "") if one.isdecimal())
    return f"phone:{digits[-11:]}" if len(digits) >= _LEAST_DIGITS else None


def end_of(day: date) -> datetime:
    """The first moment after the site's day."""
    return datetime.combine(day + timedelta(days=1), time.min, clock.site_zone())
