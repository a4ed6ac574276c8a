"""Small helps for every template: icons, the current menu item, tier chips."""

import re
from datetime import date, datetime

from django import template
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext

from server import clock
from server.places.models import Change

register = template.Library()

# Strokes on a 24 px grid; see css/base.css for their width.
ICONS = {
    "queue": "M4 6h16M4 12h16M4 18h10M18 16l2 2 3-4",
    "child": "M12 4a3.500 3.500 0 1 1 0 7 3.500 3.500 0 0 1 0-7M5 20c.6-4 3.300-6 7-6s6.400 2 7 6",
    "task": "M5 4h14v16H5zM8 9h8M8 13h8M8 17h4",
    "form": "M6 3h9l4 4v14H6zM15 3v4h4M9 12h7M9 16h7",
    "phone": "M7 2h10v20H7zM11 19h2",
    "download": "M12 4v11M7 11l5 5 5-5M4 20h16",
    "upload": "M12 16V5M7 9l5-5 5 5M4 20h16",
    "journal": "M6 3h12v18H6zM9 7h6M9 11h6M9 15h4",
    "bell": "M6 17V11a6 6 0 0 1 12 0v6l2 2H4zM10 21h4",
    "user": "M12 4a4 4 0 1 1 0 8 4 4 0 0 1 0-8M4 21c.8-4.500 4-7 8-7s7.200 2.500 8 7",
    "globe": "M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18M3 12h18M12 3c3 3 3 15 0 18M12 3c-3 3-3 15 0 18",
    "search": "M10.500 4a6.500 6.500 0 1 1 0 13 6.500 6.500 0 0 1 0-13M15.500 15.500 21 21",
    "check": "M4 12l5 5L20 6",
    "close": "M5 5l14 14M19 5 5 19",
    "up": "M12 20V5M6 11l6-6 6 6",
    "down": "M12 4v15M6 13l6 6 6-6",
    "clock": "M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18M12 7v5l3.500 2",
    "eye": "M2 12s3.500-7 10-7 10 7 10 7-3.500 7-10 7S2 12 2 12M12 9a3 3 0 1 1 0 6 3 3 0 0 1 0-6",
    "pencil": "M4 20l1-5L16 4l4 4L9 19zM14 6l4 4",
    "print": "M7 8V3h10v5M5 8h14v9h-2M7 17H5M7 14h10v7H7z",
    "warning": "M12 3 2 20h20zM12 9v5M12 17v.5",
    "place": "M12 21s-7-6.500-7-12a7 7 0 0 1 14 0c0 5.500-7 12-7 12"
    "M12 6.500a2.500 2.500 0 1 1 0 5 2.500 2.500 0 0 1 0-5",
    "rules": "M5 4v16M12 4v16M19 4v16M3 8h4M10 15h4M17 10h4",
    "lock": "M6 11h12v10H6zM9 11V7a3 3 0 0 1 6 0v4",
    "plus": "M12 5v14M5 12h14",
    "left": "M15 5l-7 7 7 7",
    "right": "M9 5l7 7-7 7",
    "shield": "M12 3 4 6v6c0 5 3.500 8 8 9 4.500-1 8-4 8-9V6z",
    "people": "M9 5a3.500 3.500 0 1 1 0 7 3.500 3.500 0 0 1 0-7M2 20c.6-4 3.200-6 7-6s6.400 2 7 6"
    "M16 5.500a3 3 0 0 1 0 6M18 14.500c2.300.7 3.700 2.600 4 5.500",
    "logout": "M10 4H4v16h6M14 8l4 4-4 4M8 12h10",
}


@register.simple_tag
def icon(name: str) -> SafeString:
    """An inline SVG icon, hidden from screen readers (the text beside it speaks)."""
    return format_html(
        '<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="{}"/></svg>',
        ICONS.get(name, ""),
    )


@register.filter
def is_here(url: str, path: str) -> bool:
    """Whether `path` is the page of a menu item or below it."""
    return path == url or (url != "/" and path.startswith(url.rstrip("/") + "/"))


@register.filter
def moment(value: datetime | None) -> str:
    """A time as people here write it: "11月23日 14:05" or "23 Nov 14:05", with the year if it is another one."""
    if value is None:
        return ""
    here = value.astimezone(clock.site_zone())
    return f"{day(here.date())} {here:%H:%M}"


@register.filter
def day(value: date | None) -> str:
    """A day: "11月23日" or "23 Nov", with the year if it is another one."""
    if value is None:
        return ""
    is_this_year = value.year == clock.today().year
    if (get_language() or "").startswith("zh"):
        return (
            f"{value.month}月{value.day}日"
            if is_this_year
            else f"{value.year}年{value.month}月{value.day}日"
        )
    return date_format(value, "j M" if is_this_year else "j M Y")


@register.filter
def masked(name: str) -> str:
    """A name without what tells whose it is: 张*明, 李*, S*** (for lists; who must see it reveals it)."""
    text = re.sub(r"\s+", " ", name or "").strip()
    if len(text) < 2:
        return text
    return f"{text[0]}*{text[-1]}" if len(text) > 2 else f"{text[0]}*"


@register.inclusion_tag("shell/pager.html")
def pager(page: object) -> dict[str, object]:
    """The links to the pages beside a `server.shell.paging.Page`."""
    return {"page": page}


@register.inclusion_tag("shell/field.html")
def field(bound: object, help: str = "") -> dict[str, object]:
    """A form field with label, help and what is wrong with it, tied together for screen readers."""
    return {"field": bound, "help": help}


@register.filter
def bounded(count: int, limit: int = 1000) -> str:
    """A count that was taken only up to `limit`: "37", "999+"."""
    return f"{limit - 1}+" if count >= limit else str(count)


@register.filter
def plainly(value: object) -> str:
    """A JSON value of the journal in one line: lists without brackets, nothing for null."""
    if isinstance(value, list | tuple):
        return "、".join(plainly(one) for one in value)
    if isinstance(value, dict):
        return "; ".join(f"{key} {plainly(one)}" for key, one in value.items())
    return "—" if value is None or value == "" else str(value)


@register.filter
def place_deed(deed: str) -> str:
    """What a change of a place is called ("class": of a school's classes)."""
    return gettext("New class") if deed == "class" else str(Change.Deed(deed).label)
