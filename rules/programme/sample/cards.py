"""What a phone copies from its lists into a form, and the frame that every form shares."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from rules.programme.sample.papers import Change
from server import clock

_SEX = {"male": "男 M", "female": "女 F"}
_TIER = {"red": "红色 red", "yellow": "黄色 yellow", "blue": "蓝色 blue", "green": "绿色 green"}
VISITED = ("child_village", "card_caregiver", "card_last_visit", "card_open_tasks")


@dataclass(frozen=True, slots=True)
class Paper:
    """A form filled in: its answers, what it is called, what it does to a list, and the files that go with it."""

    form: str
    answers: dict[str, str]
    name: str
    change: Change | None = None
    files: dict[str, bytes] = field(default_factory=dict)


def child_card(row: Mapping[str, Any], born: date, day: date) -> dict[str, str]:
    """The calculated answers about the child chosen: `row` is its line of the list, `day` the day of the form."""
    age = day.year - born.year - ((day.month, day.day) < (born.month, born.day))
    return {
        "card_name": row.get("child_name", ""),
        "card_sex": _SEX.get(row.get("sex", ""), ""),
        "card_dob": row.get("dob", ""),
        "age_years": str(age),
        "card_tier": row.get("tier", ""),
        "card_tier_text": _TIER.get(row.get("tier", ""), "未分级 none"),
        "card_reasons": row.get("tier_reasons", ""),
    }


def overlay(plain: dict[str, str], told: Mapping[str, str]) -> dict[str, str]:
    """`plain` with the answers of `told` to the questions that it asks."""
    return {name: told.get(name, text) for name, text in plain.items()}


def stamp(moment: datetime) -> str:
    """A dateTime as phones write it: the site's local time with its offset."""
    return moment.astimezone(clock.site_zone()).isoformat(timespec="milliseconds")


def frame(moment: datetime, device: str, minutes: int = 18) -> dict[str, str]:
    """start, end, today and the phone's name for a form begun at `moment`."""
    return {
        "start": stamp(moment),
        "end": stamp(moment + timedelta(minutes=minutes)),
        "today": clock.local_day(moment).isoformat(),
        "deviceid": device,
    }
