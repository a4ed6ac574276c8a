"""A case file, or the section `cases` of a rule-set document -> cases (design.md §6). All faults at once,
each with its row of the sheet `cases`, its column and its path."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from rules import problems
from rules.engine.document import read_document
from rules.engine.findings import Finding
from rules.engine.observed import Observation, TierSpan
from server.problems import Phrase, Place, Problem
from server.problems import gettext_noop as _

# The programme's own short names of its instruments (domain report, section 3.0).
FORM_CODES = {
    "F01": "child_enum", "F02": "home_visit", "F03": "safety_assess", "F04": "entrust_care", "F05": "school_monthly",
    "F06": "incident_report", "F07": "task_feedback", "F08": "hazard_inspect", "F09": "labour_household",
    "F10": "resp_letter", "F11": "pairing", "F12": "activity_record", "F13": "health_check", "F14": "place_inventory",
    "F15": "status_change", "F16": "legal_aid", "F17": "fund_material", "F18": "unit_check",
}  # fmt: skip
MOST_FAULTS = 100
_LISTS = ("acceptable_tiers", "tasks_must", "tasks_should", "tasks_must_not")
_STATUSES = ("true", "false", "unknown")

Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class Case:
    """One child of a case file; `expected` as written there."""

    case_id: str
    as_of: date
    observations: tuple[Observation, ...]
    expected: Mapping[str, Any]
    tiers: tuple[TierSpan, ...] | None = None  # None: found by replaying the earlier days
    given: Mapping[str, Any] = field(default_factory=dict)


class _Fault(Exception):
    def __init__(self, path: str, reason: str) -> None:
        self.path, self.reason = path, reason


def read_cases(path: Path) -> list[Case]:
    """The cases of a file. Problems: CASES_SHAPE with every place, UNPARSEABLE, TOO_LARGE."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _refusal([_fault(str(path), error.strerror or "cannot be read")]) from error
    return cases_of(parse_cases(content, "json" if path.suffix.lower() == ".json" else "yaml"))


def parse_cases(content: bytes, kind: str) -> Any:
    """What is in a file of `kind` yaml or json; CASES_SHAPE or UNPARSEABLE when it is neither."""
    if kind != "json":
        return read_document(content)
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise _refusal([_fault("cases", f"no JSON: {error}"[:200])]) from None


def cases_of(document: Any) -> list[Case]:
    """The cases of a parsed file, or of a rule-set document's section `cases`. Problem CASES_SHAPE
    with all faults in `details['errors']`."""
    cases, faults = examine(document)
    if faults:
        raise _refusal(faults)
    return [case for _, case in cases]


def examine(document: Any) -> tuple[list[tuple[int, Case]], list[Finding]]:
    """The cases that can be used, each with its index, and what is wrong with the others."""
    items = document.get("cases") if isinstance(document, Mapping) else None
    if not isinstance(items, list):
        return [], [_fault("cases", _("a list of cases is needed"))]
    cases: list[tuple[int, Case]] = []
    faults: list[Finding] = []
    for index, item in enumerate(items):
        reader = _Reader(index)
        case = reader.case(item)
        if case is not None:
            cases.append((index, case))
        faults += reader.faults
        if len(faults) >= MOST_FAULTS:
            break
    return cases, faults[:MOST_FAULTS]


def _refusal(faults: list[Finding]) -> Problem:
    return Problem(
        problems.CASES_SHAPE,
        places=tuple(fault.place for fault in faults),
        details={"errors": faults},
        **faults[0].tokens,
    )


def _fault(path: str, reason: str, index: int | None = None) -> Finding:
    column = path.partition("].")[2].partition(".")[0].partition("[")[0]
    row = None if index is None else index + 2
    told = reason if isinstance(reason, Phrase) or "%" in reason else Phrase(reason)
    place = Place(sheet="cases", row=row, column=column, path=path)
    return Finding(problems.CASES_SHAPE, {"path": path, "reason": told}, place)


class _Reader:
    """Reads one case and notes every fault on the way."""

    def __init__(self, index: int) -> None:
        self.index = index
        self.faults: list[Finding] = []

    def attempt(self, read: Callable[..., Read], *given: Any) -> Read | None:
        try:
            return read(*given)
        except _Fault as fault:
            self.faults.append(_fault(fault.path, fault.reason, self.index))
            return None

    def case(self, item: Any) -> Case | None:
        """The case, or None with faults."""
        path = f"cases[{self.index}]"
        if not isinstance(item, Mapping):
            self.faults.append(_fault(path, _("a case is needed"), self.index))
            return None
        as_of = self.attempt(_day, item.get("as_of"), f"{path}.as_of")
        observations = self.many(item, path, "submissions", _observation)
        tiers = None if item.get("tiers") is None else self.many(item, path, "tiers", _span)
        expected = self.attempt(_expected, item.get("expected"), f"{path}.expected")
        given = self.attempt(_mapping, item.get("facts"), f"{path}.facts")
        if self.faults or as_of is None or expected is None or given is None:
            return None
        return Case(
            case_id=str(item.get("case_id") or path), as_of=as_of, observations=observations,
            expected=expected, tiers=tiers, given=given,
        )  # fmt: skip

    def many(
        self, item: Mapping[str, Any], path: str, column: str, read: Callable[..., Read]
    ) -> tuple[Read, ...]:
        found = item.get(column, [])
        if not isinstance(found, list):
            reason = _("`submissions` and `tiers` are lists, `expected` and `facts` mappings")
            self.faults.append(_fault(f"{path}.{column}", reason, self.index))
            return ()
        parts = [
            self.attempt(read, one, f"{path}.{column}[{number}]", number)
            for number, one in enumerate(found)
        ]
        return tuple(part for part in parts if part is not None)


def _mapping(item: Any, path: str) -> Mapping[str, Any]:
    if item is None:
        return {}
    if not isinstance(item, Mapping):
        raise _Fault(
            path, _("`submissions` and `tiers` are lists, `expected` and `facts` mappings")
        )
    return {str(key): value for key, value in item.items()}


def _expected(item: Any, path: str) -> Mapping[str, Any]:
    found = _mapping(item, path)
    if not isinstance(found.get("tier") or "", str):
        raise _Fault(f"{path}.tier", _("the name of a tier is needed"))
    for column in _LISTS:
        names = found.get(column)
        if names is not None and not _are_names(names):
            raise _Fault(f"{path}.{column}", _("a list of names is needed"))
    population = found.get("population")
    if population is not None and not isinstance(population, str) and not _are_names(population):
        raise _Fault(f"{path}.population", _("a list of names is needed"))
    _alternatives(found.get("acceptable_population"), f"{path}.acceptable_population")
    for rule, status in _mapping(found.get("rules"), f"{path}.rules").items():
        if str(status).lower() not in _STATUSES:
            raise _Fault(f"{path}.rules.{rule}", _("it is true, false or unknown"))
    return found


def _are_names(items: Any) -> bool:
    return isinstance(items, list | tuple) and all(isinstance(item, str) for item in items)


def _alternatives(items: Any, path: str) -> None:
    if items is None:
        return
    if not isinstance(items, list) or not all(
        isinstance(one, str) or _are_names(one) for one in items
    ):
        raise _Fault(path, _("a list of lists of names is needed"))


def _observation(item: Any, path: str, number: int) -> Observation:
    if not isinstance(item, Mapping) or not isinstance(item.get("data"), Mapping):
        raise _Fault(path, _("a submission has `form`, `date` and `data`"))
    form = item.get("form")
    if not isinstance(form, str) or not form:
        raise _Fault(f"{path}.form", _("it is missing"))
    return Observation(
        form=FORM_CODES.get(form.upper(), form),
        occurred_on=_day(item.get("date"), f"{path}.date"),
        answers={str(name): value for name, value in item["data"].items()},
        instance_id=f"{number:04d}",  # of one day, the later in the file came later
    )


def _span(item: Any, path: str, _number: int) -> TierSpan:
    if not isinstance(item, Mapping):
        raise _Fault(path, _("a tier has `tier`, `since` and `until`"))
    until = item.get("until")
    ends = _day(until, f"{path}.until") if until else None
    return TierSpan(str(item.get("tier")), _day(item.get("since"), f"{path}.since"), ends)


def _day(text: Any, path: str) -> date:
    try:
        return date.fromisoformat(str(text)[:10])
    except ValueError:
        told = str(text)[:40]
        raise _Fault(path, Phrase(_("'%(text)s' is no date like 2026-01-31"), text=told)) from None
