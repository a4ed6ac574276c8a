"""What the school of the child has to offer, from its row in dataset `school`."""

from forms.models import Entity
from rules.surroundings.view import Around


def school_boarding_free(around: Around) -> int | None:
    """Boarding places left; unknown where the child goes to no school, or its school has told no numbers."""
    school = around.entity.school
    if school is None:
        return None
    rows = Entity.objects.alive().filter(
        dataset__project_id=around.ground.project_id, dataset__name="school", data__code=school.code
    )
    data = rows.order_by("pk").values_list("data", flat=True).first() or {}
    try:
        return max(0, int(data["boarding_places"]) - int(data.get("boarding_used") or 0))
    except (KeyError, ValueError):
        return None
