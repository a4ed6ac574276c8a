"""Ask for a simulation: what is tried, over whom, as of which day; frozen, and begun in the background."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction

from rules import problems
from rules.engine.rule_set import load_document
from rules.models import RuleSet, Simulation
from rules.services.simulations.cancelling import LIVE
from rules.services.simulations.running import EVENT
from server import clock
from server.journal.services import record
from server.people.access import require, scope_of
from server.people.models import Actor
from server.people.roles import Verb
from server.places.models import Area
from server.problems import NOT_FOUND, UNEXPECTED, Problem

DRAFT = "draft"
SEED = 1  # the same for all, so that two samples of one size are of the same children
MOST_LIVE = 3  # simulations of a rule set that wait or run


@dataclass(frozen=True, slots=True)
class Wish:
    """What to try: `candidate` is "draft" or the number of a release; `as_of` None is today (site's
    day); `area` None is everywhere that the actor may change rules for; `sample` None is all."""

    candidate: str | int = DRAFT
    as_of: date | None = None
    area: Area | None = None
    sample: int | None = None
    seed: int = SEED
    note: str = ""


@transaction.atomic
def start_simulation(rule_set: RuleSet, actor: Actor, wish: Wish) -> Simulation:
    """A simulation that waits for the worker. Problems: 401.2, 403.1, NO_DRAFT, 404.1 for a release
    or an area, RULE_SET_INVALID, UNEXPECTED for a day to come, TOO_MANY_SIMULATIONS."""
    require(actor, Verb.RULES_UPDATE)
    rule_set = RuleSet.objects.select_for_update().get(pk=rule_set.pk)
    if rule_set.simulations.filter(state__in=LIVE).count() >= MOST_LIVE:
        raise Problem(problems.TOO_MANY_SIMULATIONS, count=MOST_LIVE)
    document, label = _document(rule_set, wish.candidate)
    simulation = Simulation.objects.create(
        rule_set=rule_set,
        base_id=rule_set.active_id,
        document=document,
        sha256=load_document(document).sha256,
        label=label,
        as_of=_day(wish.as_of),
        scope=_scope(actor, wish),
        note=wish.note.strip()[:200],
        actor=actor,
    )
    record(
        "rule_set.simulate",
        actor=actor,
        subject=f"rule_set:{rule_set.name}",
        project_id=rule_set.project_id,
        details={"simulation": simulation.pk, "candidate": label, "asOf": str(simulation.as_of)},
        event=EVENT,
        payload={"simulation_id": simulation.pk},
    )
    return simulation


def simulation_for(rule_set: RuleSet, sha256: str) -> Simulation | None:
    """The newest finished simulation of the document with that hash, its document not loaded."""
    done = rule_set.simulations.filter(sha256=sha256, state=Simulation.State.DONE)
    return done.defer("document").order_by("-pk").first()


def _document(rule_set: RuleSet, candidate: str | int) -> tuple[dict[str, Any], str]:
    if candidate == DRAFT:
        if rule_set.draft is None:
            raise Problem(problems.NO_DRAFT, name=rule_set.name)
        return rule_set.draft, DRAFT
    text = str(candidate)
    number = int(text) if text.isdecimal() and text.isascii() and len(text) < 9 else 0
    release = rule_set.releases.filter(number=number).first()
    if release is None:
        raise Problem(NOT_FOUND)
    return release.document, str(release.number)


def _day(asked: date | None) -> date:
    today = clock.today()
    if asked is not None and asked > today:
        reason = "nobody knows the answers of a day to come"
        raise Problem(UNEXPECTED, field="as_of", value=asked, reason=reason)
    return asked or today


def _scope(actor: Actor, wish: Wish) -> dict[str, Any]:
    """The areas within the actor's own, and the sample. `paths` is absent where it is everywhere."""
    own = scope_of(actor, Verb.RULES_UPDATE)
    scope: dict[str, Any] = {}
    if wish.area is not None:
        if not own.covers(wish.area.path):
            raise Problem(NOT_FOUND)
        scope |= {"area": wish.area.pk, "paths": [wish.area.path]}
    elif not own.everywhere:
        scope |= {"paths": list(own.paths)}
    if wish.sample is not None:
        if not 0 < wish.sample < 2**31 or not 0 <= wish.seed < 2**31:
            raise Problem(UNEXPECTED, field="sample", value=wish.sample, reason="a count is needed")
        scope |= {"sample": wish.sample, "seed": wish.seed}
    return scope
