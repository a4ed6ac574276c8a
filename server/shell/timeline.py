"""One line of what happened around an entity; `settings.TIMELINE_SOURCES` contribute them, pages
and the API show them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string


@dataclass(frozen=True, slots=True)
class Item:
    """`at`: when it came to us; `occurred_on`: the site's day it speaks of. `kind`: submission,
    entity, evaluation, decision, task.

    `title` and `actor` are translated texts, `url` a page about it, `detail` plain data for
    templates (changes, scores), `badges` short translated words (tier, state).
    """

    at: datetime
    occurred_on: date
    kind: str
    title: str
    actor: str = ""
    url: str = ""
    detail: Any = None
    badges: tuple[str, ...] = ()


def collect(subject: Any, reader: Any) -> list[Item]:
    """All items that the sources tell `reader` about `subject`, the newest first."""
    return newest_first(
        item for name in settings.TIMELINE_SOURCES for item in import_string(name)(subject, reader)
    )


def newest_first(items: Iterable[Item]) -> list[Item]:
    """By the day they speak of, then by arrival."""
    return sorted(items, key=lambda item: (item.occurred_on, item.at), reverse=True)


def of_kind(items: Iterable[Item], kind: str) -> Iterator[Item]:
    """Only those of `kind`; all when it is empty."""
    return (item for item in items if not kind or item.kind == kind)
