"""A raw value (JSON, submission data) -> a Value of a declared type, or None for unknown, or
ValueError for neither."""

import math
import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime

from rules.language.ast import Kind, Type, Value
from server import clock

_LARGEST = 10**15  # beyond this, sums of floats are no longer exact
_WHOLE = re.compile(r"-?[0-9]{1,15}", re.ASCII)
_DECIMAL = re.compile(r"-?(?:[0-9]{1,15}(?:\.[0-9]{0,15})?|\.[0-9]{1,15})", re.ASCII)


def coerce(wanted: Type, raw: object) -> Value | None:
    """`raw` as a value of `wanted`. None, '' and an empty selection are unknown; so is a single
    code outside the list, because a form version may know choices that this rule set does not.
    ValueError when it is of another type."""
    if raw is None or raw == "":
        return None
    return _BY_KIND[wanted.kind](wanted, raw)


def _number(wanted: Type, raw: object) -> Value:
    if isinstance(raw, str) and _DECIMAL.fullmatch(raw.strip()):
        text = raw.strip()
        raw = int(text) if _WHOLE.fullmatch(text) else float(text)
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        raise ValueError("no number")
    if not math.isfinite(raw) or abs(raw) > _LARGEST:
        raise ValueError("too large a number")
    return raw


def _integer(wanted: Type, raw: object) -> Value:
    number = _number(wanted, raw)
    if isinstance(number, float) and not number.is_integer():
        raise ValueError("no whole number")
    return int(number)  # type: ignore[arg-type]


def _yes_no(wanted: Type, raw: object) -> Value:
    if isinstance(raw, bool):
        return raw
    words = {"yes": True, "true": True, "no": False, "false": False}
    if isinstance(raw, str) and raw in words:
        return words[raw]
    raise ValueError("neither yes nor no")


def _date(wanted: Type, raw: object) -> Value:
    if isinstance(raw, datetime):
        return day_of(raw)
    if isinstance(raw, date):
        return raw
    if isinstance(raw, str) and len(raw) == 10:
        return date.fromisoformat(raw)
    return day_of(_moment(raw))


def _time(wanted: Type, raw: object) -> Value:
    return _moment(raw)


def _moment(raw: object) -> datetime:
    moment = datetime.fromisoformat(raw) if isinstance(raw, str) else raw
    if not isinstance(moment, datetime):
        raise ValueError("no time")
    zoned = moment.replace(tzinfo=clock.site_zone()) if moment.tzinfo is None else moment
    try:
        return zoned.astimezone(UTC)
    except OverflowError:
        raise ValueError("a time outside the calendar") from None


def day_of(moment: datetime) -> date:
    """The site's day of `moment`; a naive moment is on the site's clock already."""
    try:
        return clock.local_day(moment) if moment.tzinfo else moment.date()
    except OverflowError:
        return moment.date()


def _code(wanted: Type, raw: object) -> Value | None:
    if isinstance(raw, int) and not isinstance(raw, bool):
        raw = str(raw)
    if not isinstance(raw, str):
        raise ValueError("no choice code")
    return raw if raw in wanted.codes or not wanted.codes else None


def _codes(wanted: Type, raw: object) -> Value | None:
    if isinstance(raw, str):
        raw = raw.split()
    if not isinstance(raw, Iterable) or isinstance(raw, bytes | dict):
        raise ValueError("no list of choice codes")
    items = list(raw)
    if not all(isinstance(item, str) for item in items):
        raise ValueError("no list of choice codes")
    order = {code: index for index, code in enumerate(wanted.codes)}
    found = sorted(set(items), key=lambda code: (order.get(code, len(order)), code))
    return tuple(found) or None


def _text(wanted: Type, raw: object) -> Value:
    if isinstance(raw, str):
        return raw
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        return str(raw)
    raise ValueError("no text")


_BY_KIND: dict[Kind, Callable[[Type, object], Value | None]] = {
    Kind.NUMBER: _number,
    Kind.INTEGER: _integer,
    Kind.YES_NO: _yes_no,
    Kind.DATE: _date,
    Kind.TIME: _time,
    Kind.SELECT_ONE: _code,
    Kind.SELECT_MULTIPLE: _codes,
    Kind.TEXT: _text,
}
