"""The invented children and their households, before anybody has visited them."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from rules.programme.sample import names
from rules.programme.sample.chance import chance, new_uuid, weighted
from rules.programme.sample.families import FAMILIES, SHARES, Family
from rules.programme.sample.places import County, Town
from rules.programme.sample.schooling import Schooling, schooling_of
from rules.programme.sample.stories import BLUE, GREEN, QUOTAS, RED, RED_PAST, YELLOW, Story
from server.places.models import Area

HISTORY_DAYS = 365
AGES = (
    (1, 3.0), (2, 4.0), (3, 5.0), (4, 6.0), (5, 6.0), (6, 7.0), (7, 8.0), (8, 9.0), (9, 9.0), (10, 9.0),
    (11, 8.0), (12, 8.0), (13, 8.0), (14, 6.0), (15, 4.0), (16, 2.0),
)  # fmt: skip
CAREGIVERS = (
    ("pat_grandparent", 72.0),
    ("mat_grandparent", 19.0),
    ("uncle_aunt", 7.0),
    ("neighbour_friend", 1.0),
)
SIBLING_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Household:
    """A family in a village, shared by brothers and sisters."""

    village: Area
    town: Town
    kind: Family
    father: str
    mother: str
    away_since: date
    relation: str
    caregiver: str
    caregiver_age: int
    phone: str
    address: str


@dataclass(frozen=True, slots=True)
class Child:
    """One child: who it is, when it came into the register, and what is the matter and when."""

    number: int
    uuid: uuid.UUID
    name: str
    sex: str
    born: date
    home: Household
    schooling: Schooling
    enrolled_on: date
    story: Story
    begins_on: date | None
    ends_on: date | None

    def age_on(self, day: date) -> int:
        """Full years on `day`, by the calendar."""
        born = self.born
        return day.year - born.year - ((day.month, day.day) < (born.month, born.day))

    def told(self, day: date) -> dict[str, str]:
        """The answers that differ on `day` from those of a child who is well."""
        begins = self.begins_on or self.enrolled_on
        lasts = begins <= day and (self.ends_on is None or day < self.ends_on)
        return dict(self.story.answers) if lasts else {}


def make_children(county: County, seed: int, count: int, last: date) -> list[Child]:
    """`count` children of `county` as they are up to the day `last`; by day of enumeration."""
    draw = chance(seed, "children")
    children: list[Child] = []
    for number, story in enumerate(_stories(draw, count)):
        own = chance(seed, "child", number)
        before = children[-1].home if children else None
        may_share = before is not None and not story.family and before.kind in _ORDINARY
        home = before if may_share and own.random() < SIBLING_SHARE else None
        children.append(
            _child(number, own, home or _household(county, own, story, last), story, last, county)
        )
    return sorted(children, key=lambda child: (child.enrolled_on, child.number))


_ORDINARY = tuple(FAMILIES[name] for name, _ in SHARES)


def _stories(draw: Random, count: int) -> list[Story]:
    """One story for each child in a shuffled order; each group in turn, at least one of each."""
    chosen = [
        story for group, share in QUOTAS for story in _take(group, max(1, round(share * count)))
    ]
    chosen += _take(GREEN, max(0, count - len(chosen)))
    draw.shuffle(chosen)
    return chosen[:count]


def _take(group: tuple[Story, ...], count: int) -> list[Story]:
    return [group[index % len(group)] for index in range(count)]


def _household(county: County, draw: Random, story: Story, last: date) -> Household:
    town = draw.choice(county.towns)
    village = draw.choice(town.villages)
    kind = FAMILIES[story.family or weighted(draw, SHARES)]
    surname = draw.choice(names.SURNAMES)
    away = last - timedelta(days=30 * draw.randint(*kind.months_out) + draw.randrange(28))
    at_home = next((one for one in ("mother", "father") if _cares(getattr(kind, one))), "")
    relation = at_home or weighted(draw, CAREGIVERS)
    old = 34 if at_home else 57
    return Household(
        village, town, kind,
        father=names.person(draw, surname=surname),
        mother=names.person(draw),
        away_since=away,
        relation=relation,
        caregiver=names.person(draw, surname=surname if relation == "pat_grandparent" else ""),
        caregiver_age=old + draw.randrange(14),
        phone=names.mobile(draw),
        address=f"{town.area.name}{village.name}{draw.randint(1, 9)}组{draw.randint(1, 60)}号",
    )  # fmt: skip


def _cares(parent: object) -> bool:
    return (
        isinstance(parent, dict)
        and parent.get("location") == "home"
        and parent.get("incapacity") == "none"
    )


def _child(
    number: int, draw: Random, home: Household, story: Story, last: date, county: County
) -> Child:
    enrolled = last - timedelta(days=_enrolled_ago(draw, story))
    born = _birthday(draw, story, last, enrolled)
    sex = draw.choice(("male", "female"))
    begins = last - timedelta(days=draw.randint(*story.begins)) if story.begins else None
    ends = last - timedelta(days=draw.randint(*story.ends)) if story.ends else None
    return Child(
        number=number,
        uuid=new_uuid(draw),
        name=names.person(draw, "boy" if sex == "male" else "girl", home.father[0]),
        sex=sex,
        born=born,
        home=home,
        schooling=schooling_of(draw, born, enrolled, county, home.town, boards=story.boards),
        enrolled_on=enrolled,
        story=story,
        begins_on=begins,
        ends_on=ends,
    )


def _enrolled_ago(draw: Random, story: Story) -> int:
    """Days before the end: half of the children in the census of the last autumn term, the others over the year, a few
    just now. What a story tells of must lie after it."""
    if story.begins is None and story.ends is None and draw.random() < 0.05:
        return draw.randint(1, 8)
    earliest = max((story.begins or (0, 0))[1], (story.ends or (0, 0))[1]) + 25
    least, most = (38, 84) if draw.random() < 0.62 else (15, HISTORY_DAYS - 5)
    least = max(earliest, least)
    return draw.randint(least, max(least + 20, most))


def _birthday(draw: Random, story: Story, last: date, enrolled: date) -> date:
    least, most = story.ages
    least = max(least, 8) if story.in_school else least
    ages = tuple((age, share) for age, share in AGES if least <= age <= most)
    born = last - timedelta(days=int((weighted(draw, ages) + draw.random()) * 365.25))
    return min(born, enrolled - timedelta(days=40))


def stories_of(name: str) -> Iterator[Story]:
    """Every story of that name (tests and reports)."""
    return (
        story
        for group in (RED, RED_PAST, YELLOW, BLUE, GREEN)
        for story in group
        if story.name == name
    )
