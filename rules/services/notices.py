"""Messages to people inside the product; both languages are kept, the page shows the reader's."""

from collections.abc import Iterable, Mapping

from forms.models import Entity
from rules.models import Notice, Task
from server.people.access import holders
from server.people.models import User

Bilingual = Mapping[str, str]


def notify(
    users: Iterable[User],
    kind: str,
    text: Bilingual,
    *,
    entity: Entity | None = None,
    task: Task | None = None,
) -> int:
    """One notice for each of `users` (once each); answers how many. Nobody is told the same twice
    while it is unread."""
    wanted = {user.pk: user for user in users}
    told = set(
        Notice.objects.filter(
            user__in=wanted, kind=kind, entity=entity, task=task, read_at=None
        ).values_list("user_id", flat=True)
        if wanted
        else ()
    )
    fresh = [
        Notice(user=user, kind=kind, entity=entity, task=task, text=dict(text))
        for pk, user in wanted.items()
        if pk not in told
    ]
    Notice.objects.bulk_create(fresh)
    return len(fresh)


def holders_for(entity: Entity, role: str) -> list[User]:
    """Who holds `role` where the child lives or learns, the closest first."""
    return holders(
        role, entity.area.path if entity.area else None, entity.school_id, entity.class_name
    )


def notify_role(
    entity: Entity, role: str, kind: str, text: Bilingual, task: Task | None = None
) -> int:
    """Tell those who hold `role` closest to the child: all of the same closeness are colleagues,
    so all are told."""
    return notify(holders_for(entity, role), kind, text, entity=entity, task=task)
