"""Case files that people get wrong: every fault at once with its place, and nothing that breaks the
server."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.cases import cases_of, compare_cases, examine, parse_cases, read_cases
from rules.cases.judging import judge_cases
from server.problems import Problem
from tests.rules.test_cases import SMALL

GOOD = {
    "case_id": "a",
    "as_of": "2026-01-01",
    "submissions": [{"form": "F02", "date": "2026-01-01", "data": {}}],
}


def test_all_faults_are_told_at_once_with_row_column_and_path() -> None:
    document = {
        "cases": [
            GOOD,
            {
                "as_of": "x",
                "submissions": [{"form": "F02"}, {"form": 3, "date": "2026-01-01", "data": {}}],
            },
            {**GOOD, "expected": {"acceptable_tiers": "red"}},
            "nothing",
        ]
    }
    with pytest.raises(Problem) as caught:
        cases_of(document)
    places = [(place.sheet, place.row, place.column, place.path) for place in caught.value.places]
    assert places == [
        ("cases", 3, "as_of", "cases[1].as_of"),
        ("cases", 3, "submissions", "cases[1].submissions[0]"),
        ("cases", 3, "submissions", "cases[1].submissions[1].form"),
        ("cases", 4, "expected", "cases[2].expected.acceptable_tiers"),
        ("cases", 5, "", "cases[3]"),
    ]
    assert [case.case_id for _index, case in examine(document)[0]] == ["a"]


def test_faults_end_somewhere() -> None:
    _cases, faults = examine({"cases": [7] * 5000})
    assert len(faults) == 100


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.just("2026-01-01"),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
KEYS = ("case_id", "as_of", "submissions", "expected", "tiers", "facts")
CASES = st.dictionaries(st.sampled_from(KEYS), ANYTHING, max_size=6)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(CASES | ANYTHING, max_size=4), st.data())
def test_no_case_breaks_the_check(cases: list[Any], data: st.DataObject) -> None:
    expected = data.draw(
        st.dictionaries(
            st.sampled_from(["tier", "acceptable_tiers", "tasks_must", "tasks_must_not", "population",
                             "acceptable_population", "rules"]), ANYTHING, max_size=4,
        )
    )  # fmt: skip
    answers = data.draw(
        st.dictionaries(st.sampled_from(["danger", "poor", "alone", "kind"]), ANYTHING)
    )
    sent = {"form": "home_visit", "date": "2026-01-01", "data": answers}
    whole = {"as_of": "2026-02-01", "submissions": [sent], "expected": expected,
             "facts": data.draw(st.dictionaries(st.sampled_from(["poor", "x"]), ANYTHING, max_size=2))}  # fmt: skip
    judged = judge_cases(SMALL, {"cases": [*cases, whole]})
    for item in judged.findings:
        assert item.message_in(str)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60), st.sampled_from(["json", "yaml"]))
def test_no_file_breaks_the_reader(content: bytes, kind: str) -> None:
    try:
        cases = cases_of(parse_cases(content, kind))
    except Problem:
        return
    compare_cases(SMALL, cases)


def test_a_good_file_of_either_kind_is_read(tmp_path: Path) -> None:
    for name in ("a.json", "a.yaml"):
        path = tmp_path / name
        path.write_text(json.dumps({"cases": [GOOD]}))
        assert [case.case_id for case in read_cases(path)] == ["a"]
