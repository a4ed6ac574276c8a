"""The check of a draft (design.md §6): everything wrong or doubtful about it, from its conditions to the
forms that answer it and the cases that it must pass. Errors block a release, warnings do not.

Kept per process by the document's SHA-256 and the versions of the project's forms: the same
question has the same answer.
"""

import hashlib
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rules import problems
from rules.cases.comparing import CaseReport, CaseResult
from rules.cases.coverage import Coverage
from rules.cases.judging import JudgedCases, judge_cases
from rules.engine.checks import check_thoroughly
from rules.engine.findings import Finding
from rules.engine.rule_set import RuleSet as Compiled
from rules.engine.rule_set import check_document, load_document
from rules.models import Release, RuleSet
from rules.services.form_shapes import ProjectForms, forms_of
from rules.workbook import in_workbook
from server.problems import Place, Problem

_KEPT = 8
_reports: dict[tuple[str, tuple[int, ...]], "CheckReport"] = {}
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What the check found; without `rules` and `judged` where the document does not compile."""

    findings: tuple[Finding, ...]
    rules: Compiled | None = None
    judged: JudgedCases | None = None

    @property
    def errors(self) -> tuple[Finding, ...]:
        """What blocks a release."""
        return tuple(item for item in self.findings if not item.is_warning)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What is worth a look."""
        return tuple(item for item in self.findings if item.is_warning)

    @property
    def is_releasable(self) -> bool:
        """Whether nothing blocks a release."""
        return not self.errors

    @property
    def cases(self) -> CaseReport | None:
        """The results of its cases."""
        return self.judged.report if self.judged else None

    @property
    def coverage(self) -> Coverage | None:
        """Which rules they exercise."""
        return self.judged.coverage if self.judged else None

    @property
    def passed(self) -> int:
        """How many of its cases pass."""
        return len(self.cases.cases) - len(self.cases.failures) if self.cases else 0

    def results(self) -> tuple[tuple[int, CaseResult], ...]:
        """The results with their index in the section `cases`; cases that cannot be run are not
        among them."""
        if self.judged is None:
            return ()
        return tuple(zip(self.judged.rows, self.judged.report.cases, strict=True))

    def to_json(self, translate: Any) -> dict[str, Any]:
        """Problems in the language of `translate` (a gettext), results of the cases, coverage."""
        return {
            "releasable": self.is_releasable,
            "problems": [item.as_dict(translate) for item in self.findings],
            "cases": self.cases.to_json() if self.cases else None,
            "coverage": self.coverage.to_json() if self.coverage else None,
        }


def check_draft(rule_set: RuleSet) -> CheckReport:
    """The report on the draft of `rule_set`. Problem NO_DRAFT."""
    if rule_set.draft is None:
        raise Problem(problems.NO_DRAFT, name=rule_set.name)
    return report_on(rule_set.project_id, rule_set.draft)


def check_release(release: Release) -> CheckReport:
    """The report on a release against the forms of today."""
    return report_on(release.rule_set.project_id, release.document)


def require_releasable(rule_set: RuleSet, document: Mapping[str, Any]) -> None:
    """Raise RULE_SET_INVALID with every error (a Finding) in `places` and `details['errors']`, if
    `document` has one. Takes up to seconds: call outside of a transaction."""
    errors = report_on(rule_set.project_id, document).errors
    if errors:
        raise Problem(
            problems.RULE_SET_INVALID,
            places=tuple(item.place for item in errors),
            details={"errors": list(errors)},
            count=len(errors),
            first=errors[0],
        )


def report_on(project_id: int, document: Mapping[str, Any]) -> CheckReport:
    """The report on a document beside the forms of a project; never raises for what it holds."""
    forms = forms_of(project_id)
    key = (_digest(document), forms.key)
    report = _reports.get(key)
    if report is None:
        report = _examine(document, forms)
        with _lock:
            while len(_reports) >= _KEPT:
                _reports.pop(next(iter(_reports)))
            _reports[key] = report
    return report


def _digest(document: Mapping[str, Any]) -> str:
    text = json.dumps(document, sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _examine(document: Mapping[str, Any], forms: ProjectForms) -> CheckReport:
    try:
        rules = load_document(document)
    except Problem as problem:
        return CheckReport(tuple(_faults(document, problem)))
    findings = [*rules.warnings, *check_thoroughly(rules, forms.published, forms.drafts)]
    judged = judge_cases(rules, document)
    findings += judged.findings
    cells = in_workbook(document, sorted(findings, key=_order))
    return CheckReport(tuple(cells), rules, judged)


def _faults(document: Mapping[str, Any], problem: Problem) -> list[Finding]:
    if problem.kind is problems.RULE_SET_INVALID:
        return sorted(check_document(document), key=_order)
    place = problem.places[0] if problem.places else Place()
    return [Finding(problem.kind, problem.tokens, place)]  # not even the shape of a document


SHEETS = (
    "settings", "roles", "tiers", "parameters", "choices", "facts", "derived", "populations", "tags", "rules",
    "tasks", "calendar", "cases",
)  # fmt: skip


def _order(item: Finding) -> tuple[bool, int, int]:
    """Errors first, then as the sheets stand in the workbook, row by row."""
    sheet = SHEETS.index(item.place.sheet) if item.place.sheet in SHEETS else len(SHEETS)
    return item.is_warning, sheet, item.place.row or 0
