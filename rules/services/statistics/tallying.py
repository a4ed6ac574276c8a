"""Counting what is new, in steps: each reads without holding anything, then writes its sums and how
far it came in one short transaction. Killed in the middle, nothing is counted twice or left out.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import OuterRef, Subquery

from rules.models import Evaluation, Tally, TallyMark, TierDecision
from rules.services.statistics.counting import Key, Numbers, count_decision, count_evaluation
from server import clock

CHUNK = 200  # evaluations in one step
# Ids are given before transactions end: what is younger than this may still lack a neighbour.
SETTLED = timedelta(minutes=5)
SUMS = (
    "seen", "hits", "begun", "unknown", "needed", "mismatched", "silent",
    "agreed", "raised", "lowered",
)  # fmt: skip
DECIDING = (
    TierDecision.Action.CONFIRM,
    TierDecision.Action.OVERRIDE,
    TierDecision.Action.APPROVE,
    TierDecision.Action.REFUSE,
)


def tally_new() -> int:
    """Count all evaluations and decisions that are not counted yet; answers how many. By beat."""
    total = 0
    while counted := _step():
        total += counted
    return total


def _step() -> int:
    mark, _ = TallyMark.objects.get_or_create(pk=1)
    evaluations, decisions = _new_evaluations(mark), _new_decisions(mark)
    if not evaluations and not decisions:
        return 0
    numbers = Numbers()
    before = _decisions_before(evaluations)
    for evaluation in evaluations:
        count_evaluation(numbers, evaluation, before.get(evaluation.pk))
    for decision in decisions:
        if decision.actor_id is not None and decision.action in DECIDING:
            count_decision(numbers, decision)
    last_evaluation = evaluations[-1].pk if evaluations else mark.evaluation
    last_decision = decisions[-1].pk if decisions else mark.decision
    done = _write(mark, numbers, last_evaluation, last_decision)
    return len(evaluations) + len(decisions) if done else 0


def _new_evaluations(mark: TallyMark) -> list[Evaluation]:
    """The next evaluations by id, until the first that is too young."""
    earlier = Evaluation.objects.filter(entity=OuterRef("entity"), pk__lt=OuterRef("pk"))
    rows = (
        Evaluation.objects.filter(pk__gt=mark.evaluation)
        .select_related("release")
        .defer("release__document")
        .annotate(before=Subquery(earlier.order_by("-pk").values("pk")[:1]))
    )
    return list(_settled(rows.order_by("pk")[:CHUNK], "created_at"))


def _new_decisions(mark: TallyMark) -> list[TierDecision]:
    rows = (
        TierDecision.objects.filter(pk__gt=mark.decision)
        .select_related("evaluation__release")
        .defer("evaluation__facts", "evaluation__decision", "evaluation__release__document")
    )
    return list(_settled(rows.order_by("pk")[:CHUNK], "at"))


def _settled(rows: Iterable[Any], moment: str) -> Iterable[Any]:
    limit = clock.now() - SETTLED
    for row in rows:
        if getattr(row, moment) > limit:
            return
        yield row


def _decisions_before(evaluations: list[Evaluation]) -> dict[int, dict[str, Any]]:
    """Evaluation -> the stored decision of the child's evaluation before it. One query."""
    wanted = {one.pk: one.before for one in evaluations if one.before}  # type: ignore[attr-defined]
    known = dict(
        Evaluation.objects.filter(pk__in=set(wanted.values())).values_list("pk", "decision")
    )
    return {pk: known[before] for pk, before in wanted.items() if before in known}


@transaction.atomic
def _write(mark: TallyMark, numbers: Numbers, evaluation: int, decision: int) -> bool:
    """Add the numbers, unless somebody else has counted meanwhile."""
    held = TallyMark.objects.select_for_update().get(pk=mark.pk)
    if (held.evaluation, held.decision) != (mark.evaluation, mark.decision):
        return False
    known = _known(numbers)
    rows = [_added(key, counts, numbers, known.get(key)) for key, counts in numbers.sums.items()]
    Tally.objects.bulk_create(
        rows,
        batch_size=100,
        update_conflicts=True,
        unique_fields=["rule_set", "day", "kind", "key"],
        update_fields=[*SUMS, "last_at"],
    )
    held.evaluation, held.decision = evaluation, decision
    held.save()
    return True


def _known(numbers: Numbers) -> dict[Key, Tally]:
    """The rows that are there already. One query."""
    rows = Tally.objects.filter(
        rule_set__in={key[0] for key in numbers.sums}, day__in={key[1] for key in numbers.sums}
    )
    return {(row.rule_set_id, row.day, row.kind, row.key): row for row in rows}


def _added(key: Key, counts: Any, numbers: Numbers, known: Tally | None) -> Tally:
    rule_set, day, kind, name = key
    moments = [numbers.last.get(key), known.last_at if known else None]
    return Tally(
        rule_set_id=rule_set,
        day=day,
        kind=kind,
        key=name,
        last_at=max(filter(None, moments), default=None),
        **{field: counts[field] + (getattr(known, field) if known else 0) for field in SUMS},
    )
