"""Facts about the course of things: how often, how long ago, in a row, earlier tiers (design.md §6)."""

from collections.abc import Callable, Sequence
from datetime import date
from itertools import takewhile

from rules.engine.answers import read_answer
from rules.engine.observed import Answer, Context, Found, Observation, codes_of, is_within
from rules.engine.rule_set import History
from rules.language.ast import Kind, Type

_AS_TEXT = Type(Kind.SELECT_MULTIPLE)


def history_of(
    history: History, events: Sequence[Observation], as_of: date, context: Context
) -> Found:
    """The value of a history fact and what is behind it.

    Where nothing is found, `exists` and `prior_tier` are known to be false, `count` and `streak`
    known to be 0; `days_since` is unknown.
    """
    if history.kind == "prior_tier":
        return _was_in_tier(history, as_of, context), ()
    return _KINDS[history.kind](history, _seen(history, events, as_of), as_of)


def _seen(history: History, events: Sequence[Observation], as_of: date) -> list[Observation]:
    """Submissions of its forms, in the window, that answered its question, oldest first."""
    return [
        seen
        for seen in events
        if (not history.forms or seen.form in history.forms)
        and is_within(seen, as_of, history.window_days)
        and (not history.question or seen.answers.get(history.question) not in (None, "", []))
    ]


def _fits(history: History) -> Callable[[Observation], bool]:
    wanted = history.equals
    if not history.question or wanted is None:
        return lambda seen: True
    codes = {str(code) for code in wanted} if isinstance(wanted, list | tuple) else {_plain(wanted)}

    def fits(seen: Observation) -> bool:
        raw = seen.answers.get(history.question)
        told = read_answer(_AS_TEXT, _plain(raw) if isinstance(raw, bool | float) else raw)
        return bool(codes & codes_of(told or ()))

    return fits


def _plain(value: object) -> str:
    """A code as text: yes/no for a boolean, 3 for 3.0."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _behind(found: Sequence[Observation]) -> tuple[Answer, ...]:
    return tuple(Answer(index, seen, True) for index, seen in enumerate(found))


def _streak(history: History, seen: list[Observation], as_of: date) -> Found:
    run = list(takewhile(_fits(history), reversed(seen)))[::-1]
    return len(run), _behind(run)


def _count(history: History, seen: list[Observation], as_of: date) -> Found:
    found = list(filter(_fits(history), seen))
    return len(found), _behind(found)


def _exists(history: History, seen: list[Observation], as_of: date) -> Found:
    found = list(filter(_fits(history), seen))
    return bool(found), _behind(found[-1:])


def _days_since(history: History, seen: list[Observation], as_of: date) -> Found:
    found = list(filter(_fits(history), seen))
    if not found:
        return None, ()
    return (as_of - found[-1].occurred_on).days, _behind(found[-1:])


def _was_in_tier(history: History, as_of: date, context: Context) -> bool:
    """Whether the tier was left before this day, and no longer ago than the window.

    A tier still in force is not a former one: what R-G21 asks for is care after red (曾为红色), and
    red itself would otherwise ask for it on its second day. Nor is what this very day decides.
    """
    return any(
        span.tier == history.tier
        and span.until is not None
        and span.until < as_of
        and (history.window_days is None or (as_of - span.until).days <= history.window_days)
        for span in context.tiers
    )


_KINDS: dict[str, Callable[[History, list[Observation], date], Found]] = {
    "streak": _streak,
    "count": _count,
    "exists": _exists,
    "prior_form": _exists,
    "days_since": _days_since,
}
