"""Chinese citizen identity numbers: 18 characters by GB 11643-1999, and the 15 digits that were used before.

Six digits of the place of first registration, the day of birth, three digits of order (odd: male), a check
character by ISO 7064 MOD 11-2.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

_CHECK = "10X98765432"
_SHAPE = re.compile(r"[1-9]\d{16}[\dX]", re.ASCII)
_OLD_SHAPE = re.compile(r"[1-9]\d{14}", re.ASCII)
# what lookalikes people type: small and Cyrillic or Greek x, the multiplication sign
_X = str.maketrans(dict.fromkeys("x×хХχΧ*", "X"))


@dataclass(frozen=True, slots=True)
class IdNumber:
    """A number whose check character is right. `sex`: "male" or "female", as the forms code it."""

    text: str
    born: date
    sex: str


def read_id_number(text: str, today: date) -> IdNumber | None:
    """The number that `text` is meant to be; None where its length, day of birth or check character is wrong.

    Spaces, dashes and full-width characters are forgiven; the old 15 digits are brought to 18. A day of birth after
    `today` or before 1850 is wrong.
    """
    number = _cleaned(text)
    if _OLD_SHAPE.fullmatch(number):
        number = number[:6] + "19" + number[6:]
        number += check_character(number)
    if not _SHAPE.fullmatch(number) or check_character(number[:17]) != number[17]:
        return None
    born = _day(number[6:14])
    if born is None or not date(1850, 1, 1) <= born <= today:
        return None
    return IdNumber(number, born, "male" if int(number[16]) % 2 else "female")


def check_character(body: str) -> str:
    """The 18th character for 17 digits (ISO 7064 MOD 11-2)."""
    total = 0
    for digit in body:
        total = (total + int(digit)) * 2 % 11
    return _CHECK[total]


def _cleaned(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).translate(_X)
    return re.sub(r"[\s\-_.·]", "", plain).upper()


def _day(text: str) -> date | None:
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None
