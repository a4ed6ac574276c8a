"""What kinds of families there are: where father and mother are, as the enumeration asks it (domain report, 2.4)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

OUT = {"vital": "alive", "location": "out_county"}
ABROAD = {"vital": "alive", "location": "abroad"}
HOME = {"vital": "alive", "location": "home", "incapacity": "none"}
DEAD = {"vital": "dead"}
LOST = {"vital": "alive", "location": "unknown", "incapacity": "none", "lost_months": "14"}
PRISON = {"vital": "alive", "location": "custody", "incapacity": "imprisoned"}
REFUSES = {"vital": "alive", "location": "home", "incapacity": "refuses_care"}
ILL = {"vital": "alive", "location": "home", "incapacity": "severe_illness"}
NEAR = {"vital": "alive", "location": "in_county_away", "incapacity": "none"}


@dataclass(frozen=True, slots=True)
class Family:
    """Father, mother, their marriage, and the answers that come with it. `months_out`: least and most."""

    father: Mapping[str, str]
    mother: Mapping[str, str]
    marital: str = "married"
    months_out: tuple[int, int] = (8, 60)
    answers: Mapping[str, str] = field(default_factory=dict)


FAMILIES: dict[str, Family] = {
    "both_out": Family(OUT, OUT),
    "abroad": Family(ABROAD, OUT),
    "just_left": Family(OUT, OUT, months_out=(1, 4)),
    "urban": Family(OUT, OUT, answers={"hukou_type": "urban"}),
    "divorced_out": Family(OUT, OUT, "divorced"),
    "one_home": Family(OUT, HOME),
    "county_away": Family(NEAR, NEAR),
    "both_home": Family(HOME, HOME),
    # one away, the other there but not able or willing: counted by the broad definition only
    "refuses": Family(OUT, REFUSES, "divorced"),
    "prison": Family(PRISON, OUT),
    "widowed": Family(OUT, DEAD, "widowed"),
    "ill_home": Family(ILL, OUT),
    "orphan": Family(DEAD, DEAD, answers={"aid_type": "orphan_allow"}),
    "defacto": Family(DEAD, LOST, "widowed", answers={"aid_type": "defacto_allow"}),
}
# how often among families that no story chooses
SHARES = (
    ("both_out", 70.0), ("divorced_out", 6.0), ("abroad", 3.0), ("just_left", 4.0), ("urban", 2.0),
    ("one_home", 9.0), ("county_away", 4.0), ("both_home", 2.0),
)  # fmt: skip
