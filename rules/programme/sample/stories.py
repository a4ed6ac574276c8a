"""What is the matter with a child: answers that differ from those of a child who is well, for a while or for good.

A story overrides the answer of each question it names in whatever form asks it, so that reports agree with each other.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

ENUMERATION, VISIT, ASSESSMENT, SCHOOL, INCIDENT = (
    "child_enum", "home_visit", "safety_assess", "school_monthly", "incident_report",
)  # fmt: skip
Days = tuple[int, int]  # days before the end of the history: from, to


@dataclass(frozen=True, slots=True)
class Story:
    """`reveal`: the forms that tell of it when it begins. `begins` None: it was so from the beginning. `ends`: when it
    was put right. `boards`: only a pupil who boards can have it."""

    name: str
    answers: Mapping[str, str] = field(default_factory=dict)
    family: str = ""
    ages: tuple[int, int] = (0, 17)
    reveal: tuple[str, ...] = ()
    begins: Days | None = None
    ends: Days | None = None
    incident: str = ""
    in_school: bool = False
    boards: bool = False


URGENT = {"urgent_flag": "yes", "concern_level": "immediate"}
SERIOUS = {"concern_level": "serious"}

RED = (
    Story(
        "rental_alone",
        {"living_arrangement": "town_rental_alone", "living_alone": "yes", **SERIOUS},
        ages=(12, 15), in_school=True, reveal=(VISIT,), begins=(2, 16),
    ),
    Story("self_harm", {"suicide_risk": "plan_attempt", "mood_obs": "hopeless_talk", **URGENT},
        ages=(11, 15), in_school=True, reveal=(SCHOOL,), begins=(4, 30)),
    Story("injury", {"injury_seen": "unexplained", "abuse_suspected": "physical", "punish_level": "severe", **URGENT},
        ages=(6, 13), in_school=True, reveal=(SCHOOL, INCIDENT), begins=(6, 45), incident="violence"),
    Story("minor_sibling",
        {"caregiver_relation": "minor_sibling", "living_arrangement": "with_minor_sibling",
         "caregiver_absent_now": "yes", "supervision_level": "inadequate", **SERIOUS},
        ages=(3, 11), reveal=(VISIT,), begins=(1, 10)),
    Story("sexual", {"mood_obs": "fearful"}, ages=(8, 14), in_school=True, reveal=(INCIDENT,), begins=(10, 60),
        incident="sexual"),
    Story("urgent_medical", {"urgent_medical": "urgent", **URGENT}, ages=(1, 12), reveal=(VISIT,), begins=(0, 2)),
    Story("flagged", {**URGENT}, ages=(3, 14), reveal=(VISIT,), begins=(0, 3)),
)  # fmt: skip

# were red, and it was put right: lowering waits for two persons, or has been done
RED_PAST = (
    Story("hospital", {"caregiver_absent_now": "yes", "caregiver_health": "severe_illness", **SERIOUS}, ages=(3, 14),
        reveal=(ASSESSMENT,), begins=(120, 170), ends=(70, 100)),
    Story("ran_away", {"missing_now": "yes"}, ages=(11, 15), in_school=True, reveal=(INCIDENT,), begins=(60, 120),
        ends=(8, 30), incident="missing"),
    Story("alone_then_fetched", {"living_alone": "yes", "living_arrangement": "alone_home", **SERIOUS}, ages=(11, 15),
        reveal=(VISIT,), begins=(80, 150), ends=(30, 60)),
)  # fmt: skip

YELLOW = (
    Story("refuses", family="refuses"),
    Story("widowed", family="widowed"),
    Story("co_gas", {"home_hazard": "co_gas electric_fire"}, reveal=(VISIT,), begins=(3, 60)),
    Story("orphan", family="orphan", ages=(3, 15)),
    Story("prison", family="prison"),
    Story("dropout", {"school_stage": "dropout", "dropout_sign": "yes", "absent_streak": "12",
        "days_absent_unexcused": "14", **SERIOUS}, ages=(11, 15), in_school=True, reveal=(SCHOOL,), begins=(5, 40)),
    Story("unattended", {"unattended_hours": "4", "child_under8_unattended": "yes", "supervision_level": "partial"},
        ages=(2, 7), reveal=(VISIT,), begins=(10, 90)),
    Story("hukou", {"hukou_registered": "no"}, ages=(0, 9)),
    Story("fearful", {"mood_obs": "fearful sleep_problem", "u_scared": "a_lot"}, ages=(7, 13), in_school=True,
        reveal=(SCHOOL,), begins=(2, 30)),
    Story("poor_guardian", {"guardian_rating": "poor", "supervision_level": "inadequate"}, ages=(2, 14)),
    Story("defacto", family="defacto", ages=(3, 15)),
    Story("neglect", {"abuse_suspected": "neglect", "hygiene_ok": "no", "meals_per_day": "2", **SERIOUS}, ages=(3, 12),
        reveal=(ASSESSMENT,), begins=(5, 50)),
    Story("hopeless", {"mood_obs": "hopeless_talk withdrawn", "psych_result": "high", **SERIOUS}, ages=(11, 15),
        in_school=True, reveal=(SCHOOL,), begins=(3, 40)),
    Story("drinker", {"caregiver_bar": "alcohol_abuse"}, ages=(3, 15), reveal=(ASSESSMENT,), begins=(20, 80)),
    Story("ill_home", family="ill_home"),
    Story("stunted", {"nutrition_status": "stunted", "anaemia": "mod_severe"}, ages=(1, 6), reveal=(ASSESSMENT,),
        begins=(20, 80)),
    Story("not_seen", {"child_seen": "no", "not_seen_reason": "refused"}, ages=(9, 15), reveal=(VISIT,),
        begins=(4, 25)),
)  # fmt: skip

BLUE = (
    Story("unsigned", {"entrust_status": "not_signed"}),
    Story("hazard", {"home_hazard": "electric_fire"}, reveal=(VISIT,), begins=(5, 120)),
    Story("unsigned_then_signed", {"entrust_status": "not_signed"}, ends=(1, 160)),
    Story("expired", {"entrust_status": "signed_expired"}, reveal=(VISIT,), begins=(5, 150)),
    Story("absent", {"absent_streak": "3", "days_absent_unexcused": "3"}, ages=(7, 15), in_school=True,
        reveal=(SCHOOL,), begins=(5, 60)),
    Story("internet", {"bad_behaviour": "internet_addict", "internet_hours": "6"}, ages=(10, 15), in_school=True,
        reveal=(SCHOOL,), begins=(5, 90)),
    Story("rare_contact", {"contact_freq": "rare", "visits_12m": "0"}),
    Story("hazard_fixed", {"home_hazard": "pesticide_chem"}, reveal=(VISIT,), begins=(160, 220), ends=(2, 60)),
    Story("night", {"night_alone": "yes", "nights_alone_n": "1"}, ages=(9, 15), reveal=(VISIT,), begins=(5, 60)),
    Story("unease", {"psych_result": "attention", "u_sad": "a_little", "u_alone": "a_lot"}, ages=(9, 15),
        in_school=True, reveal=(SCHOOL,), begins=(10, 80)),
    Story("unsigned_2", {"entrust_status": "not_signed", "contact_freq": "biweekly"}),
    Story("shock", {"econ_shock": "yes"}, reveal=(VISIT,), begins=(5, 80)),
    Story("road_edge", {"home_hazard": "road_edge animal"}, reveal=(VISIT,), begins=(10, 100)),
    Story("untreated", {"urgent_medical": "untreated"}, ages=(3, 15), reveal=(VISIT,), begins=(3, 60)),
    Story("no_handover", {"weekend_handover": "no", "boarding": "yes"}, ages=(11, 15), in_school=True, boards=True,
        reveal=(SCHOOL,), begins=(10, 80)),
    Story("protein", {"protein_3d": "0"}, reveal=(VISIT,), begins=(5, 70)),
    Story("expired_renewed", {"entrust_status": "signed_expired"}, reveal=(VISIT,), begins=(180, 260), ends=(1, 90)),
    Story("c_level", {"house_safety": "c_level"}),
    Story("bullied", {"bullying_role": "victim"}, ages=(8, 14), in_school=True, reveal=(SCHOOL,), begins=(5, 60)),
    Story("vaccine", {"vaccination_complete": "no"}, ages=(0, 5)),
)  # fmt: skip

GREEN = (
    Story("well"),
    Story("weak", {"caregiver_health": "weak"}),
    Story("fair", {"guardian_rating": "fair"}),
    Story("well_2"),
    Story("down", {"grade_trend": "down"}, ages=(7, 15), in_school=True),
    Story("biweekly", {"contact_freq": "biweekly"}),
    Story("well_3"),
    Story("withdrawn", {"mood_obs": "withdrawn"}, ages=(6, 15)),
    Story("few_friends", {"play_friends": "never"}, ages=(4, 15)),
    Story("low_income", {"econ_level": "between_1x_2x"}),
    Story("returned", {"any_change": "yes", "change_type": "parent_return", "mother_location": "home"},
        reveal=(VISIT,), begins=(5, 60)),
)  # fmt: skip

# share of the children who get a story of each group; the others are green
QUOTAS = ((RED, 0.022), (RED_PAST, 0.016), (YELLOW, 0.07), (BLUE, 0.36))
