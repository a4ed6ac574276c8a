"""Stop a simulation: what was counted until then stays and says of how many children it speaks."""

from django.db import transaction

from rules import problems
from rules.models import Simulation
from server import clock
from server.journal.services import record
from server.people.access import require
from server.people.models import Actor
from server.people.roles import Verb
from server.problems import Problem

LIVE = (Simulation.State.WAITING, Simulation.State.RUNNING)


@transaction.atomic
def cancel_simulation(simulation: Simulation, actor: Actor) -> Simulation:
    """End it at once: a chunk that is being looked at is thrown away. Problems: 401.2, 403.1,
    SIMULATION_ENDED."""
    require(actor, Verb.RULES_UPDATE)
    rows = Simulation.objects.select_for_update(of=("self",)).select_related("rule_set")
    row = rows.defer("document", "rule_set__draft").get(pk=simulation.pk)
    if row.state not in LIVE:
        raise Problem(problems.SIMULATION_ENDED, number=row.pk)
    row.state, row.cancel_asked, row.finished_at = Simulation.State.CANCELLED, True, clock.now()
    row.save(update_fields=["state", "cancel_asked", "finished_at"])
    record(
        "rule_set.simulate.cancel",
        actor=actor,
        subject=f"rule_set:{row.rule_set.name}",
        project_id=row.rule_set.project_id,
        details={"simulation": row.pk, "done": row.done, "total": row.total},
    )
    return row
