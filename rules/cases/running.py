"""`anhu cases`: a file against a rule set of the database or the bundled one; printed for people
or as JSON."""

import json
import sys
from collections.abc import Iterable
from pathlib import Path

from django.db import DatabaseError

from rules.cases.comparing import CaseReport, compare_cases
from rules.cases.coverage import Coverage, coverage_of
from rules.cases.reading import read_cases
from rules.engine.rule_set import RuleSet, load_document
from rules.models import RuleSet as StoredRuleSet
from rules.programme import programme_document
from rules.services.in_force import compiled
from server.problems import NOT_FOUND, Problem


def run_cases(path: str | Path, release: str | int = "active") -> CaseReport:
    """Compare the cases of a JSON or YAML file with a rule set: "bundled", "active", "draft" or a
    release's number.

    Problems: CASES_SHAPE, UNPARSEABLE, 404.1 for a release that is not there, RULE_SET_INVALID.
    """
    rule_set, name = _rule_set(str(release))
    return compare_cases(rule_set, read_cases(Path(path)), name)


def main(
    path: str | Path,
    release: str | int = "active",
    as_json: bool = False,
    with_coverage: bool = False,
) -> int:
    """Print the report, with the rules' coverage if asked; answers the exit status: 1 on under-triage,
    a missed must-task, a forbidden task or a rule of another status."""
    rule_set, name = _rule_set(str(release))
    report = compare_cases(rule_set, read_cases(Path(path)), name)
    coverage = coverage_of(rule_set, report.cases) if with_coverage else None
    if as_json:
        body = report.to_json() | ({"coverage": coverage.to_json()} if coverage else {})
        print(json.dumps(body, ensure_ascii=False))  # noqa: T201  a command's output
    else:
        print("\n".join(_lines(report)))  # noqa: T201
        if coverage:
            print("\n".join(_coverage_lines(coverage)))  # noqa: T201
        print(f"rule set: {report.rule_set}", file=sys.stderr)  # noqa: T201
    return 1 if report.failures else 0


def _coverage_lines(coverage: Coverage) -> Iterable[str]:
    yield ""
    yield "rule: cases in which it fired, did not fire, could not tell"
    for one in coverage.rules:
        mark = "" if one.is_complete else "  <- not seen in every way"
        yield f"{one.rule}: {one.fired} {one.not_fired} {one.unknown}{mark}"
    complete = sum(one.is_complete for one in coverage.rules)
    yield f"{complete} of {len(coverage.rules)} rules seen in every way"
    for label, way in (
        ("never fired", "fired"),
        ("always fired", "not_fired"),
        ("never unknown", "unknown"),
    ):
        lacking = coverage.lacking(way)
        if lacking:
            yield f"{label}: {', '.join(lacking)}"


def _rule_set(release: str) -> tuple[RuleSet, str]:
    """The rule set and what to call it. Without any in the database, the draft and the active one
    are the bundled one."""
    if release != "bundled":
        try:
            stored = StoredRuleSet.objects.select_related("active").order_by("id").first()
        except DatabaseError:  # no tables yet: a fresh checkout
            stored = None
        if stored is not None:
            return _stored(stored, release)
        if release not in ("active", "draft"):
            raise Problem(NOT_FOUND)
    return load_document(programme_document()), "bundled"


def _stored(stored: StoredRuleSet, release: str) -> tuple[RuleSet, str]:
    if release == "draft" and stored.draft is not None:
        return load_document(stored.draft), f"{stored.name} draft"
    if release in ("active", "draft"):
        found = stored.active
    else:
        found = stored.releases.filter(number=release).first() if release.isdigit() else None
    if found is None:
        raise Problem(NOT_FOUND)
    return compiled(found), f"{stored.name} release {found.number}"


def _lines(report: CaseReport) -> Iterable[str]:
    for case in report.cases:
        wanted = case.expected.get("tier") or "-"
        mark, score = "FAIL" if case.is_failure else "ok", f"{case.score:g}"
        yield f"{mark:4} {case.case_id}: {case.tier} (expected {wanted}), score {score}"
        for label, items in (
            ("missed", case.missed), ("forbidden", case.forbidden), ("rules", case.wrong_rules),
        ):  # fmt: skip
            if items:
                yield f"       {label}: {', '.join(items)}"
        if not case.is_population_right:
            yield f"       population: {', '.join(case.population)}; expected {case.expected.get('population')}"
    total = report.total()
    yield ""
    yield (
        f"{total['cases']} cases: {total['exact']} exact, {total['acceptable']} acceptable, "
        f"{total['under_triage']} under-triage, {total['over_triage']} over-triage; "
        f"red recall {total['red_hit']}/{total['red']}, must-tasks {total['must_hit']}/{total['must']}, "
        f"should-tasks {total['should_hit']}/{total['should']}, {total['forbidden']} forbidden tasks, "
        f"population {total['population_ok']}/{total['cases']}"
    )
