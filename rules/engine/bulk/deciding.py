"""Why children move between two rule sets: the rules that make the difference."""

from collections.abc import Sequence
from typing import NamedTuple

from rules.engine.bulk.result import BulkResult
from rules.engine.parts import RuleSet


class Deciding(NamedTuple):
    """A rule behind a move; `old` and `new` are true | false | unknown | absent (not in force)."""

    rule: str
    old: str
    new: str


def deciding_rules(
    old: BulkResult,
    new: BulkResult,
    old_rules: RuleSet,
    new_rules: RuleSet,
    rows: Sequence[int],
) -> list[tuple[Deciding, ...]]:
    """For each of `rows` (places in `old` and `new`), the rules that decide its move, the weightiest
    first: those that fire on one side only, or on both with another score, floor or dimension. Where
    there are none (cut-offs or caps were changed), the rules that carry the new tier by floor or
    else by score."""
    raise NotImplementedError
