"""A case file, or the section `cases` of a rule-set document -> cases (design.md §6)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from rules import problems
from rules.engine.document import read_document
from rules.engine.observed import Observation, TierSpan
from server.problems import Place, Problem

# The programme's own short names of its instruments (domain report, section 3.0).
FORM_CODES = {
    "F01": "child_enum", "F02": "home_visit", "F03": "safety_assess", "F04": "entrust_care", "F05": "school_monthly",
    "F06": "incident_report", "F07": "task_feedback", "F08": "hazard_inspect", "F09": "labour_household",
    "F10": "resp_letter", "F11": "pairing", "F12": "activity_record", "F13": "health_check", "F14": "place_inventory",
    "F15": "status_change", "F16": "legal_aid", "F17": "fund_material", "F18": "unit_check",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Case:
    """One child of a case file; `expected` as written there."""

    case_id: str
    as_of: date
    observations: tuple[Observation, ...]
    expected: Mapping[str, Any]
    tiers: tuple[TierSpan, ...] | None = None  # None: found by replaying the earlier days
    given: Mapping[str, Any] = field(default_factory=dict)


def read_cases(path: Path) -> list[Case]:
    """The cases of a file. Problems: CASES_SHAPE with the place, UNPARSEABLE."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _shape(str(path), error.strerror or "cannot be read") from error
    return cases_of(_parse(path, content))


def _parse(path: Path, content: bytes) -> Any:
    if path.suffix.lower() != ".json":
        return read_document(content)
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise _shape(str(path), f"no JSON: {error}"[:200]) from None


def cases_of(document: Any) -> list[Case]:
    """The cases of a parsed file, or of a rule-set document's section `cases`. Problem
    CASES_SHAPE."""
    items = document.get("cases") if isinstance(document, Mapping) else None
    if not isinstance(items, list):
        raise _shape("cases", "a list of cases is needed")
    return [_case(item, f"cases[{index}]") for index, item in enumerate(items)]


def _case(item: Any, path: str) -> Case:
    if not isinstance(item, Mapping):
        raise _shape(path, "a case is needed")
    submissions = item.get("submissions", [])
    expected = item.get("expected", {})
    if not isinstance(submissions, list) or not isinstance(expected, Mapping):
        raise _shape(path, "`submissions` is a list and `expected` a mapping")
    tiers = item.get("tiers")
    return Case(
        case_id=str(item.get("case_id") or path),
        as_of=_day(item.get("as_of"), f"{path}.as_of"),
        observations=tuple(
            _observation(one, f"{path}.submissions[{number}]", number)
            for number, one in enumerate(submissions)
        ),
        expected=expected,
        tiers=None if tiers is None else tuple(_span(one, f"{path}.tiers") for one in tiers),
        given=item.get("facts") or {},
    )


def _observation(item: Any, path: str, number: int) -> Observation:
    if not isinstance(item, Mapping) or not isinstance(item.get("data"), Mapping):
        raise _shape(path, "a submission has `form`, `date` and `data`")
    form = str(item.get("form") or "")
    if not form:
        raise _shape(f"{path}.form", "it is missing")
    return Observation(
        form=FORM_CODES.get(form.upper(), form),
        occurred_on=_day(item.get("date"), f"{path}.date"),
        answers=item["data"],
        instance_id=f"{number:04d}",  # of one day, the later in the file came later
    )


def _span(item: Any, path: str) -> TierSpan:
    if not isinstance(item, Mapping):
        raise _shape(path, "a tier has `tier`, `since` and `until`")
    until = item.get("until")
    ends = _day(until, f"{path}.until") if until else None
    return TierSpan(str(item.get("tier")), _day(item.get("since"), f"{path}.since"), ends)


def _day(text: Any, path: str) -> date:
    try:
        return date.fromisoformat(str(text)[:10])
    except ValueError:
        raise _shape(path, f"'{text}' is no date like 2026-01-31") from None


def _shape(path: str, reason: str) -> Problem:
    return Problem(problems.CASES_SHAPE, places=(Place(path=path),), path=path, reason=reason)
