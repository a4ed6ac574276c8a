"""The section `calendar` of a document -> periods and items (design.md §6).

The shape is checked by then (schema.json); what is left are days that no calendar has and conditions.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from rules.engine.building import Parts, due_of
from rules.engine.calendar.parts import Action, CalendarItem, MonthDay, Period, Span, Trigger
from rules.engine.findings import place_of
from rules.engine.limits import TaskUse
from server.problems import Place

Row = Mapping[str, Any]
_LISTS = ("periods", "unanswered", "months", "of", "tiers", "within")


def build_periods(parts: Parts) -> dict[str, Period]:
    """The periods by id, in the order of the document."""
    return {
        item["id"]: _period(parts, index, item)
        for index, item in parts.rows("calendar")
        if "period" in item
    }


def build_calendar(parts: Parts) -> tuple[CalendarItem, ...]:
    """The items that ask for something, in the order of the document; one without a readable condition is
    left out (its fault is noted)."""
    found = (_item(parts, index, item) for index, item in parts.rows("calendar"))
    return tuple(item for item in found if item is not None)


def build_workdays(parts: Parts) -> Iterable[date]:
    """The days of weekends on which offices work."""
    place = place_of("settings", None, "workdays")
    for text in parts.naming.document["settings"].get("workdays", ()):
        day = parts.naming.day(text, place)
        if day is not None:
            yield day


def _period(parts: Parts, index: int, item: Row) -> Period:
    place, told = place_of("calendar", index, "period"), item["period"]
    yearly = told.get("yearly")
    spans = []
    for one in told.get("dates", ()):
        start, end = parts.naming.day(one["from"], place), parts.naming.day(one["to"], place)
        if start is not None and end is not None:
            spans.append(Span(start, end))
    both: tuple[MonthDay, MonthDay] | None = None
    if yearly:
        first = _month_day(parts, yearly["from"], place)
        last = _month_day(parts, yearly["to"], place)
        both = (first, last) if first and last else None
    return Period(
        item["id"], item["title"], both, tuple(sorted(spans, key=lambda span: span.start))
    )


def _item(parts: Parts, index: int, item: Row) -> CalendarItem | None:
    if "trigger" not in item:
        return None
    when = None
    if "when" in item:
        when = parts.expressions.condition(item["when"], place_of("calendar", index, "when"))
        if when is None:
            return None
    valid, place = item.get("valid", {}), place_of("calendar", index, "valid")
    return CalendarItem(
        id=item["id"],
        title=item["title"],
        trigger=_trigger(parts, index, item["trigger"]),
        when=when,
        tasks=tuple(
            TaskUse(use) if isinstance(use, str) else TaskUse(use["id"], due_of(use.get("due")))
            for use in item.get("tasks", ())
        ),
        actions=tuple(_action(one) for one in item.get("actions", ())),
        source=item.get("because", {}).get("source", ""),
        is_on=item.get("on", True),
        starts_on=parts.naming.day(valid.get("from"), place),
        ends_on=parts.naming.day(valid.get("to"), place),
    )


def _trigger(parts: Parts, index: int, told: Row) -> Trigger:
    place = place_of("calendar", index, "trigger")
    known: dict[str, Any] = {name: tuple(told[name]) for name in _LISTS if name in told}
    known |= {
        name: value
        for name, value in told.items()
        if name not in known and name not in ("dates", "answers")
    }
    days = (_month_day(parts, text, place) for text in told.get("dates", ()))
    known["dates"] = tuple(day for day in days if day is not None)
    known["answers"] = {
        question: tuple(codes) if isinstance(codes, list) else (str(codes),)
        for question, codes in told.get("answers", {}).items()
    }
    return Trigger(**known)


def _month_day(parts: Parts, text: str, place: Place) -> MonthDay | None:
    """ "02-29" is a day of the calendar (in other years it is 1 March)."""
    if parts.naming.day(f"2024-{text}", place) is None:
        return None
    month, day = text.split("-")
    return int(month), int(day)


def _action(told: Row) -> Action:
    known: dict[str, Any] = dict(told)
    if "roles" in known:
        known["roles"] = tuple(known["roles"])
    return Action(**known)
