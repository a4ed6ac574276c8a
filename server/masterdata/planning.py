"""A workbook of places against what is there: what it would change, row by row, and what is wrong with it.

Rows come as text, with their number in the sheet. Nothing is written here; `server.masterdata.applying` does that.
A place that the workbook does not name stays as it is.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from server.masterdata import checks, problems
from server.people.access import Scope, scope_of
from server.people.models import Actor
from server.people.roles import Verb
from server.places.finding import MODELS
from server.places.models import FormerCode, SchoolClass
from server.problems import CONFLICT, FORBIDDEN, UNEXPECTED, Phrase, Place, Problem, gettext_noop

COLUMNS: dict[str, tuple[str, ...]] = {
    "areas": ("code", "name", "name_en", "kind", "parent", "new_code", "closed_on", "merged_into"),
    "schools": ("code", "name", "name_en", "area", "new_code", "closed_on", "merged_into"),
    "units": ("code", "name", "name_en", "area", "new_code", "closed_on", "merged_into"),
    "classes": ("school", "year", "name"),
}
NOUNS = {"areas": "area", "schools": "school", "units": "unit"}
HOMES = {"area": "parent", "school": "area", "unit": "area"}
Row = tuple[int, Mapping[str, str]]
Rows = Mapping[str, Sequence[Row]]


@dataclass(frozen=True, slots=True)
class Step:
    """One change that a row asks for."""

    deed: str  # of `Change.Deed`, or "class"
    noun: str
    code: str
    name: str
    before: str
    after: str
    sheet: str
    row: int
    said: Mapping[str, str]


@dataclass(slots=True)
class Plan:
    """The steps in the order of the sheets, how many rows change nothing, and the faults."""

    steps: list[Step] = field(default_factory=list)
    unchanged: int = 0
    faults: list[Problem] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        """deed -> how many."""
        return dict(Counter(one.deed for one in self.steps))


@dataclass(frozen=True, slots=True)
class _Known:
    """One place as it is, or as an earlier row makes it."""

    name: str
    name_en: str
    kind: str
    home: str
    path: str
    closed: str
    successor: str


def plan(rows: Rows, actor: Actor | None) -> Plan:
    """What `rows` would change for `actor`, who keeps some areas (None: all)."""
    made = Plan()
    scope = scope_of(actor, Verb.PLACE_UPDATE) if actor else Scope(everywhere=True)
    known = {noun: _known(noun) for noun in MODELS}
    former = set(FormerCode.objects.values_list("noun", "code"))
    for sheet, noun in NOUNS.items():
        seen: set[str] = set()
        for number, said in _ordered(sheet, rows.get(sheet, [])):
            try:
                _look(made, scope, known, former, seen, noun, sheet, number, said)
            except _Unfit as unfit:
                place = Place(sheet=sheet, row=number, column=unfit.column)
                kind, tokens = unfit.problem.kind, unfit.problem.tokens
                made.faults.append(Problem(kind, places=(place,), **tokens))
    _look_at_classes(made, scope, known["school"], rows.get("classes", []))
    return made


class _Unfit(Exception):
    def __init__(self, column: str, problem: Problem) -> None:
        self.column, self.problem = column, problem


def _ordered(sheet: str, rows: Sequence[Row]) -> list[Row]:
    """Areas from the county down, so that a parent is known before its children."""
    if sheet != "areas":
        return list(rows)
    order = {kind: number for number, kind in enumerate(checks.KINDS)}
    return sorted(rows, key=lambda row: (order.get(row[1].get("kind", ""), 9), row[0]))


def _known(noun: str) -> dict[str, _Known]:
    home = HOMES[noun]
    path, kind = ("path", "kind") if noun == "area" else ("area__path", "code")
    columns = (
        "code",
        "name",
        "name_en",
        kind,
        f"{home}__code",
        path,
        "closed_on",
        "successor__code",
    )
    return {
        row[0]: _Known(
            row[1], row[2], row[3] if noun == "area" else "", row[4] or "", row[5],
            row[6].isoformat() if row[6] else "", row[7] or "",
        )
        for row in MODELS[noun]._default_manager.values_list(*columns)
    }  # fmt: skip


def _look(
    made: Plan, scope: Scope, known: dict[str, dict[str, _Known]], former: set[tuple[str, str]],
    seen: set[str], noun: str, sheet: str, number: int, said: Mapping[str, str],
) -> None:  # fmt: skip
    """Compare one row, note its steps, and remember what the place is after it."""
    code, home = said.get("code", ""), said.get(HOMES[noun], "")
    if code in seen or not code:
        raise _Unfit("code", _odd("code", code, gettext_noop("each row needs a code of its own.")))
    seen.add(code)
    old = known[noun].get(code)
    above = known["area"].get(home)
    if home and above is None:
        raise _Unfit(HOMES[noun], _odd(HOMES[noun], home, gettext_noop("there is no such area.")))
    kind = said.get("kind", "") if noun == "area" else ""
    kind = kind or (old.kind if old else "")
    name = _told(
        "name", lambda: checks.checked_name(said.get("name", "") or (old.name if old else ""))
    )
    steps = _steps(known, former, noun, said, old, above, kind, name)
    paths = [above.path if above else "", old.path if old else (above.path if above else "")]
    if steps and not all(scope.covers(path) for path in paths):
        raise _Unfit("code", Problem(FORBIDDEN))
    made.unchanged += not steps
    for deed, before, after in steps:
        made.steps.append(Step(deed, noun, code, name, before, after, sheet, number, dict(said)))
    if old is None:
        path = (
            f"{above.path if above else '/'}{code}/"
            if noun == "area"
            else above.path
            if above
            else ""
        )
        known[noun][code] = _Known(name, said.get("name_en", ""), kind, home, path, "", "")


def _steps(
    known: dict[str, dict[str, _Known]], former: set[tuple[str, str]], noun: str,
    said: Mapping[str, str], old: _Known | None, above: _Known | None, kind: str, name: str,
) -> list[tuple[str, str, str]]:  # fmt: skip
    home, code = said.get(HOMES[noun], ""), said["code"]
    if old is None:
        _check_new(noun, code, kind, home, above, name, former)
        return [("create", "", name)]
    found = []
    if old.closed:
        same = said.get("closed_on", "") in ("", old.closed) and name == old.name
        if not same:
            raise _Unfit("code", Problem(problems.CLOSED, name=old.name))
        return []
    if (name, said.get("name_en", old.name_en)) != (old.name, old.name_en):
        found.append(("rename", old.name, name))
    if noun == "area" and kind != old.kind:
        raise _Unfit(
            "kind", _odd("kind", kind, gettext_noop("the kind of an area is not changed."))
        )
    if home and home != old.home:
        _check_home(noun, name, kind, above)
        found.append(("move", old.home, home))
    if new := said.get("new_code", ""):
        _check_code(noun, new, kind, home or old.home)
        if new in known[noun] or (noun, new) in former:
            raise _Unfit("new_code", Problem(CONFLICT, what=noun, field="code", value=new))
        found.append(("recode", code, new))
    return found + _ending(known[noun], said, old, name)


def _ending(
    known: Mapping[str, _Known], said: Mapping[str, str], old: _Known, name: str
) -> list[tuple[str, str, str]]:
    closed, into = said.get("closed_on", ""), said.get("merged_into", "")
    if closed:
        try:
            date.fromisoformat(closed)
        except ValueError:
            reason = gettext_noop("a date is written 2026-09-01.")
            raise _Unfit("closed_on", _odd("closed_on", closed, reason)) from None
    if into:
        other = known.get(into)
        if other is None or other.closed or into == said["code"] or other.kind != old.kind:
            label = other.name if other else into
            raise _Unfit("merged_into", Problem(problems.NOT_MERGEABLE, name=name, into=label))
        return [("merge", name, other.name)]
    return [("close", "", closed)] if closed else []


def _check_new(
    noun: str, code: str, kind: str, home: str, above: _Known | None, name: str,
    former: set[tuple[str, str]],
) -> None:  # fmt: skip
    if noun == "area" and kind not in checks.KINDS:
        reason = gettext_noop("county, town, village or group.")
        raise _Unfit("kind", _odd("kind", kind, reason))
    _check_home(noun, name, kind, above)
    _check_code(noun, code, kind, home, column="code")
    if (noun, code) in former:
        raise _Unfit("code", Problem(CONFLICT, what=noun, field="code", value=code))


def _check_code(noun: str, code: str, kind: str, home: str, column: str = "new_code") -> None:
    if noun == "area":
        _told(column, lambda: checks.check_area_code(code, kind, home))
    else:
        _told(column, lambda: checks.check_free_code(code))


def _check_home(noun: str, name: str, kind: str, above: _Known | None) -> None:
    column = HOMES[noun]
    if above is not None and above.closed:
        raise _Unfit(column, Problem(problems.CLOSED, name=above.name))
    wanted = checks.KINDS[checks.KINDS.index(kind) - 1] if kind in checks.KINDS[1:] else None
    fits = (above.kind if above else None) == wanted if noun == "area" else above is not None
    if not fits:
        parent = above.name if above else "—"
        raise _Unfit(column, Problem(problems.PARENT, name=name, parent=parent))


def _look_at_classes(
    made: Plan, scope: Scope, schools: Mapping[str, _Known], rows: Sequence[Row]
) -> None:
    there = set(SchoolClass.objects.values_list("school__code", "year", "name"))
    for number, said in rows:
        school, year, name = (said.get(one, "") for one in COLUMNS["classes"])
        known, fault = schools.get(school), None
        if known is None:
            fault = _Unfit(
                "school", _odd("school", school, gettext_noop("there is no such school."))
            )
        elif not (year.isascii() and year.isdecimal() and 2000 <= int(year[:5]) <= 2100):
            fault = _Unfit("year", _odd("year", year, gettext_noop("a year has four digits.")))
        elif not 1 <= len(name) <= 50:
            fault = _Unfit("name", Problem(problems.NAME, limit=50))
        elif not scope.covers(known.path):
            fault = _Unfit("school", Problem(FORBIDDEN))
        if fault is not None or known is None:
            place = Place(sheet="classes", row=number, column=fault.column if fault else "school")
            problem = fault.problem if fault else Problem(FORBIDDEN)
            made.faults.append(Problem(problem.kind, places=(place,), **problem.tokens))
        elif (school, int(year), name) in there:
            made.unchanged += 1
        else:
            there.add((school, int(year), name))
            step = Step(
                "class",
                "school",
                school,
                known.name,
                "",
                f"{year} {name}",
                "classes",
                number,
                dict(said),
            )
            made.steps.append(step)


def _told(column: str, look: Any) -> Any:
    try:
        return look()
    except Problem as problem:
        raise _Unfit(column, problem) from None


def _odd(name: str, value: str, reason: str) -> Problem:
    return Problem(UNEXPECTED, field=name, value=value[:40], reason=Phrase(reason))
