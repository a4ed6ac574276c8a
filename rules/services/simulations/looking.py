"""Some children under both rule sets: facts, statuses, what differs. Reads only; a handful of queries."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

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
from rules.engine.merge import merge
from rules.engine.observed import Context, Observation
from rules.engine.rule_set import RuleSet
from rules.facts import observations_of_many, tier_spans_of_many
from rules.models import Move, Release, Simulation
from rules.services.releases import compiled
from rules.services.simulations.groups import groups_of
from rules.services.simulations.result import Result
from rules.services.simulations.work import work_of

_GIVEN = ("facts", "choices")  # the sections that say how answers become facts


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
    known = Entity.objects.select_related("area").in_bulk(keys)
    children = [known[key] for key in keys if key in known]  # one may have been removed just now
    new_facts, old_facts = _facts(sides, [child.pk for child in children])
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


def _facts(
    sides: Sides, keys: Sequence[int]
) -> tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]:
    """The merged facts by the new and by the old rule set; the same list where both merge alike."""
    seen = observations_of_many(keys, sides.as_of)
    spans = tier_spans_of_many(keys, sides.as_of)

    def merged(rule_set: RuleSet) -> list[Mapping[str, Any]]:
        return [
            _merged(rule_set, seen[key], sides.as_of, Context(tiers=spans[key])) for key in keys
        ]

    new = merged(sides.new)
    if sides.old is None or _merge_alike(sides.old, sides.new):
        return new, new
    return new, merged(sides.old)


def _merged(
    rule_set: RuleSet, seen: list[Observation], as_of: date, context: Context
) -> Mapping[str, Any]:
    return merge(rule_set, seen, as_of, context).values


def _merge_alike(old: RuleSet, new: RuleSet) -> bool:
    """Whether the same submissions give the same facts under both."""
    same = all(old.document.get(name) == new.document.get(name) for name in _GIVEN)
    return same and old.neutral_codes == new.neutral_codes


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
    deciding = deciding_rules(old, new, sides.old, sides.new, [row for row, *_ in moved])
    return [
        Move(
            entity=children[row],
            old_tier=sides.old.tiers[before].id,
            new_tier=sides.new.tiers[after].id,
            old_rank=before,
            new_rank=after,
            rules=[{"id": one.rule, "old": one.old, "new": one.new} for one in rules],
        )
        for (row, before, after), rules in zip(moved, deciding, strict=True)
    ]
