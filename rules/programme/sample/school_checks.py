"""F05, the class teacher's monthly check, filled in (domain report, section 3.5)."""

from collections.abc import Mapping
from datetime import datetime
from random import Random
from typing import Any

from rules.programme.sample.cards import Paper, child_card, overlay
from rules.programme.sample.children import Child
from server import clock

_CARD = ("card_name", "card_sex", "card_dob", "age_years")


def school_check(child: Child, row: Mapping[str, Any], moment: datetime, draw: Random) -> Paper:
    """What the class teacher says about a pupil in the month of `moment`. `row`: the child's line of the list."""
    day = clock.local_day(moment)
    told = child.told(day)
    card = child_card(row, child.born, day)
    answers = {
        **{name: card[name] for name in _CARD},
        "child_school": row.get("school_code", ""),
        "child": str(child.uuid),
        "check_month": day.isoformat(),
        "days_due": "0" if day.month in (2, 8) else "21",
        **overlay(_plain(child, draw), told),
    }
    if answers["days_due"] == "0":
        answers |= {"days_absent_unexcused": "0", "absent_streak": "0"}
    if answers["boarding"] == "yes":
        answers["weekend_handover"] = told.get("weekend_handover", "yes")
    else:
        answers["boarding_wanted"] = "no"
    if answers["talk_done"] == "yes":
        answers["talk_topics"] = "study living"
    if answers["parent_contacted"] == "yes":
        answers["contact_method"] = "微信视频"
    answers["keep_school_stage"] = answers["school_stage"]
    name = f"月核查 {card['card_name']} {day:%Y-%m}"
    return Paper("school_monthly", answers, name)


def _plain(child: Child, draw: Random) -> dict[str, str]:
    return {
        "days_absent_unexcused": "0",
        "absent_streak": "0",
        "school_stage": child.schooling.stage,
        "dropout_sign": "no",
        "grade_trend": draw.choice(("stable", "stable", "up")),
        "boarding": "yes" if child.schooling.boards else "no",
        "talk_done": draw.choice(("yes", "yes", "yes", "no")),
        "mood_obs": "stable",
        "psych_result": "normal",
        "suicide_risk": "none",
        "bullying_role": "none",
        "bad_behaviour": "none",
        "serious_behaviour": "none",
        "injury_seen": "none",
        "parent_contacted": draw.choice(("yes", "no")),
        "teacher_help": "yes",
        "concern_level": "none",
        "urgent_flag": "no",
    }
