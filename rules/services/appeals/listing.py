"""Objections in a list by key, those due first."""

from datetime import date

from django.db.models import Q, QuerySet

from rules.models import Appeal

RELATED = (
    "entity__dataset",
    "entity__area__parent",
    "entity__school",
    "actor",
    "decided_by",
    "evaluation__release",
)


def page_of(rows: QuerySet[Appeal], after: str, size: int) -> tuple[list[Appeal], str]:
    """The `size` objections behind the key `after` ("" or no key: the first), and the key of the
    next page ("": none). One query."""
    due, _, last = after.partition("~")
    try:
        day, pk = date.fromisoformat(due), int(last[:18])
        rows = rows.filter(Q(due_on__gt=day) | Q(due_on=day, pk__gt=pk))
    except ValueError:
        pass  # an address typed by hand begins at the beginning
    related = rows.select_related(*RELATED).defer(
        "evaluation__facts", "evaluation__decision", "evaluation__release__document"
    )
    found = list(related.order_by("due_on", "pk")[: size + 1])
    last_shown = found[size - 1] if len(found) > size else None
    return found[:size], f"{last_shown.due_on}~{last_shown.pk}" if last_shown else ""
