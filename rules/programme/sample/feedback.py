"""F07, what was done about a task, filled in (domain report, section 3.7)."""

from collections.abc import Mapping
from datetime import datetime
from random import Random
from typing import Any

from rules.programme.sample.cards import Paper, stamp
from rules.programme.sample.pictures import picture
from server import clock

DONE = (
    "已联系照护人和父母，逐项落实",
    "已入户办理并告知家长",
    "已办结，材料存档",
    "已对接单位办理，孩子情况良好",
)
NOT_DONE = {
    "partial": "材料还缺一项，下周补齐",
    "refused": "家长不同意，已做工作未果",
    "failed": "多次联系不上家长",
}


def feedback(
    task_id: str, row: Mapping[str, Any], moment: datetime, draw: Random, result: str
) -> Paper:
    """The feedback on the task `task_id`; `row` is its line of the worker's list, `result` a code of task_result."""
    day = clock.local_day(moment).isoformat()
    answers = {
        "task_id": task_id,
        "card_code": row.get("task_code", ""),
        "card_name": row.get("child_name", ""),
        "card_village": row.get("village", ""),
        "card_due": row.get("due_date", ""),
        "card_why": row.get("why", ""),
        "card_tier": row.get("tier", ""),
        "done_date": stamp(moment),
        "task_result": result,
        "action_taken": draw.choice(DONE) if result == "done" else "已上门一次",
        "child_seen": "yes",
        "verify_needed": "yes" if row.get("tier") in ("red", "yellow") else "no",
        "done_day": day,
    }
    if result in NOT_DONE:
        answers["refuse_reason"] = NOT_DONE[result]
    files = {"evidence.png": picture(draw)} if draw.random() < 0.1 else {}
    if files:
        answers["evidence_photo"] = "evidence.png"
    return Paper("task_feedback", answers, f"任务反馈 {answers['card_code']} {day}", None, files)
