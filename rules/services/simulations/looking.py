"""Some children under both rule sets: facts, statuses, what differs. Reads only; a handful of queries."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import cast

from forms.models import Entity
from rules.engine.bulk import (
    BulkResult,
    Comparison,
    Deciding,
    compare_results,
    deciding_rules,
    evaluate_frame,
    frame_of,
)
from rules.engine.rule_set import RuleSet
from rules.facts import observations_of_many, tier_spans_of_many
from rules.models import Move, Release, Simulation
from rules.services.in_force import compiled
from rules.services.simulations.groups import groups_of
from rules.services.simulations.ordering import direction, joined_tiers
from rules.services.simulations.result import Result
from rules.services.simulations.told import Known, Told, merged_otherwise
from rules.services.simulations.work import work_of


@dataclass(frozen=True, slots=True)
class Sides:
    """The rules in force at the start (None: there were none) and those that are tried."""

    old: RuleSet | None
    new: RuleSet
    as_of: date


def sides_of(simulation: Simulation) -> Sides:
    """Both sides, compiled once per process; `base` at hand. Problems: those of `load_document`."""
    # it has what `compiled` reads of a release: the document, and its hash as the key
    new = compiled(cast(Release, simulation))
    old = compiled(simulation.base) if simulation.base is not None else None
    return Sides(old, new, simulation.as_of)


def look(sides: Sides, keys: Sequence[int]) -> tuple[Result, list[Move]]:
    """The sums over the children `keys` (rising), and who moves (not stored, without the
    simulation)."""
    known = Entity.objects.select_related("area", "dataset").in_bulk(keys)
    children = [known[key] for key in keys if key in known]  # one may have been removed just now
    new_facts, old_facts = _facts(sides, children)
    groups = groups_of(children, new_facts, sides.as_of)
    new_frame = frame_of(sides.new, new_facts)
    new = evaluate_frame(sides.new, new_frame, sides.as_of)
    old: BulkResult | None = None
    if sides.old is not None:
        frame = new_frame if old_facts is new_facts else frame_of(sides.old, old_facts)
        old = evaluate_frame(sides.old, frame, sides.as_of)
    comparison = compare_results(old, new, sides.old, sides.new, groups)
    work = work_of(old, new, sides.old, sides.new, sides.as_of)
    moves = _moves(sides, comparison, (old, new), children)
    reasons = Counter(
        Deciding(one["id"], one["old"], one["new"]) for move in moves for one in move.rules
    )
    return Result(comparison, work, reasons, keys[-1]), moves


def _facts(sides: Sides, children: Sequence[Entity]) -> tuple[list[Known], list[Known]]:
    """The merged facts by the new and by the old rule set; the same list where both merge alike."""
    keys = [child.pk for child in children]
    told = Told(
        observations_of_many(keys, sides.as_of), tier_spans_of_many(keys, sides.as_of), sides.as_of
    )
    new = told.merged(sides.new, children)
    if sides.old is None:
        return new, new
    other = merged_otherwise(sides.old, sides.new)
    if not other and list(sides.old.facts) == list(sides.new.facts):
        return new, new
    alike = sides.old.facts.keys() - other.keys()
    merged = told.merged(replace(sides.old, facts=other), children)
    return new, [
        {**{name: value for name, value in known.items() if name in alike}, **own}
        for known, own in zip(new, merged, strict=True)
    ]


def _moves(
    sides: Sides,
    comparison: Comparison,
    results: tuple[BulkResult | None, BulkResult],
    children: Sequence[Entity],
) -> list[Move]:
    old, new = results
    if old is None or sides.old is None:
        return []
    moved = comparison.moved.rows()
    tiers = joined_tiers(sides.old, sides.new)
    deciding = deciding_rules(old, new, sides.old, sides.new, [row for row, *_ in moved])
    found = []
    for (row, before, after), rules in zip(moved, deciding, strict=True):
        pair = sides.old.tiers[before].id, sides.new.tiers[after].id
        move = Move(
            entity=children[row],
            old_tier=pair[0],
            new_tier=pair[1],
            old_rank=before,
            new_rank=after,
            rules=[
                {"id": one.rule, "old": one.old, "new": one.new}
                for one in _pulling(rules, direction(tiers, *pair))
            ],
        )
        found.append(move)
    return found


def _pulling(rules: Sequence[Deciding], way: int) -> Sequence[Deciding]:
    """Those of `rules` that pull the child the way it moves: a rise comes from rules that fire now, a
    fall from those that did. All, where none does."""
    pulling = [one for one in rules if (one.new if way > 0 else one.old) == "true"]
    return pulling or rules
