"""Objections to a child's tier: taken down, looked at again by another person within fifteen days,
answered in writing with the rules that hold (domain report, section 7.4)."""

from rules.services.appeals.answering import (
    Grounds,
    completed_answer,
    drafted_answer,
    grounds_of,
    neutral_title,
)
from rules.services.appeals.deciding import (
    decide_appeal,
    may_decide,
    withdraw_appeal,
)
from rules.services.appeals.listing import RELATED, page_of
from rules.services.appeals.opening import (
    DAYS,
    may_take_down,
    open_appeal,
    readable_appeals,
)
from rules.services.appeals.reminding import remind_appeals
from rules.services.appeals.telling import appeal_items

__all__ = [
    "DAYS",
    "RELATED",
    "Grounds",
    "appeal_items",
    "completed_answer",
    "decide_appeal",
    "drafted_answer",
    "grounds_of",
    "may_decide",
    "may_take_down",
    "neutral_title",
    "open_appeal",
    "page_of",
    "readable_appeals",
    "remind_appeals",
    "withdraw_appeal",
]
