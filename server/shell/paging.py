"""Lists by key: the next page begins after the last row seen, so that page 1000 costs what page 1 does."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import urlencode

from django.db.models import Model, QuerySet

SIZE = 50
Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows, newest first, and the query strings of the pages beside it ("" where there is none)."""

    rows: list[Row]
    older: str = ""
    newest: str = ""


def page_of(rows: QuerySet[Row], asked: Mapping[str, str], size: int = SIZE) -> Page[Row]:
    """The page that `asked` (the address's query) names by `before`, a primary key; the rest is kept in the links."""
    kept = {key: value for key, value in asked.items() if key != "before" and value}
    before = asked.get("before", "")
    if before.isdecimal() and len(before) < 19:
        rows = rows.filter(pk__lt=int(before))
    found = list(rows.order_by("-pk")[: size + 1])
    older = urlencode({**kept, "before": found[size - 1].pk}) if len(found) > size else ""
    newest = f"{urlencode(kept)}" if before else ""
    return Page(found[:size], f"?{older}" if older else "", f"?{newest}" if before else "")
