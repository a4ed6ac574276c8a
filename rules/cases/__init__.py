"""Case files: submissions about a child and what is expected of them, against a rule set
(design.md §6).

`run_cases` compares, `main` prints. With release "bundled" nothing is asked of the database.
"""

from rules.cases.comparing import (
    CaseReport,
    CaseResult,
    compare_cases,
    decide_case,
    earlier_tiers,
    is_population,
)
from rules.cases.reading import FORM_CODES, Case, cases_of, read_cases
from rules.cases.running import main, run_cases

__all__ = [
    "FORM_CODES",
    "Case",
    "CaseReport",
    "CaseResult",
    "cases_of",
    "compare_cases",
    "decide_case",
    "earlier_tiers",
    "is_population",
    "main",
    "read_cases",
    "run_cases",
]
