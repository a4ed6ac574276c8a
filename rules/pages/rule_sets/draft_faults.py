"""What is wrong with an uploaded rule set, as a page shows it: every fault with sheet, row, column and
what to do."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from rules.engine.findings import Finding
from server.problems import Problem, spoken_in

MOST = 500


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault in the reader's language."""

    sheet: str
    row: int | None
    column: str
    message: str
    cure: str


def faults_of(problem: Problem) -> dict[str, Any]:
    """The context of the page: `faults` (at most 500) and how many there are. Anything else than the
    faults of a document is one line without a place."""
    errors = problem.details.get("errors")
    if isinstance(errors, list) and errors:
        faults = [_fault(item) for item in errors[:MOST] if isinstance(item, Finding)]
        return {"faults": faults, "count": len(errors)}
    place = problem.places[0].as_dict() if problem.places else {}
    tokens = spoken_in(problem.tokens, _)
    message = _(problem.kind.message) % tokens
    cure = _(problem.kind.cure) % tokens if problem.kind.cure else ""
    where = place.get("sheet", ""), place.get("row"), place.get("column", "")
    return {"faults": [Fault(*where, message, cure)], "count": 1}


def _fault(item: Finding) -> Fault:
    tokens = spoken_in(item.tokens, _)
    cure = _(item.kind.cure) % tokens if item.kind.cure else ""
    place = item.place
    message = _(item.kind.message) % tokens
    return Fault(place.sheet, place.row, place.column, message, cure)
