"""The calendar at work: what each child's own days and events ask for, and what the year asks of everybody.

`look` and `open_due` follow every evaluation; `start_day` and `open_chunk` are the nightly pass over the children for
whom a date has come; `open_by_hand` is for items that a person pulls (domain report, section 4.3).
"""

from rules.services.calendar.by_hand import manual_items, open_by_hand
from rules.services.calendar.looking import Look, look
from rules.services.calendar.nightly import follow_tier, open_chunk, start_day
from rules.services.calendar.opening import open_due

__all__ = [
    "Look",
    "follow_tier",
    "look",
    "manual_items",
    "open_by_hand",
    "open_chunk",
    "open_due",
    "start_day",
]
