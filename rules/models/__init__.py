"""The tables of the rules floor, one module per noun."""

from rules.models.evaluation import Evaluation
from rules.models.rule_set import Release, RuleSet
from rules.models.task import Notice, Task, TaskEvent
from rules.models.tier import TierDecision, TierState

__all__ = [
    "Evaluation",
    "Notice",
    "Release",
    "RuleSet",
    "Task",
    "TaskEvent",
    "TierDecision",
    "TierState",
]
