"""The sums of a simulation, and who moves, as JSON in the contract's style."""

from typing import Any

from rules.services.simulations.groups import COLUMNS
from rules.services.simulations.movers import Mover, readable_areas
from rules.services.simulations.summary import Matrix, Summary
from server.people.models import User
from server.places.models import Area

Json = dict[str, Any]


def result_json(summary: Summary, reader: User) -> Json:
    """Everything that was summed; towns only where `reader` may read rules."""
    sums = summary.result.comparison
    changes = summary.changes()
    return {
        "children": summary.children,
        "moved": summary.moved,
        "up": sum(count for way, _, count in changes if way > 0),
        "down": sum(count for way, _, count in changes if way < 0),
        "tiers": [{"id": one.id, "title": dict(one.title)} for one in summary.tiers.values()],
        "matrix": matrix_json(summary.matrix),
        "insufficient": {"old": sums.insufficient[0], "new": sums.insufficient[1]},
        "reasons": [
            {"id": reason.rule, "title": dict(summary.title_of(reason.rule)), "old": reason.old,
             "new": reason.new, "children": count}
            for reason, count in summary.result.reasons.items()
        ],
        "tasks": [
            {"id": one.task.id, "title": dict(one.task.title), "role": one.task.assignee,
             "before": one.before, "now": one.now, "opened": one.opened,
             "cancelled": one.cancelled}
            for one in summary.workloads()
        ],
        "work": [
            {"role": role, "week": week, "opened": counts[0], "cancelled": counts[1]}
            for (role, week), counts in sorted(summary.result.work.items())
        ],
        "unknown": [
            {"fact": name, "children": count, "share": round(count / summary.children, 4)}
            for name, count in summary.unknown()
        ],
        "rules": [
            {"id": name, "title": dict(summary.title_of(name)), "oldFired": old, "newFired": new,
             "newUnknown": unknown}
            for name, (old, new, unknown) in sums.hits.items()
        ],
        "neverHit": summary.never_hit(),
        "groups": _groups(summary, reader),
    }  # fmt: skip


def matrix_json(matrix: Matrix) -> Json:
    """{old tier: {new tier: children}}."""
    found: dict[str, dict[str, int]] = {}
    for (old, new), count in matrix.items():
        found.setdefault(old, {})[new] = count
    return found


def _groups(summary: Summary, reader: User) -> Json:
    groups = summary.result.comparison.groups
    seen = readable_areas(reader)
    towns = dict(Area.objects.filter(code__in=groups.get("area", {})).values_list("code", "path"))
    return {
        column: {
            value: matrix_json(matrix)
            for value, matrix in groups.get(column, {}).items()
            if column != "area" or seen.covers(towns.get(value))
        }
        for column in COLUMNS
    }


def mover_json(mover: Mover, summary: Summary) -> Json:
    """One that moves; `entity` null where the reader may not know who it is."""
    move, child = mover.move, mover.child
    return {
        "number": move.pk,
        "entity": {"uuid": str(child.uuid), "label": child.label} if child else None,
        "town": {"code": mover.town.code, "name": mover.town.name} if mover.town else None,
        "sex": mover.sex or None,
        "ageGroup": mover.age or None,
        "oldTier": move.old_tier,
        "newTier": move.new_tier,
        "rules": [{**one, "title": dict(summary.title_of(one["id"]))} for one in move.rules],
    }
