"""F03, the assessment by two persons, filled in (domain report, section 3.3)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any

from rules.programme.sample.cards import Paper, child_card, overlay
from rules.programme.sample.children import Child
from rules.programme.sample.enumeration import entrust_status
from server import clock

_UNEASE = {"no": 0, "a_little": 1, "a_lot": 2}
_ITEMS = ("u_sad", "u_sleep", "u_alone", "u_scared", "u_school", "u_anger")


def assessment(
    child: Child,
    row: Mapping[str, Any],
    moment: datetime,
    draw: Random,
    assessors: str,
    reason: str = "季度评估",
) -> Paper:
    """An assessment on the day of `moment` by `assessors` (two names). `row`: the child's line of the list."""
    day = clock.local_day(moment)
    age, told = child.age_on(day), child.told(day)
    answers = {
        **child_card(row, child.born, day),
        "child_village": row.get("village_code", ""),
        "child": str(child.uuid),
        "assess_date": day.isoformat(),
        "assess_reason": reason,
        "assessors": assessors,
        **overlay(_danger(), told),
        **overlay(_guardianship(child, draw), told),
        **overlay(_health(age), told),
        **overlay(_surroundings(child, age), told),
        "assessor_reason": "按所见情况填写，与照护人、村干部核对",
        "next_assess_date": (day + timedelta(days=180)).isoformat(),
    }
    if answers["night_alone"] == "yes":
        answers["nights_alone_n"] = told.get("nights_alone_n", "1")
    if answers["entrust_status"] == "signed_valid":
        answers["notice_to_school"] = "yes"
    if age >= 8:
        answers["unease_score"] = str(sum(_UNEASE[answers[name]] for name in _ITEMS))
    answers["keep_caregiver_relation"] = answers["caregiver_relation"]
    return Paper("safety_assess", answers, f"评估 {answers['card_name']} {day}")


def _danger() -> dict[str, str]:
    return {
        "living_alone": "no",
        "abuse_suspected": "none",
        "missing_now": "no",
        "suicide_risk": "none",
        "urgent_medical": "none",
        "caregiver_absent_now": "no",
        "child_under8_unattended": "no",
        "home_danger_now": "no",
    }


def _guardianship(child: Child, draw: Random) -> dict[str, str]:
    return {
        "caregiver_relation": child.home.relation,
        "caregiver_age": str(child.home.caregiver_age),
        "caregiver_health": "fair_chronic" if child.home.caregiver_age > 62 else "good",
        "caregiver_bar": "none",
        "caregiver_willing": "yes",
        "children_in_care": "1",
        "supervision_level": "adequate",
        "caregiver_child_relation": draw.choice(("close", "close", "ordinary")),
        "punish_level": "none",
        "unattended_hours": "0.5",
        "night_alone": "no",
        "contact_freq": "weekly",
        "visits_12m": "2",
        "support_money": "regular",
        "entrust_status": entrust_status(child),
        "guardian_rating": "good",
    }


def _health(age: int) -> dict[str, str]:
    answers = {"health_status": "healthy", "nutrition_status": "normal"}
    if age < 7:
        answers["anaemia"] = "none"
    if age >= 6:
        answers["bullying_role"] = "none"
    if age >= 8:
        answers |= {
            "psych_result": "normal",
            "bad_behaviour": "none",
            **dict.fromkeys(_ITEMS, "no"),
        }
    if age >= 10:
        answers["serious_behaviour"] = "none"
    return answers


def _surroundings(child: Child, age: int) -> dict[str, str]:
    answers = {
        "econ_level": "above_2x",
        "house_safety": "safe",
        "home_hazard": "none",
        "commute_minutes": str(child.schooling.commute_minutes),
        "near_relative": "yes",
        "has_surrogate": "no",
        "activity_access": "yes",
    }
    return answers | ({"knows_emergency": "yes"} if age >= 6 else {})
