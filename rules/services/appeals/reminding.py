"""The clock of objections: five days before the answer is due, and when it is late."""

from datetime import timedelta

from django.db import transaction

from rules.models import Appeal, Notice
from rules.services.appeals.opening import tell
from server import clock
from server.people.roles import Role

AHEAD = timedelta(days=5)


def remind_appeals() -> int:
    """Tell the deciders of open objections that are due within five days or late, of each once;
    late ones go to the county too. Answers how many objections people were told of. By beat."""
    last = clock.today() + AHEAD
    found = Appeal.objects.filter(state=Appeal.State.OPEN, due_on__lte=last).order_by("due_on")
    return sum(map(_remind, list(found.values_list("pk", flat=True))))


@transaction.atomic
def _remind(appeal_id: int) -> int:
    """Each in a transaction of its own, the row locked so that two workers do not tell twice."""
    appeal = (
        Appeal.objects.select_for_update(of=("self",))
        .select_related("entity__area", "evaluation__release")
        .filter(pk=appeal_id, state=Appeal.State.OPEN)
        .first()
    )
    if appeal is None:
        return 0
    is_late = appeal.due_on < clock.today()
    kind = "appeal_late" if is_late else "appeal_due"
    told = Notice.objects.filter(entity=appeal.entity, kind=kind, created_at__gte=appeal.created_at)
    if told.exists():
        return 0
    if is_late:
        also = Role.COUNTY_CIVIL.value
        return min(1, tell(appeal, kind, "等级异议逾期未答复", "An objection is late", also=also))
    return min(1, tell(appeal, kind, "等级异议即将到期", "An objection is due soon"))
