"""Releases: a draft is asked for by one person and released by another (design.md §1.5, §6).

draft -> requested -> approved (in force now or at a date) or refused or withdrawn; what was in force is retired, and
may come back. A release never changes. What counts now is told by `rules.services.in_force`.
"""

from rules.services.drafts import plain_document
from rules.services.in_force import active_release, compiled, find_rule_set, rules_named
from rules.services.releases.activating import activate_due, activate_release, roll_back
from rules.services.releases.asking import request_release, withdraw_release
from rules.services.releases.deciding import approve_release, reason_against, refuse_release
from rules.services.releases.loading import load_release

__all__ = [
    "activate_due",
    "activate_release",
    "active_release",
    "approve_release",
    "compiled",
    "find_rule_set",
    "load_release",
    "plain_document",
    "reason_against",
    "refuse_release",
    "request_release",
    "roll_back",
    "rules_named",
    "withdraw_release",
]
