"""Case files: submissions about a child and what is expected of them, against a rule set
(design.md §6).

`run_cases` compares, `main` prints. With release "bundled" nothing is asked of the database.
"""

from rules.cases.comparing import (
    CaseReport,
    CaseResult,
    compare_case,
    compare_cases,
    decide_case,
    earlier_tiers,
    is_population,
)
from rules.cases.coverage import Coverage, RuleCoverage, coverage_of
from rules.cases.reading import FORM_CODES, Case, cases_of, examine, parse_cases, read_cases
from rules.cases.running import main, run_cases

__all__ = [
    "FORM_CODES",
    "Case",
    "CaseReport",
    "CaseResult",
    "Coverage",
    "RuleCoverage",
    "cases_of",
    "compare_case",
    "compare_cases",
    "coverage_of",
    "decide_case",
    "earlier_tiers",
    "examine",
    "is_population",
    "main",
    "parse_cases",
    "read_cases",
    "run_cases",
]
