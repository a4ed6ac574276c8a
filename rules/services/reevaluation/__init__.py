"""Evaluations that no submission asks for: after an activation (`passing`), when days pass (`days`), and wherever a
caller knows of a reason. Each goes on in small steps in the background; rows of the database say how far it is.

Here is what begins and controls them; the jobs themselves stand on top of the evaluation and are named in settings.
"""

from rules.services.reevaluation.asking import ask_once, reevaluate
from rules.services.reevaluation.controlling import (
    begin_reevaluation,
    children_of,
    find_reevaluation,
    pause_reevaluation,
    resume_reevaluation,
    revive_stalled,
)

__all__ = [
    "ask_once",
    "begin_reevaluation",
    "children_of",
    "find_reevaluation",
    "pause_reevaluation",
    "reevaluate",
    "resume_reevaluation",
    "revive_stalled",
]
