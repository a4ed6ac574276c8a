"""F06, the mandatory report of an incident, filled in (domain report, section 3.6)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any

from rules.programme.sample.cards import Paper, child_card, stamp
from rules.programme.sample.children import Child
from server import clock

_NOTES = {
    "violence": "孩子身上有伤，说法前后不一，已先单独安置谈话",
    "sexual": "孩子向老师讲述后由两人在场记录，未反复询问",
    "missing": "放学后未到家，亲友处均未找到",
}


def incident_report(
    child: Child,
    row: Mapping[str, Any],
    moment: datetime,
    draw: Random,
    reporter: tuple[str, str],
    *,
    is_closed: bool = False,
) -> Paper:
    """The report of the child's incident, `is_closed`: the one that closes it. `reporter`: name and role code."""
    card = child_card(row, child.born, clock.local_day(moment))
    answers = {
        "found_time": stamp(moment),
        "report_time": stamp(moment + timedelta(minutes=20)),
        "reporter_name": reporter[0],
        "reporter_role": reporter[1],
        "child_known": "yes",
        "child_village": row.get("village_code", ""),
        "child": str(child.uuid),
        **{name: card[name] for name in ("card_name", "card_sex", "card_dob")},
        "incident_type": child.story.incident,
        "incident_state": "past" if is_closed else draw.choice(("ongoing", "within_72h")),
        "child_safe_now": "yes",
        "fact_note": "已核实并处置完毕"
        if is_closed
        else _NOTES.get(child.story.incident, "情况紧急"),
        "told_police": "yes",
        "police_time": stamp(moment),
        "told_agencies": "police town_gov civil_affairs",
        "immediate_action": "陪同孩子，通知父母返乡",
        "parents_informed": "yes",
    }
    if is_closed:
        answers |= {
            "case_result": "公安已处置，父母已返乡接管照护",
            "feedback_time": stamp(moment),
            "incident_closed": "yes",
        }
    return Paper("incident_report", answers, f"强制报告 {clock.local_day(moment)}")
