"""F02, a home visit, filled in (domain report, section 3.2)."""

from collections.abc import Mapping
from datetime import datetime
from random import Random
from typing import Any

from rules.programme.sample.cards import Paper, child_card, overlay, stamp
from rules.programme.sample.children import Child
from rules.programme.sample.enumeration import entrust_status
from rules.programme.sample.pictures import picture
from server import clock

_WISHES = ("想爸爸妈妈早点回来", "想要一个书包", "想去县城看看", "想学画画", "希望爷爷身体好")
# asked only of a child who was seen
_SEEN = ("private_talk", "injury_seen", "mood_obs")
_UNSEEN = ("not_seen_reason",)


def visit(
    child: Child,
    row: Mapping[str, Any],
    moment: datetime,
    draw: Random,
    *,
    kind: str = "routine",
    role: str = "child_director",
) -> Paper:
    """A visit at `moment`. `row`: the child's line of the list on the phone; `kind`: code of visit_kind."""
    day = clock.local_day(moment)
    age = child.age_on(day)
    told = child.told(day)
    answers = {
        **child_card(row, child.born, day),
        "child_village": row.get("village_code", ""),
        "child": str(child.uuid),
        "card_caregiver": f"{row.get('caregiver_name', '')} {row.get('caregiver_phone', '')}",
        "card_last_visit": row.get("last_visit_date", ""),
        "card_open_tasks": row.get("open_tasks", ""),
        "visit_date": stamp(moment),
        "visit_kind": kind,
        "visit_mode": "home",
        "visitor_role": role,
        **overlay(_situation(child, age), told),
        **overlay(_state(age, draw), told),
    }
    answers |= _dependent(answers, told)
    answers |= _kept(answers, row, day.isoformat())
    hidden = _UNSEEN if answers["child_seen"] == "yes" else _SEEN
    answers = {name: text for name, text in answers.items() if name not in hidden}
    files = {"visit.png": picture(draw)} if draw.random() < 0.06 else {}
    if files:
        answers["visit_photo"] = "visit.png"
    return Paper("home_visit", answers, f"走访 {answers['card_name']} {day}", None, files)


def _situation(child: Child, age: int) -> dict[str, str]:
    answers = {
        "child_seen": "yes",
        "not_seen_reason": "at_school",
        "caregiver_seen": "yes",
        "any_change": "no",
        "caregiver_relation": child.home.relation,
        "living_arrangement": _lives(child),
        "entrust_status": entrust_status(child),
        "caregiver_health": "fair_chronic" if child.home.caregiver_age > 62 else "good",
        "supervision_level": "adequate",
        "caregiver_child_relation": "close",
        "punish_level": "none",
        "contact_freq": "weekly",
        "support_money": "regular",
        "parents_reachable": "yes",
    }
    return answers | ({"private_talk": "yes"} if age >= 5 else {})


def _lives(child: Child) -> str:
    if child.schooling.boards:
        return "boarding_weekly"
    return "with_parent" if child.home.relation in ("father", "mother") else "with_caregiver"


def _state(age: int, draw: Random) -> dict[str, str]:
    answers = {
        "meals_per_day": "3",
        "protein_3d": draw.choice(("2", "3", "3")),
        "clothing_ok": "yes",
        "bedding_ok": "yes",
        "hygiene_ok": "yes",
        "unattended_hours": draw.choice(("0", "0.5", "1")),
        "night_alone": "no",
        "house_safety": "safe",
        "econ_shock": "no",
        "injury_seen": "none",
        "mood_obs": "stable",
        "urgent_medical": "none",
        "home_hazard": "none",
        "play_friends": "often",
        "concern_level": "none",
        "urgent_flag": "no",
    }
    if age >= 3:
        answers |= {"school_attending": "yes", "activity_access": "yes"}
    if age >= 6:
        answers |= {"internet_hours": draw.choice(("0.5", "1", "2")), "study_help": "yes"}
    if age >= 8:
        answers |= {"bed_unrelated": "no", "suicide_risk": "none", "bad_behaviour": "none"}
    if draw.random() < 0.2:
        answers["child_wish"] = draw.choice(_WISHES)
    return answers


def _dependent(answers: Mapping[str, str], told: Mapping[str, str]) -> dict[str, str]:
    """Questions that come up because of an answer."""
    more = {}
    if answers["any_change"] == "yes":
        asked = ("change_type", "father_location", "mother_location")
        more = {name: told[name] for name in asked if name in told}
    if answers["night_alone"] == "yes":
        more["nights_alone_n"] = told.get("nights_alone_n", "1")
    if answers["econ_shock"] == "yes":
        more["econ_shock_note"] = "照护人住院，花费较大"
    if answers["concern_level"] != "none":
        more["concern_note"] = "情况见上，请镇里跟进"
    return more


def _kept(answers: Mapping[str, str], row: Mapping[str, Any], day: str) -> dict[str, str]:
    """What the form writes back into the child's line."""
    names = ("caregiver_relation", "living_arrangement", "entrust_status")
    kept = {f"keep_{name}": answers[name] or str(row.get(name, "")) for name in names}
    return {**kept, "visit_day": day}
