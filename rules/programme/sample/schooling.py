"""Where a child goes to school on the day of its enumeration."""

from dataclasses import dataclass
from datetime import date
from random import Random

from rules.programme.sample.places import County, Town
from server.places.models import School

_NUMERALS = "一二三四五六七八九"
_SMALL = ("小班", "中班", "大班")
PUPILS = ("primary", "junior", "senior")  # whose class teachers check each month


@dataclass(frozen=True, slots=True)
class Schooling:
    """Stage, and school and class of those who go to one."""

    stage: str
    school: School | None = None
    grade_class: str = ""
    other_town: bool = False
    boards: bool = False
    commute_minutes: int = 0

    @property
    def is_pupil(self) -> bool:
        """Whether a class teacher writes about the child each month."""
        return self.stage in PUPILS


def schooling_of(
    draw: Random, born: date, day: date, county: County, town: Town, *, boards: bool = False
) -> Schooling:
    """The stage that belongs to the age on the first of September, and the school of that stage nearest to `town`."""
    autumn = date(day.year if day.month >= 9 else day.year - 1, 9, 1)
    age = autumn.year - born.year - ((born.month, born.day) > (9, 1))
    if age < 3:
        return Schooling("under_age")
    if age < 6:
        if draw.random() < 0.05:
            return Schooling("not_in_kg")
        return Schooling("kindergarten", town.kindergarten, _SMALL[age - 3], commute_minutes=10)
    if age < 12:
        stays = boards or draw.random() < 0.05
        name = f"{_NUMERALS[age - 6]}年级{draw.randint(1, 2)}班"
        return Schooling("primary", town.primary, name, boards=stays, commute_minutes=20)
    if age < 15:
        stays, school = boards or draw.random() < 0.4, county.junior_of(town)
        name = f"{_NUMERALS[age - 6]}年级{draw.randint(1, 3)}班"
        return Schooling("junior", school, name, town.junior is None, stays, 35)
    name = f"高{_NUMERALS[min(age - 15, 2)]}{draw.randint(1, 6)}班"
    return Schooling("senior", county.senior, name, town is not county.towns[0], True, 60)
