"""The conditions of calendar items as functions, compiled once for each rule set."""

from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

from rules.engine.calendar.parts import CalendarItem
from rules.engine.closures import Run, compile_tree
from rules.engine.parts import RuleSet

_compiled: "WeakKeyDictionary[RuleSet, dict[str, Run]]" = WeakKeyDictionary()


def asks_of(rule_set: RuleSet, item: CalendarItem, env: Mapping[str, Any]) -> bool | None:
    """Whether the condition of `item` holds for a child whose values are `env` (of `resolve`); None: unknown."""
    if item.when is None:
        return True
    runs = _compiled.get(rule_set)
    if runs is None:
        runs = _compiled[rule_set] = {
            one.id: compile_tree(one.when, rule_set.neutral_codes)
            for one in rule_set.calendar
            if one.when is not None
        }
    status = runs[item.id](env)
    return status if isinstance(status, bool) else None
