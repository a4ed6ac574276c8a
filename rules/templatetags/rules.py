"""Small helps for the templates of this floor: how far away a deadline is, how long something has waited."""

from collections.abc import Mapping
from datetime import date, datetime

from django import template
from django.utils.formats import date_format
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from rules.models import Evaluation
from rules.services.words import change_words, in_language
from server import clock

register = template.Library()


@register.filter(name="change_words")
def change_words_of(evaluation: Evaluation) -> str:
    """What made its outcome another than before; a first evaluation has none before it."""
    is_first = evaluation.change == Evaluation.Change.FIRST
    return "" if is_first else change_words(evaluation.change)


@register.filter
def titled(title: Mapping[str, str] | None) -> str:
    """A bilingual title in the reader's language."""
    return in_language(title) if title else ""


@register.filter
def due(moment: datetime) -> str:
    """How far away a deadline is: "3 days left", "2 hours left", "2 days overdue"."""
    left = moment - clock.now()
    hours = int(abs(left.total_seconds()) // 3600)
    if hours < 1:
        return _("due now") if left.total_seconds() >= 0 else _("just overdue")
    days = abs((clock.local_day(moment) - clock.today()).days)
    if left.total_seconds() >= 0:
        if hours < 24:
            return ngettext("%(n)s hour left", "%(n)s hours left", hours) % {"n": hours}
        return ngettext("%(n)s day left", "%(n)s days left", days) % {"n": days}
    if hours < 24:
        return ngettext("%(n)s hour overdue", "%(n)s hours overdue", hours) % {"n": hours}
    return ngettext("%(n)s day overdue", "%(n)s days overdue", days) % {"n": days}


@register.filter
def due_tone(moment: datetime) -> str:
    """The class of a deadline's chip: overdue "bad", within a day "warn"."""
    left = (moment - clock.now()).total_seconds()
    return "bad" if left < 0 else "warn" if left < 24 * 3600 else ""


@register.filter
def waited(since: datetime | None) -> str:
    """How long something has waited: "40 minutes", "3 hours", "5 days"."""
    if since is None:
        return ""
    minutes = max(0, int((clock.now() - since).total_seconds() // 60))
    if minutes < 60:
        return ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": minutes}
    if minutes < 48 * 60:
        hours = minutes // 60
        return ngettext("%(n)s hour", "%(n)s hours", hours) % {"n": hours}
    days = minutes // 1440
    return ngettext("%(n)s day", "%(n)s days", days) % {"n": days}


@register.filter
def ago(day: date | None) -> str:
    """How many days ago: "today", "12 days ago"."""
    if day is None:
        return ""
    days = (clock.today() - day).days
    if days <= 0:
        return _("today")
    return ngettext("%(n)s day ago", "%(n)s days ago", days) % {"n": days}


@register.filter
def month(day: date) -> str:
    """A month on an axis: "11月", "Nov"; January names the year."""
    if day.month == 1:
        return str(day.year)
    return date_format(day, "n月" if (get_language() or "").startswith("zh") else "M")


@register.inclusion_tag("rules/chip.html")
def chip(tier: object, size: str = "") -> dict[str, object]:
    """A tier as a coloured word with its shape; nothing known is a dash."""
    return {"tier": tier, "size": size}
