"""Passes over all children after an activation: begun with it, paused, resumed, found again when nobody carries them
on. What a pass does stands in `passing`."""

from django.db import transaction
from django.db.models import QuerySet

from forms.models import Entity
from rules import problems
from rules.models import Reevaluation, Release, RuleSet
from rules.services.reevaluation.asking import ask_once
from server import clock
from server.journal.models import Reaction
from server.journal.services import record
from server.people.models import Actor
from server.problems import NOT_FOUND, Problem

State = Reevaluation.State
EVENT = "reevaluation.due"


def children_of(rule_set: RuleSet) -> QuerySet[Entity]:
    """The living entities that `rule_set` classifies."""
    return Entity.objects.alive().filter(
        dataset__project_id=rule_set.project_id, dataset__name=rule_set.dataset
    )


def begin_reevaluation(release: Release, actor: Actor | None) -> Reevaluation:
    """A pass over all children under `release`, which has just come into force; those of earlier releases end. Call in
    the transaction of the activation."""
    earlier = Reevaluation.objects.filter(release__rule_set_id=release.rule_set_id)
    earlier.filter(state__in=(State.RUNNING, State.PAUSED)).update(
        state=State.SUPERSEDED, finished_at=clock.now()
    )
    total = children_of(release.rule_set).count()
    run = Reevaluation.objects.create(release=release, total=total, actor=actor)
    ask_once(EVENT, {"reevaluation_id": run.pk})
    return run


def find_reevaluation(release: Release) -> Reevaluation:
    """The newest pass of a release. Problem 404.1."""
    found = release.reevaluations.select_related("actor").first()
    if found is None:
        raise Problem(NOT_FOUND)
    return found


@transaction.atomic
def pause_reevaluation(run: Reevaluation, actor: Actor) -> Reevaluation:
    """Stop after the child under way. Problem REEVALUATION_STATE."""
    return _turn(run, actor, State.RUNNING, State.PAUSED, "pause")


@transaction.atomic
def resume_reevaluation(run: Reevaluation, actor: Actor) -> Reevaluation:
    """Go on where it was paused. Problem REEVALUATION_STATE."""
    run = _turn(run, actor, State.PAUSED, State.RUNNING, "resume")
    ask_once(EVENT, {"reevaluation_id": run.pk})
    return run


def _turn(
    run: Reevaluation,
    actor: Actor,
    before: Reevaluation.State,
    after: Reevaluation.State,
    word: str,
) -> Reevaluation:
    found = locked(run.pk)
    if found.state != before:
        raise Problem(problems.REEVALUATION_STATE, state=found.get_state_display())
    found.state = after
    found.save(update_fields=["state"])
    record_pass(found, f"rule_set.reevaluation.{word}", actor)
    return found


def revive_stalled() -> int:
    """Ask again for passes that no pending work carries on; answers how many. A beat job."""
    held = Reaction.objects.filter(event=EVENT, done_at=None, failed_at=None)
    carried = {payload["reevaluation_id"] for payload in held.values_list("payload", flat=True)}
    lost = Reevaluation.objects.filter(state=State.RUNNING).exclude(pk__in=carried)
    for pk in lost.values_list("pk", flat=True):
        ask_once(EVENT, {"reevaluation_id": pk})
    return len(lost)


def locked(pk: int) -> Reevaluation:
    """The pass with its release and rule set, held until the transaction ends."""
    rows = Reevaluation.objects.select_for_update(of=("self",)).select_related("release__rule_set")
    return rows.defer("release__document", "release__rule_set__draft").get(pk=pk)


def record_pass(run: Reevaluation, action: str, actor: Actor | None) -> None:
    """A journal entry about the pass, with its sums."""
    rule_set = run.release.rule_set
    record(
        action,
        actor=actor,
        subject=f"rule_set:{rule_set.name}",
        project_id=rule_set.project_id,
        details={"release": run.release.number, "done": run.done, **run.summary},
    )
