"""What docs/rules.md tells administrators is true of the product."""

import json
from pathlib import Path

import pytest

from rules.cases.comparing import compare_cases
from rules.cases.reading import cases_of
from rules.language.functions import FUNCTIONS
from rules.workbook.columns import SHEETS
from tests.rules.programme_kit import programme

GUIDE = (Path(__file__).parents[2] / "docs" / "rules.md").read_text("utf-8")


def test_the_example_of_a_case_file_passes_under_the_bundled_rules() -> None:
    text = GUIDE[GUIDE.index('    {"cases"') : GUIDE.index("A question that is not in `data`")]
    cases = cases_of(json.loads(text))
    report = compare_cases(programme(), cases)
    assert [case.is_failure for case in report.cases] == [False]
    assert report.cases[0].is_population_right


@pytest.mark.parametrize("function", sorted(FUNCTIONS))
def test_the_guide_names_each_function(function: str) -> None:
    assert f"`{function}(" in GUIDE


@pytest.mark.parametrize("sheet", sorted(SHEETS))
def test_the_guide_names_each_sheet(sheet: str) -> None:
    assert f"| `{sheet}`" in GUIDE or f", `{sheet}` |" in GUIDE
