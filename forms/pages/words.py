"""Words for people: which of a form's languages to show, and what kinds of questions are called."""

import re
from collections.abc import Container, Mapping

from django.utils.functional import Promise
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

KINDS: dict[str, Promise] = {
    "text": _("Text"),
    "integer": _("Whole number"),
    "decimal": _("Number"),
    "date": _("Date"),
    "time": _("Time of day"),
    "dateTime": _("Date and time"),
    "select_one": _("One choice"),
    "select_multiple": _("Several choices"),
    "rank": _("Ranking"),
    "note": _("Note"),
    "image": _("Photo"),
    "audio": _("Sound recording"),
    "video": _("Video"),
    "file": _("File"),
    "geopoint": _("Place"),
    "geotrace": _("Line on the map"),
    "geoshape": _("Area on the map"),
    "barcode": _("Barcode"),
    "acknowledge": _("Confirmation"),
    "range": _("Scale"),
    "calculate": _("Calculation"),
    "group": pgettext_lazy("of questions", "Group"),
    "repeat": _("Repeated group"),
}
# what the phone fills in by itself
_SILENT = ("calculate", "meta", "hidden", "start", "end", "today", "deviceid", "username", "phonenumber", "email",
           "audit", "simserial", "subscriberid", "start-geopoint", "background-audio", "uid", "property",
           "timestamp", "date-today")  # fmt: skip


def kind_word(kind: str) -> str:
    """What a question of that kind is called; a kind that has no word is shown as it is written."""
    return str(KINDS.get(kind, kind))


def is_silent(kind: str) -> bool:
    """Whether nobody is asked: calculated, taken from the phone, or hidden."""
    return kind in _SILENT


def in_language(texts: Mapping[str, str], code: str = "") -> str:
    """The text in the reader's language ("zh", "en"), else the untranslated one, else any."""
    wanted = code or reader_language()
    for name, text in texts.items():
        if text and (name == wanted or name.lower().endswith(f"({wanted})")):
            return text
    return texts.get("default") or next((text for text in texts.values() if text), "")


def other_language(texts: Mapping[str, str]) -> str:
    """The text in the other of the two languages, "" when it would be the same."""
    other = in_language(texts, "en" if reader_language() == "zh" else "zh")
    return "" if other == in_language(texts) else other


def reader_language() -> str:
    """ "zh" or "en"."""
    return "en" if (get_language() or "").startswith("en") else "zh"


def readable(text: str) -> SafeString:
    """A label as Collect would show it: **bold**, the names of other questions set apart, no tags, no empty lines."""
    plain = re.sub(r"<[^>]{1,200}>", "", text)
    lines = [line.strip() for line in plain.splitlines() if line.strip()]
    shown = str(escape("\n".join(lines))).replace("\n", "<br>")
    shown = re.sub(r"\*\*(.{1,300}?)\*\*", r"<b>\1</b>", shown)
    shown = re.sub(r"\$\{([\w.-]{1,100})\}", r'<code class="ref">\1</code>', shown)
    return mark_safe(shown)  # noqa: S308  escaped above; only our own tags are in it


def as_written(expression: str, paths: Container[str]) -> str:
    """An XPath of the XForm in the way of the worksheet: ${name} for the path of a question."""

    def named(match: re.Match[str]) -> str:
        path = match.group(1)
        return f"${{{path.rpartition('/')[2]}}}" if path in paths else match.group(0)

    spoken = re.sub(r"/[\w.-]+((?:/[\w.-]+)+)", named, expression)
    return re.sub(r" {2,}", " ", spoken).strip()
