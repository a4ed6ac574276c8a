"""F01, the enumeration of a child and its family, filled in (domain report, section 3.1)."""

from datetime import date
from random import Random

from rules.programme.sample import names
from rules.programme.sample.cards import Paper, overlay
from rules.programme.sample.children import Child
from rules.programme.sample.families import Family
from rules.programme.sample.papers import Change
from rules.programme.sample.pictures import picture

_AWAY = ("out_county", "abroad", "in_county_away")
_CITIES = ("东莞市", "宁波市", "苏州市", "佛山市", "厦门市", "乌鲁木齐市", "西安市", "成都市")
_HOBBIES = ("画画", "打篮球", "看书", "唱歌", "下棋", "踢毽子", "做手工")
_NATURES = ("开朗", "安静", "活泼", "懂事", "内向", "好动")
# A desert where nobody lives: the county must not lie on top of a real village.
_LATITUDE, _LONGITUDE = 38.90, 83.50


def enumeration(child: Child, draw: Random, reporter: str) -> Paper:
    """The first record of a child: it creates the child in the list."""
    day = child.enrolled_on
    answers = {
        **_head(child, draw, day, reporter),
        **_child(child, draw, day),
        **_school(child, draw),
        **_parents(child, draw, day),
        **_care(child, draw),
        **_economy(child),
        **_end(child, day),
    }
    answers = overlay(answers, {**child.home.kind.answers, **_from_start(child)})
    if answers["hukou_registered"] == "no":
        answers.pop("child_id_no", None)
    if answers["guardian_rating"] == "poor":
        answers["guardian_rating_note"] = "照护人对孩子的作息、安全基本不管"
    if answers["caregiver_relation"] == "none":
        answers = {name: text for name, text in answers.items() if name not in _OF_CAREGIVER}
    label = f"{child.name} {child.born:%Y-%m}"
    files = {"signature.png": picture(draw, 96, 32)} if draw.random() < 0.05 else {}
    if files:
        answers["signature"] = "signature.png"
    return Paper(
        "child_enum", answers, f"{child.name} {day}", Change(str(child.uuid), label), files
    )


_OF_CAREGIVER = (
    "caregiver_name", "caregiver_address", "caregiver_phone", "caregiver_age", "caregiver_health", "caregiver_edu",
    "children_in_care",
)  # fmt: skip


def _from_start(child: Child) -> dict[str, str]:
    return child.told(child.enrolled_on)


def _head(child: Child, draw: Random, day: date, reporter: str) -> dict[str, str]:
    town = child.home.village.parent
    assert town is not None  # noqa: S101  villages lie in towns
    is_census = day.month in (10, 11, 12)
    answers = {
        "enum_date": day.isoformat(),
        "enum_reason": "census"
        if is_census
        else draw.choice(("new_left", "school_report", "self_report")),
        "county_code": town.code[:6],
        "town_code": town.code,
        "village_code": child.home.village.code,
        "village_group": f"{draw.randint(1, 9)}组",
        "reporter_name": reporter,
        "reporter_role": "child_director",
        "legal_basis": "guardian_consent",
        "notice_given": "yes",
    }
    if draw.random() < 0.2:
        return answers | {"legal_basis": "statutory_duty"}
    return answers | {
        "consent_signer": child.home.caregiver,
        "consent_relation": child.home.relation,
        "consent_date": day.isoformat(),
        "home_gps": _point(draw),
    }


def _point(draw: Random) -> str:
    latitude, longitude = _LATITUDE + draw.random() * 0.3, _LONGITUDE + draw.random() * 0.4
    return f"{latitude:.6f} {longitude:.6f} {1000 + draw.randrange(300)}.0 {3 + draw.random() * 15:.1f}"


def _child(child: Child, draw: Random, day: date) -> dict[str, str]:
    boards = child.schooling.boards
    answers = {
        "child_name": child.name,
        "sex": child.sex,
        "dob": child.born.isoformat(),
        "age_years": str(child.age_on(day)),
        "ethnicity": "汉族",
        "hukou_registered": "yes",
        "hukou_type": "rural",
        "hukou_address": child.home.address,
        "live_address": child.home.address,
        "living_arrangement": _arrangement(child, boards),
        "personality": draw.choice(_NATURES),
        "hobby": draw.choice(_HOBBIES),
        "health_status": "healthy",
        "medical_insurance": "yes",
    }
    if draw.random() < 0.6:
        answers["child_id_no"] = names.id_number(f"{child.born:%Y%m%d}", draw)
    if child.age_on(day) < 7:
        answers["vaccination_complete"] = "yes"
    return answers


def _arrangement(child: Child, boards: bool) -> str:
    if boards:
        return "boarding_weekly"
    return "with_parent" if child.home.relation in ("father", "mother") else "with_caregiver"


def _school(child: Child, draw: Random) -> dict[str, str]:
    at = child.schooling
    answers = {"school_stage": at.stage}
    if at.school is None:
        return answers
    answers |= {
        "school_other_town": "yes" if at.other_town else "no",
        "school_code": at.school.code,
        "grade_class": at.grade_class,
        "boarding": "yes" if at.boards else "no",
        "school_distance_km": str(round(at.commute_minutes / 9, 1)),
        "commute_minutes": str(at.commute_minutes),
        "edu_aid_received": draw.choice(("yes", "no")),
    }
    return answers if at.boards else answers | {"boarding_wanted": "no"}


def _parents(child: Child, draw: Random, day: date) -> dict[str, str]:
    kind: Family = child.home.kind
    answers = {"parents_marital": kind.marital}
    for who, parent in (("father", kind.father), ("mother", kind.mother)):
        answers |= {f"{who}_name": getattr(child.home, who)}
        answers |= {f"{who}_{name}": value for name, value in parent.items()}
        if parent.get("location") in _AWAY:
            since = min(child.home.away_since, day)
            answers |= {
                f"{who}_out_since": since.isoformat(),
                f"{who}_work_place": draw.choice(_CITIES),
            }
        if parent["vital"] == "alive" and parent.get("location") != "unknown":
            answers[f"{who}_phone"] = names.mobile(draw)
    if kind.marital in ("divorced", "separated", "unmarried", "remarried"):
        answers["custody_holder"] = "father"
    return answers


def _care(child: Child, draw: Random) -> dict[str, str]:
    home = child.home
    return {
        "caregiver_relation": home.relation,
        "caregiver_name": home.caregiver,
        "caregiver_address": home.address,
        "caregiver_phone": home.phone,
        "caregiver_age": str(home.caregiver_age),
        "caregiver_health": "fair_chronic" if home.caregiver_age > 62 else "good",
        "caregiver_edu": draw.choice(("illiterate", "primary", "primary", "junior")),
        "children_in_care": str(draw.choice((1, 1, 2))),
        "entrust_status": entrust_status(child),
        "guardian_rating": "good",
    }


def entrust_status(child: Child) -> str:
    """Whether an agreement is signed, where nothing else is told."""
    return "not_needed" if child.home.relation in ("father", "mother") else "signed_valid"


def _economy(child: Child) -> dict[str, str]:
    gone = any(
        parent["vital"] == "dead" for parent in (child.home.kind.father, child.home.kind.mother)
    )
    return {
        "household_size": "5",
        "income_source": "gov_aid farming" if gone else "migrant_wage farming",
        "econ_level": "above_2x",
        "aid_type": "none",
        "house_safety": "safe",
    }


def _end(child: Child, day: date) -> dict[str, str]:
    answers = {
        "contact_freq": "weekly",
        "visits_12m": "2",
        "parents_reachable": "yes",
        "urgent_flag": "no",
    }
    return answers | ({"child_assent": "yes"} if child.age_on(day) >= 8 else {})
