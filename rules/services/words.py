"""Titles of a rule-set document ({"zh", "en"}) in the reader's language."""

from collections.abc import Iterable, Mapping

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from rules.models import Evaluation

Change = Evaluation.Change


def in_language(title: Mapping[str, str]) -> str:
    """The title in the active language, Chinese where that is lacking."""
    language = "en" if (get_language() or "").startswith("en") else "zh"
    return title.get(language) or title.get("zh") or next(iter(title.values()), "")


def listed(titles: Iterable[Mapping[str, str]], most: int = 5) -> str:
    """The first `most` titles in one line."""
    mark = ", " if (get_language() or "").startswith("en") else "、"
    return mark.join(in_language(title) for title in list(titles)[:most])


def change_words(change: str) -> str:
    """What made an outcome another than before, in the reader's language; empty where there is nothing to tell."""
    words = {
        Change.FIRST.value: _("first evaluation"),
        Change.LIFE.value: _("because answers changed"),
        Change.TIME.value: _("only because time has passed"),
        Change.RULES.value: _("because the rules changed, not the child's situation"),
        Change.BOTH.value: _("because answers and rules changed"),
    }
    return words.get(change, "")
