"""The section `cases` of a rule-set document as findings: what does not pass, what names nothing, which
rules no case exercises (design.md §6)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rules import problems
from rules.cases.comparing import CaseReport, CaseResult, compare_case
from rules.cases.coverage import Coverage, coverage_of
from rules.cases.reading import Case, examine
from rules.engine.findings import Finding, Findings, place_of
from rules.engine.rule_set import RuleSet
from rules.language.names import did_you_mean
from server.problems import Phrase, Problem
from server.problems import gettext_noop as _


@dataclass(frozen=True, slots=True)
class JudgedCases:
    """The results of the cases that could be run, each with its index in the section, and what they
    cover."""

    report: CaseReport
    rows: tuple[int, ...]
    coverage: Coverage
    findings: tuple[Finding, ...]


def judge_cases(rule_set: RuleSet, document: Mapping[str, Any]) -> JudgedCases:
    """Run the cases of `document` under `rule_set`. Never raises for what they hold."""
    findings = Findings()
    written = document.get("cases") or []
    cases, faults = examine({"cases": written})
    findings.items += faults
    results: list[tuple[int, CaseResult]] = []
    for index, case in cases:
        _check_names(rule_set, index, case, findings)
        try:
            results.append((index, compare_case(rule_set, case)))
        except Problem as problem:
            place = place_of("cases", index, "facts")
            findings.error(problems.CASE_FAILS, place, name=case.case_id, reason=_told(problem))
    for index, result in results:
        _note_result(index, result, findings)
    coverage = coverage_of(rule_set, (result for _index, result in results))
    _note_coverage(rule_set, coverage, findings, has_cases=bool(written))
    report = CaseReport(rule_set.name, tuple(result for _index, result in results))
    return JudgedCases(
        report, tuple(index for index, _result in results), coverage, tuple(findings.items)
    )


def _told(problem: Problem) -> Phrase:
    """The message of a Problem inside another message."""
    return Phrase(problem.kind.message, **problem.tokens)


def _check_names(rule_set: RuleSet, index: int, case: Case, findings: Findings) -> None:
    """What is expected must exist: a name that means nothing is missed by nobody."""
    expected = case.expected
    tiers = [tier.id for tier in rule_set.tiers]
    place = place_of("cases", index, "expected")
    tasks = [name for key in _TASKS for name in expected.get(key) or ()]
    named_tiers = [*filter(None, [expected.get("tier")]), *(expected.get("acceptable_tiers") or ())]
    for names, among, what in (
        (named_tiers, tiers, _("tier")),
        (tasks, list(rule_set.tasks), _("task")),
        (list(case.given), list(rule_set.facts), _("fact")),
    ):
        for name in dict.fromkeys(names):
            if name not in among:
                cure = did_you_mean(name, among)
                findings.error(problems.UNKNOWN_NAME, place, name=name, what=what, cure=cure)


_TASKS = ("tasks_must", "tasks_should", "tasks_must_not")


def _note_result(index: int, result: CaseResult, findings: Findings) -> None:
    place = place_of("cases", index, "expected")
    for reason in failures_of(result):
        findings.error(problems.CASE_FAILS, place, name=result.case_id, reason=reason)
    for reason in differences_of(result):
        findings.warn(problems.CASE_OTHERWISE, place, name=result.case_id, reason=reason)


def failures_of(result: CaseResult) -> Iterator[Phrase]:
    """Why a case does not pass, a phrase each."""
    if result.verdict == "under":
        yield _tier_phrase(result)
    if result.missed:
        yield Phrase(_("these tasks are missing: %(names)s"), names=", ".join(result.missed))
    if result.forbidden:
        names = ", ".join(result.forbidden)
        yield Phrase(_("these tasks must not be there: %(names)s"), names=names)
    for wrong in result.wrong_rules:
        rule, _is, rest = wrong.partition(" is ")
        status, _expected, wanted = rest.partition(", expected ")
        yield Phrase(
            _("%(rule)s: %(status)s, expected: %(wanted)s"),
            rule=rule,
            status=_spoken(status),
            wanted=_spoken(wanted),
        )


_STATUSES = {
    "true": _("it fires"),
    "false": _("it does not fire"),
    "unknown": _("it cannot tell"),
    "absent": _("it is not in force or does not exist"),
}


def _spoken(status: str) -> Phrase:
    return Phrase(_STATUSES.get(status, _STATUSES["absent"]))


def differences_of(result: CaseResult) -> Iterator[Phrase]:
    """What else comes out otherwise, without being a failure."""
    if result.verdict == "over":
        yield _tier_phrase(result)
    if result.missed_should:
        names = ", ".join(result.missed_should)
        yield Phrase(_("these tasks should be there: %(names)s"), names=names)
    if not result.is_population_right:
        names = ", ".join(result.population) or "-"
        yield Phrase(_("the child belongs to %(names)s"), names=names)


def _tier_phrase(result: CaseResult) -> Phrase:
    return Phrase(
        _("the tier is %(tier)s, expected %(wanted)s"),
        tier=result.tier,
        wanted=result.expected.get("tier", ""),
    )


def _note_coverage(
    rule_set: RuleSet, coverage: Coverage, findings: Findings, *, has_cases: bool
) -> None:
    if not has_cases:
        findings.warn(problems.NO_CASES, place_of("cases"))
        return
    rows = _rows(rule_set.document.get("rules") or [])
    for rule in coverage.lacking("fired"):
        findings.warn(problems.RULE_WITHOUT_CASE, place_of("rules", rows[rule], "id"), name=rule)


def _rows(items: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    return {str(item["id"]): index for index, item in enumerate(items)}
