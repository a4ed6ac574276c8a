"""Tasks: opened and ended by decisions, done and verified by people, closed by submissions, taken
up when late."""

from rules.services.tasks.acting import (
    ACTIONS,
    STEPS,
    accept_task,
    assign_task,
    cancel_task,
    comment_task,
    fail_task,
    finish_task,
    possible_actions,
    refuse_task,
    reopen_task,
    return_task,
    verify_task,
)
from rules.services.tasks.asking import ask_for_facts
from rules.services.tasks.closing import close_by_submission, close_tasks
from rules.services.tasks.escalating import escalate_due
from rules.services.tasks.syncing import Synced, sync_tasks
from rules.services.tasks.wanted import unsettled_rules, wanted_tasks

__all__ = [
    "ACTIONS",
    "STEPS",
    "Synced",
    "accept_task",
    "ask_for_facts",
    "assign_task",
    "cancel_task",
    "close_by_submission",
    "close_tasks",
    "comment_task",
    "escalate_due",
    "fail_task",
    "finish_task",
    "possible_actions",
    "refuse_task",
    "reopen_task",
    "return_task",
    "sync_tasks",
    "unsettled_rules",
    "verify_task",
    "wanted_tasks",
]
