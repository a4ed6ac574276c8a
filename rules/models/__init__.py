"""The tables of the rules floor, one module per noun."""

from rules.models.draft_copy import DraftCopy
from rules.models.evaluation import Evaluation
from rules.models.occasion import Occasion
from rules.models.position import HomePosition
from rules.models.reevaluation import DayPass, Reevaluation, ShadowResult
from rules.models.rule_set import Release, RuleSet
from rules.models.simulation import Move, Simulation
from rules.models.statistics import Tally, TallyMark
from rules.models.task import Notice, Task, TaskEvent
from rules.models.tier import Appeal, TierDecision, TierState

__all__ = [
    "Appeal",
    "DayPass",
    "DraftCopy",
    "Evaluation",
    "HomePosition",
    "Move",
    "Notice",
    "Occasion",
    "Reevaluation",
    "Release",
    "RuleSet",
    "ShadowResult",
    "Simulation",
    "Tally",
    "TallyMark",
    "Task",
    "TaskEvent",
    "TierDecision",
    "TierState",
]
